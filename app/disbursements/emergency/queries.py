"""Reading what became of emergencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.council.meetings.rules import Subject, describes
from app.council.models import Matter
from app.council.queries import matter_of, matters_of, rules_of
from app.council.rules import last_day
from app.disbursements.emergency.rules import (
    Paid,
    are_papers_late,
    is_payment_late,
    papers_by,
    pay_by,
    state_of,
)
from app.disbursements.models import Disbursement
from app.disbursements.payments import queries as payments
from app.disbursements.proof.queries import proofs_of
from app.disbursements.queries import RATIFICATION, SUBJECT, named_on_agenda
from app.disbursements.states import PROMISED
from app.shared import clock
from app.shared.errors import N_


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """An emergency that was approved: its deadlines, and what became of its ratification (a key of ``rules.STATES``).

    ``late``: what was not done in time, from the rows and the clock: "payment", "papers", or "ratification" when it was put up
    again, with its first ``ratify_first_by``. ``matters``: each time that it was put up.
    """

    pay_by: datetime
    papers_by: date
    ratify_by: date | None
    state: str
    matter: Matter
    resolution: str | None
    late: tuple[str, ...]
    ratify_first_by: date | None
    matters: list[Matter]


def ratification_of(session: Session, disbursement_id: int) -> Matter | None:
    """The matter by which the council ratifies a request, if it was an emergency that was approved."""
    return matter_of(session, RATIFICATION, disbursement_id)


def emergency_view(session: Session, found: Disbursement, *, by_day: bool = False) -> EmergencyView | None:
    """Deadlines and ratification of an emergency that was approved; None for anything else.

    ``by_day``: for pages that are kept for a day, what is still unpaid is late from the day after its hour.
    """
    decided = matter_of(session, SUBJECT, found.id) if found.is_emergency else None
    matters = matters_of(session, RATIFICATION, found.id) if decided is not None else []
    if decided is None or not matters or decided.decided_at is None:
        return None
    emergency = rules_of(session, decided).book.emergency
    assert emergency is not None
    until = pay_by(emergency, decided.decided_at)
    papers_until = papers_by(emergency, clock.local(decided.decided_at).date())
    latest = matters[-1]
    paid = [
        Paid(each.amount_minor, each.occurred_on, each.recorded_at, each.kind == "refund")
        for each in payments.standing(session, found.id)
        if each.kind != "acceptance"
    ]
    shown = [
        (clock.local(each.submitted_at).date(), each.used_minor) for each in proofs_of(session, found.id)
    ]
    now = clock.end_of(clock.today() - timedelta(days=1)) if by_day else clock.now()
    still_due = found.status in PROMISED
    late = {
        "payment": is_payment_late(until, paid, still_due=still_due, now=now),
        "papers": are_papers_late(papers_until, paid, shown, clock.today()),
        "ratification": len(matters) > 1,
    }
    return EmergencyView(
        until,
        papers_until,
        last_day(latest.closes_at) if latest.closes_at else None,
        state_of(latest.status, latest.closes_at, clock.now()),
        latest,
        latest.resolution_number,
        tuple(key for key, is_late in late.items() if is_late),
        last_day(matters[0].closes_at) if matters[0].closes_at else None,
        matters,
    )


def unratified(session: Session, fund_id: int, limit: int = 50) -> list[tuple[Disbursement, Matter]]:
    """Emergencies of a fund that the council did not ratify, or not in time, the latest first; each as last put up."""
    again = aliased(Matter)
    rows = session.execute(
        select(Disbursement, Matter)
        .join(Matter, and_(Matter.type == RATIFICATION, Matter.subject_id == Disbursement.id))
        .where(
            Disbursement.fund_id == fund_id,
            ~select(again.id)
            .where(again.type == RATIFICATION, again.subject_id == Disbursement.id, again.id > Matter.id)
            .exists(),
            or_(
                Matter.status.in_(("rejected", "lapsed")),
                and_(Matter.decided_at.is_(None), Matter.closes_at <= clock.now()),
            ),
        )
        .order_by(Disbursement.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


@describes(RATIFICATION)
def agenda_words(session: Session, disbursement_id: int) -> Subject:
    """What a ratification is called on a council's agenda and in its minutes."""
    return named_on_agenda(
        session, disbursement_id, N_("追认紧急支出 %(number)s：%(project)s，%(amount)s 元")
    )
