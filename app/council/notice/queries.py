"""Reading notices, objections and holds."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.notice.models import Objection, PaymentHold, PublicNotice
from app.council.notice.rules import has_ended
from app.shared import clock
from app.shared.errors import N_, NotFound


def notice_of(session: Session, subject_type: str, subject_id: int) -> PublicNotice | None:
    """The latest notice about a subject, if any."""
    return session.scalars(
        select(PublicNotice)
        .where(PublicNotice.subject_type == subject_type, PublicNotice.subject_id == subject_id)
        .order_by(PublicNotice.id.desc())
        .limit(1)
    ).first()


def running_notices(session: Session, fund_id: int | None = None, limit: int = 50) -> list[PublicNotice]:
    """Notices that have not ended, those that end first before the others."""
    statement = select(PublicNotice).where(PublicNotice.ended_at.is_(None))
    if fund_id is not None:
        statement = statement.where(PublicNotice.fund_id == fund_id)
    return list(session.scalars(statement.order_by(PublicNotice.ends_on, PublicNotice.id).limit(limit)))


def due_notices(session: Session, today: date) -> list[PublicNotice]:
    """Notices whose last day is over but that were not ended yet."""
    return list(
        session.scalars(
            select(PublicNotice)
            .where(PublicNotice.ended_at.is_(None), PublicNotice.ends_on < today)
            .order_by(PublicNotice.id)
        )
    )


def objection(session: Session, number: str) -> Objection:
    """One objection by its public number. Raises NotFound."""
    found = session.scalars(select(Objection).where(Objection.number == number)).first()
    if found is None:
        raise NotFound(N_("没有这条异议"))
    return found


def objections_to(session: Session, subject_type: str, subject_id: int) -> list[Objection]:
    """Every objection to a subject, oldest first."""
    return list(
        session.scalars(
            select(Objection)
            .where(Objection.subject_type == subject_type, Objection.subject_id == subject_id)
            .order_by(Objection.id)
        )
    )


def open_objections(session: Session, fund_id: int) -> list[Objection]:
    """Objections that wait for an answer, those due first before the others."""
    return list(
        session.scalars(
            select(Objection)
            .where(Objection.fund_id == fund_id, Objection.status == "open")
            .order_by(Objection.answer_due_on, Objection.id)
        )
    )


def holds_on(session: Session, subject_type: str, subject_id: int) -> list[PaymentHold]:
    """Every hold on a subject, lifted ones included, oldest first."""
    return list(
        session.scalars(
            select(PaymentHold)
            .where(PaymentHold.subject_type == subject_type, PaymentHold.subject_id == subject_id)
            .order_by(PaymentHold.id)
        )
    )


def obstacles(session: Session, subject_type: str, subject_id: int) -> list[str]:
    """What keeps a payment from being made now: "notice", "objection", "hold"; empty when nothing does."""
    found = []
    notice = notice_of(session, subject_type, subject_id)
    if notice is not None and not notice.is_after_payment and not has_ended(notice.ends_on, clock.today()):
        found.append("notice")
    if any(each.status == "open" for each in objections_to(session, subject_type, subject_id)):
        found.append("objection")
    if any(each.lifted_at is None for each in holds_on(session, subject_type, subject_id)):
        found.append("hold")
    return found
