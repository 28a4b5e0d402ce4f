"""Reversing an entry of interest, a charge, a subsidy, an opening balance or a move; and the journal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.operations import record_donations
from app.donations.rules import DonationDraft
from app.funds.queries import only_fund
from app.ledger import routes
from app.ledger.models import JournalEntry
from app.ledger.queries import money_account_of_kind, pools_of, unrestricted_earmark
from app.ledger.treasury import operations
from app.parties.operations import PartyDraft
from app.shared.db import transaction
from tests.donations.gifts import books, give
from tests.factories import actor
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
REVERSE = "/office/treasury/reverse"
JOURNAL = "/office/journal/"


def _interest(session: Session, minor: int = 1_234) -> int:
    fund_id = only_fund(session, None).id
    with transaction(session, books=True):
        bank = money_account_of_kind(session, fund_id, "bank")
        return operations.record_interest(
            session, actor(session, "accountant"), bank, minor, date(2023, 10, 21)
        ).number


def _fee(session: Session) -> int:
    fund_id = only_fund(session, None).id
    with transaction(session, books=True):
        bank = money_account_of_kind(session, fund_id, "bank")
        return operations.record_fee(
            session, actor(session, "accountant"), bank, 500, date(2023, 10, 22)
        ).number


def _held(session: Session) -> int:
    session.rollback()
    return pools_of(session, only_fund(session, None).id)[0].held_minor


def test_entry_is_found_by_its_number_and_reversed(visit: Visit, session: Session) -> None:
    number = _interest(session)
    accountant = visit("accountant")
    assert "分录号" in accountant.get(REVERSE).words
    address = f"{REVERSE}?number={number}"
    ask = accountant.get(address)
    assert f"冲销第 {number} 号分录（利息）？" in ask.words
    page = accountant.follow(accountant.send(ask, {"reason": "重复记账"}))
    assert page.notices[0] == f"已记账：第 {number + 1} 号分录"
    assert _held(session) == 0
    reversal = session.get_one(JournalEntry, number + 1)
    assert (reversal.reverses_number, reversal.memo) == (number, "重复记账")


def test_reversed_charge_gives_the_money_back(visit: Visit, session: Session) -> None:
    give(session, 10_000)
    number = _fee(session)
    assert _held(session) == 9_500
    visit("accountant").submit(f"{REVERSE}?number={number}", {"reason": "银行退回"})
    assert _held(session) == 10_000


def test_second_click_reverses_once(visit: Visit, session: Session) -> None:
    number = _interest(session)
    accountant = visit("accountant")
    ask = accountant.get(f"{REVERSE}?number={number}")
    assert accountant.send(ask, {"reason": "重复"}).status == 303
    once = books(session)
    answer = accountant.send(ask, {"reason": "重复"})
    assert answer.status == 409
    assert f"第 {number} 号分录已经冲销过了" in answer.error_summary
    assert books(session) == once


def test_reversal_needs_a_reason(visit: Visit, session: Session) -> None:
    number = _interest(session)
    before = books(session)
    for reason, sentence in ((" ", "请填写这一项"), ("长" * 501, "最多 500 个字")):
        answer = visit("accountant").submit(f"{REVERSE}?number={number}", {"reason": reason})
        assert (answer.status, answer.error_at("reason")) == (422, sentence)
    assert books(session) == before


def test_gift_is_not_reversed_here_but_on_its_own_page(visit: Visit, session: Session) -> None:
    give(session)
    before = books(session)
    accountant = visit("accountant")
    answer = accountant.get(f"{REVERSE}?number=1")
    assert answer.status == 422
    assert answer.error_at("number") == "第 1 号分录是捐赠，请在那条记录的页面更正或冲销"
    assert accountant.post(f"{REVERSE}?number=1", {"reason": "x"}).status == 422
    assert books(session) == before


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("99", "没有第 99 号分录"),
        ("x", "请填写整数"),
        ("", "请填写这一项"),
        ("-1", "应在 1 到 9223372036854775807 之间"),
        (str(2**70), "应在 1 到 9223372036854775807 之间"),
    ],
)
def test_number_of_no_entry_is_refused_beside_its_field(
    visit: Visit, session: Session, typed: str, sentence: str
) -> None:
    answer = visit("accountant").get(f"{REVERSE}?number={typed}")
    assert (answer.status, answer.error_at("number")) == (422, sentence)


def test_spent_income_is_not_reversed_away(visit: Visit, session: Session) -> None:
    number = _interest(session, 500)
    _fee(session)
    before = books(session)
    answer = visit("accountant").submit(f"{REVERSE}?number={number}", {"reason": "错"})
    assert answer.status == 422
    assert answer.error_summary
    assert books(session) == before


def test_stranger_and_wrong_offices_reverse_nothing(visit: Visit, session: Session) -> None:
    address = f"{REVERSE}?number={_interest(session)}"
    before = books(session)
    assert visit().get(address).location.startswith("/office/sign-in")
    assert visit().post(address, {"reason": "x"}).status == 401
    for key in ("secretary", "cashier", "chair", "auditor"):
        assert visit(key).post(address, {"reason": "x"}).status == 403
    assert visit("accountant").client.delete(address).status_code == 405
    assert books(session) == before


def test_journal_shows_debits_and_credits_with_their_accounts(visit: Visit, session: Session) -> None:
    give(session, 500_000, memo="只给看得到姓名的人看")
    number = _interest(session)
    page = visit("accountant").get(JOURNAL)
    for words in (
        "1002 银行存款",
        "4901 其他收入",
        "4101 捐赠收入",
        "12.34",
        "5,000.00",
        "利息收入",
        "会计丁",
    ):
        assert words in page.words
    assert f"/entries/{number}" in page.links()
    assert f"{REVERSE}?number={number}" in page.links()
    assert f"{REVERSE}?number=1" not in page.links()
    assert "只给看得到姓名的人看" in page.words
    others = visit("council").get(JOURNAL)
    assert "只给看得到姓名的人看" not in others.words
    assert "古丽" not in others.words
    assert f"{REVERSE}?number={number}" not in others.links()


def test_pages_of_the_journal_join(visit: Visit, session: Session) -> None:
    fund_id = only_fund(session, None).id
    count = routes.ROWS + 2
    with transaction(session, books=True):
        earmark = unrestricted_earmark(session, fund_id).id
        drafts = [
            DonationDraft(
                fund_id, date(2023, 9, 20), "cash", PartyDraft("unnamed", "爱心居民"), earmark, number
            )
            for number in range(1, count + 1)
        ]
        record_donations(session, actor(session, "secretary"), drafts)
    cashier = visit("cashier")
    first = cashier.get(JOURNAL)
    (older,) = {link for link in first.links() if "before=" in link}
    second = cashier.get(older, HX_Request="true")
    assert second.html.lstrip().startswith('<div id="journal-list"')
    numbers = [
        int(str(link).rpartition("/")[2])
        for seen in (first, cashier.get(older))
        for link in seen.tree.xpath("//h2/a/@href")
    ]
    assert numbers == list(range(count, 0, -1))
    assert cashier.get(f"{JOURNAL}?before=x").status == 200
    assert visit("administrator").get(JOURNAL).status == 403
    assert visit().get(JOURNAL).location.startswith("/office/sign-in")


def test_journal_of_an_empty_fund_says_what_will_be_here(visit: Visit, session: Session) -> None:
    assert session.scalars(select(JournalEntry)).all() == []
    assert "还没有分录" in visit("accountant").get(JOURNAL).words
