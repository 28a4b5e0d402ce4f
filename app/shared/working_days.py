"""Working days in China: weekends and public holidays, with the days that are worked instead."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar


def is_working_day(day: date) -> bool:
    """Whether people work on ``day``. The calendar of the State Council is known a year ahead at most; beyond it (and before
    2004) Monday to Friday are working days."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def after_working_days(day: date, count: int) -> date:
    """The ``count``-th working day after ``day``; ``day`` itself does not count. Zero gives ``day``."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
