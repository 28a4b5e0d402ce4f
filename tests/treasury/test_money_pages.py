"""Money beside gifts: opening balances, interest, subsidies, charges, moves between accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.funds.queries import only_fund
from app.ledger.models import JournalEntry, LedgerRow, Posting
from app.ledger.queries import balance_on, pools_of
from app.ledger.structure.models import MoneyAccount
from tests.donations.gifts import BAD_AMOUNTS, BAD_DAYS, books, give
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PLACE = "/office/treasury"
FORMS = ("opening", "interest", "subsidy", "fee")
TYPED = {"amount": "100", "occurred_on": "2023-10-08"}


def _account(session: Session, kind: str = "bank") -> int:
    session.rollback()
    return session.scalars(select(MoneyAccount.id).where(MoneyAccount.kind == kind)).one()


def _typed(session: Session, **more: str) -> dict[str, str]:
    return TYPED | {"account": str(_account(session))} | more


def _latest(session: Session) -> JournalEntry:
    session.rollback()
    return session.scalars(select(JournalEntry).order_by(JournalEntry.number.desc())).first()  # type: ignore[return-value]


def _postings(session: Session, number: int) -> list[tuple[str, int, int]]:
    rows = session.execute(
        select(Posting.account_code, Posting.debit_minor, Posting.credit_minor)
        .where(Posting.entry_number == number)
        .order_by(Posting.line)
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("form", "postings"),
    [
        ("opening", [("1002", 10_000, 0), ("3101", 0, 10_000)]),
        ("interest", [("1002", 10_000, 0), ("4901", 0, 10_000)]),
        ("subsidy", [("1002", 10_000, 0), ("4401", 0, 10_000)]),
        ("fee", [("5301", 10_000, 0), ("1002", 0, 10_000)]),
    ],
)
def test_each_form_posts_its_entry(
    visit: Visit, session: Session, form: str, postings: list[tuple[str, int, int]]
) -> None:
    give(session, 500_000)
    accountant = visit("accountant")
    page = accountant.follow(accountant.submit(f"{PLACE}/{form}", _typed(session)))
    entry = _latest(session)
    assert page.notices[0] == f"已记账：第 {entry.number} 号分录"
    assert entry.occurred_on == date(2023, 10, 8)
    assert _postings(session, entry.number) == postings


def test_words_of_a_charge_are_what_the_public_reads(visit: Visit, session: Session) -> None:
    give(session, 500_000)
    visit("accountant").submit(f"{PLACE}/fee", _typed(session, description="账户管理费"))
    row = session.get_one(LedgerRow, (_latest(session).number, False))
    assert row.description == "账户管理费"


@pytest.mark.parametrize("form", FORMS)
def test_second_click_posts_nothing(visit: Visit, session: Session, form: str) -> None:
    give(session, 500_000)
    accountant = visit("accountant")
    opened = accountant.get(f"{PLACE}/{form}")
    typed = _typed(session)
    assert accountant.send(opened, typed, path=f"{PLACE}/{form}").status == 303
    once = books(session)
    assert accountant.send(opened, typed, path=f"{PLACE}/{form}").status == 303
    assert books(session) == once


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("typed", "sentence"), BAD_AMOUNTS.values(), ids=BAD_AMOUNTS)
def test_wrong_amount_is_refused_beside_its_field(
    visit: Visit, session: Session, form: str, typed: str, sentence: str
) -> None:
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/{form}", _typed(session, amount=typed))
    assert (answer.status, answer.error_at("amount")) == (422, sentence)
    assert answer.value_of("amount") == typed
    assert answer.value_of("occurred_on") == TYPED["occurred_on"]
    assert books(session) == before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("typed", "sentence"), BAD_DAYS.values(), ids=BAD_DAYS)
def test_wrong_day_is_refused_beside_its_field(
    visit: Visit, session: Session, form: str, typed: str, sentence: str
) -> None:
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/{form}", _typed(session, occurred_on=typed))
    assert (answer.status, answer.error_at("occurred_on")) == (422, sentence)
    assert answer.value_of("occurred_on") == typed
    assert books(session) == before


def test_charge_that_the_account_cannot_bear_is_refused(visit: Visit, session: Session) -> None:
    give(session, 5_000)
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/fee", _typed(session))
    assert answer.status == 422
    assert "50.00 元" in answer.error_at("amount")
    assert books(session) == before


def test_charge_before_the_money_came_is_refused(visit: Visit, session: Session) -> None:
    give(session, 500_000, received_on=date(2023, 11, 1))
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/fee", _typed(session))
    assert answer.status == 422
    assert answer.error_summary
    assert books(session) == before


def test_account_of_another_fund_or_none_is_refused(visit: Visit, session: Session) -> None:
    before = books(session)
    for account in ("999", str(2**70), "bank"):
        fields = TYPED | {"account": account, "earmark": "1", "once": "k" * 32}
        answer = visit("accountant").post(f"{PLACE}/interest", fields)
        assert answer.status == 422
        assert answer.error_at("account")
    assert books(session) == before


def test_cash_is_paid_into_the_bank_and_no_purpose_loses_anything(visit: Visit, session: Session) -> None:
    give(session, 62_500, method="cash")
    held = [pool.held_minor for pool in pools_of(session, only_fund(session, None).id)]
    cash, bank = _account(session, "cash"), _account(session)
    cashier = visit("cashier")
    form = cashier.get(f"{PLACE}/transfer")
    assert "现金（余额 625.00 元）" in form.words
    typed = {
        "source": str(cash),
        "target": str(bank),
        "amount": "625",
        "occurred_on": "2023-09-29",
        "memo": "存款",
    }
    page = cashier.follow(cashier.send(form, typed, path=f"{PLACE}/transfer"))
    assert "625.00" in page.words
    once = books(session)
    assert (balance_on(session, cash, date(2023, 9, 29)), balance_on(session, bank, date(2023, 9, 29))) == (
        0,
        62_500,
    )
    assert [pool.held_minor for pool in pools_of(session, only_fund(session, None).id)] == held
    assert cashier.send(form, typed, path=f"{PLACE}/transfer").status == 303
    assert books(session) == once


def test_charge_of_a_move_is_an_entry_of_its_own(visit: Visit, session: Session) -> None:
    give(session, 100_000, method="wechat")
    wechat, bank = _account(session, "wechat"), _account(session)
    typed = {
        "source": str(wechat),
        "target": str(bank),
        "amount": "999",
        "fee": "1",
        "occurred_on": "2023-09-29",
    }
    assert visit("cashier").submit(f"{PLACE}/transfer", typed).status == 303
    assert _latest(session).kind == "fee"
    assert balance_on(session, wechat, date(2023, 9, 29)) == 0
    assert balance_on(session, bank, date(2023, 9, 29)) == 99_900


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"amount": "626"}, "amount", "“现金”只有 625.00 元"),
        ({"target": "cash"}, "target", "转出和转入不能是同一个账户"),
        ({"source": ""}, "source", "请填写这一项"),
        ({"fee": "-1"}, "fee", "金额不能是负数"),
        ({"fee": "0"}, "fee", "金额不能是零"),
        ({"memo": "长" * 201}, "memo", "最多 200 个字"),
        ({"occurred_on": "2023-09-01"}, "amount", "“现金”在 2023-09-01 只有 0.00 元，不够支付"),
        *(({"amount": typed}, "amount", sentence) for typed, sentence in BAD_AMOUNTS.values()),
        *(({"occurred_on": typed}, "occurred_on", sentence) for typed, sentence in BAD_DAYS.values()),
    ],
)
def test_wrong_move_is_refused_beside_its_field(
    visit: Visit, session: Session, changes: dict[str, str], field: str, sentence: str
) -> None:
    give(session, 62_500, method="cash")
    cash = str(_account(session, "cash"))
    typed = {"source": cash, "target": str(_account(session)), "amount": "625", "occurred_on": "2023-09-29"}
    changes = {name: cash if value == "cash" else value for name, value in changes.items()}
    before = books(session)
    answer = visit("cashier").submit(f"{PLACE}/transfer", typed | changes)
    assert (answer.status, answer.error_at(field)) == (422, sentence)
    for name, value in (typed | changes).items():
        assert answer.value_of(name) == value
    assert books(session) == before


def test_accounts_show_what_is_in_them_today_and_each_day(visit: Visit, session: Session) -> None:
    give(session, 500_000, received_on=date(2023, 9, 20))
    give(session, 100_000, received_on=date(2023, 9, 28))
    council = visit("council")
    page = council.get(f"{PLACE}/")
    assert "6,000.00" in page.words
    assert not {link for link in page.links() if link.endswith(("/transfer", "/fee", "/reverse"))}
    day_by_day = council.get(f"{PLACE}/accounts/{_account(session)}")
    days = [
        [cell.text_content().strip() for cell in row.xpath("td")]
        for row in day_by_day.tree.xpath("//div[@id='account-days']//tbody/tr")
    ]
    assert days == [["2023-09-28", "+1,000.00", "6,000.00"], ["2023-09-20", "+5,000.00", "5,000.00"]]
    assert "这个账户还没有收付" in council.get(f"{PLACE}/accounts/{_account(session, 'alipay')}").words
    assert council.get(f"{PLACE}/accounts/9999").status == 404


def test_account_is_added(visit: Visit, session: Session) -> None:
    accountant = visit("accountant")
    page = accountant.follow(
        accountant.submit(f"{PLACE}/accounts/add", {"kind": "bank", "name": "农商行 1234"})
    )
    assert "农商行 1234" in page.words
    before = books(session)
    for typed, field, sentence in (
        ({"kind": "bank", "name": "农商行 1234"}, "name", "已有同名的资金账户"),
        ({"kind": "bank", "name": "长" * 101}, "name", "最多 100 个字"),
        ({"name": "新的"}, "kind", "请填写这一项"),
    ):
        answer = accountant.submit(f"{PLACE}/accounts/add", typed)
        assert (answer.status, answer.error_at(field)) == (422, sentence)
    assert books(session) == before
    # A second account of a kind has to be chosen where a gift is recorded.
    assert "收款账户" in visit("secretary").get("/office/donations/record").words


@pytest.mark.parametrize(
    ("path", "others"),
    [
        *((form, ("secretary", "cashier", "council", "auditor")) for form in FORMS),
        ("accounts/add", ("secretary", "cashier", "council", "auditor")),
        ("transfer", ("secretary", "accountant", "council", "auditor")),
    ],
)
def test_stranger_and_wrong_offices_move_nothing(
    visit: Visit, session: Session, path: str, others: tuple[str, ...]
) -> None:
    before = books(session)
    address = f"{PLACE}/{path}"
    assert visit().get(address).location.startswith("/office/sign-in")
    assert visit().post(address, TYPED).status == 401
    for key in others:
        assert visit(key).get(address).status == 403
        assert visit(key).post(address, TYPED).status == 403
    assert visit("accountant").client.delete(address).status_code == 405
    assert books(session) == before
