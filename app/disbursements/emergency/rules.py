"""What becomes of an emergency after it was signed, and by when. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.council.rulebook.rules import Emergency, Rulebook
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.working_days import after_working_days

STATES: dict[str, str] = {
    "waits": N_("待理事会追认"),
    "ratified": N_("理事会已追认"),
    "rejected": N_("追认未通过"),
    "late": N_("未按期追认"),
    "dropped": N_("没有付款，不再追认"),
}
TAGS: dict[str, str] = {
    "waits": "wait",
    "ratified": "ok",
    "rejected": "stop",
    "late": "stop",
    "dropped": "plain",
}


def state_of(status: str, closes_at: datetime | None, now: datetime) -> str:
    """The state of a ratification by the status of its matter. One whose time is over is late before any job has said so."""
    if status == "approved":
        return "ratified"
    if status == "rejected":
        return "rejected"
    if status == "withdrawn":
        return "dropped"
    is_over = closes_at is not None and closes_at <= now
    return "late" if status == "lapsed" or is_over else "waits"


def text_hash(request_hash: str, times: int = 1) -> str:
    """What a ratification is bound to: the request's exact text, as a matter of its own each time that it is put up."""
    again = f" {times}" if times > 1 else ""
    return hashlib.sha256(f"{request_hash} ratification{again}".encode()).hexdigest()


def require_path(book: Rulebook, amount_minor: int) -> None:
    """Raise Refused when the rules know no emergency, or not for this amount (fen)."""
    emergency = book.emergency
    if emergency is None or amount_minor > emergency.up_to_minor:
        raise Refused(N_("这个基金的议事规则不允许按紧急支出办理这笔申请"), field="is_emergency")


def pay_by(emergency: Emergency, approved_at: datetime) -> datetime:
    """Until when an emergency is to be paid."""
    return approved_at + timedelta(hours=emergency.pay_hours)


def papers_by(emergency: Emergency, approved_on: date) -> date:
    """The last day for its papers."""
    return after_working_days(approved_on, emergency.papers_working_days)


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that stands, or money that came back (``is_refund``), in fen; when it was recorded, too."""

    minor: int
    occurred_on: date
    recorded_at: datetime
    is_refund: bool = False


def is_payment_late(due: datetime, paid: Iterable[Paid], *, still_due: bool, now: datetime) -> bool:
    """Whether money went out after ``due``, or has not gone out yet though it should have.

    A payment has a day, not an hour: one of the last day itself is in time only when it was recorded in time.
    """
    last = clock.local(due).date()
    return (still_due and now > due) or any(
        each.occurred_on > last or (each.occurred_on == last and each.recorded_at > due)
        for each in paid
        if not each.is_refund
    )


def are_papers_late(due: date, paid: Iterable[Paid], shown: Iterable[tuple[date, int]], today: date) -> bool:
    """Whether the papers for all that was paid were not there by the end of ``due``. ``shown``: (day, fen) of each that was
    submitted. What came back by then needs none."""
    owed = sum(
        -each.minor if each.is_refund else each.minor
        for each in paid
        if not (each.is_refund and each.occurred_on > due)
    )
    return today > due and owed > sum(minor for on, minor in shown if on <= due)
