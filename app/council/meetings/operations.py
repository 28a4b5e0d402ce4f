"""Calling meetings, noting who came, writing the minutes and issuing them. All inside ``transaction(books=True)``.

Each step is a compare-and-set on state and version: of two people who act at once one gets the result and the other a Conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.council.meetings import queries
from app.council.meetings.layouts import minutes_figures
from app.council.meetings.models import AgendaItem, Attendance, Meeting, VoteConfirmation
from app.council.meetings.rules import (
    ANSWERS,
    DOCUMENT_KIND,
    MOST_ITEMS,
    MOST_WORDS,
    NEXT,
    PRESENCES,
    SERIES,
    MeetingDraft,
    MinutesDraft,
    names_in,
    vote_faults,
    votes_from,
    votes_text,
)
from app.council.models import Matter
from app.council.operations import record_room_votes
from app.documents.models import IssuedDocument
from app.documents.operations import DocumentDraft, issue_document, next_number
from app.documents.rules import plain
from app.funds.queries import fund as fund_by_id
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, InputRefused, NotFound, Refused
from app.shared.periods import Period
from app.shared.permissions import Actor, Permission


def call_meeting(session: Session, actor: Actor, draft: MeetingDraft) -> Meeting:
    """Call a meeting. Raises Refused for an empty agenda or a time that is over."""
    actor.require(Permission.COUNCIL_CONVENE, draft.fund_id)
    known = queries.meeting_of_key(session, draft.idempotency_key)
    if known is not None:
        return known
    _require_time(draft)
    found = Meeting(
        fund_id=draft.fund_id,
        number=next_number(session, SERIES, clock.today().year),
        title=draft.title,
        held_at=draft.held_at,
        place=draft.place,
        called_by_id=actor.user_id,
        called_at=clock.now(),
        idempotency_key=draft.idempotency_key,
    )
    session.add(found)
    session.flush()
    _set_agenda(session, found, draft)
    record(session, actor.user_id, "call_meeting", "meeting", found.id, number=found.number)
    return found


def change_meeting(
    session: Session, actor: Actor, meeting_id: int, draft: MeetingDraft, version: int
) -> Meeting:
    """Put time, place and agenda of a meeting that was called otherwise. Raises as ``call_meeting``, and Conflict."""
    found = _convened(session, actor, meeting_id)
    _require_time(draft)
    _save(
        session,
        found,
        "called",
        version,
        title=draft.title,
        held_at=draft.held_at,
        place=draft.place,
    )
    _set_agenda(session, found, draft)
    record(session, actor.user_id, "change_meeting", "meeting", found.id)
    return found


def cancel_meeting(session: Session, actor: Actor, meeting_id: int, reason: str, version: int) -> Meeting:
    """Give up a meeting that was called; its number stays taken. Raises Refused without a reason, Conflict."""
    found = _convened(session, actor, meeting_id)
    if not reason.strip():
        raise Refused(N_("请写明取消的原因"), field="reason")
    _save(session, found, "called", version, to="cancelled", cancel_reason=reason.strip())
    record(session, actor.user_id, "cancel_meeting", "meeting", found.id)
    return found


def record_attendance(
    session: Session, actor: Actor, meeting_id: int, presences: Mapping[int, str], version: int
) -> Meeting:
    """Note who came; with a quorum of all seats the meeting is held. May be put right until the minutes are issued.

    ``presences`` by user, for everybody who is called. Raises Refused below the quorum (such a meeting cannot resolve
    anything: cancel it and call another), before its time, or for somebody who is missing; Conflict.
    """
    found = _convened(session, actor, meeting_id)
    if found.held_at > clock.now():
        raise Refused(N_("会议还没有开始，到时间再登记到会情况"))
    people = queries.called(session, found)
    for person in people:
        if presences.get(person.user_id) not in PRESENCES:
            raise Refused(N_("请选择是否到会"), field=f"presence_{person.user_id}")
    seated = [person for person in people if person.seat_number is not None]
    seats = len({person.seat_number for person in seated})
    present = sum(presences[person.user_id] == "present" for person in seated)
    quorum = queries.quorum(session, found.fund_id, seats)
    if present < quorum or seats == 0:
        raise Refused(
            N_(
                "应到 %(seats)s 席，到会 %(present)s 人，未达到法定人数 %(quorum)s 人，会议不能作出决议；请取消后另行召集"
            ),
            seats=seats,
            present=present,
            quorum=quorum,
        )
    _save(
        session,
        found,
        found.state if found.state == "held" else "called",
        version,
        to="held",
        seats=seats,
        quorum=quorum,
        present=present,
        attendance_version=found.attendance_version + 1,
    )
    session.execute(delete(Attendance).where(Attendance.meeting_id == found.id))
    session.add_all(
        Attendance(
            meeting_id=found.id,
            user_id=person.user_id,
            seat_number=person.seat_number,
            presence=presences[person.user_id],
        )
        for person in people
    )
    session.flush()
    append(session, [LeafDraft("meeting", found.id, queries.leaf_body(found), {}, found.attendance_version)])
    record(session, actor.user_id, "record_attendance", "meeting", found.id, present=present, seats=seats)
    return found


def save_minutes(
    session: Session, actor: Actor, meeting_id: int, draft: MinutesDraft, version: int
) -> Meeting:
    """Keep the minutes as written so far; nothing is final. Raises Refused for words that are too long, Conflict."""
    found = _convened(session, actor, meeting_id)
    _require_short(draft)
    _save(session, found, "held", version, minutes=draft.minutes)
    for view in queries.agenda_of(session, found.id):
        notes = draft.items.get(view.item.id)
        if notes is not None:
            view.item.discussion, view.item.outcome = notes.discussion, notes.outcome
            view.item.votes_draft = votes_text(notes.votes)
    session.flush()
    record(session, actor.user_id, "save_minutes", "meeting", found.id)
    return found


def issue_minutes(session: Session, actor: Actor, meeting_id: int, version: int) -> IssuedDocument:
    """Cast the votes of the room, then issue the minutes as saved with what came of them; from then on they are fixed.

    Raises Refused when a vote is missing, when a plain item has no outcome in words, or when the words name a person;
    Forbidden; Conflict.
    """
    found = _convened(session, actor, meeting_id)
    actor.require(Permission.DOCUMENT_ISSUE, found.fund_id)
    _require_state(found, "held", version)
    _require_issuable(session, found)
    for view in queries.agenda_of(session, found.id):
        if view.matter is not None:
            _cast(session, actor, found, view.item, view.matter)
    day = queries.held_on(found)
    figures = minutes_figures(session, fund_by_id(session, found.fund_id), found)
    document = issue_document(
        session,
        actor,
        DocumentDraft(DOCUMENT_KIND, found.fund_id, Period(day, day), plain(figures), is_of_period=False),
    ).document
    _save(session, found, "held", version, to="minuted", document_id=document.id)
    record(session, actor.user_id, "issue_minutes", "meeting", found.id, document=document.number)
    return document


def answer_vote(session: Session, actor: Actor, vote_id: int, answer: str, words: str) -> VoteConfirmation:
    """What a member says to the vote recorded for them in the room: once, and only about their own.

    Raises NotFound for a vote of somebody else, Refused for a dispute without words, Conflict for a second answer.
    """
    found = next(iter(queries.room_votes(session, vote_id=vote_id)), None)
    if found is None or found.voter_id != actor.user_id:
        raise NotFound(N_("没有等您确认的这一票"))
    if answer not in ANSWERS:
        raise Refused(N_("请选择记录是否无误"), field="answer")
    if answer == "disputed" and not words.strip():
        raise Refused(N_("请写明您当时怎样表决"), field="words")
    if found.answer is not None:
        raise Conflict(N_("您已经答复过这一票"))
    said = VoteConfirmation(vote_id=vote_id, answer=answer, words=words.strip(), answered_at=clock.now())
    session.add(said)
    session.flush()
    body = queries.confirmation_body(session, said)
    append(session, [LeafDraft("vote_confirmation", vote_id, body, {"words": said.words})])
    record(session, actor.user_id, "answer_vote", "vote", vote_id, answer=answer)
    return said


def _cast(session: Session, actor: Actor, found: Meeting, item: AgendaItem, matter: Matter) -> None:
    """The noted votes on a matter become votes, if it still waits for any."""
    ballots = queries.ballots_of(session, found, matter)
    noted = votes_from(item.votes_draft)
    votes = {
        ballot.user_id: noted[ballot.user_id]
        for ballot in ballots
        if ballot.user_id in noted and ballot.conflict_kind is None
    }
    if votes:
        record_room_votes(session, actor, matter, votes)


def _require_issuable(session: Session, found: Meeting) -> None:
    """Every fault of the minutes at once, each beside its field of the form that they are written in."""
    names = queries.private_names(session, found.fund_id)
    refusals = []

    def check(field: str, words: str) -> None:
        named = names_in(words, names)
        if named:
            refusals.append(
                Refused(
                    N_("纪要要公开，这里写了人名：%(names)s；请改用席位或称谓，例如“理事长”“席位 3”"),
                    field=field,
                    names=named,
                )
            )

    check("minutes", found.minutes)
    for view in queries.agenda_of(session, found.id):
        check(f"discussion_{view.item.id}", view.item.discussion)
        check(f"outcome_{view.item.id}", view.item.outcome)
        if view.matter is not None:
            ballots = queries.ballots_of(session, found, view.matter)
            refusals += vote_faults(view.item.id, ballots, votes_from(view.item.votes_draft))
        elif not view.item.outcome:
            refusals.append(Refused(N_("请写明这一项的结果"), field=f"outcome_{view.item.id}"))
    if refusals:
        raise InputRefused(refusals)


def _require_short(draft: MinutesDraft) -> None:
    words = {"minutes": draft.minutes}
    for item_id, notes in draft.items.items():
        words |= {f"discussion_{item_id}": notes.discussion, f"outcome_{item_id}": notes.outcome}
    for name, text in words.items():
        if len(text) > MOST_WORDS:
            raise Refused(N_("最多 %(longest)s 个字"), field=name, longest=MOST_WORDS)


def _require_time(draft: MeetingDraft) -> None:
    if draft.held_at <= clock.now():
        raise Refused(N_("开会时间已经过去，请核对"), field="held_on")


def _set_agenda(session: Session, found: Meeting, draft: MeetingDraft) -> None:
    waiting = dict(queries.proposed_agenda(session, found.fund_id))
    gone = [matter_id for matter_id in draft.matter_ids if matter_id not in waiting]
    if gone:
        raise Conflict(N_("有的议题刚刚有了结果或撤回了，请重新选择"))
    items = [
        *((matter_id, waiting[matter_id].title) for matter_id in dict.fromkeys(draft.matter_ids)),
        *((None, title) for title in draft.plain_items),
    ]
    if not items:
        raise Refused(N_("请至少选一项议题，或写一项其他议题"), field="plain_items")
    if len(items) > MOST_ITEMS:
        raise Refused(N_("一次会议最多 %(most)s 项议题"), field="plain_items", most=MOST_ITEMS)
    session.execute(delete(AgendaItem).where(AgendaItem.meeting_id == found.id))
    session.add_all(
        AgendaItem(meeting_id=found.id, position=position, matter_id=matter_id, title=title)
        for position, (matter_id, title) in enumerate(items, start=1)
    )
    session.flush()


def _convened(session: Session, actor: Actor, meeting_id: int) -> Meeting:
    found = queries.meeting(session, meeting_id)
    actor.require(Permission.COUNCIL_CONVENE, found.fund_id)
    return found


def _require_state(found: Meeting, state: str, version: int) -> None:
    if found.state != state or found.version != version:
        raise Conflict(N_("这次会议刚刚被别人改过；您写的还在下面，请重新打开这一页核对后再保存"))


def _save(
    session: Session, found: Meeting, state: str, version: int, *, to: str | None = None, **values: Any
) -> None:
    """Compare and set: only from the state and version that the page was made from."""
    _require_state(found, state, version)
    if to is not None and to != state and to not in NEXT[state]:
        raise Conflict(N_("会议现在不能这样处理"))
    session.flush()
    moved = session.execute(
        update(Meeting)
        .where(Meeting.id == found.id, Meeting.state == state, Meeting.version == version)
        .values(state=to or state, version=version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这次会议刚刚被别人改过；您写的还在下面，请重新打开这一页核对后再保存"))
    session.refresh(found)
