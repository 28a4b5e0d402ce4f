"""Choosing the period of a statement, and issuing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from flask_babel import gettext, lazy_gettext
from wtforms import TextAreaField
from wtforms.validators import Length, Optional

from app.shared.errors import N_, Refused
from app.shared.periods import Period, day_before, month_of, month_period
from app.web.forms import ChoiceField, DateField, Form

CUSTOM = "custom"
MONTHS_OFFERED, QUARTERS_OFFERED, YEARS_OFFERED = 13, 5, 10


class PeriodForm(Form):
    """A period from the list, or any other from day to day."""

    preset = ChoiceField(lazy_gettext("期间"), blank=False)
    first = DateField(lazy_gettext("从"), [Optional()])
    last = DateField(lazy_gettext("到"), [Optional()])

    def offer_periods(self, today: date, earliest: date) -> None:
        """Offer what can be issued today: nothing that ends later, nothing before the first entry but the current month."""
        self.preset.offer(period_choices(today, earliest))

    def period(self) -> Period | None:
        """The period chosen, after validation; None when the form says what is wrong with it.

        Days that were typed count, whatever the list stands at: it stands at last month by itself.
        """
        if (
            self.preset.data != CUSTOM
            and not any(self.first.raw_data or ())
            and not any(self.last.raw_data or ())
        ):
            if self.preset.errors:
                return None
            first, last = (date.fromisoformat(day) for day in str(self.preset.data).split("/"))
            return Period(first, last)
        for field in (self.first, self.last):
            if field.data is None and not field.errors:
                self.add_error(field.name, gettext(N_("请填写日期")))
        if self.first.data is None or self.last.data is None:
            return None
        if self.first.data > self.last.data:
            self.add_error("last", gettext(N_("截止日期不能早于开始日期")))
            return None
        return Period(self.first.data, self.last.data)


def period_in(asked: Mapping[str, str]) -> Period | None:
    """The period that an address asks for by ``first`` and ``last``; None without one, or for one that cannot be."""
    try:
        return Period(date.fromisoformat(asked["first"]), date.fromisoformat(asked["last"]))
    except (KeyError, ValueError, Refused):
        return None


class IssueForm(Form):
    """The last step: why the figures differ from an earlier version, if there is one."""

    correction_note = TextAreaField(lazy_gettext("更正说明"), [Length(max=2000)])


def period_choices(today: date, earliest: date) -> list[tuple[str, str]]:
    """("from/to", words) of months, quarters and years up to ``today``, newest first, then "any other"."""
    choices = []
    for period, words in _periods(today, earliest):
        last = period.last
        if last > today:
            last, words = today, gettext(N_("%(period)s（到今天）"), period=words)
        choices.append((f"{period.first.isoformat()}/{last.isoformat()}", words))
    return [*choices, (CUSTOM, gettext(N_("其他期间")))]


def last_month(today: date) -> str:
    """The choice that is wanted most: the month before this one."""
    month = month_period(month_of(day_before(today.replace(day=1))))
    return f"{month.first.isoformat()}/{month.last.isoformat()}"


def _periods(today: date, earliest: date) -> Iterator[tuple[Period, str]]:
    months = list(_months_back(today, earliest))
    for month in months[:MONTHS_OFFERED]:
        yield month, gettext(N_("%(year)s 年 %(month)s 月"), year=month.first.year, month=month.first.month)
    ends = [month for month in months if month.first.month % 3 == 0 or month == months[0]]
    for end in ends[:QUARTERS_OFFERED]:
        quarter = (end.first.month + 2) // 3
        first = date(end.first.year, 3 * quarter - 2, 1)
        last = month_period(f"{end.first.year:04d}-{3 * quarter:02d}").last
        yield (
            Period(first, last),
            gettext(N_("%(year)s 年第 %(quarter)s 季度"), year=end.first.year, quarter=quarter),
        )
    for year in range(today.year, max(earliest.year, today.year - YEARS_OFFERED) - 1, -1):
        yield Period(date(year, 1, 1), date(year, 12, 31)), gettext(N_("%(year)s 年"), year=year)


def _months_back(today: date, earliest: date) -> Iterator[Period]:
    month = month_period(month_of(today))
    while True:
        yield month
        if month.first <= earliest:
            return
        month = month_period(month_of(day_before(month.first)))
