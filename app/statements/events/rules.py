"""What the report of a sale event says (charity-rules §8, §16.7): frozen when it is issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

KIND = "sale_report"


@dataclass(frozen=True, slots=True)
class ReportLot:
    """A lot: pieces sold, by which way of sale, fen that it brought; ``giver`` names no natural person."""

    number: str
    name: str
    mode: str
    giver: str
    pieces: int
    unit: str
    proceeds_minor: int
    cost_minor: int
    entry_number: int | None


@dataclass(frozen=True, slots=True)
class ReportCount:
    """Fen recorded and counted for one way of payment."""

    method: str
    recorded_minor: int
    counted_minor: int


@dataclass(frozen=True, slots=True)
class ReportUse:
    """A payment that the proceeds went into, with their part of it in fen."""

    entry_number: int
    occurred_on: date
    description: str
    document: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class SaleReport:
    """The whole report. Sums in fen; ``amount_minor`` is what the event brought, ``left_minor`` what is not used yet."""

    fund_name: str
    host_name: str
    example_notice: str | None
    event_name: str
    slug: str
    held_on: date
    hours: str
    place: str
    qualification: str
    filing_number: str
    is_counted_by_two: int
    lots: tuple[ReportLot, ...]
    box_minor: int
    counts: tuple[ReportCount, ...]
    amount_minor: int
    cost_minor: int
    used_minor: int
    left_minor: int
    uses: tuple[ReportUse, ...]

    @property
    def lots_minor(self) -> int:
        """What the lots brought."""
        return sum(lot.proceeds_minor for lot in self.lots)

    @property
    def difference_minor(self) -> int:
        """What was counted more (or less) than recorded."""
        return sum(count.counted_minor - count.recorded_minor for count in self.counts)

    @property
    def net_minor(self) -> int:
        """The one net line: what the event brought, less the carrying value of the goods that went for it."""
        return self.amount_minor - self.cost_minor
