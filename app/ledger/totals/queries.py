"""Figures for the public, from stored balances wherever these can tell. All amounts are fen.

In and out count money only (accounts 1001, 1002, 1009): moves between money accounts, opening balances, changes of
purpose and goods at their value enter neither. What undoes an entry counts against it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from app.ledger import accounts as chart
from app.ledger.listing.queries import Listing
from app.ledger.listing.rules import EXACT_UP_TO, Months, months_of_balances
from app.ledger.models import Balance, JournalEntry, LedgerRow, MoneyAccountDay, Pool, Posting
from app.ledger.structure.models import Earmark, MoneyAccount, Project
from app.shared.periods import month_of, month_period

_IN, _OUT = list(chart.RECEIPT_LINES), list(chart.PAYMENT_LINES)
_received = case(
    (Balance.statement_line.in_(_IN), Balance.debit_minor - Balance.credit_minor),
    else_=0,
)
_spent = case(
    (Balance.statement_line.in_(_OUT), Balance.credit_minor - Balance.debit_minor),
    else_=0,
)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the rows of a filter. None: more than EXACT_UP_TO rows, and no stored balance tells it."""

    count: int | None
    in_minor: int | None
    out_minor: int | None
    goods_minor: int | None


def totals(session: Session, listing: Listing, *, exact: bool = False) -> Totals:
    """Rows, money in, money out and change in the value of goods, of a filter.

    Stored balances answer for a fund, an earmark, a direction and whole months; otherwise up to EXACT_UP_TO rows are
    added up. ``exact`` adds up any number of rows, for files that hold them all.
    """
    if listing.is_empty:
        return Totals(0, 0, 0, 0)
    asked = listing.asked
    months = months_of_balances(asked)
    if months is not None:
        received, spent, goods = _stored(session, asked.fund_id, asked.earmark_id, months)
        if asked.direction is None:
            return Totals(_count(session, listing, exact), received, spent, goods)
        if not exact and asked.direction in ("in", "out") and listing.few() is None:
            is_in = asked.direction == "in"
            return Totals(None, received if is_in else 0, 0 if is_in else spent, None)
    few = listing.few()
    if few is not None:
        given, rest = few
        return _added_up(session, given.c, rest, listing.values)
    if exact:
        return _added_up(session, LedgerRow.__table__.c, listing.matches_all(), listing.values)
    return Totals(None, None, None, None)


def _count(session: Session, listing: Listing, exact: bool) -> int | None:
    if exact:
        rows = select(func.count()).select_from(LedgerRow).where(*listing.matches_all())
        return int(session.scalar(rows, listing.values) or 0)
    if len(listing.conditions) <= 1 and "day" not in listing.conditions:
        counted = listing.bounded(next(iter(listing.conditions), "number"))
        return counted if counted <= EXACT_UP_TO else None
    few = listing.few()
    if few is None:
        return None
    given, rest = few
    return int(session.scalar(select(func.count()).select_from(given).where(*rest), listing.values) or 0)


def _added_up(
    session: Session, columns: Any, conditions: list[ColumnElement[bool]], values: dict[str, object]
) -> Totals:
    signed = columns.amount_minor * columns.sign
    statement: Select[Any] = select(
        func.count(),
        func.coalesce(func.sum(case((columns.direction == "in", signed), else_=0)), 0),
        func.coalesce(func.sum(case((columns.direction == "out", signed), else_=0)), 0),
        func.coalesce(func.sum(columns.goods_change_minor), 0),
    ).where(*conditions)
    return Totals(*(int(each) for each in session.execute(statement, values).one()))


def _stored(
    session: Session, fund_id: int | None, earmark_id: int | None, months: Months
) -> tuple[int, int, int]:
    goods = case(
        (Balance.account_code == chart.INVENTORY, Balance.debit_minor - Balance.credit_minor), else_=0
    )
    statement = select(
        func.coalesce(func.sum(_received), 0),
        func.coalesce(func.sum(_spent), 0),
        func.coalesce(func.sum(goods), 0),
    ).where(*_of(fund_id, earmark_id))
    if months.first is not None:
        statement = statement.where(Balance.month >= months.first)
    if months.last is not None:
        statement = statement.where(Balance.month <= months.last)
    received, spent, goods_minor = session.execute(statement).one()
    return int(received), int(spent), int(goods_minor)


def _of(fund_id: int | None, earmark_id: int | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if fund_id is not None:
        found.append(Balance.fund_id == fund_id)
    if earmark_id is not None:
        found.append(Balance.earmark_id == earmark_id)
    return found


def held(
    session: Session, fund_id: int | None = None, earmark_id: int | None = None, day: date | None = None
) -> int:
    """Money of the installation, a fund or an earmark: now, or at the end of ``day``."""
    if day is None:
        statement = select(func.coalesce(func.sum(Pool.held_minor), 0))
        if fund_id is not None:
            statement = statement.where(Pool.fund_id == fund_id)
        if earmark_id is not None:
            statement = statement.where(Pool.earmark_id == earmark_id)
        return int(session.scalar(statement) or 0)
    if earmark_id is not None:
        return _held_by_earmark(session, earmark_id, day)
    latest = (
        select(MoneyAccountDay.balance_minor)
        .where(MoneyAccountDay.money_account_id == MoneyAccount.id, MoneyAccountDay.on_date <= day)
        .order_by(MoneyAccountDay.on_date.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = select(func.coalesce(func.sum(latest), 0)).select_from(MoneyAccount)
    if fund_id is not None:
        statement = statement.where(MoneyAccount.fund_id == fund_id)
    return int(session.scalar(statement) or 0)


def _held_by_earmark(session: Session, earmark_id: int, day: date) -> int:
    """Whole months from balances; the days of the last one from postings, on whichever side of ``day`` they are fewer."""
    month = month_of(day)
    bounds = month_period(month)
    change = func.coalesce(func.sum(Balance.debit_minor - Balance.credit_minor), 0)
    fund_id = session.scalar(select(Earmark.fund_id).where(Earmark.id == earmark_id))
    mine = (Balance.fund_id == fund_id, Balance.earmark_id == earmark_id, Balance.money_account_id != 0)
    is_late = day - bounds.first >= bounds.last - day
    until = Balance.month <= month if is_late else Balance.month < month
    stored = int(session.scalar(select(change).where(*mine, until)) or 0)
    if day == bounds.last:
        return stored
    days = (day + timedelta(days=1), bounds.last) if is_late else (bounds.first, day)
    posted = session.scalar(
        select(func.coalesce(func.sum(Posting.debit_minor - Posting.credit_minor), 0))
        .join(JournalEntry, JournalEntry.number == Posting.entry_number)
        .where(
            JournalEntry.fund_id == fund_id,
            JournalEntry.occurred_on.between(*days),
            Posting.earmark_id == earmark_id,
            Posting.money_account_id.is_not(None),
        )
    )
    return stored - int(posted or 0) if is_late else stored + int(posted or 0)


@dataclass(frozen=True, slots=True)
class EarmarkFigures:
    """Money of one earmark over all time. ``moved_minor``: opening balance and changes of purpose, net."""

    id: int
    fund_id: int
    slug: str
    name: str
    restriction: str
    in_minor: int
    out_minor: int
    moved_minor: int
    held_minor: int
    reserved_minor: int
    closed_on: date | None = None

    @property
    def available_minor(self) -> int:
        """Held and not promised."""
        return self.held_minor - self.reserved_minor


def earmark_figures(
    session: Session, fund_id: int | None = None, earmark_id: int | None = None
) -> list[EarmarkFigures]:
    """Every earmark (of a fund, or the one) with what came in, went out and is held; a fund's unrestricted one first."""
    sums = (
        select(
            Balance.earmark_id,
            func.sum(_received).label("received"),
            func.sum(_spent).label("spent"),
        )
        .where(*_of(fund_id, earmark_id), Balance.statement_line != "")
        .group_by(Balance.earmark_id)
        .subquery()
    )
    statement = (
        select(
            Earmark.id,
            Earmark.fund_id,
            Earmark.slug,
            Earmark.name,
            Earmark.restriction,
            func.coalesce(sums.c.received, 0),
            func.coalesce(sums.c.spent, 0),
            Pool.held_minor,
            Pool.reserved_minor,
            Earmark.closed_on,
        )
        .join(Pool, Pool.earmark_id == Earmark.id)
        .outerjoin(sums, sums.c.earmark_id == Earmark.id)
        .order_by(Earmark.fund_id, Earmark.id)
    )
    if fund_id is not None:
        statement = statement.where(Earmark.fund_id == fund_id)
    if earmark_id is not None:
        statement = statement.where(Earmark.id == earmark_id)
    found = []
    for row in session.execute(statement):
        id_, of_fund, slug, name, restriction, received, spent, held_minor, reserved_minor, closed_on = row
        came, went = int(received), int(spent)
        moved = held_minor - came + went
        found.append(
            EarmarkFigures(
                id_,
                of_fund,
                slug,
                name,
                restriction,
                came,
                went,
                moved,
                held_minor,
                reserved_minor,
                closed_on,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that came into an earmark (``line`` a row of receipts), or went out of it (a row of payments, a project)."""

    earmark_id: int
    line: str
    project_id: int
    project: str
    amount_minor: int


def flows(session: Session, fund_id: int) -> list[Flow]:
    """Money in by earmark and row of receipts, money out by earmark, row of payments and project. Nothing below zero."""
    key = (Balance.earmark_id, Balance.statement_line, Balance.project_id)
    rows = session.execute(
        select(*key, func.sum(_received + _spent).label("amount"))
        .where(Balance.fund_id == fund_id, Balance.statement_line.in_([*_IN, *_OUT]))
        .group_by(*key)
        .order_by(*key)
    ).all()
    sums: dict[tuple[int, str, int], int] = defaultdict(int)
    for earmark_id, line, project_id, amount in rows:
        # Only spending is told apart by project.
        sums[earmark_id, line, project_id if line in _OUT else 0] += int(amount)
    names = project_names(session, {project_id for _, _, project_id in sums if project_id})
    return [
        Flow(earmark_id, line, project_id, names.get(project_id, ""), amount)
        for (earmark_id, line, project_id), amount in sums.items()
        if amount > 0
    ]


def project_names(session: Session, ids: set[int]) -> dict[int, str]:
    """Names of projects by id."""
    if not ids:
        return {}
    rows = session.execute(select(Project.id, Project.name).where(Project.id.in_(ids)))
    return {row.id: row.name for row in rows}


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Money in and out in one month, "2023-09"."""

    month: str
    in_minor: int
    out_minor: int


def month_figures(session: Session, month: str, fund_id: int | None = None) -> MonthFigures:
    """What came in and went out in a month, of a fund or of all."""
    received, spent, _ = _stored(session, fund_id, None, Months(month, month))
    return MonthFigures(month, received, spent)
