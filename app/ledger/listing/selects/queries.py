"""The selects that the list is read by. Those that do not depend on the words searched for are built once."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    TextualSelect,
    bindparam,
    func,
    literal,
    select,
    text,
    true,
)

from app.ledger.listing.rules import EXACT_UP_TO
from app.ledger.models import LedgerRow

ROWS = LedgerRow.__table__
_row = ROWS.c
BY_EQUALITY = ("kind", "direction", "earmark", "fund")


class ListedRow(NamedTuple):
    """One row of the public ledger: what anyone may read of an entry, or of the entries of a sale event."""

    number: int
    is_event: bool
    fund_id: int
    earmark_id: int
    kind: str
    direction: str
    amount_minor: int
    sign: int
    occurred_on: date
    recorded_at: datetime
    description: str
    party: str
    document: str
    source_type: str
    source_id: int
    first_number: int
    reverses_number: int | None
    reversed_by_number: int | None
    log_position: int


SHOWN = tuple(_row[name] for name in ListedRow._fields)

"""The columns of a ListedRow."""

CHECKED = tuple(
    _row[name]
    for name in (
        "number",
        "fund_id",
        "earmark_id",
        "kind",
        "direction",
        "occurred_on",
        "amount_minor",
        "sign",
        "goods_change_minor",
        "is_listed",
    )
)
"""What a condition may be checked on."""


def ordered(
    statement: Select[Any],
    number: ColumnElement[int],
    above: int,
    before: int,
    ascending: bool,
    *,
    one_bound: bool = False,
) -> Select[Any]:
    """``statement`` between the bounds (or only from where reading starts), in order of ``number``."""
    if ascending or not one_bound:
        statement = statement.where(number > above)
    if not ascending or not one_bound:
        statement = statement.where(number < before)
    return statement.order_by(number.asc() if ascending else number.desc())


def condition(name: str, columns: Any) -> ColumnElement[bool]:
    """A condition on the columns of the table or of a driver's rows; its values are bound when it runs."""
    conditions: dict[str, ColumnElement[bool]] = {
        "fund": columns.fund_id == bindparam("fund"),
        "earmark": columns.earmark_id == bindparam("earmark"),
        "kind": columns.kind == bindparam("kind"),
        "direction": columns.direction == bindparam("direction"),
        "day": columns.occurred_on.between(bindparam("first"), bindparam("last")),
        "amount": columns.amount_minor.between(bindparam("least"), bindparam("most")),
    }
    return conditions[name]


def of_index(name: str) -> list[ColumnElement[bool]]:
    """A condition as its own index holds it: with the mark of listed rows, but for days and amounts."""
    if name == "number":
        return [_row.is_listed == true()]
    if name in BY_EQUALITY:
        return [condition(name, _row), _row.is_listed == true()]
    return [condition(name, _row)]


@lru_cache(maxsize=16)
def older_statement(name: str) -> Select[Any]:
    """Numbers that meet one condition by its index, newest first: below ``before``, at most ``count``."""
    within = (*of_index(name), _row.number < bindparam("before"))
    return select(_row.number).where(*within).order_by(_row.number.desc()).limit(bindparam("count"))


@lru_cache(maxsize=16)
def stream_statement(name: str) -> Select[Any]:
    """The rows of ``older_statement``."""
    return older_statement(name).with_only_columns(*SHOWN)


@lru_cache(maxsize=16)
def newer_statement(name: str) -> Select[Any]:
    """Numbers that meet one condition by its index, oldest first: above ``above``, at most ``count``."""
    within = (*of_index(name), _row.number > bindparam("above"))
    return select(_row.number).where(*within).order_by(_row.number.asc()).limit(bindparam("count"))


@lru_cache(maxsize=1)
def rows_statement() -> Select[Any]:
    """The rows with ``numbers``, newest first."""
    wanted = _row.number.in_(bindparam("numbers", expanding=True))
    return select(*SHOWN).where(wanted, _row.is_listed == true()).order_by(_row.number.desc())


@lru_cache(maxsize=16)
def count_statement(name: str) -> Select[Any]:
    """How many rows meet one condition, counted no further than EXACT_UP_TO + 1."""
    counted = select(literal(1)).select_from(ROWS).where(*of_index(name)).limit(EXACT_UP_TO + 1).subquery()
    return select(func.count()).select_from(counted)


@lru_cache(maxsize=2)
def first_numbers(ascending: bool) -> TextualSelect:
    """Each day asked for with its number nearest to a bound, by hopping from day to day in the index."""
    nearest = (
        "min(number) FROM ledger_row WHERE number >"
        if ascending
        else "max(number) FROM ledger_row WHERE number <"
    )
    return (
        text(  # the one thing put in is one of the two texts above
            "WITH RECURSIVE days(day) AS ("  # noqa: S608
            "SELECT (SELECT max(occurred_on) FROM ledger_row WHERE occurred_on <= :last) UNION ALL "
            "SELECT (SELECT max(occurred_on) FROM ledger_row WHERE occurred_on < days.day) FROM days "
            "WHERE days.day > :first), "
            f"firsts(day, number) AS (SELECT day, (SELECT {nearest} :bound AND occurred_on = days.day) "
            "FROM days WHERE days.day >= :first) "
            "SELECT day, number FROM firsts WHERE number IS NOT NULL"
        )
        .bindparams(bindparam("first", type_=Date), bindparam("last", type_=Date))
        .columns(day=Date, number=BigInteger)
    )
