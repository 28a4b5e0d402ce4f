"""The room looks at the big screen of a sale."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.ledger.treasury.operations import create_earmark
from app.sales import operations as sales
from app.shared.db import transaction
from tests.factories import actor
from tests.sales import scenes
from tests.visitor import Seen, Visitor

PART = {"HX-Request": "true"}


def _total(page: Seen) -> tuple[str, str]:
    (shown,) = page.tree.xpath("//*[@data-minor]")
    return shown.get("data-minor"), shown.text_content()


def test_board_follows_each_sale_and_never_names_a_buyer(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, scenes.give_goods(session))
    room = visit()
    page = room.get("/sales/gala-2023/board")
    assert _total(page) == ("0", "0.00")
    assert "第一笔成交会显示在这里" in page.words
    assert "还有 1 件拍品可买" in page.words
    with transaction(session, books=True):
        seller = actor(session, "secretary")
        sales.record_sale(
            session, seller, lot, quantity=99, amount_minor=123_456, method="cash", buyer="机密买家"
        )
        sale = sales.record_sale(session, seller, lot, quantity=1, amount_minor=300, method="wechat").id
        sales.set_box(session, seller, event, cash_minor=1_000)
    page = room.get("/sales/gala-2023/board")
    assert _total(page) == ("124756", "1,247.56")
    assert "机密买家" not in page.html
    assert "还有 0 件拍品可买" in page.words
    rows = [" ".join(row.text_content().split()) for row in page.tree.xpath("//ol/li")]
    assert rows == ["A01馕3.00", "A01馕 × 991,234.56"]
    with transaction(session, books=True):
        sales.void_sale(session, actor(session, "secretary"), sale, "输错了")
    page = room.get("/sales/gala-2023/board")
    assert _total(page) == ("124456", "1,244.56")
    assert len(page.tree.xpath("//ol/li")) == 1


def test_only_the_middle_is_asked_for_again_and_kept_until_the_next_sale(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, scenes.give_goods(session))
    room = visit()
    part = room.get("/sales/gala-2023/board", **PART)
    assert "<html" not in part.html
    assert _total(part) == ("0", "0.00")
    known = {**PART, "If-None-Match": part.headers["ETag"]}
    assert room.get("/sales/gala-2023/board", **known).status == 304
    scenes.sell(session, lot, 2, 600)
    fresh = room.get("/sales/gala-2023/board", **known)
    assert fresh.status == 200
    assert _total(fresh) == ("600", "6.00")


def test_board_says_what_the_proceeds_are_for_and_when_they_are_final(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    with transaction(session, books=True):
        who = actor(session, "accountant")
        school = create_earmark(session, who, scenes.fund_id(session), "school", "助学", "restricted").id
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, scenes.give_goods(session, earmark_id=school))
    scenes.sell(session, lot, 2, 600)
    room = visit()
    page = room.get("/sales/gala-2023/board")
    assert "所得用于：助学" in page.words
    assert "以清点入账为准" in page.words
    assert "大屏" in room.get("/sales/gala-2023").words
    scenes.close(session, event)
    page = room.get("/sales/gala-2023/board")
    assert "已清点入账" in page.words
    assert "以清点入账为准" not in page.words
    assert _total(page) == ("600", "6.00")
    assert room.get("/sales/none/board").status == 404
