"""Carrying out a change of purpose that the council resolved. All inside ``transaction(books=True)``.

The council's resolution fixes which gifts it is about. Then the office records what each donor says, opens the notice for those
who cannot be reached, records the filing, and somebody else moves the money: all at once, or nothing (charity-rules §12).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.council.models import Matter
from app.council.motions.models import Motion
from app.council.motions.queries import change_of, details_of
from app.council.motions.queries import motion as motion_by_id
from app.council.notice import operations as notice
from app.council.notice import queries as notices
from app.council.notice.models import PublicNotice
from app.council.queries import matter_of
from app.council.repurposing import queries
from app.council.repurposing.models import Repurposing, RepurposingAnswer, RepurposingPart
from app.council.repurposing.rules import (
    ANSWERS,
    EVIDENCE,
    SUBJECT,
    WAYS,
    notice_ends_on,
    plan_of,
    total,
)
from app.files.operations import attach_file
from app.files.rules import SCANS
from app.ledger import queries as ledger
from app.ledger.repurposing.operations import change_purpose
from app.ledger.repurposing.queries import PUBLICLY_RAISED, free_parts, origins_of
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.db import insert_rows
from app.shared.errors import N_, Conflict, Forbidden, InputRefused, Refused
from app.shared.periods import require_plausible
from app.shared.permissions import Actor, Permission
from app.shared.text import normal

MOST_PAPERS = 10
NOTE_MAX = 1000
NUMBER_MAX = 80
_OBSTACLES = {
    "answer": N_("还有捐赠人没有答复，也没有登记为联系不上，不能划转"),
    "no_notice": N_("有捐赠人联系不上，要先公示 60 天，不能划转"),
    "notice": N_("公示还没有满 60 天，不能划转"),
    "filing": N_("变更还没有报民政备案，登记备案号以后才能划转"),
    "objection": N_("有异议还没有答复，答复以后才能划转"),
    "hold": N_("监督员暂停了这件事，恢复以后才能划转"),
}


def bind_change(session: Session, actor: Actor, found: Motion) -> Repurposing:
    """Fix what a motion that just passed is about: the gifts whose money would move, oldest first, and who gave them.

    Nothing moves yet. Money that was raised in public needs a filing even when the motion says none is needed. Raises
    Refused when less is free by now.
    """
    asked = change_of(found)
    old, new = ledger.earmark(session, asked.from_id), ledger.earmark(session, asked.to_id)
    parts = free_parts(session, old, asked.amount_minor)
    origins = origins_of(session, [number for number, _part in parts])
    is_public = any(each.kind in PUBLICLY_RAISED for each in origins.values())
    session.add(
        Repurposing(
            motion_id=found.id,
            fund_id=found.fund_id,
            from_id=old.id,
            to_id=new.id,
            amount_minor=asked.amount_minor,
            is_bound=old.is_restricted,
            frees=old.is_restricted and not new.is_restricted,
            needs_filing=plan_of(details_of(found)).needs_filing or (old.is_restricted and is_public),
            resolved_at=clock.now(),
        )
    )
    session.flush()
    insert_rows(
        session,
        RepurposingPart,
        [
            {
                "motion_id": found.id,
                "tranche_number": number,
                "party_id": origins[number].party_id,
                "amount_minor": part,
            }
            for number, part in parts
        ],
    )
    record(session, actor.user_id, "bind_change_of_purpose", queries.MOTION, found.id, gifts=len(parts))
    return queries.change(session, found.id)


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """What a donor said (a key of ``ANSWERS``), on which day, by which way (a key of ``WAYS``), the papers that show it (name,
    content), and a note for the office."""

    party_id: int
    answer: str
    answered_on: date
    way: str
    papers: list[tuple[str, bytes]]
    note: str = ""
    idempotency_key: str | None = None


def record_answer(
    session: Session, actor: Actor, folder: Path, motion_id: int, draft: AnswerDraft
) -> RepurposingAnswer:
    """Record a donor's word, or that they were looked for in vain. A later word counts instead of an earlier one.

    A second click with the same key returns the first. Raises InputRefused for wrong fields or without evidence, Conflict
    once the money moved or the change was given up, or when the money was not bound by a donor.
    """
    earlier = queries.answer_of_key(session, draft.idempotency_key)
    if earlier is not None:
        return earlier
    found = _open_change(session, actor, motion_id, Permission.CONSENT_RECORD)
    if not found.is_bound:
        raise Conflict(N_("原用途不是捐赠人指定的，不需要捐赠人答复"))
    _refuse_if_wrong(session, found, draft)
    said = RepurposingAnswer(
        motion_id=motion_id,
        party_id=draft.party_id,
        answer=draft.answer,
        answered_on=draft.answered_on,
        way=draft.way,
        note=normal(draft.note),
        idempotency_key=draft.idempotency_key,
        recorded_at=clock.now(),
        recorded_by_id=actor.user_id,
    )
    session.add(said)
    session.flush()
    body: dict[str, object] = {
        "fund": found.fund_id,
        "motion": motion_id,
        "answer": said.answer,
        "on": said.answered_on.isoformat(),
    }
    append(session, [LeafDraft("purpose_answer", said.id, body)])
    for name, content in draft.papers:
        attach_file(
            session,
            actor,
            folder,
            subject_type=SUBJECT,
            subject_id=said.id,
            purpose=EVIDENCE,
            name=name,
            content=content,
            field="papers",
            kinds=SCANS,
        )
    record(
        session,
        actor.user_id,
        "record_donor_answer",
        queries.MOTION,
        motion_id,
        answer=said.answer,
        id=said.id,
    )
    return said


def _refuse_if_wrong(session: Session, found: Repurposing, draft: AnswerDraft) -> None:
    refusals: list[Refused] = []
    parts = queries.parts_of(session, found.motion_id)
    if draft.party_id not in {part.party_id for part in parts}:
        refusals.append(Refused(N_("这次变更没有这位捐赠人的钱")))
    if draft.answer not in ANSWERS:
        refusals.append(Refused(N_("请选择捐赠人怎么答复"), field="answer"))
    if draft.way not in WAYS:
        refusals.append(Refused(N_("请选择怎么联系的"), field="way"))
    try:
        require_plausible(draft.answered_on, clock.today(), "answered_on")
    except Refused as refusal:
        refusals.append(refusal)
    if not draft.papers or len(draft.papers) > MOST_PAPERS:
        refusals.append(
            Refused(
                N_("请上传凭据（同意书、聊天或通话记录），最多 %(most)s 个"), field="papers", most=MOST_PAPERS
            )
        )
    if len(draft.note) > NOTE_MAX:
        refusals.append(Refused(N_("最多 %(most)s 个字"), field="note", most=NOTE_MAX))
    if refusals:
        raise InputRefused(refusals)


def _open_change(session: Session, actor: Actor, motion_id: int, permission: Permission) -> Repurposing:
    """A change that is neither moved nor given up, for somebody who may act on it."""
    actor.require(permission, motion_by_id(session, motion_id).fund_id)
    found = queries.change(session, motion_id)
    if found.moved_at is not None:
        raise Conflict(N_("这笔钱已经划到新用途"))
    if found.given_up_at is not None:
        raise Conflict(N_("这次变更已经放弃"))
    return found


def open_donor_notice(session: Session, actor: Actor, motion_id: int) -> PublicNotice:
    """Put a change before the public for 60 days, in place of the donors who cannot be reached. Secretary or chair.

    The days are the law's, whatever the fund's rules say. Raises Conflict when it stands already, when nobody is missing, or
    when only the donors' own word can free the money.
    """
    found = _open_change(session, actor, motion_id, Permission.COUNCIL_CONVENE)
    if notices.notice_of(session, queries.MOTION, motion_id) is not None:
        raise Conflict(N_("这次变更已经公示"))
    if found.frees:
        raise Conflict(N_("变成非限定资金要捐赠人自己同意，公示代替不了"))
    if not queries.needs_notice(session, found):
        raise Conflict(N_("没有联系不上的捐赠人，不需要公示"))
    return notice.open_notice(
        session, actor, _matter(session, motion_id), ends_on=notice_ends_on(clock.today())
    )


def _matter(session: Session, motion_id: int) -> Matter:
    matter = matter_of(session, queries.MOTION, motion_id)
    if matter is None:
        raise Conflict(N_("这份提案的状态已经变化，请刷新页面"))
    return matter


def record_filing(session: Session, actor: Actor, motion_id: int, number: str, filed_on: date) -> Repurposing:
    """Record that the host filed the changed plan with civil affairs: its number and day. Secretary or chair.

    Raises InputRefused for wrong fields, Conflict when it is recorded already.
    """
    found = _open_change(session, actor, motion_id, Permission.COUNCIL_CONVENE)
    refusals: list[Refused] = []
    number = normal(number)
    if not number or len(number) > NUMBER_MAX:
        refusals.append(Refused(N_("请填写备案号，最多 %(most)s 个字"), field="number", most=NUMBER_MAX))
    try:
        require_plausible(filed_on, clock.today(), "filed_on")
    except Refused as refusal:
        refusals.append(refusal)
    if filed_on < clock.local(found.resolved_at).date():
        refusals.append(Refused(N_("备案在决议之后办，日期不能早于决议"), field="filed_on"))
    if refusals:
        raise InputRefused(refusals)
    if found.filed_on is not None:
        raise Conflict(N_("已经登记过备案"))
    found.filing_number, found.filed_on = number, filed_on
    session.flush()
    body: dict[str, object] = {"fund": found.fund_id, "on": filed_on.isoformat()}
    append(session, [LeafDraft("purpose_filed", motion_id, body, {"number": number})])
    record(session, actor.user_id, "file_change_of_purpose", queries.MOTION, motion_id)
    return found


def carry_out(session: Session, actor: Actor, motion_id: int) -> Repurposing:
    """Move what may move to the new purpose, gift by gift, in one go. Whoever keeps the books, and no donor's answer here.

    What donors refused stays. A second click changes nothing. Raises Conflict while an answer, the notice, the filing, an
    objection or a hold stands in the way; Refused when a gift has less free money than was resolved, or nothing may move.
    """
    actor.require(Permission.BOOKS_POST, motion_by_id(session, motion_id).fund_id)
    found = queries.change(session, motion_id)
    if found.moved_at is not None:
        return found
    _open_change(session, actor, motion_id, Permission.BOOKS_POST)
    view = queries.view_of(session, found)
    if view.waits_for:
        raise Conflict(_OBSTACLES[view.waits_for[0]])
    parts = queries.movable_parts(session, found)
    if not parts:
        raise Refused(N_("没有捐赠人同意，没有钱可以划转；请放弃这次变更"))
    recorders = {each.recorded_by_id for each in queries.latest_answers(session, motion_id).values()}
    if actor.user_id is not None and actor.user_id in recorders:
        raise Forbidden(N_("登记捐赠人答复的人不能自己划转，请另一位会计办理"))
    asked, moved = motion_by_id(session, motion_id), total(parts)
    matter = _matter(session, motion_id)
    source, target, fund_id = found.from_id, found.to_id, found.fund_id
    done = session.execute(
        update(Repurposing)
        .where(Repurposing.motion_id == motion_id, Repurposing.moved_at.is_(None))
        .values(moved_at=clock.now(), moved_on=clock.today(), moved_minor=moved, moved_by_id=actor.user_id)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这笔钱已经划到新用途"))
    change_purpose(
        session,
        actor,
        old=ledger.earmark(session, source),
        new=ledger.earmark(session, target),
        parts=[(part.tranche_number, part.amount_minor) for part in parts],
        source_type=queries.MOTION,
        source_id=motion_id,
        description=asked.title,
        document=matter.resolution_number or "",
    )
    body: dict[str, object] = {"fund": fund_id, "amount": moved}
    append(session, [LeafDraft("purpose_moved", motion_id, body)])
    record(session, actor.user_id, "carry_out_change_of_purpose", queries.MOTION, motion_id, moved=moved)
    return queries.change(session, motion_id)


def give_up_change(session: Session, actor: Actor, motion_id: int, reason: str) -> Repurposing:
    """A resolved change is not carried out, for a reason that is published; the money stays where it is. Secretary or chair.

    Raises Refused without a reason, Conflict once the money moved.
    """
    found = _open_change(session, actor, motion_id, Permission.COUNCIL_CONVENE)
    if not normal(reason):
        raise Refused(N_("请写明原因"), field="reason")
    found.given_up_at, found.reason = clock.now(), normal(reason)
    session.flush()
    running = notices.notice_of(session, queries.MOTION, motion_id)
    if running is not None:
        notice.end_notice(session, actor, running, early=True)
    append(
        session, [LeafDraft("purpose_given_up", motion_id, {"fund": found.fund_id}, {"reason": found.reason})]
    )
    record(session, actor.user_id, "give_up_change_of_purpose", queries.MOTION, motion_id)
    return found
