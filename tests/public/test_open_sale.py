"""A stranger looks at a charity sale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy.orm import Session

from app.goods.queries import in_stock
from app.sales import operations as sales
from app.sales.closing.operations import Count, close_event
from app.sales.rules import LotDraft
from app.shared import clock
from app.shared.db import transaction
from tests import factories
from tests.disbursements import scenes
from tests.donations import gifts
from tests.public import reading
from tests.public.conftest import Town
from tests.visitor import Visitor


def test_gala_of_the_example(town: Town) -> None:
    assert [each.text_content() for each in town.get("/sales").tree.xpath("//td[2]//a")] == [
        "慈善晚会义卖义拍"
    ]
    page = town.get("/sales/sale-2023-09-28")
    assert "备案信息缺失" in page.heading
    assert reading.figures(page) == {"共得": "1,675.00", "已经用出": "1,000.00", "还剩": "675.00"}
    assert reading.notes(page)["共得"] == "义卖 1,395.00 · 义拍 250.00 · 募捐箱 30.00"
    facts = reading.facts(page)
    assert facts["收款方式（元）"] == "现金 625.00 微信 1,050.00"
    assert facts["清点"] == "清点的钱与登记的一致"
    assert facts["分录"] == "第 9 至 19 号"
    rows = [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page.tree.xpath("//table[caption='拍品']/tbody/tr")
    ]
    assert rows[1][0] == "A02"
    assert "卖出 120 个" in rows[1][1]
    assert "爱心商户捐" in rows[1][1]
    assert [row[2] for row in rows] == (
        "540.00 300.00 140.00 80.00 135.00 120.00 70.00 120.00 100.00 40.00 30.00 1,675.00".split()
    )
    assert "辖区孤寡老人冬季慰问" in page.words
    for paddle in ("7 号牌", "18 号牌", "22 号牌"):
        assert paddle not in page.html


def test_sale_that_is_not_closed_shows_lots_but_no_money_and_never_buyers(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 9, 27))
        gifts.give_goods(session)
        moment.set_local(date(2023, 9, 28))
        secretary = factories.actor(session, "secretary")
        with transaction(session, books=True):
            event = sales.create_event(
                session,
                secretary,
                fund_id=scenes.fund_id(session),
                slug="autumn",
                name="秋日义卖",
                held_on=date(2023, 9, 28),
            ).id
            line = in_stock(session, scenes.fund_id(session))[0]
            lot = sales.add_lot(
                session, secretary, event, LotDraft("A01", "馕", "fixed_price", line.id, 100, 300)
            ).id
            sales.record_sale(
                session, secretary, lot, quantity=10, amount_minor=3_000, method="cash", buyer="机密买家"
            )
        stranger = visit()
        page = stranger.get("/sales/autumn")
        assert "还没有结账" in page.heading
        assert reading.figures(page) == {}
        assert "共 100 个" in page.words
        assert "30.00" not in page.words.replace("300.00", "")
        with transaction(session, books=True):
            close_event(session, secretary, event, [Count("cash", 2_900, "少收一元，已说明")])
    closed = stranger.get("/sales/autumn")
    assert reading.figures(closed)["共得"] == "30.00"
    assert reading.facts(closed)["清点"] == "现金少了 1.00 元"
    for address in ("/sales", "/sales/autumn", "/ledger", "/ledger.json", "/entries/2", "/entries/3"):
        assert "机密买家" not in stranger.get(address).content.decode()
    assert stranger.get("/sales/none").status == 404
