"""Putting matters before the council, voting, deciding. What a decision does is the subject's own affair."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy.orm import Session

from app.council import queries
from app.council.models import Matter, Vote
from app.council.rules import CHOICES, Tally, outcome, passes, quorum_of, quorum_reached
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, Refused
from app.shared.permissions import COUNCIL_SEATS, Actor, Permission


def open_matter(
    session: Session,
    actor: Actor,
    *,
    fund_id: int,
    type_: str,
    subject_id: int,
    text_hash: str,
    amount_minor: int | None,
) -> Matter:
    """Put a text before the council. Raises Refused when the fund has no council to decide."""
    seats = queries.voting_seats(session, fund_id)
    if seats == 0:
        raise Refused(N_("这个基金还没有理事，无法表决；请管理员先登记理事席位"))
    matter = Matter(
        fund_id=fund_id,
        type=type_,
        subject_id=subject_id,
        text_hash=text_hash,
        amount_minor=amount_minor,
        submitter_id=actor.user_id,
        seats=seats,
        quorum=quorum_of(seats),
        opened_at=clock.now(),
    )
    session.add(matter)
    session.flush()
    _leaf(session, "matter_opened", matter, {"text": text_hash, "seats": seats, "quorum": matter.quorum})
    record(session, actor.user_id, "open_matter", "matter", matter.id)
    return matter


def cast_vote(
    session: Session, actor: Actor, matter: Matter, choice: str, reason: str, text_hash: str
) -> str:
    """One seat's vote on the text it has read. Returns the matter's outcome: open, approved or rejected.

    Raises Forbidden without a seat or for the submitter, Conflict for a second vote, a decided matter or a changed text,
    Refused for a rejection without a reason.
    """
    actor.require(Permission.MATTER_VOTE, matter.fund_id)
    seat = next(
        (
            office.seat_number
            for office in actor.offices
            if office.role in COUNCIL_SEATS and office.fund_id == matter.fund_id
        ),
        None,
    )
    if actor.user_id is None or seat is None:
        raise Forbidden(N_("只有理事可以表决"))
    if matter.status != "open":
        raise Conflict(N_("这项议题已经有了结果"))
    if choice not in CHOICES:
        raise Refused(N_("请选择赞成、反对、弃权或回避"), field="choice")
    if actor.user_id == matter.submitter_id and choice != "recuse":
        raise Forbidden(N_("申请由您提交，您不能参加表决"))
    if text_hash != matter.text_hash:
        raise Conflict(N_("申请内容已有变化，请重新阅读后再表决"))
    if queries.has_voted(session, matter.id, actor.user_id):
        raise Conflict(N_("您已经表决过了"))
    if choice == "reject" and not reason.strip():
        raise Refused(N_("反对请写明理由"), field="reason")
    if choice == "recuse" and not reason.strip():
        raise Refused(N_("回避请写明原因"), field="reason")
    session.add(
        Vote(
            matter_id=matter.id,
            voter_id=actor.user_id,
            seat_number=seat,
            choice=choice,
            reason=reason.strip(),
            text_hash=text_hash,
            cast_at=clock.now(),
        )
    )
    session.flush()
    _leaf(
        session,
        "vote",
        matter,
        {"seat": seat, "choice": choice, "text": text_hash},
        {"reason": reason.strip()},
    )
    record(session, actor.user_id, "cast_vote", "matter", matter.id, choice=choice)
    return _decide(session, actor, matter, closing=False)


def close_vote(session: Session, actor: Actor, matter: Matter) -> str:
    """The chair ends a vote whose quorum is reached. Returns the outcome. Raises Refused below the quorum."""
    actor.require(Permission.MATTER_VOTE, matter.fund_id)
    if not any(office.role == "chair" and office.fund_id == matter.fund_id for office in actor.offices):
        raise Forbidden(N_("只有理事长可以结束表决"))
    if matter.status != "open":
        raise Conflict(N_("这项议题已经有了结果"))
    tally = queries.tally(session, matter)
    if not quorum_reached(tally):
        raise Refused(
            N_("参加表决的只有 %(present)s 人，未达到法定人数 %(quorum)s 人"),
            present=tally.present,
            quorum=tally.quorum,
        )
    return _decide(session, actor, matter, closing=True)


def withdraw_matter(session: Session, actor: Actor, matter: Matter) -> None:
    """Take an undecided matter off the council's table. Raises Conflict when it was decided."""
    if matter.status != "open":
        raise Conflict(N_("这项议题已经有了结果"))
    matter.status, matter.decided_at = "withdrawn", clock.now()
    session.flush()
    _leaf(session, "matter_withdrawn", matter, {})
    record(session, actor.user_id, "withdraw_matter", "matter", matter.id)


def record_past_decision(
    session: Session, actor: Actor, matter: Matter, decided_on: date, tally: Tally
) -> str:
    """Enter a decision that the council made before this system, from its minutes. Returns the outcome.

    The same arithmetic applies. Raises Forbidden for the submitter, Refused when the counts do not add up.
    """
    actor.require(Permission.MATTER_VOTE, matter.fund_id)
    if actor.user_id is not None and actor.user_id == matter.submitter_id:
        raise Forbidden(N_("申请由您提交，请由别人登记决议"))
    if matter.status != "open":
        raise Conflict(N_("这项议题已经有了结果"))
    if queries.tally(session, matter).present:
        raise Conflict(N_("已有理事在本系统里表决，不能再登记以前的决议"))
    if tally.seats < tally.present or min(tally.approve, tally.reject, tally.abstain, tally.recuse) < 0:
        raise Refused(N_("票数合计不能多于应到人数"), field="approve")
    if tally.quorum != quorum_of(tally.seats) or not quorum_reached(tally):
        raise Refused(N_("到会人数未达到法定人数"), field="approve")
    if decided_on > clock.today():
        raise Refused(N_("日期 %(day)s 在未来，请核对"), field="decided_on", day=decided_on.isoformat())
    counts = {
        name: getattr(tally, name) for name in ("seats", "quorum", "approve", "reject", "abstain", "recuse")
    }
    matter.decided_before_on, matter.past_counts = decided_on, json.dumps(counts, sort_keys=True)
    matter.seats, matter.quorum = tally.seats, tally.quorum
    session.flush()
    return _finish(session, actor, matter, "approved" if passes(tally) else "rejected", counts)


def _decide(session: Session, actor: Actor, matter: Matter, *, closing: bool) -> str:
    tally = queries.tally(session, matter)
    result = outcome(tally, closing=closing)
    if result == "open":
        return result
    counts = {
        name: getattr(tally, name) for name in ("seats", "quorum", "approve", "reject", "abstain", "recuse")
    }
    return _finish(session, actor, matter, result, counts)


def _finish(session: Session, actor: Actor, matter: Matter, result: str, counts: dict[str, int]) -> str:
    matter.status, matter.decided_at = result, clock.now()
    session.flush()
    body: dict[str, object] = {"result": result, "counts": counts}
    if matter.decided_before_on is not None:
        body["decided_on"] = matter.decided_before_on.isoformat()
    _leaf(session, "resolution", matter, body)
    record(session, actor.user_id, "decide_matter", "matter", matter.id, result=result)
    return result


def _leaf(
    session: Session, kind: str, matter: Matter, body: dict[str, object], texts: dict[str, str] | None = None
) -> None:
    subject = {"fund": matter.fund_id, "subject": [matter.type, matter.subject_id]}
    append(session, [LeafDraft(kind, matter.id, {**subject, **body}, texts or {})])
