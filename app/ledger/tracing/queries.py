"""Reading tranches: what is free, what is promised to whom, what was used for which payment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.orm import Session

from app.ledger.models import JournalEntry
from app.ledger.tracing.models import Tranche, TrancheMovement

_CHUNK = 500


def tranche(session: Session, number: int) -> Tranche | None:
    """The tranche that an entry opened; None for an entry that opened none."""
    return session.get(Tranche, number)


def free_tranches(
    session: Session, earmark_id: int, *, not_after: date | None = None, but: int | None = None
) -> Iterator[tuple[int, int]]:
    """(tranche number, remaining fen) of an earmark in the order of spending, read in chunks as far as needed."""
    order = (Tranche.received_on, Tranche.place)
    turn: tuple[date, int] | None = None
    while True:
        query = select(Tranche.number, Tranche.remaining_minor, *order).where(
            Tranche.earmark_id == earmark_id, Tranche.remaining_minor > 0
        )
        if not_after is not None:
            query = query.where(Tranche.received_on <= not_after)
        if but is not None:
            query = query.where(Tranche.number != but)
        if turn is not None:
            query = query.where(tuple_(*order) > tuple_(*turn))
        rows = session.execute(query.order_by(*order).limit(_CHUNK)).all()
        for row in rows:
            yield row.number, row.remaining_minor
        if len(rows) < _CHUNK:
            return
        turn = (rows[-1].received_on, rows[-1].place)


_HOLD_SIGN = case(
    (TrancheMovement.kind == "hold", 1),
    (TrancheMovement.kind == "release", -1),
    ((TrancheMovement.kind == "use") & TrancheMovement.directly.is_(False), -1),
    ((TrancheMovement.kind == "return") & TrancheMovement.directly.is_(False), 1),
    else_=0,
)
_USE_SIGN = case((TrancheMovement.kind == "use", 1), (TrancheMovement.kind == "return", -1), else_=0)


def holds_of(session: Session, source_type: str, source_id: int) -> list[tuple[int, int]]:
    """(tranche number, fen still promised) of one request, in the order of spending."""
    held = func.sum(_HOLD_SIGN * TrancheMovement.amount_minor)
    rows = session.execute(
        select(TrancheMovement.tranche_number, held.label("held"))
        .join(Tranche, Tranche.number == TrancheMovement.tranche_number)
        .where(TrancheMovement.source_type == source_type, TrancheMovement.source_id == source_id)
        .group_by(TrancheMovement.tranche_number, Tranche.received_on, Tranche.place)
        .having(held > 0)
        .order_by(Tranche.received_on, Tranche.place)
    )
    return [(row.tranche_number, int(row.held)) for row in rows]


def uses_of_source(session: Session, source_type: str, source_id: int) -> list[tuple[int, int]]:
    """(tranche number, net fen used) of one request over all its payments and refunds, in the order of spending."""
    used = func.sum(_USE_SIGN * TrancheMovement.amount_minor)
    rows = session.execute(
        select(TrancheMovement.tranche_number, used.label("used"))
        .join(Tranche, Tranche.number == TrancheMovement.tranche_number)
        .where(TrancheMovement.source_type == source_type, TrancheMovement.source_id == source_id)
        .group_by(TrancheMovement.tranche_number, Tranche.received_on, Tranche.place)
        .having(used > 0)
        .order_by(Tranche.received_on, Tranche.place)
    )
    return [(row.tranche_number, int(row.used)) for row in rows]


def uses_of_entry(session: Session, number: int) -> list[tuple[int, int]]:
    """(tranche number, net fen) that one entry used (positive) or returned (negative), in the order of spending."""
    used = func.sum(_USE_SIGN * TrancheMovement.amount_minor)
    rows = session.execute(
        select(TrancheMovement.tranche_number, used.label("used"))
        .join(Tranche, Tranche.number == TrancheMovement.tranche_number)
        .where(TrancheMovement.entry_number == number, TrancheMovement.kind.in_(("use", "return")))
        .group_by(TrancheMovement.tranche_number, Tranche.received_on, Tranche.place)
        .having(used != 0)
        .order_by(Tranche.received_on, Tranche.place)
    )
    return [(row.tranche_number, int(row.used)) for row in rows]


@dataclass(frozen=True, slots=True)
class UseOfTranche:
    """Net fen of a tranche in one entry, with the record on whose behalf it was spent."""

    entry_number: int
    source_type: str
    source_id: int
    occurred_on: date
    amount_minor: int


def uses_of_tranche(session: Session, number: int) -> list[UseOfTranche]:
    """Every entry that a tranche's money went into (or came back from), oldest first."""
    used = func.sum(_USE_SIGN * TrancheMovement.amount_minor)
    rows = session.execute(
        select(
            TrancheMovement.entry_number,
            TrancheMovement.source_type,
            TrancheMovement.source_id,
            JournalEntry.occurred_on,
            used.label("used"),
        )
        .join(JournalEntry, JournalEntry.number == TrancheMovement.entry_number)
        .where(TrancheMovement.tranche_number == number, TrancheMovement.kind.in_(("use", "return")))
        .group_by(
            TrancheMovement.entry_number,
            TrancheMovement.source_type,
            TrancheMovement.source_id,
            JournalEntry.occurred_on,
        )
        .having(used != 0)
        .order_by(TrancheMovement.entry_number)
    )
    return [
        UseOfTranche(row.entry_number, row.source_type, row.source_id, row.occurred_on, int(row.used))
        for row in rows
    ]


def holds_of_tranche(session: Session, number: int) -> list[tuple[str, int, int]]:
    """(source type, source id, fen promised) of a tranche, oldest promise first."""
    held = func.sum(_HOLD_SIGN * TrancheMovement.amount_minor)
    rows = session.execute(
        select(TrancheMovement.source_type, TrancheMovement.source_id, held.label("held"))
        .where(TrancheMovement.tranche_number == number)
        .group_by(TrancheMovement.source_type, TrancheMovement.source_id)
        .having(held > 0)
        .order_by(func.min(TrancheMovement.id))
    )
    return [(row.source_type, row.source_id, int(row.held)) for row in rows]


def latest_receipt(session: Session, numbers: list[int]) -> date | None:
    """The latest day on which money of these tranches was received."""
    latest: date | None = None
    for start in range(0, len(numbers), _CHUNK):
        day = session.scalar(
            select(func.max(Tranche.received_on)).where(Tranche.number.in_(numbers[start : start + _CHUNK]))
        )
        latest = day if latest is None or (day is not None and day > latest) else latest
    return latest
