"""Recording a gift in kind, line by line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.goods.models import GoodsLine
from app.ledger.models import LedgerRow
from tests.donations.gifts import BAD_AMOUNTS, BAD_DAYS, GOODS, PLACE, books
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
RECORD = f"{PLACE}/record-goods"


def _two_lines(visitor: Visitor) -> dict[str, str]:
    """What is typed for naan and books; the second line exists once it was asked for."""
    return GOODS | {
        "goods-1-item": "儿童图书",
        "goods-1-quantity": "40",
        "goods-1-unit": "册",
        "goods-1-value": "¥200.00",
        "goods-1-basis": "二手书市场价",
        "once": "k" * 32,
        "earmark": "1",
    }


def test_two_kinds_of_goods_are_one_gift_in_stock_and_in_the_books(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    opened = secretary.post(RECORD, GOODS | {"step": "add-line", "once": "k" * 32, "earmark": "1"})
    assert opened.status == 200
    assert opened.value_of("goods-0-item") == "馕"
    typed = {name: value for name, value in _two_lines(secretary).items() if name.startswith("goods-1")}
    page = secretary.follow(secretary.send(opened, typed, path=RECORD))
    gift = session.scalars(select(Donation)).one()
    assert (gift.kind, gift.amount_minor) == ("goods", 110_000)
    lines = session.scalars(select(GoodsLine).order_by(GoodsLine.id)).all()
    assert [(line.item, line.quantity_left, line.unit, line.value_minor) for line in lines] == [
        ("馕", 300, "个", 90_000),
        ("儿童图书", 40, "册", 20_000),
    ]
    assert [line.basis_is_confirmed for line in lines] == [False, True]
    row = session.get_one(LedgerRow, (gift.entry_number, False))
    assert (row.direction, row.description) == ("goods", "捐赠物资：馕 300 个、儿童图书 40 册")
    assert page.words.count("估值待确认") == 1
    assert "二手书市场价" in page.words


def test_empty_lines_are_no_lines(visit: Visit, session: Session) -> None:
    empty = {f"goods-1-{name}": " " for name in ("item", "quantity", "unit", "value", "basis")}
    assert visit("secretary").post(RECORD, GOODS | empty | {"once": "k" * 32, "earmark": "1"}).status == 303
    assert session.scalars(select(GoodsLine.item)).all() == ["馕"]


def test_adding_a_line_keeps_what_was_typed_and_finds_no_fault(visit: Visit) -> None:
    secretary = visit("secretary")
    answer = secretary.post(RECORD, {"step": "add-line", "goods-0-value": "nonsense", "wish": "义卖"})
    assert answer.status == 200
    assert not answer.error_summary
    assert answer.value_of("goods-0-value") == "nonsense"
    assert answer.value_of("wish") == "义卖"
    assert answer.value_of("goods-1-item") == ""


def test_htmx_gets_only_the_lines(visit: Visit) -> None:
    part = visit("secretary").post(RECORD, GOODS | {"step": "add-line"}, HX_Request="true")
    assert part.html.lstrip().startswith('<div id="goods-lines"')
    assert "<h1" not in part.html
    assert 'name="goods-1-item"' in part.html


def test_gift_without_any_line_is_refused(visit: Visit, session: Session) -> None:
    before = books(session)
    blank = {name: "" for name in GOODS if name.startswith("goods")}
    answer = visit("secretary").submit(RECORD, GOODS | blank)
    assert answer.status == 422
    assert answer.error_at("goods") == "请至少填写一种物资"
    assert answer.value_of("donor") == "老马馕店"
    assert books(session) == before


@pytest.mark.parametrize(("typed", "sentence"), BAD_AMOUNTS.values(), ids=BAD_AMOUNTS)
def test_wrong_value_is_refused_beside_its_field(
    visit: Visit, session: Session, typed: str, sentence: str
) -> None:
    before = books(session)
    answer = visit("secretary").submit(RECORD, GOODS | {"goods-0-value": typed})
    assert (answer.status, answer.error_at("goods-0-value")) == (422, sentence)
    assert answer.value_of("goods-0-value") == typed
    assert books(session) == before


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0", "应在 1 到 10000000 之间"),
        ("-3", "应在 1 到 10000000 之间"),
        ("1000000000000000000", "应在 1 到 10000000 之间"),
        ("三百", "请填写整数"),
        ("1.5", "请填写整数"),
        ("", "请填写这一项"),
    ],
)
def test_wrong_quantity_is_refused_beside_its_field(
    visit: Visit, session: Session, typed: str, sentence: str
) -> None:
    before = books(session)
    answer = visit("secretary").submit(RECORD, GOODS | {"goods-0-quantity": typed})
    assert (answer.status, answer.error_at("goods-0-quantity")) == (422, sentence)
    assert answer.value_of("goods-0-quantity") == typed
    assert books(session) == before


@pytest.mark.parametrize(("typed", "sentence"), BAD_DAYS.values(), ids=BAD_DAYS)
def test_wrong_day_is_refused_beside_its_field(
    visit: Visit, session: Session, typed: str, sentence: str
) -> None:
    before = books(session)
    answer = visit("secretary").submit(RECORD, GOODS | {"received_on": typed})
    assert (answer.status, answer.error_at("received_on")) == (422, sentence)
    assert books(session) == before


def test_values_that_together_are_too_large_are_refused(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    before = books(session)
    huge = {"goods-0-value": "99999999999", "goods-1-value": "99999999999"}
    answer = secretary.post(RECORD, _two_lines(secretary) | huge)
    assert answer.status == 422
    assert "金额太大，最多 99,999,999,999.99 元" in answer.error_summary
    assert books(session) == before


def test_names_that_are_too_long_are_refused_beside_their_fields(visit: Visit, session: Session) -> None:
    before = books(session)
    long = "长" * 1100
    answer = visit("secretary").submit(
        RECORD, GOODS | {"goods-0-item": long, "goods-0-unit": long, "goods-0-basis": long}
    )
    assert answer.status == 422
    assert answer.error_at("goods-0-item") == "最多 120 个字"
    assert answer.error_at("goods-0-unit") == "最多 20 个字"
    assert answer.error_at("goods-0-basis") == "最多 1000 个字"
    assert books(session) == before


def test_sixty_lines_are_the_most(visit: Visit) -> None:
    lines = {f"goods-{number}-item": f"物资{number}" for number in range(60)}
    answer = visit("secretary").post(RECORD, lines | {"step": "add-line"})
    assert answer.status == 200
    assert 'name="goods-59-item"' in answer.html
    assert 'name="goods-60-item"' not in answer.html


def test_double_click_records_one_gift(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    form = secretary.get(RECORD)
    first = secretary.send(form, GOODS, path=RECORD)
    once = books(session)
    assert secretary.send(form, GOODS, path=RECORD).location == first.location
    assert books(session) == once


def test_stranger_and_wrong_offices_record_nothing(visit: Visit, session: Session) -> None:
    before = books(session)
    assert visit().get(RECORD).location.startswith("/office/sign-in")
    assert visit().post(RECORD, GOODS).status == 401
    for key in ("cashier", "council", "auditor"):
        assert visit(key).post(RECORD, GOODS).status == 403
    assert visit("secretary").client.put(RECORD).status_code == 405
    assert books(session) == before
