"""The secretary sends the register of a sale in, answers what it does not say, looks at it, confirms. Without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.sales.models import Lot, SaleEvent
from tests.sales.workbooks.conftest import BOX, HEADINGS, Give, lot, sale
from tests.visitor import Seen, Visitor
from tests.workbooks import csv

Visit = Callable[..., Visitor]
SEND = "/office/sales/import/"

pytestmark = pytest.mark.usefixtures("goods")


def _sent(visitor: Visitor, content: bytes, name: str = "义卖.csv") -> str:
    answer = visitor.submit(SEND, {"file": (content, name)})
    assert answer.status == 303, answer.error_summary
    return str(answer.location)


def _events(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    return [(event.name, event.status) for event in session.scalars(select(SaleEvent))]


def _confirm(visitor: Visitor, page: Seen, path: str, **fields: str) -> Seen:
    return visitor.send(page, fields, path=path)


def test_a_register_is_sent_checked_and_confirmed(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot(), BOX, total=("35", "现金 35 元")))
    page = secretary.get(path)
    assert (page.status, page.heading) == (200, "核对义卖登记表")
    assert "来源按登记表《捐赠登记表》的序号对应" in page.words
    assert "来自第 3 号：馕 10个" in page.words
    assert "收款合计35.00元" in page.words
    assert _events(session) == []
    done = _confirm(secretary, page, path, close="y")
    assert done.status == 303
    shown = secretary.follow(done)
    assert any("已登记 1 件拍品，义卖已结束，入账 35.00 元" in one for one in shown.notices)
    assert _events(session) == [("义卖", "closed")]


def test_without_the_tick_the_event_stays_open(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot(), total=("30", "现金 30 元")))
    assert _confirm(secretary, secretary.get(path), path).status == 303
    assert _events(session) == [("义卖", "open")]


def test_a_total_that_differs_offers_no_closing(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot(), total=("30", "现金 29 元")))
    page = secretary.get(path)
    assert "合计行写的现金是 29.00 元，各行相加是 30.00 元，义卖不能随导入结束" in page.words
    assert not page.tree.xpath("//input[@name='close']")
    plan = page.value_of("plan")
    refused = secretary.post(path, {"plan": plan, "close": "y"})
    assert refused.status == 422
    assert "义卖不能随导入结束" in refused.error_summary
    assert _events(session) == []


def test_what_is_asked_is_answered_in_the_address(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    content = sale(
        lot("A02", "馕(十个装)", "3", "2", "", "25", "50"), lot("E01", "帽子", "7", "1", "", "5", "5")
    )
    path = _sent(secretary, content)
    page = secretary.get(path)
    assert "名称里写的像是 10 件，请核对后填写。" in page.words
    assert "是来源第 7 号里的哪一种" in page.words
    half = secretary.get(path + "?units-3=10")
    assert "2 份，每份 10 件" in half.words
    assert half.tree.xpath("//input[@name='units-3']/@value") == ["10"], "the first answer is sent on"
    answers = path + "?units-3=10&goods-4=衣帽"
    done = _confirm(secretary, secretary.get(answers), answers)
    assert done.status == 303
    session.rollback()
    assert session.execute(select(Lot.number, Lot.units_per_item).order_by(Lot.position)).all() == [
        ("A02", 10),
        ("E01", 1),
    ]


def test_a_wrong_answer_is_one_sentence_and_nothing_is_lost(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot("A02", "馕(十个装)", "3", "2", "", "25", "50")))
    page = secretary.get(path + "?units-3=许多")
    assert page.status == 422
    assert "“许多”不是数量" in page.error_summary
    assert page.tree.xpath("//input[@name='units-3']/@value") == ["许多"]


def test_a_refused_row_says_why_and_where(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot(), lot("A02", source="99")))
    page = secretary.get(path)
    assert "C4：捐赠登记表里没有序号“99”的实物捐赠" in page.words
    refused = _confirm(secretary, page, path)
    assert refused.status == 422
    assert "有 1 行不能记入" in refused.error_summary
    assert _events(session) == []
    assert _confirm(secretary, page, path, accept_good_rows="y").status == 303
    assert _events(session) == [("义卖", "open")]


def test_the_day_is_asked_when_the_title_does_not_tell(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot(), title="爱心义卖登记表"))
    page = secretary.get(path)
    assert page.tree.xpath("//input[@name='name']/@value") == ["爱心义卖"]
    assert not page.tree.xpath("//form[@method='post'][.//input[@name='plan']]")
    wrong = secretary.get(path + "?held_on=明天")
    assert wrong.status == 422
    answered = path + "?name=秋日义卖&held_on=2023-09-28"
    assert _confirm(secretary, secretary.get(answered), answered).status == 303
    assert _events(session) == [("秋日义卖", "open")]


def test_the_register_that_is_meant_is_chosen(visit: Visit, session: Session, give: Give) -> None:
    give("捐赠登记表（二）", (("3", "鞋子 6双", "180"),))
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot("A01", "鞋子", "3", "2", "", "20", "40")))
    page = secretary.get(path)
    assert "来源是哪一本捐赠登记表的序号" in page.words
    chosen = secretary.get(path + "?register=捐赠登记表（二）")
    assert "来自第 3 号：鞋子 2双" in chosen.words


def test_columns_are_asked_when_unsure(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    headings = tuple("钱" if heading == "收款" else heading for heading in HEADINGS)
    path = _sent(secretary, csv("义卖登记表 2023年9月28日", headings, lot()))
    page = secretary.get(path)
    assert page.heading == "每一列是什么"
    answered = secretary.get(path + "?column-H=amount")
    assert answered.heading == "核对义卖登记表"
    assert "收款合计30.00元" in answered.words
    assert secretary.get(path + "?column-H=amount&column-G=amount").heading == "每一列是什么"


def test_confirming_twice_records_once(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot()))
    page = secretary.get(path)
    first, second = _confirm(secretary, page, path), _confirm(secretary, page, path)
    assert (first.status, second.status) == (303, 303)
    assert first.location == second.location
    assert any("没有重复记入" in one for one in secretary.follow(second).notices)
    assert session.scalar(select(func.count()).select_from(SaleEvent)) == 1
    again = secretary.submit(SEND, {"file": (sale(lot()), "义卖.csv")})
    assert again.status == 422
    assert "这份文件已经导入过" in again.error_summary


def test_what_is_confirmed_is_what_was_seen(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path = _sent(secretary, sale(lot(quantity="200", price="1", amount="200")))
    page = secretary.get(path)
    other = _sent(
        secretary, sale(lot(quantity="200", price="1", amount="200"), title="另一场义卖 2023年9月28日")
    )
    assert _confirm(secretary, secretary.get(other), other).status == 303
    late = _confirm(secretary, page, path)
    assert late.status in (409, 422)
    assert _events(session) == [("另一场义卖", "open")]


NO_REGISTERS = (
    (b"\x89PNG\r\n\x1a\n1234", "义卖.xlsx", "其实是图片"),
    (b"", "义卖.xlsx", "文件是空的"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "义卖.xlsx", "密码"),
)


def test_a_file_that_is_no_register_is_refused_beside_the_field(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    for content, name, reason in NO_REGISTERS:
        page = secretary.submit(SEND, {"file": (content, name)})
        assert page.status == 422
        assert reason in page.error_at("file")
    assert _events(session) == []


def test_nothing_chosen_is_said(visit: Visit) -> None:
    page = visit("secretary").submit(SEND, {})
    assert page.status == 422
    assert "请选择文件" in page.error_summary


def test_an_address_is_for_one_person_and_one_import(visit: Visit, session: Session) -> None:
    path = _sent(visit("secretary"), sale(lot()))
    assert visit().get(path).status in (302, 303)
    assert visit("cashier").get(path).status == 403
    assert visit("secretary").get(path[:-3] + "abc").status == 404
    assert visit("secretary").get("/office/disbursements/import/" + path.rpartition("/")[2]).status == 404
