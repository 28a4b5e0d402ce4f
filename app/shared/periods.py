"""Reporting periods: civil dates, months."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.shared.errors import N_, Refused

EARLIEST = date(1949, 10, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last civil day, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise Refused(N_("开始日期不能晚于结束日期"), field="from")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def months(self) -> Iterator[str]:
        """Every month touched, as "2023-09"."""
        year, month = self.first.year, self.first.month
        while (year, month) <= (self.last.year, self.last.month):
            yield f"{year:04d}-{month:02d}"
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def month_of(day: date) -> str:
    """The month of a civil date, as "2023-09"."""
    return f"{day.year:04d}-{day.month:02d}"


def month_period(month: str) -> Period:
    """The whole of a month given as "2023-09"."""
    year, number = int(month[:4]), int(month[5:7])
    return Period(date(year, number, 1), date(year, number, monthrange(year, number)[1]))


def day_before(day: date) -> date:
    """The civil date before ``day``."""
    return day - timedelta(days=1)


def require_plausible(day: date, today: date, field: str | None = None) -> date:
    """Return ``day`` when money can have moved on it: not in the future, not before 1949. Raises Refused otherwise."""
    if day > today:
        raise Refused(N_("日期 %(day)s 在未来，请核对"), field=field, day=day.isoformat())
    if day < EARLIEST:
        raise Refused(N_("日期 %(day)s 太早，请核对年份"), field=field, day=day.isoformat())
    return day
