"""The books as the office reads them: entries with their postings, money accounts day by day, months open and closed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.ledger.models import JournalEntry, LedgerRow, MoneyAccountDay, PeriodState, Posting
from app.ledger.structure.models import Earmark, MoneyAccount
from app.shared.errors import N_, NotFound
from app.shared.periods import Period, month_of


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One debit or credit in fen, with the names of what it touches."""

    account_code: str
    earmark: str
    money_account: str | None
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the journal, with the words that the public reads for it."""

    number: int
    kind: str
    occurred_on: date
    recorded_at: datetime
    recorded_by_id: int | None
    source_type: str
    source_id: int
    memo: str
    description: str
    party: str
    document: str
    direction: str
    amount_minor: int
    sign: int
    reverses: int | None
    reversed_by: int | None
    postings: list[PostingRow] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The entry's public page."""
        return f"/entries/{self.number}"

    @property
    def details(self) -> list[str]:
        """What stands small under the description."""
        return [self.party, self.document]


def _entries() -> Select[JournalEntry, LedgerRow]:
    return select(JournalEntry, LedgerRow).join(
        LedgerRow, (LedgerRow.number == JournalEntry.number) & LedgerRow.is_event.is_(False)
    )


def _read(session: Session, statement: Select[JournalEntry, LedgerRow]) -> list[EntryRow]:
    found = session.execute(statement).all()
    postings: dict[int, list[PostingRow]] = defaultdict(list)
    rows = session.execute(
        select(Posting, Earmark.name, MoneyAccount.name)
        .join(Earmark, Earmark.id == Posting.earmark_id)
        .join(MoneyAccount, MoneyAccount.id == Posting.money_account_id, isouter=True)
        .where(Posting.entry_number.in_([entry.number for entry, _ in found]))
        .order_by(Posting.entry_number, Posting.line)
    )
    for posting, earmark, account in rows:
        postings[posting.entry_number].append(
            PostingRow(posting.account_code, earmark, account, posting.debit_minor, posting.credit_minor)
        )
    return [
        EntryRow(
            number=entry.number,
            kind=entry.kind,
            occurred_on=entry.occurred_on,
            recorded_at=entry.recorded_at,
            recorded_by_id=entry.recorded_by_id,
            source_type=entry.source_type,
            source_id=entry.source_id,
            memo=entry.memo,
            description=row.description,
            party=row.party,
            document=row.document,
            direction=row.direction,
            amount_minor=row.amount_minor,
            sign=row.sign,
            reverses=entry.reverses_number,
            reversed_by=row.reversed_by_number,
            postings=postings[entry.number],
        )
        for entry, row in found
    ]


def journal(session: Session, fund_id: int, *, before: int | None = None, limit: int = 30) -> list[EntryRow]:
    """Entries of a fund, the latest number first; ``before`` pages by number."""
    query = _entries().where(JournalEntry.fund_id == fund_id)
    if before is not None:
        query = query.where(JournalEntry.number < before)
    return _read(session, query.order_by(JournalEntry.number.desc()).limit(limit))


def entries_of_source(session: Session, source_type: str, source_id: int) -> list[EntryRow]:
    """All entries of one record, corrections included, in the order recorded."""
    query = _entries().where(JournalEntry.source_type == source_type, JournalEntry.source_id == source_id)
    return _read(session, query.order_by(JournalEntry.number))


def entry_row(session: Session, fund_id: int, number: int) -> EntryRow:
    """One entry of a fund. Raises NotFound."""
    query = _entries().where(JournalEntry.fund_id == fund_id, JournalEntry.number == number)
    found = _read(session, query)
    if not found:
        raise NotFound(N_("没有第 %(number)s 号分录"), number=number)
    return found[0]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One money account and what is in it at the end of a day, in fen. ``last_on``: its latest movement until then."""

    id: int
    kind: str
    name: str
    balance_minor: int
    last_on: date | None


def accounts_on(session: Session, fund_id: int, day: date) -> list[AccountRow]:
    """The money accounts of a fund in use, with their balances at the end of ``day``."""
    last = (
        select(func.max(MoneyAccountDay.on_date))
        .where(MoneyAccountDay.money_account_id == MoneyAccount.id, MoneyAccountDay.on_date <= day)
        .correlate(MoneyAccount)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            MoneyAccount.id,
            MoneyAccount.kind,
            MoneyAccount.name,
            func.coalesce(MoneyAccountDay.balance_minor, 0),
            MoneyAccountDay.on_date,
        )
        .join(
            MoneyAccountDay,
            (MoneyAccountDay.money_account_id == MoneyAccount.id) & (MoneyAccountDay.on_date == last),
            isouter=True,
        )
        .where(MoneyAccount.fund_id == fund_id, MoneyAccount.ended_on.is_(None))
        .order_by(MoneyAccount.id)
    )
    return [AccountRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class AccountDay:
    """End-of-day balance of a money account, and what the day changed, in fen."""

    on: date
    balance_minor: int
    change_minor: int


def account_days(
    session: Session, account_id: int, *, before: date | None = None, limit: int = 60
) -> list[AccountDay]:
    """Days on which a money account moved, the latest first; ``before`` pages by day."""
    query = select(MoneyAccountDay.on_date, MoneyAccountDay.balance_minor).where(
        MoneyAccountDay.money_account_id == account_id
    )
    if before is not None:
        query = query.where(MoneyAccountDay.on_date < before)
    rows = session.execute(query.order_by(MoneyAccountDay.on_date.desc()).limit(limit + 1)).all()
    earlier = [*(row.balance_minor for row in rows[1:]), 0][: len(rows)]
    return [
        AccountDay(row.on_date, row.balance_minor, row.balance_minor - balance)
        for row, balance in list(zip(rows, earlier, strict=True))[:limit]
    ]


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month of a fund. ``changed_at`` and ``changed_by_id``: who closed it when."""

    month: str
    is_closed: bool
    has_ended: bool
    changed_at: datetime | None
    changed_by_id: int | None


def months(session: Session, fund_id: int, today: date) -> list[MonthRow]:
    """Every month from the fund's first entry to today, the latest first."""
    first = session.scalar(select(func.min(JournalEntry.occurred_on)).where(JournalEntry.fund_id == fund_id))
    states = {
        state.month: state
        for state in session.scalars(select(PeriodState).where(PeriodState.fund_id == fund_id))
    }
    found = []
    for month in Period(min(first or today, today), today).months():
        state = states.get(month)
        closed = state is not None and state.state == "closed"
        found.append(
            MonthRow(
                month,
                closed,
                month < month_of(today),
                state.changed_at if state is not None and closed else None,
                state.changed_by_id if state is not None and closed else None,
            )
        )
    return found[::-1]
