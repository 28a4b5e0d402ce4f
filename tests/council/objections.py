"""Objections, answers and holds, made through the operations, for tests."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.council.notice import operations, queries
from app.council.notice.models import Objection, PublicNotice
from app.disbursements import operations as disbursements
from app.shared.db import transaction
from tests.factories import actor

WORDS = "大米的价格比市场高一倍。"
CONTACT = "13912345678"


def notice_of(session: Session, disbursement_id: int) -> PublicNotice:
    """The notice of a request."""
    session.rollback()
    found = queries.notice_of(session, "disbursement", disbursement_id)
    assert found is not None
    return found


def object_to(
    session: Session,
    disbursement_id: int,
    *,
    ground: str = "price",
    words: str = WORDS,
    contact: str = CONTACT,
    key: str | None = None,
) -> str:
    """Somebody's objection to a request; returns its number."""
    with transaction(session, books=True):
        notice = queries.notice_of(session, "disbursement", disbursement_id)
        assert notice is not None
        return operations.object_to(
            session, notice, ground=ground, words=words, contact=contact, key=key
        ).number


def answer(session: Session, number: str, words: str = "三家比价，附报价单。", by: str = "secretary") -> None:
    """The council's answer."""
    with transaction(session, books=True):
        operations.answer_objection(session, actor(session, by), number, words)


def show(session: Session, number: str, *, shown: bool = True) -> None:
    """What the check of the words comes to."""
    with transaction(session, books=True):
        operations.show_objection(session, actor(session, "secretary"), number, shown=shown)


def dismiss(session: Session, number: str, by: str, reason: str = "") -> None:
    """One half of a dismissal."""
    with transaction(session, books=True):
        operations.dismiss_objection(session, actor(session, by), number, reason)


def hold(session: Session, disbursement_id: int, reason: str = "收款账户待核实") -> None:
    """The supervisor stops a payment."""
    with transaction(session, books=True):
        disbursements.hold_disbursement(session, actor(session, "supervisor"), disbursement_id, reason)


def lift(session: Session, disbursement_id: int, reason: str = "账户已核实") -> None:
    """The supervisor lets a payment go on."""
    with transaction(session, books=True):
        disbursements.lift_hold(session, actor(session, "supervisor"), disbursement_id, reason)


def objection(session: Session, number: str) -> Objection:
    """An objection as it stands now."""
    session.rollback()
    session.expire_all()
    return queries.objection(session, number)
