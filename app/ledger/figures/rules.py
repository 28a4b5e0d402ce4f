"""How a period is read: whole months from stored balances, what is left at its edges from postings."""

from __future__ import annotations

from dataclasses import dataclass

from app.shared.periods import Period, month_of, month_period


@dataclass(frozen=True, slots=True)
class PeriodParts:
    """A period cut up. ``first_month`` and ``last_month`` ("2023-09") are whole, both included; None when none is."""

    first_month: str | None
    last_month: str | None
    edges: tuple[Period, ...]


def parts_of(period: Period) -> PeriodParts:
    """The whole months of ``period`` and up to two edges that are not whole months."""
    months = list(period.months())
    start, end = month_period(months[0]), month_period(months[-1])
    whole_start, whole_end = period.first == start.first, period.last == end.last
    if len(months) == 1:
        if whole_start and whole_end:
            return PeriodParts(months[0], months[0], ())
        return PeriodParts(None, None, (period,))
    edges = []
    if not whole_start:
        edges.append(Period(period.first, start.last))
        months = months[1:]
    if not whole_end:
        edges.append(Period(end.first, period.last))
        months = months[:-1]
    if not months:
        return PeriodParts(None, None, tuple(edges))
    return PeriodParts(months[0], months[-1], tuple(edges))


def months_before(period: Period) -> tuple[str, Period | None]:
    """What lies before a period: every month before the one returned, and the days of that month before the period."""
    month = month_of(period.first)
    start = month_period(month).first
    return month, None if period.first == start else Period(
        start, period.first.replace(day=period.first.day - 1)
    )
