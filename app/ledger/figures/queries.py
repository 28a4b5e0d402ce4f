"""Turnover, entries and balances of a fund in a period. All amounts are fen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.ledger import accounts as chart
from app.ledger.figures.rules import months_before, parts_of
from app.ledger.models import Balance, JournalEntry, LedgerRow, MoneyAccountDay, Pool, Posting
from app.ledger.structure.models import Earmark, MoneyAccount
from app.ledger.tracing.models import Tranche
from app.shared.periods import Period

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Turnover:
    """Debits and credits of one combination of dimensions; 0 and "" stand for "none"."""

    account_code: str
    earmark_id: int
    money_account_id: int
    project_id: int
    statement_line: str
    debit_minor: int
    credit_minor: int

    @property
    def net_minor(self) -> int:
        """Debits less credits."""
        return self.debit_minor - self.credit_minor


Sums = Select[str, int, int, int, str, int, int]


def turnover(session: Session, fund_id: int, period: Period) -> list[Turnover]:
    """Debits and credits of the period by account, earmark, money account, project and statement row."""
    parts = parts_of(period)
    selects = [_posted(fund_id, edge) for edge in parts.edges]
    if parts.first_month is not None and parts.last_month is not None:
        selects.append(_stored(fund_id, Balance.month.between(parts.first_month, parts.last_month)))
    return _summed(session, selects)


def turnover_before(session: Session, fund_id: int, period: Period) -> list[Turnover]:
    """Everything since the first entry up to the day before the period."""
    month, edge = months_before(period)
    selects = [_stored(fund_id, Balance.month < month)]
    if edge is not None:
        selects.append(_posted(fund_id, edge))
    return _summed(session, selects)


def turnover_of(session: Session, numbers: Sequence[int]) -> list[Turnover]:
    """The postings of single entries, summed as ``turnover`` does."""
    return _summed(session, [_of_postings(Posting.entry_number.in_(part)) for part in _chunks(numbers)])


def _stored(fund_id: int, months: ColumnElement[bool]) -> Sums:
    key = (
        Balance.account_code,
        Balance.earmark_id,
        Balance.money_account_id,
        Balance.project_id,
        Balance.statement_line,
    )
    return (
        select(*key, func.sum(Balance.debit_minor), func.sum(Balance.credit_minor))
        .where(Balance.fund_id == fund_id, months)
        .group_by(*key)
    )


def _posted(fund_id: int, period: Period) -> Sums:
    return _of_postings(
        Posting.entry_number.in_(
            select(JournalEntry.number).where(
                JournalEntry.fund_id == fund_id, JournalEntry.occurred_on.between(period.first, period.last)
            )
        )
    )


def _of_postings(condition: ColumnElement[bool]) -> Sums:
    key = (
        Posting.account_code,
        Posting.earmark_id,
        func.coalesce(Posting.money_account_id, 0),
        func.coalesce(Posting.project_id, 0),
        func.coalesce(Posting.statement_line, ""),
    )
    return (
        select(*key, func.sum(Posting.debit_minor), func.sum(Posting.credit_minor))
        .where(condition)
        .group_by(*key)
    )


def _summed(session: Session, selects: Iterable[Sums]) -> list[Turnover]:
    sums: dict[tuple[str, int, int, int, str], list[int]] = defaultdict(lambda: [0, 0])
    for query in selects:
        for account, earmark, money_account, project, line, debit, credit in session.execute(query):
            total = sums[account, earmark, money_account, project, line]
            total[0] += int(debit)
            total[1] += int(credit)
    return [Turnover(*key, *sums[key]) for key in sorted(sums)]


def numbers_of_kind(session: Session, fund_id: int, kind: str, period: Period) -> list[int]:
    """Numbers of the entries of one (rare) kind dated in the period."""
    # The fund is looked at here: a planner without statistics would take its index, and read every row of the fund.
    rows = session.execute(
        select(LedgerRow.number, LedgerRow.fund_id)
        .where(
            LedgerRow.kind == kind,
            LedgerRow.is_event.is_(False),
            LedgerRow.occurred_on.between(period.first, period.last),
        )
        .order_by(LedgerRow.number)
    )
    return [row.number for row in rows if row.fund_id == fund_id]


@dataclass(frozen=True, slots=True)
class PurposeChange:
    """Money that one entry took out of (−) or put into (+) each class."""

    number: int
    unrestricted_minor: int
    restricted_minor: int


def purpose_changes(session: Session, fund_id: int, period: Period) -> list[PurposeChange]:
    """Changes of purpose in the period, by what they did to each class."""
    restricted = Earmark.restriction == "restricted"
    change = Posting.debit_minor - Posting.credit_minor
    numbers = numbers_of_kind(session, fund_id, "purpose_change", period)
    return [
        PurposeChange(row.number, int(row.unrestricted), int(row.restricted))
        for part in _chunks(numbers)
        for row in session.execute(
            select(
                Posting.entry_number.label("number"),
                func.sum(case((restricted, 0), else_=change)).label("unrestricted"),
                func.sum(case((restricted, change), else_=0)).label("restricted"),
            )
            .join(Earmark, Earmark.id == Posting.earmark_id)
            .where(Posting.entry_number.in_(part), Posting.money_account_id.is_not(None))
            .group_by(Posting.entry_number)
            .order_by(Posting.entry_number)
        )
    ]


@dataclass(frozen=True, slots=True)
class MoneyOnDay:
    """What one money account holds at the end of a day."""

    account_id: int
    kind: str
    name: str
    balance_minor: int


def money_on(session: Session, fund_id: int, day: date) -> list[MoneyOnDay]:
    """The end-of-day balance of every money account of the fund, as kept day by day."""
    latest = (
        select(MoneyAccountDay.balance_minor)
        .where(MoneyAccountDay.money_account_id == MoneyAccount.id, MoneyAccountDay.on_date <= day)
        .order_by(MoneyAccountDay.on_date.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(MoneyAccount.id, MoneyAccount.kind, MoneyAccount.name, func.coalesce(latest, 0))
        .where(MoneyAccount.fund_id == fund_id)
        .order_by(MoneyAccount.id)
    )
    return [MoneyOnDay(account_id, kind, name, int(balance)) for account_id, kind, name, balance in rows]


@dataclass(frozen=True, slots=True)
class Kept:
    """What pools and tranches say is held now: two totals that are kept apart from the postings."""

    pool_minor: int
    tranche_minor: int


def kept_now(session: Session, fund_id: int) -> Kept:
    """Sum of the fund's pools, and of what is left (free or promised) of its tranches."""
    pool = session.scalar(select(func.sum(Pool.held_minor)).where(Pool.fund_id == fund_id)) or 0
    left = (
        session.scalar(
            select(func.sum(Tranche.remaining_minor + Tranche.held_minor))
            .join(Earmark, Earmark.id == Tranche.earmark_id)
            .where(Earmark.fund_id == fund_id)
        )
        or 0
    )
    return Kept(int(pool), int(left))


def latest_day(session: Session, fund_id: int) -> date | None:
    """The latest day on which an entry of the fund is dated."""
    return session.scalar(select(func.max(JournalEntry.occurred_on)).where(JournalEntry.fund_id == fund_id))


def first_day(session: Session, fund_id: int) -> date | None:
    """The first day on which an entry of the fund is dated."""
    return session.scalar(select(func.min(JournalEntry.occurred_on)).where(JournalEntry.fund_id == fund_id))


def entry_count(session: Session, fund_id: int, period: Period) -> int:
    """How many entries of the fund are dated in the period."""
    return (
        session.scalar(
            select(func.count())
            .select_from(JournalEntry)
            .where(
                JournalEntry.fund_id == fund_id, JournalEntry.occurred_on.between(period.first, period.last)
            )
        )
        or 0
    )


def is_dated_until(number: ColumnElement[int] | InstrumentedAttribute[int], day: date) -> ColumnElement[bool]:
    """Whether the entry of this number is dated up to ``day``; a condition inside another package's query."""
    return exists().where(JournalEntry.number == number, JournalEntry.occurred_on <= day)


def reversed_until(session: Session, numbers: Sequence[int], day: date) -> dict[int, int]:
    """Those of ``numbers`` that an entry dated up to ``day`` reverses, with that entry's number."""
    found: dict[int, int] = {}
    for part in _chunks(numbers):
        rows = session.execute(
            select(JournalEntry.reverses_number, JournalEntry.number).where(
                JournalEntry.reverses_number.in_(part), JournalEntry.occurred_on <= day
            )
        )
        found.update(
            {reversed_number: number for reversed_number, number in rows if reversed_number is not None}
        )
    return found


@dataclass(frozen=True, slots=True)
class EntryOfPeriod:
    """One entry as a statement's annex lists it. ``in_minor`` and ``out_minor`` are negative when they undo another.

    ``other_minor``: money moved between accounts or purposes, an opening balance, or the value of goods: neither received
    nor spent.
    """

    number: int
    occurred_on: date
    kind: str
    description: str
    party: str
    party_id: int | None
    document: str
    earmark_id: int
    in_minor: int
    out_minor: int
    other_minor: int
    reverses_number: int | None
    reversed_by_number: int | None


def entries_in(
    session: Session, fund_id: int, period: Period, chunk: int = _CHUNK
) -> Iterator[EntryOfPeriod]:
    """Every entry of the period by day and number, read in chunks."""
    order = (JournalEntry.occurred_on, JournalEntry.number)
    query = (
        select(
            JournalEntry.number,
            JournalEntry.occurred_on,
            JournalEntry.kind,
            JournalEntry.reverses_number,
            LedgerRow.description,
            LedgerRow.party,
            LedgerRow.party_id,
            LedgerRow.document,
            LedgerRow.earmark_id,
            (LedgerRow.amount_minor * LedgerRow.sign).label("signed_minor"),
        )
        .join(LedgerRow, and_(LedgerRow.number == JournalEntry.number, LedgerRow.is_event.is_(False)))
        .where(JournalEntry.fund_id == fund_id, JournalEntry.occurred_on <= period.last)
        .order_by(*order)
        .limit(chunk)
    )
    turn = (period.first, 0)
    while True:
        # The day alone besides, because that is what the index knows.
        rest = query.where(JournalEntry.occurred_on >= turn[0], tuple_(*order) > tuple_(*turn))
        rows = session.execute(rest).all()
        numbers = [row.number for row in rows]
        moved = _money_of(session, numbers)
        undone = reversed_until(session, numbers, period.last)
        for row in rows:
            received, paid = moved.get(row.number, (0, 0))
            yield EntryOfPeriod(
                number=row.number,
                occurred_on=row.occurred_on,
                kind=row.kind,
                description=row.description,
                party=row.party,
                party_id=row.party_id,
                document=row.document,
                earmark_id=row.earmark_id,
                in_minor=received,
                out_minor=paid,
                other_minor=0 if row.number in moved else row.signed_minor,
                reverses_number=row.reverses_number,
                reversed_by_number=undone.get(row.number),
            )
        if len(rows) < chunk:
            return
        turn = (rows[-1].occurred_on, rows[-1].number)


def _money_of(session: Session, numbers: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(received, paid) of the entries that feed a row of receipts or payments."""
    change = Posting.debit_minor - Posting.credit_minor
    found: dict[int, tuple[int, int]] = {}
    for part in _chunks(numbers):
        rows = session.execute(
            select(
                Posting.entry_number,
                func.sum(case((Posting.statement_line.in_(list(chart.RECEIPT_LINES)), change), else_=0)),
                func.sum(case((Posting.statement_line.in_(list(chart.PAYMENT_LINES)), -change), else_=0)),
            )
            .where(
                Posting.entry_number.in_(part),
                Posting.statement_line.in_([*chart.RECEIPT_LINES, *chart.PAYMENT_LINES]),
            )
            .group_by(Posting.entry_number)
        )
        found.update({number: (int(received), int(paid)) for number, received, paid in rows})
    return found


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _CHUNK):
        yield numbers[start : start + _CHUNK]
