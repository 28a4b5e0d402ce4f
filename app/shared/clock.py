"""The only clock. Instants are UTC; civil dates are the fund's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_simulated: ContextVar[datetime | None] = ContextVar("simulated_now", default=None)
DEFAULT_ZONE = "Asia/Shanghai"


def now() -> datetime:
    """The present instant, UTC, to the second (what the books and their leaves can carry exactly)."""
    return (_simulated.get() or datetime.now(UTC)).replace(microsecond=0)


def today(zone: str = DEFAULT_ZONE) -> date:
    """The civil date in ``zone`` at this instant."""
    return now().astimezone(ZoneInfo(zone)).date()


def local(instant: datetime, zone: str = DEFAULT_ZONE) -> datetime:
    """``instant`` as read on a clock in ``zone``. A naive instant is taken as UTC, as the database returns it."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone))


def end_of(day: date, zone: str = DEFAULT_ZONE) -> datetime:
    """The instant at which ``day`` is over in ``zone``: midnight before the next."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@contextmanager
def simulated(moment: datetime) -> Iterator[SimulatedClock]:
    """Run under a clock that stands at ``moment`` (aware) until it is moved: for the example fund, synthetic data, tests."""
    before = _simulated.get()
    clock = SimulatedClock(moment)
    try:
        yield clock
    finally:
        _simulated.set(before)


class SimulatedClock:
    """A clock that is moved by hand."""

    def __init__(self, moment: datetime) -> None:
        self.set(moment)

    def set(self, moment: datetime) -> None:
        """Put the clock to ``moment``."""
        _simulated.set(moment.astimezone(UTC))

    def set_local(self, day: date, hour: int = 10, minute: int = 0, zone: str = DEFAULT_ZONE) -> None:
        """Put the clock to a time of ``day`` as read in ``zone``."""
        self.set(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)))

    def advance(self, step: timedelta) -> None:
        """Move the clock on."""
        self.set(now() + step)
