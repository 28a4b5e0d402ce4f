"""Reading what became of emergencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.council.meetings.rules import Subject, describes
from app.council.models import Matter
from app.council.queries import matter_of, rules_of
from app.council.rules import last_day
from app.disbursements.emergency.rules import papers_by, pay_by, state_of
from app.disbursements.models import Disbursement
from app.disbursements.queries import RATIFICATION, SUBJECT, disbursement, project_name
from app.shared import clock
from app.shared.money import yuan


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """An emergency that was approved: its deadlines, and what became of its ratification (a key of ``rules.STATES``)."""

    pay_by: datetime
    papers_by: date
    ratify_by: date | None
    state: str
    matter: Matter
    resolution: str | None


def ratification_of(session: Session, disbursement_id: int) -> Matter | None:
    """The matter by which the council ratifies a request, if it was an emergency that was approved."""
    return matter_of(session, RATIFICATION, disbursement_id)


def emergency_view(session: Session, found: Disbursement) -> EmergencyView | None:
    """Deadlines and ratification of an emergency that was approved; None for anything else."""
    decided = matter_of(session, SUBJECT, found.id) if found.is_emergency else None
    ratification = ratification_of(session, found.id) if decided is not None else None
    if decided is None or ratification is None or decided.decided_at is None:
        return None
    emergency = rules_of(session, decided).book.emergency
    assert emergency is not None
    return EmergencyView(
        pay_by(emergency, decided.decided_at),
        papers_by(emergency, clock.local(decided.decided_at).date()),
        last_day(ratification.closes_at) if ratification.closes_at else None,
        state_of(ratification.status, ratification.closes_at, clock.now()),
        ratification,
        ratification.resolution_number,
    )


def unratified(session: Session, fund_id: int, limit: int = 50) -> list[tuple[Disbursement, Matter]]:
    """Emergencies of a fund that the council did not ratify, or not in time, the latest first."""
    rows = session.execute(
        select(Disbursement, Matter)
        .join(Matter, and_(Matter.type == RATIFICATION, Matter.subject_id == Disbursement.id))
        .where(
            Disbursement.fund_id == fund_id,
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
    """What a ratification is called on a council's agenda and in its minutes: number, project and amount, no person."""
    found = disbursement(session, disbursement_id)
    words = f"追认紧急支出 {found.number}：{project_name(session, found)}，{yuan(found.amount_minor)} 元"
    return Subject(words, "dossier.show", {"disbursement_id": disbursement_id})
