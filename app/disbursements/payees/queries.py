"""Reading payees' accounts; for the office alone, never for a public page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements.payees.models import PayeeAccount
from app.disbursements.payees.rules import grouped, masked
from app.people.models import User
from app.shared.encryption import decrypt
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One version of an account as this person may see it: the whole number only for those who pay."""

    number: str
    bank: str
    recorded_at: datetime
    recorded_by: str | None


def accounts_of(session: Session, actor: Actor, fund_id: int, party_id: int) -> list[AccountRow]:
    """Every version of a party's account, the current one first. ``fund_id`` is the fund in which the person looks."""
    shown = grouped if actor.may(Permission.DISBURSEMENT_PAY, fund_id) else masked
    rows = session.execute(
        select(PayeeAccount.number, PayeeAccount.bank, PayeeAccount.recorded_at, User.name)
        .outerjoin(User, User.id == PayeeAccount.recorded_by_id)
        .where(PayeeAccount.party_id == party_id)
        .order_by(PayeeAccount.id.desc())
    )
    return [AccountRow(shown(decrypt(number)), decrypt(bank), at, by) for number, bank, at, by in rows]


def current(session: Session, party_id: int) -> PayeeAccount | None:
    """The newest version of a party's account."""
    return session.scalars(
        select(PayeeAccount)
        .where(PayeeAccount.party_id == party_id)
        .order_by(PayeeAccount.id.desc())
        .limit(1)
    ).first()


def changed_at(session: Session, party_id: int) -> datetime | None:
    """When a party's account was last replaced by another; None when it never was."""
    found = session.scalars(
        select(PayeeAccount)
        .where(PayeeAccount.party_id == party_id)
        .order_by(PayeeAccount.id.desc())
        .limit(2)
    ).all()
    return found[0].recorded_at if len(found) == 2 else None


def same_payees(session: Session, party_id: int) -> set[int]:
    """The party itself and every party that is or was paid into the account it has now: a person who asks twice is two
    parties, and so is a shop under two names, but their money goes to one account."""
    account = current(session, party_id)
    if account is None:
        return {party_id}
    same = select(PayeeAccount.party_id).where(PayeeAccount.number_hash == account.number_hash)
    return {party_id, *session.scalars(same)}
