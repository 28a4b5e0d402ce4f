"""A stranger opens a fund, then one of its purposes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy.orm import Session

from app.shared import clock
from tests import factories
from tests.disbursements import scenes
from tests.public import reading
from tests.public.conftest import Town
from tests.visitor import Visitor


def test_fund_says_who_holds_it_and_where_the_money_lies(town: Town) -> None:
    page = town.get("/funds/yimi-yangguang")
    assert page.status == 200
    assert reading.figures(page) == {"累计收到": "356,675.00", "已经支出": "356,000.00", "现在结余": "675.00"}
    facts = reading.facts(page)
    assert facts["托管机构"] == "××慈善会"
    assert facts["资金存放（元）"] == "银行 675.00"
    assert {"/earmarks/road", "/earmarks/yimi-yangguang-unrestricted"} <= page.links()


def test_restricted_purpose_shows_its_money_and_entries(town: Town) -> None:
    page = town.get("/earmarks/road")
    assert page.heading == "金龙体育馆门前破损路面修缮"
    assert "捐赠人限定的用途" in page.words
    assert reading.figures(page) == {"累计收到": "350,000.00", "已经支出": "350,000.00", "现在结余": "0.00"}
    assert reading.numbers(page) == [23, 1]
    assert "/disbursements/2023-01" in page.links()
    assert "/ledger?earmark=road" in page.links()


def test_promised_money_is_told_apart(session: Session, visit: Callable[..., Visitor]) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 11, 6))
        road = scenes.make_road(session)
        scenes.give(session, 500_000, earmark_id=road)
        scenes.approved(session, 200_000, earmark_id=road)
        scenes.drafted(session, 1_000, earmark_id=road, project_name="没提交的")
    page = visit().get("/earmarks/road")
    notes = reading.notes(page)
    assert notes["现在结余"] == "其中已批准待付 2,000.00 元，还可安排 3,000.00 元"
    assert notes["累计收到"] == "另有期初与用途变更转入 5,000.00 元"
    assert "没提交的" not in page.html


def test_unknown_purpose_is_a_sentence(town: Town) -> None:
    page = town.get("/earmarks/moon")
    assert page.status == 404
    assert "没有“moon”这个用途" in page.words
