"""What a filter asks for, and which totals the stored balances can answer."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from app.ledger.rules import direction_of
from app.shared.periods import EARLIEST, month_of

EXACT_UP_TO = 10_000
"""Totals are added up row by row up to this many rows; beyond it they come from stored balances or from the file."""

SCANNED_AT_MOST = 25_000
"""Rows that one page looks at before it stops and offers to go on from there: no page's cost grows with history."""

_LATEST = date(9999, 12, 31)
_NO_LIMIT = 2**62


@dataclass(frozen=True, slots=True)
class Filter:
    """What rows of the public ledger are asked for; None and "" ask for nothing.

    ``first`` and ``last`` are civil days, both included; amounts are fen, both included; ``words`` are searched for.
    """

    fund_id: int | None = None
    earmark_id: int | None = None
    kind: str | None = None
    direction: str | None = None
    first: date | None = None
    last: date | None = None
    min_minor: int | None = None
    max_minor: int | None = None
    words: str = ""

    @property
    def is_contradictory(self) -> bool:
        """Whether nothing can match: a kind of entry has one direction."""
        return bool(self.kind and self.direction and direction_of(self.kind) != self.direction)

    def conditions(self) -> frozenset[str]:
        """Names of the conditions that rows must meet. An earmark implies its fund, a kind its direction."""
        found = set()
        if self.earmark_id is not None:
            found.add("earmark")
        elif self.fund_id is not None:
            found.add("fund")
        if self.kind:
            found.add("kind")
        elif self.direction:
            found.add("direction")
        if self.first is not None or self.last is not None:
            found.add("day")
        if self.min_minor is not None or self.max_minor is not None:
            found.add("amount")
        if self.words:
            found.add("words")
        return frozenset(found)

    def values(self) -> dict[str, object]:
        """Values of the conditions, by the names that statements give them."""
        return {
            "fund": self.fund_id,
            "earmark": self.earmark_id,
            "kind": self.kind,
            "direction": self.direction,
            "first": self.first or EARLIEST,
            "last": self.last or _LATEST,
            "least": self.min_minor or 0,
            "most": _NO_LIMIT if self.max_minor is None else self.max_minor,
        }


@dataclass(frozen=True, slots=True)
class Months:
    """Whole months from ``first`` to ``last`` as "2023-09"; None is open."""

    first: str | None
    last: str | None


def whole_months(first: date | None, last: date | None) -> Months | None:
    """The whole months that the days make up, or None when an edge cuts through a month."""
    if first is not None and first.day != 1:
        return None
    if last is not None and last.day != monthrange(last.year, last.month)[1]:
        return None
    return Months(month_of(first) if first else None, month_of(last) if last else None)


def months_of_balances(asked: Filter) -> Months | None:
    """The months whose stored balances answer what came in and went out under this filter; None when they cannot."""
    if asked.conditions() - {"fund", "earmark", "direction", "day"}:
        return None
    return whole_months(asked.first, asked.last)
