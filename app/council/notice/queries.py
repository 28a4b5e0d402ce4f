"""Reading notices, objections and holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.council.notice.models import Objection, PaymentHold, PublicNotice
from app.council.notice.rules import days_left, has_ended
from app.shared import clock
from app.shared.encryption import decrypt
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """An objection as anyone may read it. ``words`` are None until they were checked, "" when they are not to be shown.
    ``repeats`` is the number of the objection that had the same ground and words."""

    number: str
    ground: str
    received_on: date
    answer_due_on: date
    status: str
    words: str | None
    answer: str
    closed_on: date | None
    repeats: str | None


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold as anyone may read it: reasons and days, nobody's name."""

    reason: str
    placed_on: date
    lift_reason: str
    lifted_on: date | None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A public notice as anyone may read it. ``is_over``: nobody can object any more; ``last_on`` is the day it ended on,
    or will."""

    id: int
    opens_on: date
    ends_on: date
    last_on: date
    is_over: bool
    is_after_payment: bool


def last_day(notice: PublicNotice) -> date:
    """The last day of a notice: earlier than planned when what stood in it was given up."""
    planned: date = notice.ends_on
    return planned if notice.ended_at is None else min(planned, clock.local(notice.ended_at).date())


def is_over(notice: PublicNotice) -> bool:
    """Whether nobody can object to it any more."""
    return notice.ended_at is not None or has_ended(notice.ends_on, clock.today())


def notice_view(notice: PublicNotice) -> NoticeView:
    """A notice for the public."""
    return NoticeView(
        notice.id,
        notice.opens_on,
        notice.ends_on,
        last_day(notice),
        is_over(notice),
        notice.is_after_payment,
    )


def notice(session: Session, notice_id: int) -> PublicNotice:
    """One notice. Raises NotFound."""
    found = session.get(PublicNotice, notice_id)
    if found is None:
        raise NotFound(N_("没有这份公示"))
    return found


def objection_views(session: Session, objections: Collection[Objection]) -> list[ObjectionView]:
    """Objections for the public: without the contact, and without words that were not checked."""
    repeated = {each.repeats_id for each in objections if each.repeats_id is not None}
    numbers = {
        row.id: row.number
        for row in session.execute(select(Objection.id, Objection.number).where(Objection.id.in_(repeated)))
    }
    return [
        ObjectionView(
            each.number,
            each.ground,
            _day(each.received_at),
            each.answer_due_on,
            each.status,
            None if each.words_checked_at is None else each.words if each.is_shown else "",
            each.answer,
            _day(each.closed_at) if each.closed_at is not None else None,
            numbers[each.repeats_id] if each.repeats_id is not None else None,
        )
        for each in objections
    ]


def hold_views(session: Session, subject_type: str, subject_id: int) -> list[HoldView]:
    """Holds on a subject for the public, oldest first."""
    return [
        HoldView(
            each.reason,
            _day(each.placed_at),
            each.lift_reason,
            _day(each.lifted_at) if each.lifted_at is not None else None,
        )
        for each in holds_on(session, subject_type, subject_id)
    ]


def _day(instant: datetime) -> date:
    return clock.local(instant).date()


def contact_of(actor: Actor, found: Objection) -> str | None:
    """How to reach whoever objected: for those who convene or supervise, None for everybody else."""
    may = (Permission.COUNCIL_CONVENE, Permission.COUNCIL_SUPERVISE)
    return decrypt(found.contact) if any(actor.may(each, found.fund_id) for each in may) else None


def notice_of(session: Session, subject_type: str, subject_id: int) -> PublicNotice | None:
    """The latest notice about a subject, if any."""
    return session.scalars(
        select(PublicNotice)
        .where(PublicNotice.subject_type == subject_type, PublicNotice.subject_id == subject_id)
        .order_by(PublicNotice.id.desc())
        .limit(1)
    ).first()


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


def objections_in(
    session: Session, fund_id: int, *, status: str = "", before: int | None = None, limit: int = 50
) -> list[Objection]:
    """A fund's objections, in a state unless it is "", the latest first, by keyset on the id."""
    statement = select(Objection).where(Objection.fund_id == fund_id)
    if status:
        statement = statement.where(Objection.status == status)
    if before is not None:
        statement = statement.where(Objection.id < before)
    return list(session.scalars(statement.order_by(Objection.id.desc()).limit(limit)))


def open_count(session: Session, fund_id: int) -> int:
    """How many objections of a fund wait for an answer."""
    asked = select(func.count()).where(Objection.fund_id == fund_id, Objection.status == "open")
    return int(session.scalar(asked) or 0)


def unchecked_objections(session: Session, fund_id: int) -> list[Objection]:
    """Objections whose words nobody has looked at yet, oldest first."""
    return list(
        session.scalars(
            select(Objection)
            .where(Objection.fund_id == fund_id, Objection.words_checked_at.is_(None))
            .order_by(Objection.id)
        )
    )


def objections_due(session: Session, until: date) -> list[Objection]:
    """Objections that wait for an answer which is due on ``until`` or before, in every fund."""
    return list(
        session.scalars(
            select(Objection)
            .where(Objection.status == "open", Objection.answer_due_on <= until)
            .order_by(Objection.id)
        )
    )


def holds_in(session: Session, fund_id: int) -> list[PaymentHold]:
    """A fund's holds that have not been lifted, oldest first."""
    return list(
        session.scalars(
            select(PaymentHold)
            .where(PaymentHold.fund_id == fund_id, PaymentHold.lifted_at.is_(None))
            .order_by(PaymentHold.id)
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


def is_held(session: Session, subject_type: str, subject_id: int) -> bool:
    """Whether the supervisor has stopped the payment and not let it go on."""
    return any(each.lifted_at is None for each in holds_on(session, subject_type, subject_id))


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that anyone may read of the notice of a subject, the objections to it and the holds on it.

    ``days_left`` counts from today; 0 on the last day.
    """

    notice: NoticeView | None
    days_left: int
    objections: list[ObjectionView]
    holds: list[HoldView]


def standing(session: Session, subject_type: str, subject_id: int) -> Standing | None:
    """The notice, objections and holds of a subject; None when there never was any."""
    found = notice_of(session, subject_type, subject_id)
    objections = objection_views(session, objections_to(session, subject_type, subject_id))
    holds = hold_views(session, subject_type, subject_id)
    if found is None and not holds:
        return None
    return Standing(
        None if found is None else notice_view(found),
        0 if found is None else days_left(found.ends_on, clock.today()),
        objections,
        holds,
    )


def obstacles(session: Session, subject_type: str, subject_id: int) -> list[str]:
    """What keeps a payment from being made now: "notice", "objection", "hold"; empty when nothing does."""
    found = []
    notice = notice_of(session, subject_type, subject_id)
    if notice is not None and not notice.is_after_payment and not has_ended(notice.ends_on, clock.today()):
        found.append("notice")
    if any(each.status == "open" for each in objections_to(session, subject_type, subject_id)):
        found.append("objection")
    if is_held(session, subject_type, subject_id):
        found.append("hold")
    return found
