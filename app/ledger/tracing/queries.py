"""Reading tranches: what is free, what is promised to whom, what was used for which payment."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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


@dataclass(frozen=True, slots=True)
class Link:
    """A tranche of a gift, or what became of it under another purpose. Fen; ``opened_on`` is the day of its entry,
    ``from_number`` the tranche that it goes on from, None for the money as it came."""

    number: int
    from_number: int | None
    earmark_id: int
    received_on: date
    opened_on: date
    amount_minor: int
    remaining_minor: int
    held_minor: int


def chains(session: Session, numbers: Collection[int]) -> list[Link]:
    """The tranches that these entries opened, each followed through every change of purpose, those of ``numbers`` first.

    A change of purpose withdraws money by the entry that opens it again; a correction names the tranche that goes on.
    """
    found: dict[int, Link] = {}
    waiting: dict[int, int | None] = dict.fromkeys(numbers)
    while waiting:
        following: dict[int, int | None] = {}
        for link, continued_by in _links(session, waiting):
            found[link.number] = link
            if continued_by is not None:
                following.setdefault(continued_by, link.number)
        for number, entry_number in _reopened(session, list(waiting)):
            following.setdefault(entry_number, number)
        waiting = {number: origin for number, origin in following.items() if number not in found}
    return list(found.values())


def _links(session: Session, wanted: dict[int, int | None]) -> Iterator[tuple[Link, int | None]]:
    columns = (Tranche, JournalEntry.occurred_on)
    for some in _chunks(wanted):
        rows = session.execute(
            select(*columns)
            .join(JournalEntry, JournalEntry.number == Tranche.number)
            .where(Tranche.number.in_(some))
            .order_by(Tranche.number)
        )
        for tranche, opened_on in rows:
            link = Link(
                tranche.number,
                wanted[tranche.number],
                tranche.earmark_id,
                tranche.received_on,
                opened_on,
                tranche.amount_minor,
                tranche.remaining_minor,
                tranche.held_minor,
            )
            yield link, tranche.continued_by_number


def _reopened(session: Session, numbers: list[int]) -> Iterator[tuple[int, int]]:
    """(tranche, tranche that the withdrawing entry opened) of those that were withdrawn by such an entry."""
    for some in _chunks(numbers):
        rows = session.execute(
            select(TrancheMovement.tranche_number, Tranche.number)
            .join(Tranche, Tranche.number == TrancheMovement.entry_number)
            .where(TrancheMovement.tranche_number.in_(some), TrancheMovement.kind == "withdraw")
            .order_by(TrancheMovement.id)
        )
        for row in rows:
            yield row[0], row[1]


@dataclass(frozen=True, slots=True)
class Moved:
    """Fen that an entry used of a tranche (negative: that came back), or withdrew from it, and on whose behalf."""

    tranche_number: int
    entry_number: int
    occurred_on: date
    source_type: str
    source_id: int
    used_minor: int
    withdrawn_minor: int


def moved(session: Session, numbers: Collection[int]) -> list[Moved]:
    """What every entry used of these tranches and withdrew from them, in the order of the entries."""
    used = func.sum(_USE_SIGN * TrancheMovement.amount_minor)
    withdrawn = func.sum(case((TrancheMovement.kind == "withdraw", TrancheMovement.amount_minor), else_=0))
    found = []
    for some in _chunks(numbers):
        rows = session.execute(
            select(
                TrancheMovement.tranche_number,
                TrancheMovement.entry_number,
                JournalEntry.occurred_on,
                TrancheMovement.source_type,
                TrancheMovement.source_id,
                used,
                withdrawn,
            )
            .join(JournalEntry, JournalEntry.number == TrancheMovement.entry_number)
            .where(TrancheMovement.tranche_number.in_(some))
            .group_by(
                TrancheMovement.tranche_number,
                TrancheMovement.entry_number,
                JournalEntry.occurred_on,
                TrancheMovement.source_type,
                TrancheMovement.source_id,
            )
        )
        found += [
            Moved(number, entry, on, source_type, source_id, int(net), int(gone))
            for number, entry, on, source_type, source_id, net, gone in rows
        ]
    return sorted(found, key=lambda each: (each.entry_number, each.tranche_number))


def holds_on(session: Session, numbers: Collection[int]) -> dict[tuple[str, int], int]:
    """Fen of these tranches that each record (source type, source id) is promised, the oldest promise first."""
    held = func.sum(_HOLD_SIGN * TrancheMovement.amount_minor)
    found: dict[tuple[str, int], int] = {}
    for some in _chunks(numbers):
        rows = session.execute(
            select(TrancheMovement.source_type, TrancheMovement.source_id, held)
            .where(TrancheMovement.tranche_number.in_(some))
            .group_by(TrancheMovement.source_type, TrancheMovement.source_id)
            .having(held > 0)
            .order_by(func.min(TrancheMovement.id))
        )
        for source_type, source_id, minor in rows:
            found[source_type, source_id] = found.get((source_type, source_id), 0) + int(minor)
    return found


def _chunks(numbers: Collection[int]) -> Iterator[list[int]]:
    listed = list(numbers)
    for start in range(0, len(listed), _CHUNK):
        yield listed[start : start + _CHUNK]
