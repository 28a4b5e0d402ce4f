"""Counting the stock: one person counts, another confirms, differences are explained and booked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.goods import queries as goods
from app.goods.checks import check_goods
from app.goods.counting import operations, queries
from app.goods.counting.checks import check_counts
from app.goods.counting.models import GoodsCountLine
from app.goods.counting.operations import Counted
from app.goods.models import GoodsLine
from app.goods.operations import take_out
from app.ledger.models import Posting
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests.disbursements.scenes import fund_id
from tests.factories import actor, simulated_start
from tests.sales import scenes as sales
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
COUNTS = "/office/goods/counts"


def _count(session: Session, *found: Counted, by: str = "secretary", key: str | None = None) -> int:
    with transaction(session, books=True):
        return operations.record_count(session, actor(session, by), fund_id(session), list(found), key=key).id


def _confirm(session: Session, count_id: int, by: str = "accountant") -> None:
    with transaction(session, books=True):
        operations.confirm_count(session, actor(session, by), count_id)


def _problems(session: Session) -> list[str]:
    session.rollback()
    return [
        problem for check in (*check_goods(session), *check_counts(session)) for problem in check.problems
    ]


def test_shortage_and_surplus_are_booked_once_a_second_person_confirms(session: Session) -> None:
    naan, toys = sales.give_goods(session), sales.give_goods(session, "玩具", 10, 5_000)
    found = _count(
        session,
        Counted(naan, 300, 297, "受潮扔掉三个"),
        Counted(toys, 10, 12, "登记时少数了"),
        key="one form, sent twice",
    )
    again = _count(session, Counted(naan, 300, 1, "x"), Counted(toys, 10, 1, "x"), key="one form, sent twice")
    assert again == found
    assert sales.stock(session, naan) == (300, 90_000), "nothing moves before it is confirmed"
    with pytest.raises(Refused, match="另一个人"):
        _confirm(session, found, by="secretary")
    with pytest.raises(Forbidden):
        _confirm(session, found, by="cashier")
    _confirm(session, found)
    assert sales.stock(session, naan) == (297, 89_100)
    assert sales.stock(session, toys) == (10, 5_000)
    surplus = session.scalars(select(GoodsLine).where(GoodsLine.source_type == "goods_count")).one()
    assert (surplus.item, surplus.quantity, surplus.value_minor) == ("玩具", 2, 1_000)
    assert "登记时少数了" not in surplus.valuation_basis, "a basis is public"
    numbers = session.scalars(
        select(GoodsCountLine.entry_number).order_by(GoodsCountLine.goods_line_id)
    ).all()
    booked = [
        (each.account_code, each.debit_minor, each.credit_minor)
        for number in numbers
        for each in session.scalars(
            select(Posting).where(Posting.entry_number == number).order_by(Posting.line)
        )
    ]
    assert booked == [("5301", 900, 0), ("1201", 0, 900), ("1201", 1_000, 0), ("4901", 0, 1_000)]
    with pytest.raises(Conflict):
        _confirm(session, found)
    assert _problems(session) == []


def test_difference_without_a_reason_and_a_gap_are_refused_beside_their_line(session: Session) -> None:
    naan, toys = sales.give_goods(session), sales.give_goods(session, "玩具", 10, 5_000)
    with pytest.raises(InputRefused) as refused:
        _count(session, Counted(naan, 300, 299, " "), Counted(toys, 10, None))
    assert [each.field for each in refused.value.refusals] == [f"explanation-{naan}", f"counted-{toys}"]
    with pytest.raises(Conflict, match="变动"):
        _count(session, Counted(naan, 300, 300))
    assert queries.counts_of(session, fund_id(session)) == []


def test_stock_that_moved_after_the_count_is_not_booked(session: Session) -> None:
    naan = sales.give_goods(session)
    found = _count(session, Counted(naan, 300, 299, "少一个"))
    with pytest.raises(Conflict, match="第二个人"):
        _count(session, Counted(naan, 300, 300), by="accountant")
    lot = sales.make_lot(session, sales.make_event(session), naan, quantity=10)
    sales.sell(session, lot, 1, 300)
    session.rollback()
    sales.close(session, sales.queries.lot(session, lot).event_id)
    with pytest.raises(Conflict, match="变动"):
        _confirm(session, found)
    with pytest.raises(Refused), transaction(session, books=True):
        operations.reject_count(session, actor(session, "secretary"), found, "")
    with transaction(session, books=True):
        operations.reject_count(session, actor(session, "secretary"), found, "盘点以后卖出一个")
    second = _count(session, Counted(naan, 299, 299))
    _confirm(session, second)
    assert sales.stock(session, naan) == (299, 89_700)
    assert _problems(session) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE goods_count SET status = 'confirmed', ended_by_id = counted_by_id, ended_at = counted_at",
        "UPDATE goods_count SET status = 'confirmed', ended_at = counted_at",
        "UPDATE goods_count_line SET counted = 200",
        "UPDATE goods_count_line SET explanation = ''",
        "DELETE FROM goods_count_line",
    ],
)
def test_the_database_keeps_two_people_and_what_they_found(session: Session, change: str) -> None:
    _count(session, Counted(sales.give_goods(session), 300, 299, "少一个"))
    with pytest.raises(DBAPIError), transaction(session, books=True):
        session.execute(text(change))


def test_the_database_loses_nothing_without_a_confirmed_count(session: Session) -> None:
    line_id = sales.give_goods(session)
    found = _count(session, Counted(line_id, 300, 299, "少一个"))
    entry = goods.line(session, line_id).entry_number
    with (
        pytest.raises(DBAPIError, match="goods_are_lost_by_a_confirmed_count"),
        transaction(session, books=True),
    ):
        take_out(
            session, line_id, 1, 300, "lost", entry_number=entry, source_type="goods_count", source_id=found
        )


def test_office_counts_with_sheet_page_and_confirmation(visit: Visit, session: Session) -> None:
    with clock.simulated(simulated_start()) as moment:
        moment.set_local(date(2023, 9, 28))
        naan = sales.give_goods(session)
        secretary, accountant = visit("secretary"), visit("accountant")
        assert "盘点库存" not in secretary.get("/office/").words
        moment.set_local(date(2024, 9, 27))
        secretary, accountant = visit("secretary"), visit("accountant")
        assert "该盘点库存了" in secretary.get("/office/").words
        assert "馕" in secretary.get(f"{COUNTS}/sheet").words
        wrong = secretary.submit(f"{COUNTS}/record", {"lines-0-counted": "298"})
        assert (wrong.status, wrong.error_at("lines-0-explanation")) == (422, "和账上不一样，请写明原因")
        assert wrong.value_of("lines-0-counted") == "298"
        open_page = secretary.get(f"{COUNTS}/record")
        with transaction(session, books=True):
            event = sales.operations.create_event(
                session,
                actor(session, "secretary"),
                fund_id=fund_id(session),
                slug="tea",
                name="茶会",
                held_on=clock.today(),
            ).id
        lot = sales.make_lot(session, event, naan, quantity=10)
        sales.sell(session, lot, 1, 300)
        sales.close(session, event)
        typed = {"lines-0-counted": "298", "lines-0-explanation": "受潮扔掉两个"}
        moved = secretary.send(open_page, typed, path=f"{COUNTS}/record")
        assert moved.status == 409
        assert "299" in moved.error_at("lines-0-counted")
        assert moved.value_of("lines-0-explanation") == "受潮扔掉两个"
        saved = secretary.send(moved, {"lines-0-counted": "297"}, path=f"{COUNTS}/record")
        assert saved.status == 303
        found = int(saved.location.rpartition("/")[2])
        assert secretary.submit(f"{COUNTS}/{found}/confirm").status == 422
        assert "有一次盘点等您核对" in accountant.get("/office/").words
        assert accountant.submit(f"{COUNTS}/{found}/confirm").status == 303
        assert sales.stock(session, naan) == (297, 89_100)
        assert "少 2 个" in visit("cashier").get(f"{COUNTS}/{found}").words
        assert "盘点库存" not in secretary.get("/office/").words
