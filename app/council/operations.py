"""Putting matters before the council, voting, signing, deciding. What a decision does is its subject's own affair.

Every change of a matter's state is a compare-and-set under the books' lock: of two people who act at once one gets the
result and the other a Conflict.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.council import queries, rules
from app.council.models import Endorsement, Matter, MatterConflict, Vote
from app.council.notices import operations as notices
from app.council.rulebook.queries import rules_in_force
from app.council.rules import RoomVote, Tally, outcome, passes, quorum_of, quorum_reached
from app.council.states import CHOICES, CONFLICTS, UNDECIDED
from app.documents.operations import next_number
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, Refused
from app.shared.permissions import COUNCIL_SEATS, Actor, Permission, Role


@dataclass(frozen=True, slots=True)
class MatterDraft:
    """What is put before the council. ``counted_minor``: the sum that picks the tier (amounts split over a window count
    together); ``conflicts``: people who are out, with the published kind; ``is_emergency``: officers sign, the council
    ratifies; ``by_council``: the council votes whatever the amount; ``poll_days``: another time than the rules give."""

    fund_id: int
    type: str
    subject_id: int
    text_hash: str
    topic: str = "spending"
    amount_minor: int | None = None
    counted_minor: int | None = None
    conflicts: Mapping[int, str] = field(default_factory=dict)
    is_emergency: bool = False
    by_council: bool = False
    poll_days: int | None = None


def open_matter(session: Session, actor: Actor, draft: MatterDraft) -> Matter:
    """Put a text up for decision under the rules in force now. Members with an interest are recused at once.

    Raises Refused when the fund has no council, or when its rules know no emergency path or not for this amount.
    """
    found = rules_in_force(session, draft.fund_id)
    seats = queries.holders(session, draft.fund_id)
    if not seats:
        raise Refused(N_("这个基金还没有理事，无法表决；请管理员先登记理事席位"))
    counted = draft.counted_minor if draft.counted_minor is not None else draft.amount_minor
    if draft.topic == "ratification":  # what was spent is spent: no tier applies
        counted = None
    tier_place = found.book.tier_of(counted) if counted is not None else 0
    tier = found.book.tiers[tier_place]
    is_special = draft.topic in found.book.special_matters
    by_officers = (
        tier.decided_by == "officers" and counted is not None and not (is_special or draft.by_council)
    )
    now = clock.now()
    matter = Matter(
        fund_id=draft.fund_id,
        type=draft.type,
        subject_id=draft.subject_id,
        topic=draft.topic,
        text_hash=draft.text_hash,
        amount_minor=draft.amount_minor,
        submitter_id=actor.user_id,
        rules_number=found.number,
        rules_sha256=found.sha256,
        tier=tier_place,
        counted_minor=counted,
        decided_by="officers" if by_officers else "council",
        officers_needed=tier.officers if by_officers else 0,
        chair_signs=by_officers and tier.chair_signs,
        majority="special"
        if is_special or (tier.majority == "special" and counted is not None)
        else "ordinary",
        needs_opinion=counted is not None and tier.supervisor_opinion,
        needs_host=counted is not None and tier.host_countersign,
        seats=len({seat for seat, _ in seats}),
        opened_at=now,
        closes_at=clock.end_of(
            clock.local(now).date()
            + timedelta(days=found.book.poll_days if draft.poll_days is None else draft.poll_days)
        ),
    )
    matter.quorum = quorum_of(matter.seats, found.book.quorum)
    if draft.is_emergency:
        emergency = found.book.emergency
        if emergency is None or draft.amount_minor is None or draft.amount_minor > emergency.up_to_minor:
            raise Refused(N_("这个基金的议事规则不允许按紧急支出办理这笔申请"), field="is_emergency")
        matter.decided_by, matter.officers_needed, matter.chair_signs = "emergency", emergency.officers, False
        matter.majority, matter.needs_opinion, matter.needs_host = "ordinary", False, False
    session.add(matter)
    session.flush()
    _leaf(
        session,
        "matter_opened",
        matter,
        {
            "text": draft.text_hash,
            "topic": draft.topic,
            "rules": [found.number, found.sha256],
            "tier": tier_place,
            "decided_by": matter.decided_by,
            "seats": matter.seats,
            "quorum": matter.quorum,
        },
    )
    record(session, actor.user_id, "open_matter", "matter", matter.id)
    _recuse_conflicted(session, actor, matter, dict(draft.conflicts), seats)
    if matter.status == "open":
        notices.matter_waits(session, matter)
    return matter


def _recuse_conflicted(
    session: Session, actor: Actor, matter: Matter, conflicts: dict[int, str], seats: list[tuple[int, int]]
) -> None:
    if actor.user_id is not None:
        conflicts.setdefault(actor.user_id, "submitter")
    seat_of = {user_id: seat for seat, user_id in seats}
    for user_id, kind in sorted(conflicts.items()):
        _keep_conflict(session, matter, user_id, kind)
        if user_id in seat_of and matter.decided_by == "council":
            _add_vote(session, matter, user_id, seat_of[user_id], "recuse", "", "matched", None, kind)
    if matter.decided_by == "council":
        _decide(session, actor, matter)


def _keep_conflict(session: Session, matter: Matter, user_id: int, kind: str) -> None:
    session.add(MatterConflict(matter_id=matter.id, user_id=user_id, kind=kind, recorded_at=clock.now()))
    session.flush()


def cast_vote(
    session: Session,
    actor: Actor,
    matter: Matter,
    choice: str,
    reason: str,
    text_hash: str,
    conflict_kind: str = "",
) -> str:
    """One seat's vote on the text it has read; until the poll closes it may be changed. Returns the matter's status.

    Raises Forbidden without a seat or with an interest in the matter, Conflict for the same vote twice, a closed poll or a
    changed text, Refused for a rejection or a recusal without a reason.
    """
    actor.require(Permission.MATTER_VOTE, matter.fund_id)
    seat = _seat_of(actor, matter.fund_id)
    if actor.user_id is None or seat is None:
        raise Forbidden(N_("只有理事可以表决"))
    if text_hash != matter.text_hash:
        raise Conflict(N_("申请内容已有变化，请重新阅读后再表决"))
    _take_vote(session, matter, actor.user_id, seat, choice, reason.strip(), conflict_kind, "online", actor)
    return _decide(session, actor, matter)


def record_room_votes(session: Session, actor: Actor, matter: Matter, votes: Mapping[int, RoomVote]) -> str:
    """Enter the votes of a meeting's room by user, by the secretary, and end the poll. Returns the status.

    All of them are taken before the result is drawn, so that none comes too late; each member confirms theirs afterwards.
    Whoever voted the same online keeps that vote. Raises as ``cast_vote``, Refused below the quorum, and Forbidden for
    whoever may not convene.
    """
    actor.require(Permission.COUNCIL_CONVENE, matter.fund_id)
    seats = {holder: seat for seat, holder in queries.holders(session, matter.fund_id)}
    for user_id, vote in votes.items():
        if user_id not in seats:
            raise Forbidden(N_("只有理事可以表决"))
        earlier = queries.vote_by(session, matter.id, user_id)
        if earlier is None or earlier.choice != vote.choice:
            _take_vote(
                session,
                matter,
                user_id,
                seats[user_id],
                vote.choice,
                vote.reason.strip(),
                vote.conflict_kind,
                "room",
                actor,
            )
    _require_quorum(queries.tally(session, matter))
    return _decide(session, actor, matter, closing=True)


def _take_vote(
    session: Session,
    matter: Matter,
    user_id: int,
    seat: int,
    choice: str,
    reason: str,
    conflict_kind: str,
    source: str,
    actor: Actor,
) -> None:
    if matter.decided_by != "council":
        raise Conflict(N_("这笔申请由负责人签批，不经理事会表决"))
    if matter.status != "open":
        raise Conflict(N_("这项议题已经有了结果"))
    if choice not in CHOICES:
        raise Refused(N_("请选择赞成、反对、弃权或回避"), field="choice")
    if choice != "recuse":
        _require_no_conflict(session, matter, user_id)
    earlier = queries.vote_by(session, matter.id, user_id)
    if earlier is not None and (earlier.choice, earlier.reason) == (choice, reason):
        raise Conflict(N_("您已经表决过了"))
    if choice == "reject" and not reason:
        raise Refused(N_("反对请写明理由"), field="reason")
    kind = None
    if choice == "recuse":
        if conflict_kind and conflict_kind not in CONFLICTS:
            raise Refused(N_("请选择回避的原因"), field="conflict_kind")
        if conflict_kind in ("", "declared") and not reason and source == "online":
            raise Refused(N_("回避请写明原因"), field="reason")
        kind = queries.conflict_of(session, matter.id, user_id)
        if kind is None:
            kind = conflict_kind or "declared"
            _keep_conflict(session, matter, user_id, kind)
    _add_vote(session, matter, user_id, seat, choice, reason, source, actor.user_id, kind)
    notices.member_acted(session, matter, user_id)
    record(session, actor.user_id, "cast_vote", "matter", matter.id, choice=choice)


def _require_no_conflict(session: Session, matter: Matter, user_id: int) -> None:
    kind = queries.conflict_of(session, matter.id, user_id)
    if kind == "submitter" or user_id == matter.submitter_id:
        raise Forbidden(N_("申请由您提交，您不能参加表决"))
    if kind == "signed":
        raise Forbidden(N_("这笔紧急支出由您签批，追认由其他理事表决"))
    if kind is not None:
        raise Forbidden(N_("您与这项议题有利害关系，已经回避"))


def _add_vote(
    session: Session,
    matter: Matter,
    user_id: int,
    seat: int,
    choice: str,
    reason: str,
    source: str,
    recorded_by_id: int | None,
    conflict_kind: str | None,
) -> None:
    earlier = queries.vote_by(session, matter.id, user_id)
    vote = Vote(
        matter_id=matter.id,
        voter_id=user_id,
        version=earlier.version + 1 if earlier else 1,
        seat_number=seat,
        choice=choice,
        reason=reason,
        conflict_kind=conflict_kind,
        text_hash=matter.text_hash,
        source=source,
        recorded_by_id=recorded_by_id,
        cast_at=clock.now(),
    )
    session.add(vote)
    session.flush()
    body: dict[str, object] = {"seat": seat, "choice": choice, "text": matter.text_hash, "source": source}
    if conflict_kind is not None:
        body["conflict"] = conflict_kind
    _leaf(session, "vote", matter, body, {"reason": reason}, version=vote.version)


def endorse(
    session: Session, actor: Actor, matter: Matter, kind: str, choice: str, reason: str, text_hash: str
) -> str:
    """Sign beside the vote: an officer, the supervisor's opinion, the host's countersignature or decision. Returns the status.

    Raises Forbidden for whoever may not sign in this quality, submitted the matter or has an interest in it; Conflict for a
    second signature, a decided matter or a changed text; Refused for an opinion or a refusal without words.
    """
    role = _endorsing_role(actor, matter, kind)
    assert actor.user_id is not None
    if not _signatures_wanted(matter).get(kind):
        raise Conflict(N_("这项议题现在不需要这个签字"))
    if text_hash != matter.text_hash:
        raise Conflict(N_("申请内容已有变化，请重新阅读后再签字"))
    if kind != "opinion" and actor.user_id == matter.submitter_id:
        raise Forbidden(N_("申请由您提交，请由别人签字"))
    if queries.conflict_of(session, matter.id, actor.user_id) is not None:
        raise Forbidden(N_("您与这项议题有利害关系，已经回避"))
    if choice not in ("approve", "reject"):
        raise Refused(N_("请选择同意或不同意"), field="choice")
    if (choice == "reject" or kind == "opinion") and not reason.strip():
        raise Refused(N_("请写明意见"), field="reason")
    if any(
        each.kind == kind and each.user_id == actor.user_id
        for each in session.query(Endorsement).filter_by(matter_id=matter.id)
    ):
        raise Conflict(N_("您已经签过了"))
    session.add(
        Endorsement(
            matter_id=matter.id,
            kind=kind,
            user_id=actor.user_id,
            role=role.value,
            choice=choice,
            reason=reason.strip(),
            text_hash=text_hash,
            signed_at=clock.now(),
        )
    )
    session.flush()
    body: dict[str, object] = {"kind": kind, "role": role.value, "choice": choice, "text": text_hash}
    _leaf(session, "endorsement", matter, body, {"reason": reason.strip()})
    notices.member_acted(session, matter, actor.user_id)
    record(session, actor.user_id, "endorse", "matter", matter.id, kind=kind, choice=choice)
    if kind == "host_decision":
        return _finish(session, actor, matter, "approved" if choice == "approve" else "rejected")
    if matter.status == "endorsing":
        return _after_vote(session, actor, matter)
    return _decide(session, actor, matter)


_ENDORSERS: dict[str, tuple[Permission, tuple[Role, ...]]] = {
    "officer": (Permission.MATTER_ENDORSE, (Role.CHAIR, Role.SECRETARY, Role.COUNCIL)),
    "opinion": (Permission.COUNCIL_SUPERVISE, (Role.SUPERVISOR,)),
    "host": (Permission.COUNCIL_COUNTERSIGN, (Role.HOST,)),
    "host_decision": (Permission.COUNCIL_COUNTERSIGN, (Role.HOST,)),
}


def _signatures_wanted(matter: Matter) -> dict[str, bool]:
    """Which kinds of signature a matter waits for as it stands."""
    return {
        "officer": matter.status == "open" and matter.decided_by != "council",
        "opinion": matter.status in ("open", "endorsing") and matter.needs_opinion,
        "host": matter.status == "endorsing" and matter.needs_host,
        "host_decision": matter.status == "referred",
    }


def may_endorse(session: Session, actor: Actor, matter: Matter) -> str | None:
    """The kind of signature that this matter waits for from this person, if any."""
    if actor.user_id is None or queries.conflict_of(session, matter.id, actor.user_id) is not None:
        return None
    signed = {(each.kind, each.user_id) for each in session.query(Endorsement).filter_by(matter_id=matter.id)}
    for kind, is_wanted in _signatures_wanted(matter).items():
        permission, _ = _ENDORSERS[kind]
        is_free = (kind, actor.user_id) not in signed
        is_other = kind == "opinion" or actor.user_id != matter.submitter_id
        if is_wanted and is_free and is_other and actor.may(permission, matter.fund_id):
            return kind
    return None


def _endorsing_role(actor: Actor, matter: Matter, kind: str) -> Role:
    if kind not in _ENDORSERS:
        raise Refused(N_("没有这种签字"))
    permission, roles = _ENDORSERS[kind]
    actor.require(permission, matter.fund_id)
    found = next((role for role in roles if actor.holds(role, matter.fund_id)), None)
    if found is None or actor.user_id is None:
        raise Forbidden(N_("您的岗位没有这项权限"))
    if kind == "officer" and matter.decided_by == "council":
        raise Conflict(N_("这项议题由理事会表决，不由负责人签批"))
    return found


def close_vote(session: Session, actor: Actor, matter: Matter) -> str:
    """The chair ends a vote whose quorum is reached. Returns the status. Raises Refused below the quorum."""
    actor.require(Permission.MATTER_VOTE, matter.fund_id)
    if not actor.holds(Role.CHAIR, matter.fund_id):
        raise Forbidden(N_("只有理事长可以结束表决"))
    if matter.status != "open" or matter.decided_by != "council":
        raise Conflict(N_("这项议题已经有了结果"))
    _require_quorum(queries.tally(session, matter))
    return _decide(session, actor, matter, closing=True)


def _require_quorum(tally: Tally) -> None:
    if not quorum_reached(tally):
        raise Refused(
            N_("参加表决的只有 %(present)s 人，未达到法定人数 %(quorum)s 人"),
            present=tally.present,
            quorum=tally.quorum,
        )


def close_due(session: Session, actor: Actor) -> int:
    """End every poll whose time is over; without its quorum it lapses. Returns how many ended. Safe to run at any time.

    A result that cannot take effect (the purpose has no money left) leaves its poll as it is, is told to secretary and chair,
    and keeps no other poll from ending.
    """
    ended = 0
    for matter in queries.due_matters(session, clock.now()):
        try:
            with session.begin_nested():
                if matter.decided_by == "council":
                    ended += _decide(session, actor, matter, ended=True) != "open"
                else:
                    _finish(session, actor, matter, "lapsed")
                    ended += 1
        except Refused:
            session.refresh(matter)
            notices.matter_stuck(session, matter)
    return ended


def withdraw_matter(session: Session, actor: Actor, matter: Matter) -> None:
    """Take an undecided matter off the council's table. Raises Conflict when it was decided."""
    if matter.status not in UNDECIDED:
        raise Conflict(N_("这项议题已经有了结果"))
    _become(session, matter, "withdrawn")
    _leaf(session, "matter_withdrawn", matter, {})
    record(session, actor.user_id, "withdraw_matter", "matter", matter.id)


def void_matter(session: Session, actor: Actor, matter: Matter, reason: str) -> None:
    """The text is to be changed: every vote and signature on it is void. Raises Conflict when it was decided."""
    if matter.status not in UNDECIDED:
        raise Conflict(N_("这项议题已经有了结果"))
    _become(session, matter, "voided")
    _leaf(session, "matter_voided", matter, {}, {"reason": reason.strip()})
    record(session, actor.user_id, "void_matter", "matter", matter.id)


def record_past_decision(
    session: Session, actor: Actor, matter: Matter, decided_on: date, tally: Tally
) -> str:
    """Enter a decision that the council made before this system, from its minutes. Returns the outcome.

    The arithmetic of an ordinary resolution applies. Raises Forbidden for the submitter, Refused when the counts do not add
    up, when the council was already voting here on that day, or when the fund had been here for long: then it votes here.
    """
    actor.require(Permission.MATTER_VOTE, matter.fund_id)
    if actor.user_id is not None and actor.user_id == matter.submitter_id:
        raise Forbidden(N_("申请由您提交，请由别人登记决议"))
    if matter.status not in UNDECIDED:
        raise Conflict(N_("这项议题已经有了结果"))
    if any(vote.source != "matched" for vote in session.scalars(queries.current_votes(matter.id))):
        raise Conflict(N_("已有理事在本系统里表决，不能再登记以前的决议"))
    if tally.seats < tally.present or min(tally.approve, tally.reject, tally.abstain, tally.recuse) < 0:
        raise Refused(N_("票数合计不能多于应到人数"), field="approve")
    if tally.quorum != quorum_of(tally.seats) or not quorum_reached(tally):
        raise Refused(N_("到会人数未达到法定人数"), field="approve")
    if decided_on > clock.today():
        raise Refused(N_("日期 %(day)s 在未来，请核对"), field="decided_on", day=decided_on.isoformat())
    first = queries.first_vote_at(session, matter.fund_id)
    if first is not None and decided_on >= clock.local(first).date():
        raise Refused(
            N_("理事会从 %(day)s 起已在本系统表决，之后的申请请在这里表决"),
            field="decided_on",
            day=clock.local(first).date().isoformat(),
        )
    last = queries.past_decisions_end(session, matter.fund_id)
    if decided_on > last:
        raise Refused(
            N_("最晚可以登记 %(day)s 作出的决议；之后的申请请在本系统里表决"),
            field="decided_on",
            day=last.isoformat(),
        )
    matter.decided_before_on, matter.past_counts = decided_on, json.dumps(_counts(tally), sort_keys=True)
    matter.seats, matter.quorum = tally.seats, tally.quorum
    session.flush()
    return _finish(session, actor, matter, "approved" if passes(tally) else "rejected")


def _seat_of(actor: Actor, fund_id: int) -> int | None:
    return next(
        (
            office.seat_number
            for office in actor.offices
            if office.role in COUNCIL_SEATS and office.fund_id == fund_id
        ),
        None,
    )


def _decide(
    session: Session, actor: Actor, matter: Matter, *, closing: bool = False, ended: bool = False
) -> str:
    """Draw the consequence of the votes or the officers' signatures as they stand now."""
    if matter.decided_by != "council":
        result = rules.officers_outcome(
            queries.signatures_of(session, matter.id), matter.officers_needed, chair_signs=matter.chair_signs
        )
    else:
        terms = queries.terms_of(session, matter)
        result = outcome(queries.tally(session, matter), terms, closing=closing, ended=ended)
    if result == "open":
        return result
    if result == "approved":
        return _after_vote(session, actor, matter)
    if result == "referred":
        _become(session, matter, "referred", decided=False)
        _leaf(session, "matter_referred", matter, {"counts": _counts(queries.tally(session, matter))})
        record(session, actor.user_id, "refer_matter", "matter", matter.id)
        notices.matter_waits(session, matter)
        return result
    return _finish(session, actor, matter, result)


def _after_vote(session: Session, actor: Actor, matter: Matter) -> str:
    """The vote is carried: what the rules ask for beside it is there, or is waited for."""
    result, _ = rules.endorsed_outcome(
        queries.signatures_of(session, matter.id),
        needs_opinion=matter.needs_opinion,
        needs_host=matter.needs_host,
    )
    if result != "endorsing":
        return _finish(session, actor, matter, result)
    if matter.status != "endorsing":
        _become(session, matter, "endorsing", decided=False)
        _leaf(session, "vote_carried", matter, {"counts": _counts(queries.tally(session, matter))})
        record(session, actor.user_id, "carry_vote", "matter", matter.id)
        notices.matter_waits(session, matter)
    return result


def _finish(session: Session, actor: Actor, matter: Matter, result: str) -> str:
    tally = queries.tally(session, matter)
    if result != "lapsed" and matter.decided_before_on is None:
        matter.resolution_number = next_number(session, "resolution", clock.today().year)
    _become(session, matter, result)
    body: dict[str, object] = {"result": result, "counts": _counts(tally)}
    if matter.decided_before_on is not None:
        body["decided_on"] = matter.decided_before_on.isoformat()
    if matter.resolution_number is not None:
        body["number"] = matter.resolution_number
    _leaf(session, "resolution", matter, body)
    record(session, actor.user_id, "decide_matter", "matter", matter.id, result=result)
    notices.matter_decided(session, matter)
    follow = rules.follower(matter.type)
    if follow is not None:
        follow(session, actor, matter)
    return result


def _become(session: Session, matter: Matter, status: str, *, decided: bool = True) -> None:
    """Compare and set: only from the state that was read."""
    session.flush()
    moved = session.execute(
        update(Matter)
        .where(Matter.id == matter.id, Matter.status == matter.status)
        .values(status=status, decided_at=clock.now() if decided else None)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这项议题刚刚有了变化，请刷新页面"))
    session.refresh(matter)
    notices.matter_settled(session, matter)


def _counts(tally: Tally) -> dict[str, int]:
    return {
        name: getattr(tally, name) for name in ("seats", "quorum", "approve", "reject", "abstain", "recuse")
    }


def _leaf(
    session: Session,
    kind: str,
    matter: Matter,
    body: dict[str, object],
    texts: dict[str, str] | None = None,
    *,
    version: int = 1,
) -> None:
    subject: dict[str, object] = {"fund": matter.fund_id, "subject": [matter.type, matter.subject_id]}
    append(session, [LeafDraft(kind, matter.id, {**subject, **body}, texts or {}, version)])
