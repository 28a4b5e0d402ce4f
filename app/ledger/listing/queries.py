"""Rows of the public ledger, newest first by entry number. No page's cost grows with history.

A list is read by one of its conditions, the *driver*: whichever index gives the fewest rows, or the rows in order of
their numbers. The other conditions are checked on what the driver gives, in chunks, and a page that has looked at
SCANNED_AT_MOST rows stops there and says where to go on. The drivers are written so that neither engine's planner can
choose another way: a materialised subquery holds exactly one condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from app.ledger.listing.rules import EXACT_UP_TO, SCANNED_AT_MOST, Filter
from app.ledger.listing.selects.queries import (
    BY_EQUALITY,
    CHECKED,
    ROWS,
    ListedRow,
    condition,
    count_statement,
    first_numbers,
    newer_statement,
    of_index,
    older_statement,
    ordered,
    rows_statement,
    stream_statement,
)
from app.ledger.queries import PUBLIC_SEARCH
from app.ledger.structure.models import Earmark

PAGE_ROWS = 50
_row = ROWS.c
_FIRST_CHUNK = 500
_STREAM_CHUNK = 2_000
_HIGHEST = 2**62


@dataclass(frozen=True, slots=True)
class EarmarkName:
    """A purpose as lists name it."""

    id: int
    fund_id: int
    slug: str
    name: str
    restriction: str


def earmark_names(session: Session) -> list[EarmarkName]:
    """Every purpose; the first of a fund is the unrestricted one."""
    columns = (Earmark.id, Earmark.fund_id, Earmark.slug, Earmark.name, Earmark.restriction)
    return [
        EarmarkName(*row) for row in session.execute(select(*columns).order_by(Earmark.fund_id, Earmark.id))
    ]


@dataclass(frozen=True, slots=True)
class Page:
    """Numbers of some rows of a list. ``next_after`` None: nothing older matches.

    ``is_cut``: the search stopped before the page was full. ``newer_after`` is where the page before this one starts;
    None with ``has_newer`` means the first page.
    """

    numbers: list[int]
    next_after: int | None
    is_cut: bool = False
    has_newer: bool = False
    newer_after: int | None = None


@dataclass(frozen=True, slots=True)
class _Driver:
    """The condition that rows are read by. ``rows``: how many it gives, None when more than EXACT_UP_TO.

    An ordered one gives them by number, in chunks; one that is not gives all of them at once.
    """

    name: str
    rows: int | None
    is_ordered: bool


class _Chunk(NamedTuple):
    """Numbers that meet all conditions, out of ``seen`` rows down (or up) to ``last``; None: there are no more."""

    numbers: list[int]
    seen: int
    last: int | None


class Listing:
    """The rows that meet one filter, within one reading transaction."""

    def __init__(self, session: Session, asked: Filter) -> None:
        self.session = session
        self.asked = asked
        self.conditions = asked.conditions()
        self.values = asked.values()
        self._matching: Select[Any] | None = None
        if asked.words:
            self._matching = PUBLIC_SEARCH.matching(session, asked.words)
        self.is_empty = asked.is_contradictory or (bool(asked.words) and self._matching is None)
        # FTS5 gives matches in the order of their numbers, however many there are; a GIN index gives all of them.
        self._words_are_ordered = session.get_bind().dialect.name == "sqlite"
        self._counts: dict[str, int] = {}
        self._chosen: _Driver | None = None

    def page(self, after: int | None = None, limit: int = PAGE_ROWS) -> Page:
        """At most ``limit`` numbers below ``after``, newest first."""
        if self.is_empty:
            return Page([], None)
        before = _HIGHEST if after is None else after
        numbers, next_after = self._older(before, limit + 1, SCANNED_AT_MOST)
        is_cut = next_after is not None and len(numbers) <= limit
        if len(numbers) > limit:
            numbers, next_after = numbers[:limit], numbers[limit - 1]
        if after is None:
            return Page(numbers, next_after, is_cut)
        has_newer, newer_after = self._newer(numbers[0] if numbers else after - 1, limit)
        return Page(numbers, next_after, is_cut, has_newer, newer_after)

    def rows(self, numbers: list[int]) -> list[ListedRow]:
        """The rows with these numbers, newest first."""
        if not numbers:
            return []
        rows = self.session.execute(rows_statement(), {"numbers": numbers})
        return [ListedRow._make(row) for row in rows]

    def stream(self, after: int | None = None) -> Iterator[ListedRow]:
        """Every row, newest first, read in chunks by keyset."""
        before: int | None = _HIGHEST if after is None else after
        while before is not None and not self.is_empty:
            rows, looked_down_to = self._chunk(before, _STREAM_CHUNK)
            yield from rows
            before = rows[-1].number if len(rows) == _STREAM_CHUNK else looked_down_to

    def bounded(self, name: str) -> int:
        """How many rows meet the condition ``name`` by itself, counted up to EXACT_UP_TO + 1."""
        if name not in self._counts:
            if name == "words":
                assert self._matching is not None
                counted = self._matching.limit(EXACT_UP_TO + 1).subquery()
                found = self.session.scalar(select(func.count()).select_from(counted))
            else:
                found = self.session.scalar(count_statement(name), self.values)
            self._counts[name] = int(found or 0)
        return self._counts[name]

    def few(self) -> tuple[CTE, list[ColumnElement[bool]]] | None:
        """All rows that one condition gives, and what they must still meet, when they are EXACT_UP_TO or fewer."""
        driver = self._driver()
        if driver.rows is None:
            return None
        given = self._given(driver)
        return given, self._rest(driver, given)

    def matches_all(self) -> list[ColumnElement[bool]]:
        """Every condition on the table itself, for sums over all of history."""
        found = [_row.is_listed == true(), *(condition(name, _row) for name in self.conditions - {"words"})]
        if self._matching is not None:
            found.append(_row.number.in_(self._matching))
        return found

    def _driver(self) -> _Driver:
        if self._chosen is None:
            self._chosen = self._choose()
        return self._chosen

    def _choose(self) -> _Driver:
        counts = {name: self.bounded(name) for name in self.conditions} or {"number": self.bounded("number")}
        name = min(counts, key=lambda each: (counts[each], each))
        by_number = {"number", *BY_EQUALITY} | ({"words"} if self._words_are_ordered else set())
        if counts[name] <= EXACT_UP_TO:
            return _Driver(name, counts[name], is_ordered=name in by_number)
        order = ("kind", "day", "words", "direction", "earmark", "fund")
        wide = (each for each in order if each in counts and each in by_number | {"day"})
        return _Driver(next(wide, "number"), None, is_ordered=True)

    def _is_plain(self) -> bool:
        """Whether one index gives exactly the rows asked for, in order."""
        return self.conditions <= set(BY_EQUALITY) and len(self.conditions) < 2

    def _chunk(self, before: int, count: int) -> tuple[list[ListedRow], int | None]:
        """Up to ``count`` rows below ``before``, and the number down to which was looked for them."""
        if self._is_plain():
            statement = stream_statement(next(iter(self.conditions), "number"))
            rows = self.session.execute(statement, {**self.values, "before": before, "count": count})
            return [ListedRow._make(row) for row in rows], None
        numbers, looked_down_to = self._older(before, count, _HIGHEST)
        return self.rows(numbers), looked_down_to

    def _older(self, before: int, count: int, budget: int) -> tuple[list[int], int | None]:
        """Up to ``count`` numbers below ``before``, and the one down to which was looked when the budget ran out."""
        if self._is_plain():
            statement = older_statement(next(iter(self.conditions), "number"))
            values = {**self.values, "before": before, "count": count}
            return list(self.session.scalars(statement, values)), None
        return self._numbers(0, before, count, budget, ascending=False)

    def _newer(self, above: int, limit: int) -> tuple[bool, int | None]:
        """Whether rows lie above ``above``, and after which number the page before this one starts.

        When the search for them stops early, there may be some: the way back then leads to the first page.
        """
        if self._is_plain():
            statement = newer_statement(next(iter(self.conditions), "number"))
            values = {**self.values, "above": above, "count": limit + 1}
            numbers, looked_up_to = list(self.session.scalars(statement, values)), None
        else:
            numbers, looked_up_to = self._numbers(above, _HIGHEST, limit + 1, SCANNED_AT_MOST, ascending=True)
        is_known = bool(numbers) or looked_up_to is not None
        return is_known, numbers[limit] if len(numbers) > limit else None

    def _numbers(
        self, above: int, before: int, count: int, budget: int, *, ascending: bool
    ) -> tuple[list[int], int | None]:
        """Up to ``count`` numbers between the bounds, in order, and how far was looked when the budget ran out."""
        if self.conditions == {"words"} and self._words_are_ordered:
            assert self._matching is not None
            statement = ordered(
                self._matching, self._matching.selected_columns.rowid, above, before, ascending
            )
            return list(self.session.scalars(statement.limit(count))), None
        driver = self._driver()
        if not driver.is_ordered:
            given = self._given(driver)
            statement = select(given.c.number).where(*self._rest(driver, given))
            statement = ordered(statement, given.c.number, above, before, ascending)
            return list(self.session.scalars(statement.limit(count), self.values)), None
        found: list[int] = []
        scanned, size = 0, count if self.conditions == {driver.name} else max(_FIRST_CHUNK, count)
        while True:
            chunk = self._scan(driver, above, before, size, count - len(found), ascending)
            found += chunk.numbers
            scanned += chunk.seen
            if len(found) >= count or chunk.last is None:
                return found, None
            above, before = (chunk.last, before) if ascending else (above, chunk.last)
            if scanned >= budget:
                return found, chunk.last
            size = min(size * 8, SCANNED_AT_MOST)

    def _scan(
        self, driver: _Driver, above: int, before: int, size: int, count: int, ascending: bool
    ) -> _Chunk:
        if driver.name == "day":
            numbers = self._numbers_of_days(above, before, size, ascending)
            if not numbers:
                return _Chunk([], 0, None)
            given = select(*CHECKED).where(_row.number.in_(numbers)).cte("given").prefix_with("MATERIALIZED")
            statement = select(given.c.number).where(*self._rest(driver, given), given.c.is_listed == true())
            statement = ordered(statement, given.c.number, above, before, ascending)
            met = list(self.session.scalars(statement.limit(count), self.values))
            return _Chunk(met, len(numbers), numbers[-1] if len(numbers) == size else None)
        given = self._given(driver, size, above, before, ascending)
        last = func.max(given.c.number) if ascending else func.min(given.c.number)
        looked = select(func.count().label("seen"), last.label("last")).select_from(given).subquery()
        meets = select(given.c.number).where(*self._rest(driver, given))
        met_rows = ordered(meets, given.c.number, above, before, ascending).limit(count).subquery()
        # The outer join keeps what was looked at when nothing met the conditions.
        joined = looked.outerjoin(met_rows, true())
        statement = select(looked.c.seen, looked.c.last, met_rows.c.number).select_from(joined)
        rows = self.session.execute(statement, self.values).all()
        met = sorted((row.number for row in rows if row.number is not None), reverse=not ascending)
        seen, last_seen = int(rows[0].seen), rows[0].last
        ended = seen < size or (last_seen >= before if ascending else last_seen <= above)
        return _Chunk(met, seen, None if ended else last_seen)

    def _given(
        self,
        driver: _Driver,
        size: int | None = None,
        above: int = 0,
        before: int = _HIGHEST,
        ascending: bool = False,
    ) -> CTE:
        """The driver's rows with the columns that other conditions speak of: a chunk of them in order, or all.

        Only the bound where reading starts is named here: SQLite's planner takes a second one for a reason to read by
        number alone.
        """
        if driver.name == "words":
            assert self._matching is not None
            matched = self._matching
            if size is not None:
                rowid = matched.selected_columns.rowid
                matched = ordered(matched, rowid, above, before, ascending, one_bound=True).limit(size)
            found = matched.subquery()
            # An outer join, so that the matches come first and each row is found by its number.
            joined = found.outerjoin(ROWS, (_row.number == found.c.rowid) & (_row.is_listed == true()))
            return select(*CHECKED).select_from(joined).cte("given").prefix_with("MATERIALIZED")
        statement = select(*CHECKED).where(*of_index(driver.name))
        if size is not None:
            statement = ordered(statement, _row.number, above, before, ascending, one_bound=True).limit(size)
        return statement.cte("given").prefix_with("MATERIALIZED")

    def _rest(self, driver: _Driver, given: CTE) -> list[ColumnElement[bool]]:
        """What rows of the driver must still meet."""
        found = [condition(name, given.c) for name in sorted(self.conditions - {driver.name, "words"})]
        if not driver.is_ordered:
            found.append(given.c.is_listed == true())
        if self._matching is not None and driver.name != "words":
            found.append(PUBLIC_SEARCH.holds(self.session, given.c.number, self.asked.words))
        return found

    def _numbers_of_days(self, above: int, before: int, count: int, ascending: bool) -> list[int]:
        """Numbers of rows of the days asked for, in order, however long ago those days are.

        Each day's first number is one step in the index. Of the days that come first, the numbers up to the first
        number of the next day come before all others; the days are doubled until that is enough.
        """
        bound = above if ascending else before
        firsts = self.session.execute(first_numbers(ascending), {**self.values, "bound": bound})
        days = sorted(firsts, key=lambda row: row.number, reverse=not ascending)
        taken = 1
        while days:
            following = days[taken].number if taken < len(days) else (_HIGHEST if ascending else 0)
            low, high = (above, following) if ascending else (following, before)
            statement = select(_row.number).where(_row.occurred_on.in_([row.day for row in days[:taken]]))
            numbers = self.session.scalars(
                ordered(statement, _row.number, low, high, ascending).limit(count)
            ).all()
            if len(numbers) >= count or taken >= len(days):
                return list(numbers)
            taken *= 2
        return []
