"""Any period: in the middle of months, empty, cut anywhere."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.ledger.figures.rules import months_before, parts_of
from app.shared.db import transaction
from app.shared.periods import Period, month_period
from app.statements.queries import statement_figures
from tests.statements.reading import failing, section_a
from tests.statements.worked_example import Example, goods_gift, sale

DAYS = st.dates(date(2019, 12, 1), date(2024, 3, 31))


def every_day(period: Period) -> list[date]:
    return [period.first + timedelta(days=each) for each in range((period.last - period.first).days + 1)]


@given(DAYS, DAYS)
def test_parts_of_a_period_hold_each_of_its_days_once(one: date, other: date) -> None:
    period = Period(min(one, other), max(one, other))
    parts = parts_of(period)
    days = [day for edge in parts.edges for day in every_day(edge)]
    if parts.first_month and parts.last_month:
        whole = Period(month_period(parts.first_month).first, month_period(parts.last_month).last)
        days += every_day(whole)
    assert sorted(days) == every_day(period)
    assert len(parts.edges) <= 2


@given(DAYS)
def test_what_lies_before_a_period_ends_the_day_before(first: date) -> None:
    month, edge = months_before(Period(first, first))
    start = month_period(month).first
    assert every_day(Period(start, first))[:-1] == (every_day(edge) if edge else [])


def test_middle_of_the_example_has_its_opening(session: Session, example: Example) -> None:
    figures = statement_figures(session, example.fund, Period(date(2023, 10, 1), date(2023, 11, 16)))
    assert section_a(figures) == {
        "receipts_subtotal": "0.00 | 0.00 | 0.00",
        "receipts_total": "0.00 | 0.00 | 0.00",
        "goods_purchase": "6,000.00 | 0.00 | 6,000.00",
        "payments_subtotal": "6,000.00 | 0.00 | 6,000.00",
        "payments_total": "6,000.00 | 0.00 | 6,000.00",
        "net": "-6,000.00 | 0.00 | -6,000.00",
        "transfers": "0.00 | 0.00 | 0.00",
        "opening": "6,675.00 | 350,000.00 | 356,675.00",
        "closing": "675.00 | 350,000.00 | 350,675.00",
    }
    assert failing(figures) == []
    assert [entry.number for entry in figures.annex] == [22]


@pytest.mark.parametrize(
    "period",
    [Period(date(2023, 10, 1), date(2023, 10, 31)), Period(date(2023, 10, 3), date(2023, 10, 3))],
    ids=["month", "day"],
)
def test_period_without_entries_carries_the_opening_on(
    session: Session, example: Example, period: Period
) -> None:
    figures = statement_figures(session, example.fund, period)
    assert failing(figures) == []
    assert figures.annex == ()
    assert figures.cash.opening == figures.cash.closing
    assert figures.cash.closing.total_minor == 35_667_500


def test_fund_without_any_entry_has_a_statement_of_nothing(session: Session, blank: Example) -> None:
    figures = statement_figures(session, blank.fund, Period(date(2023, 9, 1), date(2023, 9, 30)))
    assert failing(figures) == []
    assert figures.cash.closing.total_minor == 0


@pytest.mark.parametrize(
    "cut", [date(2023, 9, 18), date(2023, 9, 28), date(2023, 10, 31), date(2023, 11, 15)]
)
def test_two_periods_are_one_period(session: Session, example: Example, cut: date) -> None:
    whole = statement_figures(session, example.fund, Period(date(2023, 9, 5), date(2023, 12, 10))).cash
    first = statement_figures(session, example.fund, Period(date(2023, 9, 5), cut)).cash
    second = statement_figures(
        session, example.fund, Period(cut + timedelta(days=1), date(2023, 12, 10))
    ).cash
    assert second.opening == first.closing
    assert (first.opening, second.closing) == (whole.opening, whole.closing)
    assert first.receipts_total + second.receipts_total == whole.receipts_total
    assert first.payments_total + second.payments_total == whole.payments_total


def test_goods_stand_as_they_did_on_the_last_day(session: Session, example: Example) -> None:
    before_the_gala = statement_figures(session, example.fund, Period(date(2023, 9, 1), date(2023, 9, 27)))
    assert failing(before_the_gala) == []
    assert (before_the_gala.position.pieces, before_the_gala.position.goods_minor) == (393, 222_000)
    assert before_the_gala.bridge.goods_sold_cost.total_minor == 0


def test_goods_recorded_later_do_not_enter_an_earlier_day(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        goods_gift(blank, "first", date(2023, 9, 5), 0)
        goods_gift(blank, "second", date(2023, 10, 5), 1)
        sale(blank, date(2023, 10, 6), ("A01", "馕", 0, 100, "charity_sale", "cash", 50_000))
    september = statement_figures(session, blank.fund, Period(date(2023, 9, 1), date(2023, 9, 30)))
    october = statement_figures(session, blank.fund, Period(date(2023, 10, 1), date(2023, 10, 31)))
    assert [(line.item, line.pieces) for line in september.position.goods] == [("馕", 300)]
    assert [(line.item, line.pieces) for line in october.position.goods] == [("馕", 200), ("儿童图书", 40)]
    assert failing(september) == failing(october) == []
