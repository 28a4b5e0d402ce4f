"""The auction's pages: the assistant's desk, the auctioneer's steps, the payment, a bidder's phone, the big screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.sales.auction import operations
from app.sales.auction.models import Auction, Bid, Paddle
from app.sales.models import Lot, Sale
from app.shared import clock
from app.shared.db import transaction
from tests.factories import actor
from tests.sales import scenes as sale_scenes
from tests.sales.auction import scenes
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
PHONE = "/sales/gala-2023/bid"
BOARD = "/sales/gala-2023/board"
PART = {"HX-Request": "true"}


def _desk(event: int, path: str = "") -> str:
    return f"/office/sales/{event}/auction{path}"


def _count(session: Session, model: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def _pins(page: Seen) -> dict[int, str]:
    return {int(number): pin for number, pin in re.findall(r"(\d+) 号牌PIN (\d{6})", page.words)}


def _phone(visit: Visit, number: int, pin: str) -> Visitor:
    """A phone that came in with a paddle."""
    phone = visit()
    entered = phone.send(phone.get(PHONE), {"number": str(number), "pin": pin})
    assert entered.location == PHONE, entered.words
    return phone


def _form_of(page: Seen, name: str) -> int:
    """The place of the form that has a field or a class of this name."""
    return next(
        index
        for index, form in enumerate(page.forms())
        if name in (form.get("class") or "") or name in form.fields
    )


def _quick(phone: Visitor) -> Seen:
    """Press the big button of the page as it is now."""
    page = phone.get(PHONE)
    return phone.send(page, form=_form_of(page, "bidding-quick"), path=PHONE)


def test_a_lot_from_the_form_to_the_payment(visit: Visit, session: Session) -> None:
    event = sale_scenes.make_event(session)
    line = sale_scenes.give_goods(session, "字画", 1, 5_000)
    secretary = visit("secretary")
    fields = {
        "number": "P01",
        "mode": "auction",
        "units_per_item": "1",
        "quantity": "1",
        "price": "100",
        "reserve": "99",
    }
    add = f"/office/sales/{event}/lots/add/{line}"
    refused = secretary.submit(add, fields)
    assert "保留价不能低于起拍价" in refused.error_at("reserve")
    assert secretary.send(refused, {"reserve": "150"}, path=add).status == 303
    session.rollback()
    lot = session.scalars(select(Lot)).one()
    assert (lot.step_minor, lot.reserve_minor) == (1_000, 15_000)
    assert "先指定拍卖师" in secretary.get(_desk(event)).words
    assert secretary.submit(f"/office/sales/{event}/auctioneer").status == 303
    assert len(_pins(secretary.submit(f"/office/sales/{event}/paddles", {"count": "2"}))) == 2
    step = _desk(event, f"/lots/{lot.id}")
    assert secretary.submit(f"{step}/open").location == _desk(event)
    desk = secretary.get(_desk(event))
    assert desk.value_of("amount") == "100.00"
    taken = secretary.send(desk, {"paddle": "1"}, path=_desk(event))
    assert taken.status == 303
    desk = secretary.follow(taken)
    assert desk.value_of("amount") == "110.00"
    assert "还没有达到" in desk.words
    early = secretary.get(f"{step}/hammer")
    assert "没有到保留价 150.00 元，不能落槌" in early.words
    assert f"{step}/pass" in early.links()
    secretary.send(desk, {"paddle": "2", "amount": "150"}, path=_desk(event))
    hammer = secretary.get(f"{step}/hammer")
    assert [secretary.send(hammer, path=f"{step}/hammer").status for _ in range(2)] == [303, 409]
    assert "等付款" in secretary.get(_desk(event)).words
    pay = secretary.get(f"{step}/pay")
    assert "2 号牌付 150.00 元" in pay.words
    assert secretary.send(pay, path=f"{step}/pay").error_at("method")
    answers = [secretary.send(pay, {"method": "wechat"}, path=f"{step}/pay").status for _ in range(2)]
    assert answers == [303, 303]
    assert _count(session, Sale) == 1
    assert "已付款" in secretary.get(_desk(event)).words
    assert secretary.get(f"{step}/pay").location == _desk(event)


WRONG_BIDS = [
    ({"paddle": "77"}, "paddle", "没有 77 号牌"),
    ({"paddle": "一"}, "paddle", "请填写整数"),
    ({"paddle": "9" * 30}, "paddle", "应在 1 到"),
    ({"paddle": "1"}, "paddle", "1 号牌已经领先"),
    ({"amount": "109.99"}, "amount", "加价不够，现在至少出 110.00 元"),
    ({"amount": "-110"}, "amount", "不能是负数"),
    ({"amount": "110.001"}, "amount", "最多两位小数"),
    ({"amount": "1" + "0" * 18}, "amount", "金额太大"),
    ({"amount": ""}, "amount", "请填写这一项"),
]


def test_wrong_bid_is_refused_beside_its_field_and_kept(visit: Visit, session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    scenes.bid(session, lot, 1, 10_000)
    secretary = visit("secretary")
    page = secretary.get(_desk(event))
    for changes, field, sentence in WRONG_BIDS:
        fields = {"paddle": "2", "amount": "110", **changes}
        refused = secretary.send(page, fields, path=_desk(event))
        assert refused.status == 422, changes
        assert sentence in refused.error_at(field), changes
        assert (refused.value_of("paddle"), refused.value_of("amount")) == (
            fields["paddle"],
            fields["amount"],
        )
    assert _count(session, Bid) == 1
    assert [secretary.send(page, {"paddle": "2"}, path=_desk(event)).status for _ in range(2)] == [303, 303]
    assert _count(session, Bid) == 2


def test_bid_typed_for_a_lot_that_is_over_does_not_land_on_the_next(visit: Visit, session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    secretary = visit("secretary")
    page = secretary.get(_desk(event))
    scenes.hammer(session, lot, scenes.bid(session, lot, 1, 10_000))
    scenes.on(session, event, number="P02")
    late = secretary.send(page, {"paddle": "2", "amount": "500"}, path=_desk(event))
    assert late.status == 409
    assert "这件拍品已经落槌" in late.error_summary
    assert (late.value_of("paddle"), late.value_of("amount")) == ("", "100.00")
    assert _count(session, Bid) == 1


def test_only_the_auctioneer_sees_and_takes_the_steps(visit: Visit, session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    bid = scenes.bid(session, lot, 1, 10_000)
    scenes.make_assistant(session)
    helper, secretary = visit(email=scenes.ASSISTANT), visit("secretary")
    steps = {_desk(event, f"/lots/{lot}/hammer"), _desk(event, f"/bids/{bid}/cancel")}
    assert steps <= secretary.get(_desk(event)).links()
    assert not steps & helper.get(_desk(event)).links()
    assert helper.send(helper.get(_desk(event)), {"paddle": "2"}, path=_desk(event)).status == 303
    assert helper.submit(_desk(event, f"/lots/{lot}/hammer")).status == 403
    assert helper.submit(_desk(event, f"/bids/{bid}/cancel"), {"reason": "听错"}).status == 403
    page = secretary.get(_desk(event, f"/bids/{bid}/cancel"))
    path = _desk(event, f"/bids/{bid}/cancel")
    assert secretary.send(page, {"reason": " "}, path=path).error_at("reason")
    assert [secretary.send(page, {"reason": "听错"}, path=path).status for _ in range(2)] == [303, 409]
    assert "听错" in secretary.get(_desk(event)).words


def test_hammer_page_that_a_bid_overtook_is_refused_and_shows_the_new_one(
    visit: Visit, session: Session
) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    scenes.bid(session, lot, 1, 10_000)
    secretary = visit("secretary")
    path = _desk(event, f"/lots/{lot}/hammer")
    page = secretary.get(path)
    scenes.bid(session, lot, 2, 11_000)
    overtaken = secretary.send(page, path=path)
    assert overtaken.status == 409
    assert "现在是 2 号牌 110.00 元" in overtaken.error_summary
    assert secretary.send(overtaken, path=path).status == 303


def test_phone_bids_with_its_paddle_and_learns_where_it_stands(visit: Visit, session: Session) -> None:
    event = scenes.prepared(session, paddles=1)
    secretary = visit("secretary")
    slips = secretary.submit(f"/office/sales/{event}/paddles", {"count": "2"})
    assert slips.status == 200
    assert "http://localhost/sales/gala-2023/bid" in slips.words
    pins = _pins(slips)
    assert list(pins) == [2, 3]
    assert pins[2] not in secretary.get(f"/office/sales/{event}/paddles").words
    lot = scenes.on(session, event)
    stranger = visit()
    page = stranger.get(PHONE)
    assert "字画 P01" in page.words
    assert "起拍价" in page.words
    wrong = stranger.send(page, {"number": "2", "pin": "000000" if pins[2] != "000000" else "1"})
    assert wrong.status == 422
    assert "号牌或 PIN 不对" in wrong.error_summary
    first, second = _phone(visit, 2, pins[2]), _phone(visit, 3, pins[3])
    assert _quick(first).location == PHONE
    assert "您领先" in first.get(PHONE).words
    page = second.get(PHONE)
    assert "2 号牌领先" in page.words
    own = _form_of(page, "bidding-own")
    low = second.send(page, {"amount": "105"}, form=own, path=PHONE)
    assert low.status == 422
    assert "加价不够，现在至少出 110.00 元" in low.error_at("amount")
    assert low.forms()[_form_of(low, "bidding-own")].fields["amount"] == "105"
    assert second.send(page, {"amount": "300"}, form=own, path=PHONE).location == PHONE
    assert "您领先" in second.get(PHONE).words
    assert "3 号牌领先" in first.get(PHONE).words
    assert "300.00" in first.get(PHONE, **PART).words
    again = second.send(page, {"amount": "400"}, form=_form_of(page, "bidding-own"), path=PHONE)
    assert again.location == PHONE, "the same form sent again is the bid that it was"
    assert _count(session, Bid) == 2
    scenes.hammer(session, lot, session.scalars(select(func.max(Bid.id))).one())
    late = second.send(page, form=_form_of(page, "bidding-quick"), path=PHONE)
    assert late.status == 409
    assert "现在没有正在拍的" in first.get(PHONE).words


def test_phone_is_out_when_its_pin_is_new_or_its_paddle_blocked(visit: Visit, session: Session) -> None:
    event = scenes.prepared(session, paddles=1)
    secretary = visit("secretary")
    pins = _pins(secretary.submit(f"/office/sales/{event}/paddles", {"count": "1"}))
    scenes.on(session, event)
    phone = _phone(visit, 2, pins[2])
    assert "您用的是 2 号牌" in phone.get(PHONE).words
    paddle = scenes.paddle_id(session, event, 2)
    renewed = secretary.submit(f"/office/sales/{event}/paddles/{paddle}/pin")
    new = _pins(renewed)[2]
    assert "要出价，先输入号牌" in phone.get(PHONE).words
    assert phone.post(PHONE, {"lot": "1", "amount": "100", "once": "o" * 32}).status == 422
    phone = _phone(visit, 2, new)
    address = f"/office/sales/{event}/paddles/{paddle}"
    fields = {"name": "张三丰", "contact": "13999990000", "blocked": "y"}
    assert secretary.submit(address, fields).status == 303
    assert "张三丰" in secretary.get(f"/office/sales/{event}/paddles").words
    assert "要出价，先输入号牌" in phone.get(PHONE).words
    assert phone.send(phone.get(PHONE), {"number": "2", "pin": new}).status == 422
    for path in (PHONE, BOARD, "/sales/gala-2023"):
        assert "张三丰" not in visit().get(path).html
    assert _count(session, Bid) == 0


def test_guessing_a_pin_is_slow(visit: Visit, session: Session) -> None:
    scenes.prepared(session)
    phone = visit()
    page = phone.get(PHONE)
    answers = [phone.send(page, {"number": "1", "pin": f"x{guess}"}).status for guess in range(11)]
    assert answers == [422] * 10 + [429]
    assert phone.get(f"{PHONE}/enter").location == PHONE, "a link in another language finds the page"
    assert phone.send(page, {"number": "2", "pin": "x"}).status == 422, "another paddle of the hall is free"


def test_leaving_forgets_the_paddle(visit: Visit, session: Session) -> None:
    event = scenes.prepared(session, paddles=1)
    pins = _pins(visit("secretary").submit(f"/office/sales/{event}/paddles", {"count": "1"}))
    phone = _phone(visit, 2, pins[2])
    page = phone.get(PHONE)
    assert phone.send(page, form=_form_of(page, "bidding-leave")).location == PHONE
    assert "要出价，先输入号牌" in phone.get(PHONE).words


def test_board_shows_the_lot_that_is_on_and_never_the_reserve(visit: Visit, session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event, reserve_minor=77_700)
    room = visit()
    board = room.get(BOARD)
    assert "P01 字画 P01" in board.words
    assert "起拍价（元） 100.00" in board.words
    known = {**PART, "If-None-Match": board.headers["ETag"]}
    scenes.bid(session, lot, 4, 10_000)
    part = room.get(BOARD, **known)
    assert part.status == 200
    assert "4 号牌 · 下一口至少 110.00 元" in part.words
    assert room.get(BOARD, **{**PART, "If-None-Match": part.headers["ETag"]}).status == 304
    with clock.simulated(clock.now()):
        with transaction(session, books=True):
            operations.announce_closing(session, actor(session, "secretary"), lot, 60)
        ends = int((clock.now() + timedelta(seconds=60)).timestamp())
    assert f'data-closes-at="{ends}"' in room.get(BOARD, **PART).html
    for path in (BOARD, PHONE, "/sales/gala-2023", "/sales"):
        assert "777.00" not in room.get(path).html, path
    last = scenes.bid(session, lot, 5, 80_000)
    with clock.simulated(clock.now() + timedelta(seconds=61)):
        scenes.hammer(session, lot, last)
    board = room.get(BOARD)
    assert "落槌：P01 字画 P01 · 5 号牌 · 800.00（付款后计入）" in board.words
    assert board.tree.xpath("//*[@data-minor]/@data-minor") == ["0"]
    scenes.pay(session, lot)
    board = room.get(BOARD)
    assert "付款后计入" not in board.words
    assert board.tree.xpath("//*[@data-minor]/@data-minor") == ["80000"]


def test_desk_and_closing_wait_for_the_auction(visit: Visit, session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    sold = sale_scenes.make_lot(session, event, sale_scenes.give_goods(session))
    sale_scenes.sell(session, sold, 1, 300)
    secretary = visit("secretary")
    page = secretary.get(f"/office/sales/{event}/close")
    refused = secretary.send(page, {"counted_cash": "3"}, path=f"/office/sales/{event}/close")
    assert refused.status == 409
    assert "拍品 P01 还在拍" in refused.error_summary
    record = secretary.submit(f"/office/sales/{event}/record", {"lot": str(lot), "amount": "100"})
    assert record.status == 409
    assert "请在义拍页面收款" in record.error_summary
    remove = secretary.submit(f"/office/sales/{event}/lots/{lot}/remove")
    assert remove.status == 409
    assert (_count(session, Auction), _count(session, Paddle)) == (1, 6)
