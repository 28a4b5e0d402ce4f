"""What may have been paid, judged anew from the rows alone: no function of the engine is asked.

The rules are written a second time here, as plainly as possible, from charity-rules §13 and §18. Whatever happened and in
whatever order, every payment in the books has to pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

LARGE = 10_000_000
NOTICE_DAYS = 7


@dataclass(frozen=True)
class Tie:
    """Somebody's declared interest in a party since a moment (UTC, ISO to the second)."""

    user_id: int
    party: str
    since: str


def wrong_payments(session: Session, ties: list[Tie]) -> list[str]:
    """A sentence for every payment that should never have been made; empty when all is well."""
    found: list[str] = []
    payments = _rows(session, "SELECT * FROM payment WHERE kind = 'payment' ORDER BY id")
    for payment in payments:
        request = _row(session, "SELECT * FROM disbursement WHERE id = :id", id=payment.disbursement_id)
        found += [
            f"request {request.id}, payment {payment.id}: {each}"
            for each in _wrongs(session, request, payment, ties)
        ]
    for request in _rows(session, "SELECT * FROM disbursement"):
        paid = sum(each.amount_minor for each in payments if each.disbursement_id == request.id)
        if paid > request.amount_minor:
            found.append(f"request {request.id}: {paid} fen paid of {request.amount_minor}")
    return found


def _wrongs(session: Session, request: Any, payment: Any, ties: list[Tie]) -> Iterable[str]:
    matter = _row(
        session,
        "SELECT * FROM matter WHERE type = 'disbursement' AND subject_id = :id ORDER BY id DESC LIMIT 1",
        id=request.id,
    )
    if matter is None or matter.status != "approved":
        yield "nobody approved it"
        return
    if matter.text_hash != request.text_hash:
        yield "another text was approved"
    yield from _undecided(session, request, matter, ties)
    yield from _unheard(session, request, payment)
    yield from _not_separate(session, request, payment)


def _undecided(session: Session, request: Any, matter: Any, ties: list[Tie]) -> Iterable[str]:
    """The counts, the majority, the signatures."""
    votes = _rows(
        session,
        "SELECT v.* FROM vote v WHERE v.matter_id = :id AND NOT EXISTS "
        "(SELECT 1 FROM vote w WHERE w.matter_id = v.matter_id AND w.voter_id = v.voter_id AND w.version > v.version)",
        id=matter.id,
    )
    if any(vote.text_hash != request.text_hash for vote in votes):
        yield "a vote is on another text"
    approve = sum(vote.choice == "approve" for vote in votes)
    free = sum(vote.choice != "recuse" for vote in votes)
    signed = {
        row.kind: row.choice
        for row in _rows(session, "SELECT * FROM endorsement WHERE matter_id = :id", id=matter.id)
    }
    host_decided = signed.get("host_decision") == "approve"
    if not host_decided:
        if len(votes) * 3 < matter.seats * 2:
            yield f"{len(votes)} of {matter.seats} seats are no quorum"
        if free < 3:
            yield f"only {free} members without an interest"
        large = matter.counted_minor > LARGE
        if (approve * 3 < free * 2) if large else (approve * 2 <= free):
            yield f"{approve} of {free} are no majority"
    if (
        matter.counted_minor > LARGE
        and not host_decided
        and ("opinion" not in signed or signed.get("host") != "approve")
    ):
        yield "the supervisor's opinion or the host's countersignature is missing"
    payee = _row(session, "SELECT name FROM party WHERE id = :id", id=request.payee_id).name
    tied = {tie.user_id for tie in ties if tie.party == payee and tie.since < _moment(matter.opened_at)}
    for vote in votes:
        if vote.choice != "recuse" and vote.voter_id in tied | {request.submitter_id}:
            yield f"user {vote.voter_id} had an interest and voted"


def _unheard(session: Session, request: Any, payment: Any) -> Iterable[str]:
    """The public had its days, no objection was unanswered, no hold stood."""
    notice = _row(
        session,
        "SELECT * FROM public_notice WHERE subject_type = 'disbursement' AND subject_id = :id",
        id=request.id,
    )
    if notice is None:
        yield "it never stood in public notice"
    elif str(payment.occurred_on) <= str(notice.ends_on) or not notice.ended_at:
        yield f"it was paid on {payment.occurred_on}, in notice until {notice.ends_on}"
    at = {"id": request.id, "at": payment.recorded_at}
    if _rows(
        session,
        "SELECT 1 FROM objection WHERE subject_type = 'disbursement' AND subject_id = :id AND status <> 'repeated' "
        "AND received_at < :at AND (closed_at IS NULL OR closed_at > :at)",
        **at,
    ):
        yield "an objection was unanswered"
    if _rows(
        session,
        "SELECT 1 FROM payment_hold WHERE subject_type = 'disbursement' AND subject_id = :id "
        "AND placed_at < :at AND (lifted_at IS NULL OR lifted_at > :at)",
        **at,
    ):
        yield "the supervisor held it"


def _not_separate(session: Session, request: Any, payment: Any) -> Iterable[str]:
    payer = payment.recorded_by_id
    if payer is None or payer == request.submitter_id:
        yield "whoever asked for it paid it"
    for table, column in (("vote", "voter_id"), ("endorsement", "user_id")):
        if _rows(
            session,
            f"SELECT 1 FROM {table} t JOIN matter m ON m.id = t.matter_id "
            f"WHERE m.type = 'disbursement' AND m.subject_id = :id AND t.{column} = :payer",
            id=request.id,
            payer=payer,
        ):
            yield "whoever decided it paid it"


def _rows(session: Session, statement: str, **values: Any) -> list[Any]:
    return list(session.execute(text(statement), values))


def _row(session: Session, statement: str, **values: Any) -> Any:
    return session.execute(text(statement), values).first()


def _moment(value: Any) -> str:
    """A moment as both engines' drivers give it, to the second."""
    return str(value)[:19].replace("T", " ")
