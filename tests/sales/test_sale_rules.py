"""Lots, sales, closing, late payments, reversals: what the operations and the database keep true."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.ledger import queries as ledger
from app.ledger.tracing.models import Tranche
from app.people.queries import actor as actor_by_id
from app.sales import operations, queries
from app.sales.closing import operations as closing
from app.sales.closing.operations import Count
from app.sales.models import Sale
from app.sales.rules import LotDraft
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from app.shared.permissions import Role
from tests.factories import actor, appoint, make_fund, make_user
from tests.sales import scenes


def _lot(session: Session, lot_id: int) -> tuple[int, int]:
    session.rollback()
    session.expire_all()
    lot = queries.lot(session, lot_id)
    return lot.sold_quantity, lot.quantity


def _late(
    session: Session, lot_id: int, packs: int, minor: int, *, key: str | None = None, on: date = scenes.DAY
) -> int:
    with transaction(session, books=True):
        return closing.record_late_sale(
            session,
            actor(session, "secretary"),
            lot_id,
            quantity=packs,
            amount_minor=minor,
            method="wechat",
            received_on=on,
            key=key,
        ).number


def _reverse(session: Session, number: int, key: str = "accountant", reason: str = "登记错了") -> int:
    with transaction(session, books=True):
        return closing.reverse_lot_entry(session, actor(session, key), number, reason).number


def _postings(session: Session, number: int) -> set[tuple[str, int, int]]:
    return {
        (each.account_code, each.debit_minor, each.credit_minor)
        for each in ledger.postings_of(session, number)
    }


def test_lots_never_promise_more_pieces_than_are_in_stock(session: Session) -> None:
    line = scenes.give_goods(session, pieces=100)
    event = scenes.make_event(session)
    scenes.make_lot(session, event, line, quantity=8, units=10)
    with pytest.raises(Refused, match="可供义卖的只有 20 个，不够 21") as refusal:
        scenes.make_lot(session, event, line, number="A02", quantity=21)
    assert refusal.value.field == "quantity"
    other = scenes.make_event(session, "other")
    with pytest.raises(Refused, match="可供义卖的只有 20"):
        scenes.make_lot(session, other, line, number="A02", quantity=3, units=10)
    scenes.make_lot(session, other, line, number="A02", quantity=2, units=10)


def test_lot_is_never_oversold(session: Session) -> None:
    line = scenes.give_goods(session)
    lot = scenes.make_lot(session, scenes.make_event(session), line, quantity=5)
    scenes.sell(session, lot, 4, 1200)
    with pytest.raises(Refused, match="A01 只剩 1 份，不够 2 份") as refusal:
        scenes.sell(session, lot, 2, 600)
    assert refusal.value.field == "quantity"
    with pytest.raises(Refused, match="必须大于零"):
        scenes.sell(session, lot, 0, 600)
    assert _lot(session, lot) == (4, 5)
    with pytest.raises(DBAPIError, match="lot_is_not_oversold"), transaction(session):
        session.execute(text("UPDATE lot SET sold_quantity = quantity + 1"))


def test_sales_at_once_never_oversell(session: Session, engine: Engine) -> None:
    line = scenes.give_goods(session)
    lot = scenes.make_lot(session, scenes.make_event(session), line, quantity=5)
    who = actor(session, "secretary")
    session.rollback()
    start = threading.Barrier(8)

    def sell(_: int) -> str:
        with Session(engine, expire_on_commit=False) as own:
            start.wait()
            try:
                with transaction(own):
                    operations.record_sale(own, who, lot, quantity=1, amount_minor=300, method="cash")
            except Refused:
                return "refused"
            return "sold"

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(sell, range(8)))
    assert sorted(results) == ["refused"] * 3 + ["sold"] * 5
    assert _lot(session, lot) == (5, 5)


def test_voided_sale_frees_its_packs_and_is_voided_once(session: Session) -> None:
    line = scenes.give_goods(session)
    lot = scenes.make_lot(session, scenes.make_event(session), line, quantity=5)
    sale = scenes.sell(session, lot, 3, 900)

    def void(reason: str) -> None:
        with transaction(session, books=True):
            operations.void_sale(session, actor(session, "secretary"), sale, reason)

    with pytest.raises(Refused, match="请写明作废原因"):
        void("  ")
    void("数错了")
    assert _lot(session, lot) == (0, 5)
    with pytest.raises(Conflict, match="已经作废"):
        void("再作废一次")
    assert _lot(session, lot) == (0, 5)
    session.rollback()
    assert session.scalars(select(Sale.void_reason)).one() == "数错了"


def test_lot_with_sales_stays_and_one_without_can_be_removed(session: Session) -> None:
    line = scenes.give_goods(session, pieces=10)
    event = scenes.make_event(session)
    sold = scenes.make_lot(session, event, line, quantity=5)
    free = scenes.make_lot(session, event, line, number="A02", quantity=5)
    scenes.sell(session, sold, 1, 300)
    with transaction(session, books=True):
        operations.remove_lot(session, actor(session, "secretary"), free)
    with pytest.raises(Conflict, match="已有成交记录"), transaction(session, books=True):
        operations.remove_lot(session, actor(session, "secretary"), sold)
    scenes.make_lot(session, event, line, number="A03", quantity=5)


def test_goods_of_another_fund_are_not_sold(session: Session) -> None:
    line = scenes.give_goods(session)
    with transaction(session, books=True):
        other = make_fund(session, "other-fund", "另一个基金").id
        user_id = make_user(session, "other@example.org", "另一位秘书")
        appoint(session, user_id, Role.SECRETARY, other)
    who = actor_by_id(session, user_id)
    with transaction(session, books=True):
        event_id = operations.create_event(
            session, who, fund_id=other, slug="other-gala", name="别处的晚会", held_on=scenes.DAY
        ).id
    with pytest.raises(Refused, match="不属于本基金"), transaction(session, books=True):
        operations.add_lot(session, who, event_id, LotDraft("A01", "馕", "fixed_price", line, 1, 300))


def test_closing_books_each_lot_in_order_then_the_box(session: Session) -> None:
    naan = scenes.give_goods(session)
    toys = scenes.give_goods(session, "儿童玩具", 12, 24_000)
    event = scenes.make_event(session)
    packs = scenes.make_lot(session, event, naan, number="A02", name="馕(十个装)", quantity=12, units=10)
    toy = scenes.make_lot(
        session, event, toys, number="C01", name="玩具", mode="auction", quantity=3, units=4
    )
    unsold = scenes.make_lot(session, event, naan, number="A03", quantity=10)
    scenes.sell(session, packs, 10, 25_000)
    scenes.sell(session, packs, 2, 5_000, "wechat")
    scenes.sell(session, toy, 1, 8_800)
    with transaction(session, books=True):
        operations.set_box(session, actor(session, "secretary"), event, cash_minor=3_000)
    numbers = scenes.close(session, event)
    assert len(numbers) == 3
    assert _postings(session, numbers[0]) == {
        ("1001", 25_000, 0),
        ("1009", 5_000, 0),
        ("4501", 0, 30_000),
        ("510102", 36_000, 0),
        ("1201", 0, 36_000),
    }
    assert _postings(session, numbers[2]) == {("1001", 3_000, 0), ("4101", 0, 3_000)}
    assert scenes.stock(session, naan) == (180, 54_000)
    assert scenes.stock(session, toys) == (8, 16_000)
    assert scenes.pool(session) == (41_800, 0)
    assert _lot(session, unsold) == (0, 10)
    totals = queries.totals_of(session, queries.event(session, event))
    assert (totals.sale_minor, totals.auction_minor, totals.box_minor, totals.total_minor) == (
        30_000,
        8_800,
        3_000,
        41_800,
    )
    assert [lot.entry_number for lot in queries.lots_of(session, event)] == [numbers[0], numbers[1], None]


def test_event_is_closed_once(session: Session) -> None:
    line = scenes.give_goods(session)
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, line)
    with pytest.raises(Refused, match="还没有任何成交"):
        scenes.close(session, event)
    scenes.sell(session, lot, 1, 300)
    scenes.close(session, event)
    with pytest.raises(Conflict, match="已经结束"):
        scenes.close(session, event, Count("cash", 300))
    with pytest.raises(Conflict, match="已经结束"):
        scenes.sell(session, lot, 1, 300)
    with pytest.raises(Conflict, match="已经结束"):
        scenes.make_lot(session, event, line, number="A09")
    assert scenes.pool(session) == (300, 0)


def test_closings_at_once_book_once(session: Session, engine: Engine) -> None:
    line = scenes.give_goods(session)
    event = scenes.make_event(session)
    scenes.sell(session, scenes.make_lot(session, event, line), 2, 600)
    who = actor(session, "secretary")
    session.rollback()
    start = threading.Barrier(4)

    def close(_: int) -> str:
        with Session(engine, expire_on_commit=False) as own:
            start.wait()
            try:
                with transaction(own, books=True):
                    closing.close_event(own, who, event, [Count("cash", 600)])
            except Conflict:
                return "conflict"
            return "closed"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(close, range(4))) == ["closed"] + ["conflict"] * 3
    assert scenes.pool(session) == (600, 0)
    assert scenes.stock(session, line) == (298, 89_400)


def test_difference_is_explained_before_it_is_booked(session: Session) -> None:
    line = scenes.give_goods(session)
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, line)
    scenes.sell(session, lot, 10, 3_000)
    scenes.sell(session, lot, 10, 3_000, "wechat")
    with pytest.raises(InputRefused) as refusal:
        scenes.close(session, event, Count("cash", 2_900))
    assert {each.field for each in refusal.value.refusals} == {"explanation_cash", "counted_wechat"}
    assert scenes.pool(session) == (0, 0)
    numbers = scenes.close(
        session, event, Count("cash", 2_900, "找零多给了 1 元"), Count("wechat", 3_050, "有人多付了")
    )
    assert len(numbers) == 3
    assert scenes.pool(session) == (5_950, 0)
    session.rollback()
    counts = {
        count.method: (count.recorded_minor, count.counted_minor)
        for count in queries.counts_of(session, event)
    }
    assert counts == {"cash": (3_000, 2_900), "wechat": (3_000, 3_050)}
    with pytest.raises(DBAPIError, match="difference_is_explained"), transaction(session):
        session.execute(text("UPDATE sale_count SET explanation = ''"))


def test_late_payment_books_its_own_listed_entry(session: Session) -> None:
    line = scenes.give_goods(session)
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, line, name="馕(十个装)", quantity=3, units=10, price_minor=2_500)
    with pytest.raises(Conflict, match="还没有结束"):
        _late(session, lot, 1, 2_500)
    scenes.sell(session, lot, 2, 5_000)
    scenes.close(session, event)
    with pytest.raises(Refused, match="不能早于活动日期"):
        _late(session, lot, 1, 2_500, on=date(2023, 9, 27))
    with pytest.raises(Refused, match="只剩 1 份，不够 2 份"):
        _late(session, lot, 2, 5_000)
    number = _late(session, lot, 1, 2_500, key="k" * 32, on=date(2023, 10, 5))
    assert _late(session, lot, 1, 2_500, key="k" * 32, on=date(2023, 10, 5)) == number
    assert _postings(session, number) == {
        ("1009", 2_500, 0),
        ("4501", 0, 2_500),
        ("510102", 3_000, 0),
        ("1201", 0, 3_000),
    }
    tranche = session.get_one(Tranche, number)
    assert (tranche.amount_minor, tranche.received_on) == (2_500, date(2023, 10, 5))
    listed = session.execute(
        text("SELECT number, is_event FROM ledger_row WHERE is_listed AND kind = 'sale' ORDER BY number")
    ).all()
    assert [(row.number, bool(row.is_event)) for row in listed] == [(number - 1, True), (number, False)]
    assert scenes.stock(session, line) == (270, 81_000)
    assert scenes.pool(session) == (7_500, 0)
    assert _lot(session, lot) == (3, 3)


def test_late_payment_takes_no_goods_that_another_event_offers(session: Session) -> None:
    line = scenes.give_goods(session, pieces=10, value_minor=1_000)
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, line, quantity=10)
    scenes.sell(session, lot, 4, 1_200)
    scenes.close(session, event)
    scenes.make_lot(session, scenes.make_event(session, "next"), line, quantity=5)
    assert _late(session, lot, 1, 300)
    with pytest.raises(Refused, match="已放到别的义卖里"):
        _late(session, lot, 1, 300)


def test_reversed_lot_goes_back_into_stock_and_can_be_recorded_right(session: Session) -> None:
    line = scenes.give_goods(session)
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, line, quantity=10)
    scenes.sell(session, lot, 4, 9_999)
    (number,) = scenes.close(session, event)
    for key in ("secretary", "cashier", "chair"):
        with pytest.raises(Forbidden):
            _reverse(session, number, key)
    with pytest.raises(Refused, match="请写明更正原因"):
        _reverse(session, number, reason=" ")
    reversal = _reverse(session, number)
    assert ledger.entry(session, reversal).reverses_number == number
    assert scenes.stock(session, line) == (300, 90_000)
    assert scenes.pool(session) == (0, 0)
    assert _lot(session, lot) == (0, 10)
    with pytest.raises(Conflict, match="已经冲销过"):
        _reverse(session, number)
    assert scenes.stock(session, line) == (300, 90_000)
    right = _late(session, lot, 4, 1_200)
    assert scenes.stock(session, line) == (296, 88_800)
    assert scenes.pool(session) == (1_200, 0)
    session.rollback()
    (view,) = queries.lots_of(session, event)
    assert (view.proceeds_minor, view.entry_number, view.sold_quantity) == (1_200, right, 4)
    assert queries.totals_of(session, queries.event(session, event)).total_minor == 1_200


@pytest.mark.parametrize("key", ["cashier", "accountant", "chair", "council", "supervisor", "auditor"])
def test_only_the_secretary_runs_a_sale(session: Session, key: str) -> None:
    line = scenes.give_goods(session)
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, line)
    who = actor(session, key)
    acts: list[Callable[[], object]] = [
        lambda: operations.create_event(
            session, who, fund_id=scenes.fund_id(session), slug="mine", name="x", held_on=scenes.DAY
        ),
        lambda: operations.record_sale(session, who, lot, quantity=1, amount_minor=1, method="cash"),
        lambda: operations.set_box(session, who, event, cash_minor=1),
        lambda: operations.remove_lot(session, who, lot),
        lambda: closing.close_event(session, who, event, []),
    ]
    for act in acts:
        with pytest.raises(Forbidden), transaction(session, books=True):
            act()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "Große Gala"}, "slug"),
        ({"slug": "a" * 81}, "slug"),
        ({"name": " "}, "name"),
        ({"name": "长" * 201}, "name"),
        ({"held_on": date(2099, 1, 1)}, "held_on"),
        ({"held_on": date(203, 9, 28)}, "held_on"),
    ],
)
def test_event_that_cannot_be_is_refused(session: Session, changes: dict[str, object], field: str) -> None:
    given: dict[str, object] = {"slug": "gala", "name": "晚会", "held_on": scenes.DAY, **changes}
    with pytest.raises(Refused) as refusal, transaction(session, books=True):
        operations.create_event(
            session,
            actor(session, "secretary"),
            fund_id=scenes.fund_id(session),
            **given,  # type: ignore[arg-type]
        )
    assert refusal.value.field == field
