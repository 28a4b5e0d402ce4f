"""Which gifts the free money of a purpose is made of, who gave them, and what a change of purpose made of a gift."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger.models import JournalEntry, LedgerRow, Posting
from app.ledger.structure.models import Earmark, MoneyAccount
from app.ledger.tracing.models import Tranche, TrancheMovement
from app.ledger.tracing.queries import free_tranches
from app.ledger.tracing.rules import allocate
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.money import Money, require_minor

PUBLICLY_RAISED = ("box", "sale")
"""Kinds of entries whose money was raised in public, after a plan that the host had filed."""
LONGEST_CHAIN = 50
"""Changes of purpose that a gift is followed back through."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the money of a tranche first came from: the entry, its kind, and the party recorded as its donor, if any."""

    number: int
    kind: str
    received_on: date
    party_id: int | None


@dataclass(frozen=True, slots=True)
class Move:
    """Fen of a tranche that left it: ``number`` is the entry, ``kind`` purpose_change or gift_returned. For a change of
    purpose ``from_id`` and ``to_id`` are the earmarks and ``number`` the tranche that it opened; else both are equal."""

    tranche_number: int
    number: int
    kind: str
    occurred_on: date
    amount_minor: int
    source_type: str
    source_id: int
    from_id: int
    to_id: int


def free_parts(session: Session, earmark: Earmark, amount_minor: int) -> list[tuple[int, int]]:
    """``amount_minor`` fen of a purpose that nobody is promised, as (tranche, fen), oldest gifts first.

    Raises Refused (field ``amount``) when less is free.
    """
    require_minor(amount_minor)
    parts, short = allocate(free_tranches(session, earmark.id, not_after=clock.today()), amount_minor)
    if short:
        raise Refused(
            N_("未被预留的余额只有 %(available)s 元，不够 %(wanted)s 元"),
            field="amount",
            available=Money(amount_minor - short),
            wanted=Money(amount_minor),
        )
    return parts


def origins_of(session: Session, numbers: Collection[int]) -> dict[int, Origin]:
    """Where the money of each tranche first came from, however often its purpose was changed since."""
    at = {number: number for number in numbers}
    for _step in range(LONGEST_CHAIN):
        back = _changed_from(session, set(at.values()))
        if not back:
            break
        at = {number: back.get(now, now) for number, now in at.items()}
    rows = {
        row.number: row
        for row in session.execute(
            select(Tranche.number, JournalEntry.kind, Tranche.received_on, LedgerRow.party_id)
            .join(JournalEntry, JournalEntry.number == Tranche.number)
            .join(LedgerRow, (LedgerRow.number == Tranche.number) & LedgerRow.is_event.is_(False))
            .where(Tranche.number.in_(set(at.values())))
        )
    }
    return {
        number: Origin(
            now,
            rows[now].kind,
            rows[now].received_on,
            rows[now].party_id if rows[now].kind == "donation" else None,
        )
        for number, now in at.items()
    }


def _changed_from(session: Session, numbers: Collection[int]) -> dict[int, int]:
    """The tranche that each was made of, for those that a change of purpose opened."""
    return {
        row.entry_number: row.tranche_number
        for row in session.execute(
            select(TrancheMovement.entry_number, TrancheMovement.tranche_number)
            .join(JournalEntry, JournalEntry.number == TrancheMovement.entry_number)
            .where(
                TrancheMovement.entry_number.in_(numbers),
                TrancheMovement.kind == "withdraw",
                JournalEntry.kind == "purpose_change",
            )
        )
    }


def moves_out_of(session: Session, number: int) -> list[Move]:
    """Everything of a tranche that went to another purpose or back to its donor, oldest first."""
    rows = session.execute(
        select(
            TrancheMovement.entry_number,
            JournalEntry.kind,
            JournalEntry.occurred_on,
            TrancheMovement.amount_minor,
            JournalEntry.source_type,
            JournalEntry.source_id,
            Tranche.earmark_id,
        )
        .join(JournalEntry, JournalEntry.number == TrancheMovement.entry_number)
        .join(Tranche, Tranche.number == TrancheMovement.tranche_number)
        .where(
            TrancheMovement.tranche_number == number,
            TrancheMovement.kind == "withdraw",
            JournalEntry.kind.in_(("purpose_change", "gift_returned")),
        )
        .order_by(TrancheMovement.id)
    ).all()
    targets = {
        row.number: row.earmark_id
        for row in session.execute(
            select(Tranche.number, Tranche.earmark_id).where(
                Tranche.number.in_([row.entry_number for row in rows if row.entry_number is not None])
            )
        )
    }
    return [
        Move(
            number,
            row.entry_number or 0,
            row.kind,
            row.occurred_on,
            row.amount_minor,
            row.source_type,
            row.source_id,
            row.earmark_id,
            targets.get(row.entry_number or 0, row.earmark_id),
        )
        for row in rows
    ]


def entries_of_change(session: Session, source_type: str, source_id: int) -> list[int]:
    """The numbers of the entries by which a record changed a purpose, in order."""
    return list(
        session.scalars(
            select(JournalEntry.number)
            .where(
                JournalEntry.source_type == source_type,
                JournalEntry.source_id == source_id,
                JournalEntry.kind == "purpose_change",
            )
            .order_by(JournalEntry.number)
        )
    )


def account_of(session: Session, number: int) -> MoneyAccount:
    """The money account that the money of a tranche is in."""
    account_id = session.scalars(
        select(Posting.money_account_id)
        .where(Posting.entry_number == number, Posting.money_account_id.is_not(None))
        .order_by(Posting.line)
        .limit(1)
    ).one()
    return session.get_one(MoneyAccount, account_id)
