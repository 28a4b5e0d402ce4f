"""A stranger opens one entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.operations import correct_money
from app.log.models import Leaf
from app.shared import clock
from app.shared.db import transaction
from tests import factories
from tests.donations import gifts
from tests.public import reading
from tests.public.conftest import Town
from tests.visitor import Seen, Visitor


def _table(seen: Seen, caption: str) -> list[list[str]]:
    (table,) = [
        each
        for each in seen.tree.xpath("//main//table")
        if each.xpath("./caption")[0].text_content() == caption
    ]
    return [[" ".join(cell.text_content().split()) for cell in row] for row in table.xpath("./tbody/tr")]


def test_gift_tells_what_it_was_used_for(town: Town) -> None:
    page = town.get("/entries/2")
    assert page.status == 200
    assert page.heading.startswith("新疆三为城市生态环境科技服务有限公司")
    assert reading.figures(page) == {"收入": "5,000.00", "已经用出": "5,000.00", "还剩": "0.00"}
    assert _table(page, "用到哪些支出") == [["2023-11-15", "辖区孤寡老人冬季慰问2023-02", "5,000.00"]]
    facts = reading.facts(page)
    assert facts["日期"] == "2023-09-20"
    assert facts["类别"] == "捐赠"
    assert facts["用途"] == "非限定"
    assert "/entries/22" in page.links()


def test_payment_tells_whose_gifts_it_spent(town: Town) -> None:
    page = town.get("/entries/22")
    assert reading.figures(page) == {"支出": "6,000.00"}
    assert _table(page, "这笔支出用到的捐款") == [
        ["新疆三为城市生态环境科技服务有限公司", "5,000.00"],
        ["慈善晚会义卖义拍4 笔", "1,000.00"],
    ]
    assert reading.facts(page)["拨付申请"] == "2023-02"
    assert {"/disbursements/2023-02", "/sales/sale-2023-09-28", "/entries/2"} <= page.links()
    assert _table(page, "会计分录") == [
        ["510101 业务活动成本——项目支出", "非限定 · 辖区孤寡老人冬季慰问", "6,000.00", ""],
        ["1002 银行存款（银行）", "非限定 · 辖区孤寡老人冬季慰问", "", "6,000.00"],
    ]


def test_folded_entry_leads_to_its_event(town: Town) -> None:
    page = town.get("/entries/12")
    assert page.heading.startswith("慈善晚会义卖义拍 B02 儿童图书")
    assert reading.figures(page) == {"收入": "80.00", "已经用出": "20.00", "还剩": "60.00"}
    assert reading.facts(page)["义卖活动"] == "慈善晚会义卖义拍"
    assert len(_table(page, "会计分录")) == 4


def test_goods_show_their_valuation_and_what_is_left(town: Town) -> None:
    assert _table(town.get("/entries/3"), "这笔捐赠的物资") == [
        ["馕 300 个还剩 0 个 · 估值依据：3元/个,店内售价", "900.00"]
    ]
    ((coupons, value),) = _table(town.get("/entries/6"), "这笔捐赠的物资")
    assert "估值待确认" in coupons
    assert "还剩 5 张" in coupons
    assert value == "400.00"


def test_each_entry_shows_its_record_in_the_log(town: Town) -> None:
    for number in (1, 12, 23):
        page = town.get(f"/entries/{number}")
        position = int(reading.facts(page)["账本记录"].removeprefix("第 ").removesuffix(" 号"))
        leaf = town.session.scalars(select(Leaf).where(Leaf.position == position)).one()
        assert (leaf.kind, leaf.subject_id) == ("entry", number)
        assert page.tree.xpath("//code")[0].text_content() == leaf.digest.hex()


def test_correction_links_what_was_and_what_is(session: Session, visit: Callable[..., Visitor]) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 9, 21))
        given = gifts.give(session, 5_000)
        with transaction(session, books=True):
            correct_money(
                session, factories.actor(session, "accountant"), given, "金额写错", amount_minor=5_500
            )
    stranger = visit()
    wrong, reversal, right = (stranger.get(f"/entries/{number}") for number in (1, 2, 3))
    assert "这笔记录已经冲销，不再计入合计" in wrong.words
    assert {"/entries/2", "/entries/3"} <= wrong.links()
    assert "这笔记录用来冲销前面的记录" in reversal.words
    assert "/entries/1" in reversal.links()
    assert reading.figures(reversal)["收入"] == "−50.00"
    assert "这是更正后的记录" in right.words
    assert "/entries/1" in right.links()
    assert reading.figures(right)["收入"] == "55.00"
    assert "金额写错" not in wrong.html + reversal.html + right.html, "a reason is typed for the office"
    listed = stranger.get("/ledger")
    assert "已被第 2 号冲销" in listed.words
    assert "冲销第 1 号" in listed.words


def test_unknown_entry_is_a_sentence(town: Town) -> None:
    page = town.get("/entries/24")
    assert page.status == 404
    assert "没有第 24 号分录" in page.words
    assert town.get("/entries/99999999999999999999999").status == 404
    assert town.get("/entries/x").status == 404
