"""Closing a month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger.models import PeriodState
from app.shared import clock
from app.shared.periods import month_of
from tests.donations.gifts import books, give
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
MONTHS = "/office/treasury/months"
SEPTEMBER = f"{MONTHS}/2023-09/close"


def test_month_is_closed_after_asking(visit: Visit, session: Session) -> None:
    give(session)
    accountant = visit("accountant")
    assert SEPTEMBER in accountant.get(MONTHS).links()
    ask = accountant.get(SEPTEMBER)
    assert "结清 2023-09 的账？" in ask.words
    assert ask.tree.xpath("//h2/span[@class='num']/text()") == ["2023-09"]  # it does not break at its hyphen
    assert "数据库不再接受日期在 2023-09 的任何分录" in ask.words
    session.rollback()
    assert session.scalars(select(PeriodState)).all() == []
    page = accountant.follow(accountant.send(ask))
    assert page.notices[0] == "2023-09 已结账"
    assert "会计丁" in page.words
    assert SEPTEMBER not in page.links()
    session.rollback()
    state = session.scalars(select(PeriodState)).one()
    assert (state.month, state.state) == ("2023-09", "closed")


def test_closed_month_takes_no_entry(visit: Visit, session: Session) -> None:
    give(session)
    visit("accountant").submit(SEPTEMBER)
    before = books(session)
    typed = {"account": "1", "amount": "1", "occurred_on": "2023-09-30"}
    answer = visit("accountant").submit("/office/treasury/interest", typed)
    assert answer.status == 422
    assert answer.error_at("occurred_on") == "2023-09 已结账，请把日期记在未结账的月份"
    assert books(session) == before


def test_second_click_closes_nothing_more(visit: Visit, session: Session) -> None:
    give(session)
    accountant = visit("accountant")
    ask = accountant.get(SEPTEMBER)
    assert accountant.send(ask).status == 303
    once = books(session)
    answer = accountant.send(ask)
    assert answer.status == 422
    assert "2023-09 已经结账" in answer.error_summary
    assert books(session) == once


def test_only_months_of_the_fund_that_have_ended_are_closed(visit: Visit, session: Session) -> None:
    give(session, received_on=date(2023, 9, 20))
    accountant = visit("accountant")
    before = books(session)
    for month in (month_of(clock.today()), "2023-08", "2999-01", "2023-13", "x"):
        assert accountant.get(f"{MONTHS}/{month}/close").status == 404
        assert accountant.post(f"{MONTHS}/{month}/close").status == 404
    assert books(session) == before


def test_stranger_and_wrong_offices_close_nothing(visit: Visit, session: Session) -> None:
    give(session)
    before = books(session)
    assert visit().get(SEPTEMBER).location.startswith("/office/sign-in")
    assert visit().post(SEPTEMBER).status == 401
    for key in ("secretary", "cashier", "chair", "auditor", "host"):
        assert visit(key).post(SEPTEMBER).status == 403
        assert SEPTEMBER not in visit(key).get(MONTHS).links()
    assert visit("accountant").client.delete(SEPTEMBER).status_code == 405
    assert visit("administrator").get(MONTHS).status == 403
    assert books(session) == before
