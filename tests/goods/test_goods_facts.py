"""What the office says of goods beside their value: sort, state, last day, place, photographs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.donations.operations import correct_money, reverse_donation
from app.goods.models import GoodsLine
from app.goods.operations import GoodsDraft, describe_goods
from app.goods.queries import free_pieces, photos_of, place_name, stock_by_place
from app.goods.rules import same_goods
from app.log.checks import check_log
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Forbidden, Refused
from tests.donations.gifts import GOODS, PLACE, books, give, give_goods
from tests.factories import actor
from tests.files.pictures import photograph
from tests.sales import scenes as sales
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
MORE = {
    "goods-0-category": "food",
    "goods-0-condition": "new",
    "goods-0-expires_on": "2023-10-05",
    "goods-0-place": " 一楼库房 ",
}


def _lines(session: Session) -> list[GoodsLine]:
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(GoodsLine).order_by(GoodsLine.id)))


def test_goods_come_in_with_all_that_is_said_of_them(visit: Visit, session: Session) -> None:
    seen = visit("secretary").submit(
        f"{PLACE}/record-goods",
        {**GOODS, **MORE, "goods-0-photo": (photograph(), "馕.jpg")},
    )
    assert seen.status == 303
    (line,) = _lines(session)
    assert (line.category, line.condition, line.expires_on) == ("food", "new", date(2023, 10, 5))
    assert place_name(session, line.place_id) == "一楼库房"
    photo = photos_of(session, [line.id])[line.id]
    assert visit().get(f"/photos/{photo.id}").status == 200
    shown = visit("cashier").get(f"/office/goods/{line.id}")
    for words in ("食品", "全新", "2023-10-05", "已过期", "一楼库房", "收到 +300 个"):
        assert words in shown.words
    assert "已过期" in visit("cashier").get("/office/goods/").words


def test_a_last_day_before_the_goods_came_is_refused_beside_its_field(visit: Visit, session: Session) -> None:
    before = books(session)
    seen = visit("secretary").submit(
        f"{PLACE}/record-goods",
        {**GOODS, **MORE, "goods-0-expires_on": "2023-09-26", "goods-0-photo": (photograph(), "馕.jpg")},
    )
    assert seen.status == 422
    assert seen.error_at("goods-0-expires_on") == "有效期不能早于收到日期 2023-09-27"
    assert "馕.jpg" in seen.error_at("goods-0-photo")
    assert seen.value_of("goods-0-place") == "一楼库房"
    assert books(session) == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"%PDF-1.4 paper", "不是"), (b"\xff\xd8\xff" + bytes(1000), "太大")],
    ids=["a PDF", "too large"],
)
def test_what_is_no_picture_is_refused_beside_its_line_and_nothing_is_saved(
    visit: Visit, session: Session, monkeypatch: pytest.MonkeyPatch, content: bytes, sentence: str
) -> None:
    monkeypatch.setattr("app.files.rules.MAX_BYTES", 1000)
    before = books(session)
    sent = {**GOODS, **MORE, "goods-0-photo": (content, "馕.jpg")}
    seen = visit("secretary").submit(f"{PLACE}/record-goods", sent)
    assert seen.status == 422
    assert sentence in seen.error_at("goods-0-photo")
    assert "馕.jpg" in seen.error_at("goods-0-photo")
    assert seen.value_of("goods-0-expires_on") == "2023-10-05"
    assert books(session) == before


def test_a_correction_keeps_what_was_said_and_the_photographs(
    visit: Visit, session: Session, settings: Settings
) -> None:
    assert (
        visit("secretary")
        .submit(f"{PLACE}/record-goods", {**GOODS, **MORE, "goods-0-photo": (photograph(), "馕.jpg")})
        .status
        == 303
    )
    (old,) = _lines(session)
    accountant = visit("accountant")
    asked = accountant.submit(
        f"{PLACE}/{old.source_id}/goods", {"goods-0-quantity": "290", "reason": "数错了"}
    )
    assert asked.status == 200
    sent = accountant.send(asked, {"step": "confirm"}, path=f"{PLACE}/{old.source_id}/goods")
    assert sent.status == 303
    _gone, line = _lines(session)
    assert (line.quantity, line.category, line.condition) == (290, "food", "new")
    assert (line.expires_on, line.place_id) == (old.expires_on, old.place_id)
    assert photos_of(session, [line.id])[line.id].sha256 == photos_of(session, [old.id])[old.id].sha256
    assert [problem for check in check_log(session) for problem in check.problems] == []


def test_goods_move_to_another_place_and_stock_is_shown_by_place(visit: Visit, session: Session) -> None:
    give_goods(session)
    naan, toys = _lines(session)
    for place in ("二楼", "二楼"):  # the second one finds the place of the first
        seen = visit("secretary").submit(
            f"/office/goods/{naan.id}/change",
            {"category": "food", "expires_on": "2030-01-01", "place": place},
        )
        assert seen.status == 303
    session.rollback()
    found = [
        (each.name, each.kinds, each.pieces, each.value_minor)
        for each in stock_by_place(session, naan.fund_id)
    ]
    assert found == [("二楼", 1, 300, 90_000), ("", 1, 40, 20_000)]
    (place_id, _none) = (each.id for each in stock_by_place(session, naan.fund_id))
    upstairs = visit("cashier").get(f"/office/goods/?place={place_id}", HX_Request="true")
    assert f"/office/goods/{naan.id}" in upstairs.content.decode()
    assert f"/office/goods/{toys.id}" not in upstairs.content.decode()
    assert "儿童图书 40 册" in visit("cashier").get("/office/goods/?place=0").words
    with pytest.raises(Forbidden), transaction(session, books=True):
        describe_goods(
            session, actor(session, "cashier"), toys.id, category="", condition="", expires_on=None, place=""
        )
    wrong = visit("secretary").submit(f"/office/goods/{toys.id}/change", {"expires_on": "2023-09-01"})
    assert (wrong.status, wrong.error_at("expires_on")) == (422, "有效期不能早于收到日期 2023-09-20")


def test_soon_is_thirty_days(visit: Visit, session: Session) -> None:
    today = clock.today()
    give(
        session,
        0,
        goods=[
            GoodsDraft("牛奶", 1, "箱", 100, expires_on=today + timedelta(days=30)),
            GoodsDraft("面粉", 1, "袋", 100, expires_on=today + timedelta(days=31)),
        ],
    )
    words = visit("cashier").get("/office/goods/").words
    assert "牛奶 1 箱 还有 30 天到期" in words
    assert "面粉 1 袋 估值待确认" in words


def test_what_a_sale_counts_on_is_not_corrected_away(session: Session) -> None:
    line_id = sales.give_goods(session)
    sales.make_lot(session, sales.make_event(session), line_id, quantity=20, units=10)
    (line,) = _lines(session)
    assert free_pieces(session, line) == 100
    accountant = actor(session, "accountant")
    with pytest.raises(Refused, match="义卖"), transaction(session, books=True):
        reverse_donation(session, accountant, line.source_id, "重复")
    with pytest.raises(Refused, match="义卖"), transaction(session, books=True):
        correct_money(
            session, accountant, line.source_id, "数错了", goods=[GoodsDraft("馕", 290, "个", 87_000)]
        )


@pytest.mark.parametrize(
    "change",
    ["expires_on = '2023-09-01'", "category = 'gold'", "condition = 'broken'", "place_id = 999"],
)
def test_the_database_keeps_it_too(session: Session, change: str) -> None:
    give_goods(session)
    with pytest.raises(DBAPIError), transaction(session, books=True):
        session.execute(text(f"UPDATE goods_line SET {change}"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (["馕", "图书"], ["图书", "馕"], {0: 1, 1: 0}),
        (["馕", "图书"], ["烤馕", "图书"], {0: 0, 1: 1}),
        (["馕", "图书"], ["图书"], {0: 1}),
        (["馕", "馕"], ["馕", "馕"], {0: 0, 1: 1}),
        (["馕"], ["包子", "馕", "馕"], {1: 0}),
    ],
)
def test_corrected_lines_stand_for_those_of_the_same_item_else_the_same_row(
    old: list[str], new: list[str], expected: dict[int, int]
) -> None:
    assert same_goods(old, new) == expected
