"""The cashier sends the register of moves in, looks at it, confirms. Without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.example.rules import TRANSFERS
from app.funds.queries import only_fund
from app.ledger import queries as ledger
from app.ledger.models import JournalEntry
from app.ledger.treasury.operations import record_opening
from app.shared.db import transaction
from tests import factories
from tests.visitor import Seen, Visitor
from tests.workbooks import csv, example

Visit = Callable[..., Visitor]
SEND = "/office/treasury/import/"
HEADINGS = ("日期", "转出账户", "转入账户", "金额", "手续费", "说明")


@pytest.fixture(autouse=True)
def money(session: Session) -> None:
    """625 yuan in cash and 1,050 yuan in WeChat."""
    fund = only_fund(session, None)
    actor = factories.actor(session, "accountant")
    with transaction(session, books=True):
        earmark = ledger.unrestricted_earmark(session, fund.id)
        for kind, minor in (("cash", 62_500), ("wechat", 105_000)):
            account = ledger.money_account_of_kind(session, fund.id, kind)
            record_opening(session, actor, account, earmark, minor, date(2023, 9, 28))


def _sent(visitor: Visitor, content: bytes, name: str = "划转.xlsx") -> tuple[str, Seen]:
    answer = visitor.submit(SEND, {"file": (content, name)})
    assert answer.status == 303, answer.error_summary
    return answer.location, visitor.get(answer.location)


def _moves(session: Session) -> int:
    session.rollback()
    query = select(func.count()).select_from(JournalEntry).where(JournalEntry.kind == "money_transfer")
    return session.scalar(query) or 0


def test_a_register_is_sent_checked_and_confirmed_once(visit: Visit, session: Session) -> None:
    cashier = visit("cashier")
    path, page = _sent(cashier, example(TRANSFERS))
    assert (page.status, page.heading) == (200, "核对资金划转登记表")
    assert "现金 → 银行" in page.words
    assert "划转金额1,675.00元" in page.words
    assert _moves(session) == 0
    first, second = cashier.send(page, path=path), cashier.send(page, path=path)
    assert (first.status, second.status) == (303, 303)
    assert any("已记入 2 笔划转，合计 1,675.00 元" in one for one in cashier.follow(first).notices)
    assert _moves(session) == 2
    again = cashier.submit(SEND, {"file": (example(TRANSFERS), TRANSFERS)})
    assert again.status == 422
    assert "这份文件已经导入过" in again.error_summary


def test_a_refused_row_says_why_and_where(visit: Visit, session: Session) -> None:
    cashier = visit("cashier")
    content = csv(
        HEADINGS,
        ("2023-09-29", "现金", "银行", "626", "", ""),
        ("2023-09-29", "微信", "银行", "50", "0.10", "提现"),
    )
    path, page = _sent(cashier, content, "划转.csv")
    assert "D2：“现金”在 2023-09-29 只有 625.00 元，不够支付" in page.words
    refused = cashier.send(page, path=path)
    assert refused.status == 422
    assert "有 1 行不能记入" in refused.error_summary
    assert _moves(session) == 0
    assert cashier.send(page, {"accept_good_rows": "y"}, path=path).status == 303
    assert _moves(session) == 1


def test_columns_are_asked_when_unsure(visit: Visit) -> None:
    cashier = visit("cashier")
    headings = tuple("数目" if heading == "金额" else heading for heading in HEADINGS)
    path, page = _sent(cashier, csv(headings, ("2023-09-29", "现金", "银行", "5", "", "")), "划转.csv")
    assert page.heading == "每一列是什么"
    assert "划转金额5.00元" in cashier.get(path + "?column-D=amount").words


def test_only_who_moves_money_may_send_one(visit: Visit) -> None:
    for who in ("secretary", "accountant", "chair", "supervisor"):
        assert visit(who).get(SEND).status == 403
    assert visit().get(SEND).status in (302, 303)


def test_the_accounts_page_leads_there(visit: Visit) -> None:
    assert SEND in visit("cashier").get("/office/treasury/").links()
    assert SEND not in visit("accountant").get("/office/treasury/").links()
