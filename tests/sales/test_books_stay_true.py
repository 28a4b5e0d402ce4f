"""After every kind of mistake and its mending, each invariant that `check-books` knows still holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.disbursements import operations
from app.disbursements.checks import check_disbursements
from app.disbursements.payments import operations as payments
from app.goods.checks import check_goods
from app.ledger import queries as ledger
from app.ledger.checks import check_ledger
from app.ledger.treasury.operations import create_earmark
from app.log.checks import check_log
from app.sales import operations as sales
from app.sales.closing import operations as closing
from app.sales.closing.operations import Count
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from tests.disbursements import scenes as requests
from tests.factories import actor
from tests.sales import scenes
from tests.visitor import Visitor


def _require_true_books(session: Session) -> None:
    session.rollback()
    checks = [
        *check_ledger(session),
        *check_log(session),
        *check_goods(session),
        *check_disbursements(session),
    ]
    assert {check.name: check.problems for check in checks if not check.holds} == {}
    assert sum(check.examined for check in checks) > 0


def test_reversed_late_and_differing_sales_leave_true_books(session: Session) -> None:
    line = scenes.give_goods(session, pieces=301, value_minor=90_001)
    event = scenes.make_event(session)
    first = scenes.make_lot(session, event, line, quantity=7)
    second = scenes.make_lot(session, event, line, number="A02", quantity=3, units=10)
    scenes.sell(session, first, 5, 1_501)
    scenes.sell(session, second, 2, 5_003, "wechat")
    numbers = scenes.close(session, event, Count("cash", 1_400, "少了一元"), Count("wechat", 5_100, "多付了"))
    _require_true_books(session)
    with transaction(session, books=True):
        closing.reverse_lot_entry(session, actor(session, "accountant"), numbers[1], "记错了")
    _require_true_books(session)
    with transaction(session, books=True):
        late = closing.record_late_sale(
            session,
            actor(session, "secretary"),
            second,
            quantity=3,
            amount_minor=7_500,
            method="cash",
            received_on=date(2023, 10, 1),
        ).number
    _require_true_books(session)
    with transaction(session, books=True):
        closing.reverse_lot_entry(session, actor(session, "accountant"), late, "退货了")
    _require_true_books(session)


def test_paid_refunded_reversed_and_cancelled_requests_leave_true_books(
    session: Session, settings: Settings
) -> None:
    for day, minor in ((18, 400_000), (19, 333_333), (20, 900_001)):
        requests.give(session, minor, on=date(2023, 9, day))
    bank = ledger.money_account_of_kind(session, requests.fund_id(session), "bank")
    accountant, cashier, secretary = (actor(session, key) for key in ("accountant", "cashier", "secretary"))
    found = requests.approved(session, 700_000, spending_kind="goods_purchase")
    other = requests.approved(session, 500_000, project_name="另一个项目")
    one = requests.pay(session, settings.files_dir, found, 300_001)
    two = requests.pay(session, settings.files_dir, found, 200_000, accepted=False)
    _require_true_books(session)
    with transaction(session, books=True):
        payments.accept_disbursement(
            session, accountant, found, amount_minor=150_000, accepted_on=clock.today()
        )
    with transaction(session, books=True):
        refund = payments.record_refund(
            session,
            cashier,
            found,
            amount_minor=123_456,
            account=bank,
            received_on=clock.today(),
            accepted=True,
        ).number
    _require_true_books(session)
    with transaction(session, books=True):
        operations.cancel_disbursement(session, secretary, other, "取消")
    with transaction(session, books=True):
        operations.cancel_disbursement(session, secretary, found, "剩下的不用了")
    _require_true_books(session)
    with transaction(session, books=True):
        payments.reverse_acceptance_or_refund(session, accountant, refund, "退款记错了")
    _require_true_books(session)
    with transaction(session, books=True):
        payments.reverse_payment(session, accountant, one, "金额输错")
    _require_true_books(session)
    assert requests.status_of(session, found) == "payable"
    requests.pay(session, settings.files_dir, found, 300_000)
    requests.pay(session, settings.files_dir, found, 200_000)
    _require_true_books(session)
    assert requests.status_of(session, found) == "paid"
    assert two > one


def test_a_sale_for_several_purposes_is_one_row_for_each(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    with transaction(session, books=True):
        who = actor(session, "accountant")
        school = create_earmark(session, who, scenes.fund_id(session), "school", "助学", "restricted")
    books = scenes.give_goods(session, "儿童图书", 40, 20_000, earmark_id=school.id)
    naan = scenes.give_goods(session)
    event = scenes.make_event(session)
    first = scenes.make_lot(session, event, naan)
    second = scenes.make_lot(session, event, books, number="B01", name="儿童图书", quantity=40)
    third = scenes.make_lot(session, event, naan, number="C01", name="馕", quantity=100)
    for lot, minor in ((first, 30_000), (second, 5_000), (third, 2_000)):
        scenes.sell(session, lot, 10, minor)
    with transaction(session, books=True):
        sales.set_box(session, actor(session, "secretary"), event, cash_minor=700)
    numbers = scenes.close(session, event)
    _require_true_books(session)

    def rows(slug: str) -> list[dict[str, Any]]:
        listed = json.loads(visit().get(f"/ledger.json?earmark={slug}").content)["entries"]
        return [row for row in listed if "entries" in row]

    shown = {
        slug: [(row["number"], row["amount_minor"], row["entries"]) for row in rows(slug)]
        for slug in ("school", "yimi-yangguang-unrestricted")
    }
    assert shown == {
        "school": [(numbers[0], 5_000, numbers[:1])],
        "yimi-yangguang-unrestricted": [(numbers[3], 32_700, numbers[1:])],
    }
