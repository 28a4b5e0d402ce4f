"""Bids, their order, cancellations, the hammer and payment: what the operations and the database keep true."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.people.queries import actor as actor_by_id
from app.sales import operations as sales
from app.sales import queries as sale_queries
from app.sales.auction import operations, queries
from app.sales.auction.checks import check_auctions
from app.sales.auction.models import Auction, Bid
from app.sales.bidding.operations import cancel_bid, place_bid, place_phone_bid
from app.sales.paddles.operations import change_paddle, issue_paddles, opened_by, renew_pin
from app.sales.rules import LotDraft
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, Refused, SunledgerError
from tests.factories import actor
from tests.sales import scenes as sale_scenes
from tests.sales.auction import scenes
from tests.visitor import Visitor


def _do(session: Session, act: Callable[..., object], *arguments: object, **named: object) -> object:
    with transaction(session, books=True):
        return act(session, actor(session, "secretary"), *arguments, **named)


def _status(session: Session, lot: int) -> str:
    session.rollback()
    session.expire_all()
    return session.get_one(Auction, lot).status


def _bids(session: Session, lot: int) -> list[tuple[int, int]]:
    session.rollback()
    return [
        (each.number, each.amount_minor)
        for each in session.scalars(select(Bid).where(Bid.lot_id == lot).order_by(Bid.number))
    ]


def _breaches(session: Session) -> list[str]:
    session.rollback()
    session.expire_all()
    return [problem for check in check_auctions(session) for problem in check.problems]


def test_first_bid_is_the_start_price_and_each_next_one_a_step_more(session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    with pytest.raises(Refused, match=r"起拍价是 100.00 元，出价不能更低") as refusal:
        scenes.bid(session, lot, 1, 9_999)
    assert refusal.value.field == "amount"
    scenes.bid(session, lot, 1, 10_000)
    with pytest.raises(Refused, match=r"已经有人出到 100.00 元，现在至少出 110.00 元"):
        scenes.bid(session, lot, 2, 10_000)
    with pytest.raises(Refused, match=r"加价不够，现在至少出 110.00 元"):
        scenes.bid(session, lot, 2, 10_999)
    with pytest.raises(Refused, match="1 号牌已经领先") as refusal:
        scenes.bid(session, lot, 1, 20_000)
    assert refusal.value.field == "paddle"
    with pytest.raises(Refused, match="您已经领先"):
        scenes.phone_bid(session, lot, scenes.paddle_id(session, event, 1), 20_000)
    scenes.bid(session, lot, 2, 11_000)
    scenes.phone_bid(session, lot, scenes.paddle_id(session, event, 1), 50_000)
    assert _bids(session, lot) == [(1, 10_000), (2, 11_000), (3, 50_000)]


def test_paddle_must_be_known_of_this_event_and_not_blocked(session: Session) -> None:
    event, other = scenes.prepared(session), scenes.prepared(session, slug="other")
    lot = scenes.on(session, event)
    with pytest.raises(Refused, match="没有 77 号牌") as refusal:
        scenes.bid(session, lot, 77, 10_000)
    assert refusal.value.field == "paddle"
    blocked = scenes.paddle_id(session, event, 3)
    _do(session, change_paddle, blocked, name="", contact="", blocked=True)
    for bid in (
        lambda: scenes.bid(session, lot, 3, 10_000),
        lambda: scenes.phone_bid(session, lot, blocked, 10_000),
    ):
        with pytest.raises(Refused, match="3 号牌已停用"):
            bid()
    with pytest.raises(SunledgerError, match="没有这个号牌"):
        scenes.phone_bid(session, lot, scenes.paddle_id(session, other, 1), 10_000)
    assert _bids(session, lot) == []


def test_bid_sent_twice_is_one_bid(session: Session) -> None:
    lot = scenes.on(session, scenes.prepared(session))
    first = scenes.bid(session, lot, 1, 10_000, key="k" * 32)
    assert scenes.bid(session, lot, 1, 10_000, key="k" * 32) == first
    scenes.bid(session, lot, 2, 11_000)
    assert scenes.bid(session, lot, 1, 10_000, key="k" * 32) == first
    assert _bids(session, lot) == [(1, 10_000), (2, 11_000)]


def test_lot_takes_bids_only_while_it_is_on(session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.make_lot(session, event)
    with pytest.raises(Conflict, match="还没有开拍"):
        scenes.bid(session, lot, 1, 10_000)
    scenes.open_lot(session, lot)
    second = scenes.make_lot(session, event, number="P02")
    with pytest.raises(Conflict, match="拍品 P01 还在拍"):
        scenes.open_lot(session, second)
    with pytest.raises(Conflict, match="状态刚刚变了"):
        scenes.open_lot(session, lot)
    won = scenes.bid(session, lot, 1, 10_000)
    with pytest.raises(Conflict, match="已经有人出价，不能收回"):
        _do(session, operations.take_back_lot, lot)
    scenes.hammer(session, lot, won)
    with pytest.raises(Conflict, match="已经落槌"):
        scenes.bid(session, lot, 2, 20_000)
    scenes.open_lot(session, second)
    _do(session, operations.take_back_lot, second)
    scenes.open_lot(session, second)
    _do(session, operations.pass_lot, second, bid_id=None)
    with pytest.raises(Conflict, match="没有成交"):
        scenes.bid(session, second, 2, 20_000)
    scenes.pay(session, lot)
    sale_scenes.close(session, event)
    with pytest.raises(Conflict, match="这场义卖已经结束"):
        scenes.bid(session, second, 2, 20_000)


def test_wrong_bid_is_cancelled_by_the_auctioneer_alone(session: Session) -> None:
    event = scenes.prepared(session)
    assistant = scenes.make_assistant(session)
    lot = scenes.on(session, event)
    low = scenes.bid(session, lot, 1, 10_000)
    wrong = scenes.bid(session, lot, 2, 110_000)
    with pytest.raises(Forbidden, match="只有本场的拍卖师"), transaction(session, books=True):
        cancel_bid(session, actor_by_id(session, assistant), wrong, "听错了")
    with pytest.raises(Refused, match="写明取消的原因"):
        scenes.cancel(session, wrong, "  ")
    scenes.cancel(session, wrong)
    with pytest.raises(Conflict, match="已经取消"):
        scenes.cancel(session, wrong)
    leading = queries.leading_bid(session, lot)
    assert leading is not None
    assert leading.id == low
    with transaction(session, books=True):
        place_bid(session, actor_by_id(session, assistant), lot, paddle_number=2, amount_minor=11_000)
    assert _bids(session, lot) == [(1, 10_000), (2, 110_000), (3, 11_000)]
    won = queries.leading_bid(session, lot)
    assert won is not None
    scenes.hammer(session, lot, won.id)
    with pytest.raises(Conflict, match="已经不在拍"):
        scenes.cancel(session, won.id)
    assert _breaches(session) == []


def test_only_the_auctioneer_opens_and_hammers(session: Session) -> None:
    event = scenes.prepared(session)
    helper = actor_by_id(session, scenes.make_assistant(session))
    lot = scenes.make_lot(session, event)
    with pytest.raises(Forbidden, match="只有本场的拍卖师"), transaction(session, books=True):
        operations.open_lot(session, helper, lot)
    scenes.open_lot(session, lot)
    bid = scenes.bid(session, lot, 1, 10_000)
    for act in (
        lambda: operations.hammer_lot(session, helper, lot, bid_id=bid),
        lambda: operations.pass_lot(session, helper, lot, bid_id=bid),
        lambda: operations.announce_closing(session, helper, lot, 60),
        lambda: operations.set_auctioneer(session, helper, event, helper.user_id or 0),
    ):
        with pytest.raises(Forbidden, match="拍卖师"), transaction(session, books=True):
            act()
    cashier = actor(session, "cashier").user_id
    with pytest.raises(Refused, match="要有办理义卖的岗位"):
        _do(session, operations.set_auctioneer, event, cashier)
    _do(session, operations.set_auctioneer, event, helper.user_id)
    with transaction(session, books=True):
        operations.hammer_lot(session, helper, lot, bid_id=bid)
    assert _status(session, lot) == "hammered"


def test_auction_without_an_auctioneer_does_not_begin(session: Session) -> None:
    event = sale_scenes.make_event(session)
    lot = scenes.make_lot(session, event)
    with pytest.raises(Refused, match="请先指定拍卖师"):
        scenes.open_lot(session, lot)


def test_event_that_is_still_to_come_has_no_auction_yet(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    event = sale_scenes.make_event(session, day=clock.today() + timedelta(days=3))
    who = actor(session, "secretary").user_id
    _do(session, operations.set_auctioneer, event, who)
    lot = scenes.make_lot(session, event)
    with pytest.raises(Conflict, match="那天起才能开拍"):
        scenes.open_lot(session, lot)
    assert visit().get("/sales/gala-2023/bid").status == 404
    sale_scenes.announce(session, event)
    assert visit().get("/sales/gala-2023/bid").status == 200


def test_winner_pays_in_a_way_that_was_announced(session: Session) -> None:
    event = scenes.prepared(session)
    sale_scenes.announce(session, event, "bank")
    lot = scenes.on(session, event)
    scenes.hammer(session, lot, scenes.bid(session, lot, 1, 10_000))
    with pytest.raises(Refused, match="没有公布这种收款账户") as refusal:
        _do(session, operations.pay_lot, lot, turn=1, method="wechat", key="k" * 32)
    assert refusal.value.field == "method"
    scenes.pay(session, lot)


def test_hammer_falls_on_what_was_seen_and_never_below_the_reserve(session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event, reserve_minor=30_000)
    with pytest.raises(Refused, match="还没有人出价"):
        scenes.hammer(session, lot, 1)
    low = scenes.bid(session, lot, 1, 10_000)
    with pytest.raises(Refused, match=r"没有到保留价 300.00 元，不能落槌，只能宣布不成交"):
        scenes.hammer(session, lot, low)
    high = scenes.bid(session, lot, 2, 30_000)
    with pytest.raises(Conflict, match=r"现在是 2 号牌 300.00 元"):
        scenes.hammer(session, lot, low)
    with pytest.raises(Refused, match="应当落槌"):
        _do(session, operations.pass_lot, lot, bid_id=high)
    scenes.hammer(session, lot, high)
    with pytest.raises(Conflict, match="状态刚刚变了"):
        scenes.hammer(session, lot, high)
    unmet = scenes.on(session, event, number="P02", reserve_minor=30_000)
    low = scenes.bid(session, unmet, 1, 10_000)
    with pytest.raises(Conflict, match="最高出价变了"):
        _do(session, operations.pass_lot, unmet, bid_id=None)
    _do(session, operations.pass_lot, unmet, bid_id=low)
    assert _status(session, unmet) == "passed"


def test_hammer_price_counts_only_when_it_is_paid(session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    scenes.hammer(session, lot, scenes.bid(session, lot, 1, 80_000))

    def total() -> int:
        session.rollback()
        session.expire_all()
        return sale_queries.totals_of(session, sale_queries.event(session, event)).total_minor

    assert total() == 0
    with pytest.raises(Conflict, match="请在义拍页面收款"):
        sale_scenes.sell(session, lot, 1, 80_000)
    with pytest.raises(Conflict, match="拍品 P01 还在拍，或已落槌还没有付款"):
        sale_scenes.close(session, event)
    sale = scenes.pay(session, lot)
    assert scenes.pay(session, lot) == sale
    with pytest.raises(Conflict, match="状态刚刚变了"):
        scenes.pay(session, lot, key="another form of the desk")
    assert total() == 80_000
    _do(session, sales.void_sale, sale, "收错了")
    assert (total(), _status(session, lot)) == (0, "hammered")
    scenes.pay(session, lot, key="a second form of the desk")
    assert _breaches(session) == []
    sale_scenes.close(session, event)
    assert sale_scenes.pool(session) == (80_000, 0)


def test_unpaid_winner_is_passed_to_the_next_bidder(session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event, reserve_minor=11_000)
    for paddle, minor in ((1, 10_000), (2, 11_000), (3, 12_000), (2, 13_000), (4, 14_000)):
        last = scenes.bid(session, lot, paddle, minor)
    scenes.cancel(session, scenes.bid(session, lot, 5, 90_000))
    scenes.hammer(session, lot, last)

    def winner() -> tuple[int | None, int | None]:
        session.rollback()
        found = queries.auction_lot(session, lot)
        return found.paddle_number, found.amount_minor

    assert winner() == (4, 14_000)
    _do(session, operations.pass_on_lot, lot, turn=1)
    assert winner() == (2, 13_000)
    with pytest.raises(Conflict, match="状态刚刚变了"):
        _do(session, operations.pass_on_lot, lot, turn=1)
    with pytest.raises(Conflict, match="状态刚刚变了"):
        scenes.pay(session, lot, 1)
    _do(session, operations.pass_on_lot, lot, turn=2)
    assert winner() == (3, 12_000), "2 had its turn: the 11,000 of the same paddle is nobody else's"
    with pytest.raises(Refused, match=r"没有到保留价 110.00 元，只能放弃"):
        _do(session, operations.pass_on_lot, lot, turn=3)
    _do(session, operations.give_up_lot, lot, turn=3)
    assert _status(session, lot) == "unsold"
    alone = scenes.on(session, event, number="P02")
    scenes.hammer(session, alone, scenes.bid(session, alone, 1, 10_000))
    with pytest.raises(Refused, match="没有别的号牌出过价"):
        _do(session, operations.pass_on_lot, alone, turn=1)
    assert _breaches(session) == []


def test_bid_in_the_last_moment_moves_the_close_and_after_it_none_is_taken(session: Session) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    with clock.simulated(clock.now()) as moment:
        with pytest.raises(Refused, match="10 到 3600 秒"):
            _do(session, operations.announce_closing, lot, 5)
        _do(session, operations.announce_closing, lot, 60)

        def left() -> float:
            session.rollback()
            session.expire_all()
            closes_at = session.get_one(Auction, lot).closes_at
            assert closes_at is not None
            return (closes_at - clock.now()).total_seconds()

        scenes.bid(session, lot, 1, 10_000)
        assert left() == 60
        moment.advance(timedelta(seconds=31))
        scenes.bid(session, lot, 2, 11_000)
        assert left() == 30
        moment.advance(timedelta(seconds=29))
        wrong = scenes.bid(session, lot, 3, 99_000)
        assert left() == 30
        moment.advance(timedelta(seconds=30))
        with pytest.raises(Conflict, match="出价时间已经结束，请等拍卖师落槌"):
            scenes.bid(session, lot, 4, 100_000)
        scenes.cancel(session, wrong)
        assert left() == 30, "whom the wrong bid kept from bidding gets a last moment"
        last = scenes.bid(session, lot, 4, 12_000)
        moment.advance(timedelta(seconds=29))
        with pytest.raises(Refused, match="倒计时还没有到"):
            scenes.hammer(session, lot, last)
        with pytest.raises(Refused, match="倒计时还没有到"):
            _do(session, operations.pass_lot, lot, bid_id=last)
        moment.advance(timedelta(seconds=1))
        scenes.hammer(session, lot, last)
    assert _status(session, lot) == "hammered"


def test_bids_at_once_are_in_order_without_gaps_and_none_is_lost(session: Session, engine: Engine) -> None:
    event = scenes.prepared(session, paddles=8)
    lot = scenes.on(session, event)
    ids = [scenes.paddle_id(session, event, number) for number in range(1, 9)]
    session.rollback()
    start = threading.Barrier(8)

    def phone(paddle: int) -> list[tuple[str, int]]:
        """Bids rising sums, as fast as they are answered: what each answer was."""
        answers = []
        with Session(engine, expire_on_commit=False) as own:
            start.wait()
            for minor in range(10_000, 22_000, 1_000):
                try:
                    with transaction(own, books=True):
                        place_phone_bid(own, paddle, lot, amount_minor=minor)
                except Refused as refusal:
                    answers.append((str(refusal), minor))
                else:
                    answers.append(("taken", minor))
        return answers

    with ThreadPoolExecutor(8) as phones:
        answers = [answer for each in phones.map(phone, ids) for answer in each]
    bids = _bids(session, lot)
    taken = sorted(minor for said, minor in answers if said == "taken")
    assert [minor for _, minor in bids] == taken, "what was said to be taken is there, in rising order"
    assert [number for number, _ in bids] == list(range(1, len(taken) + 1))
    assert len(answers) == 8 * 12
    for said, _ in answers:
        assert said == "taken" or "至少出" in said or "已经领先" in said
    assert _breaches(session) == []


def test_equal_bids_at_once_the_first_counts(session: Session, engine: Engine) -> None:
    event = scenes.prepared(session)
    lot = scenes.on(session, event)
    ids = [scenes.paddle_id(session, event, number) for number in range(1, 5)]
    session.rollback()
    start = threading.Barrier(4)

    def phone(paddle: int) -> str:
        with Session(engine, expire_on_commit=False) as own:
            start.wait()
            try:
                with transaction(own, books=True):
                    place_phone_bid(own, paddle, lot, amount_minor=10_000)
            except Refused as refusal:
                return str(refusal)
            return ""

    with ThreadPoolExecutor(4) as phones:
        said = sorted(phones.map(phone, ids))
    assert said == ["", *["已经有人出到 100.00 元，现在至少出 110.00 元"] * 3]


def test_lot_for_bids_is_one_pack_with_a_reserve_above_its_start(session: Session) -> None:
    event = sale_scenes.make_event(session)
    line = sale_scenes.give_goods(session)

    def draft(**changes: object) -> LotDraft:
        values = {"mode": "auction", "quantity": 1, "price_minor": 10_000, "step_minor": 1_000, **changes}
        return LotDraft(number="P01", name="字画", goods_line_id=line, **values)  # type: ignore[arg-type]

    for changes, field, sentence in (
        ({"quantity": 2}, "quantity", "只能是 1 份"),
        ({"reserve_minor": 9_999}, "reserve", "不能低于起拍价"),
        ({"step_minor": 0}, "step", "必须大于零"),
        ({"mode": "fixed_price"}, "step", "只有义拍有加价幅度"),
        ({"mode": "fixed_price", "step_minor": None, "reserve_minor": 1}, "reserve", "只有义拍有保留价"),
    ):
        with pytest.raises(Refused, match=sentence) as refusal:
            _do(session, sales.add_lot, event, draft(**changes))
        assert refusal.value.field == field
    lot = scenes.make_lot(session, event, reserve_minor=10_000)
    for wrong, name in (
        ("step_minor = 0", "lot_for_bids_is_one_pack"),
        ("quantity = 2", "lot_for_bids_is_one_pack"),
        ("reserve_minor = 1", "reserve_is_not_below_the_start"),
    ):
        with pytest.raises(DBAPIError, match=name), transaction(session):
            session.execute(text(f"UPDATE lot SET {wrong} WHERE id = {lot}"))


def test_paddles_are_given_out_once_and_open_with_their_pin_alone(session: Session) -> None:
    event = sale_scenes.make_event(session)
    pins = _do(session, issue_paddles, event, count=3, key="k" * 32)
    assert isinstance(pins, dict)
    assert list(pins) == [1, 2, 3]
    assert all(len(pin) == 6 and pin.isdigit() for pin in pins.values())
    with pytest.raises(Conflict, match="已经发过了"):
        _do(session, issue_paddles, event, count=3, key="k" * 32)
    more = _do(session, issue_paddles, event, count=1, key="m" * 32)
    assert isinstance(more, dict)
    assert list(more) == [4]
    for count in (0, 41):
        with pytest.raises(Refused, match="1 到 40 个"):
            _do(session, issue_paddles, event, count=count, key=f"{count}" * 32)
    session.rollback()
    found = opened_by(session, event, 2, pins[2])
    assert found is not None
    wrong = f"{(int(pins[2]) + 1) % 10**6:06d}"
    assert opened_by(session, event, 2, wrong) is None
    assert opened_by(session, event, 99, pins[2]) is None
    renewed = _do(session, renew_pin, found.id, version=1)
    with pytest.raises(Conflict, match="刚换过 PIN"):
        _do(session, renew_pin, found.id, version=1)
    session.rollback()
    assert isinstance(renewed, tuple)
    assert opened_by(session, event, 2, renewed[1]) is not None
    if renewed[1] != pins[2]:
        assert opened_by(session, event, 2, pins[2]) is None
    _do(session, change_paddle, found.id, name="张三丰", contact="13999990000", blocked=True)
    assert opened_by(session, event, 2, renewed[1]) is None
    kept = b"".join(
        bytes(each)
        for each in session.execute(text("SELECT name, contact FROM paddle WHERE number = 2")).one()
    )
    assert "张三丰".encode() not in kept
    assert b"13999990000" not in kept


FORGED = [
    ("UPDATE bid SET amount_minor = 1", "bid_is_append_only"),
    ("DELETE FROM bid", "bid_is_append_only"),
    ("UPDATE bid_cancellation SET reason = 'x'", "bid_cancellation_is_append_only"),
    ("UPDATE hammer SET amount_minor = 1", "hammer_is_append_only"),
    ("UPDATE auction SET status = 'passed', turn = 0 WHERE lot_id = {done}", "auction_goes_its_way"),
    ("UPDATE auction SET status = 'waiting' WHERE lot_id = {lot}", "auction_goes_its_way"),
    ("UPDATE auction SET status = 'paid', turn = 1 WHERE lot_id = {done}", "paid_lot_has_its_sale"),
    ("UPDATE sale_event SET status = 'closed', closed_at = '2023-09-28'", "auction_is_over_before_the_event"),
    (
        "INSERT INTO auction VALUES ({waiting}, {event}, 'on', 0, NULL, NULL, NULL, NULL)",
        "auction_begins_waiting",
    ),
    ("INSERT INTO {bid} ({lot}, 9, {p3}, 99000)", "bids_are_numbered_without_gaps"),
    ("INSERT INTO {bid} ({lot}, 3, {p3}, 10999)", "bid_is_high_enough"),
    ("INSERT INTO {bid} ({lot}, 3, {p1}, 99000)", "leading_paddle_does_not_bid"),
    ("INSERT INTO {bid} ({done}, 2, {p3}, 99000)", "bid_needs_an_open_lot"),
    ("INSERT INTO {bid} ({lot}, 3, {other}, 99000)", "bid_is_by_a_paddle_of_the_event"),
    (
        "INSERT INTO bid_cancellation (bid_id, reason, at) VALUES ({won}, 'x', '2023-09-28')",
        "bid_is_cancelled_before_the_hammer",
    ),
    (
        "INSERT INTO hammer (lot_id, turn, bid_id, amount_minor, at) VALUES ({lot}, 1, {first}, 1, '2023-09-28')",
        "hammer_falls_on_a_standing_bid",
    ),
    (
        "INSERT INTO sale (lot_id, quantity, amount_minor, method, buyer, recorded_at, void_reason) "
        "VALUES ({lot}, 1, 1, 'cash', '', '2023-09-28', '')",
        "lot_under_the_hammer_is_not_sold",
    ),
]


def test_database_keeps_the_rules_of_an_auction(session: Session) -> None:
    event, other = scenes.prepared(session), scenes.prepared(session, slug="other")
    done = scenes.on(session, event)
    won = scenes.bid(session, done, 1, 10_000)
    scenes.hammer(session, done, won)
    lot = scenes.on(session, event, number="P02")
    waiting = scenes.make_lot(session, event, number="P03")
    first = scenes.bid(session, lot, 1, 10_000)
    scenes.cancel(session, scenes.bid(session, lot, 2, 90_000))
    values = {
        "event": event,
        "lot": lot,
        "done": done,
        "waiting": waiting,
        "won": won,
        "first": first,
        "other": scenes.paddle_id(session, other, 1),
        **{f"p{number}": scenes.paddle_id(session, event, number) for number in (1, 3)},
        "bid": "bid (lot_id, number, paddle_id, amount_minor, at, way) SELECT",
    }
    for statement, name in FORGED:
        forged = statement.format(**values)
        if "SELECT" in forged:
            before, _, given = forged.partition("SELECT")
            forged = f"{before} VALUES {given.strip()[:-1]}, '2023-09-28', 'phone')"
        with pytest.raises(DBAPIError, match=name), transaction(session):
            session.execute(text(forged))
    second = scenes.make_lot(session, event, number="P04")
    with transaction(session):
        session.add(Auction(lot_id=second, event_id=event, status="waiting"))
    with pytest.raises(DBAPIError, match=r"ix_auction_on|auction\.event_id"), transaction(session):
        session.execute(text(f"UPDATE auction SET status = 'on' WHERE lot_id = {second}"))
    assert _bids(session, lot) == [(1, 10_000), (2, 90_000)]
