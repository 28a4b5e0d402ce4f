"""The statements of the worked example: every figure of its §3, §4 and §6, to the fen and on both databases."""

from __future__ import annotations

import csv
import io
import subprocess
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from lxml import html
from sqlalchemy.orm import Session

from app.funds.models import Fund
from app.funds.queries import only_fund
from app.ledger.accounts import MONEY_ACCOUNTS
from app.shared.db import transaction
from app.shared.money import yuan
from app.shared.periods import Period
from app.shared.permissions import Actor, Office, Role
from app.statements.accrual.queries import AccrualStatements, accrual_statements, money_on
from app.statements.operations import issue_statement
from app.statements.pdf import statement_file
from app.statements.queries import statement_figures
from app.statements.rules import PAYMENT_KEYS, RECEIPT_KEYS, StatementFigures
from tests.statements.reading import cells, failing, section_a

ROAD, WINTER = "金龙体育馆门前破损路面修缮", "辖区孤寡老人冬季慰问"

AUTUMN = Period(date(2023, 9, 1), date(2023, 12, 31))


@pytest.fixture
def fund(session: Session) -> Fund:
    """The example fund."""
    return only_fund(session, None)


@pytest.fixture
def figures(session: Session, fund: Fund) -> StatementFigures:
    """The statement of the example's four months."""
    return statement_figures(session, fund, AUTUMN)


@pytest.fixture
def accrual(session: Session, fund: Fund) -> AccrualStatements:
    """The accrual statements of the same months."""
    return accrual_statements(session, fund.id, AUTUMN)


def test_receipts_and_payments_are_those_of_the_example(figures: StatementFigures) -> None:
    assert section_a(figures) == {
        "cash_donation": "5,000.00 | 0.00 | 5,000.00",
        "earmarked_donation": "0.00 | 350,000.00 | 350,000.00",
        "charity_sale": "1,395.00 | 0.00 | 1,395.00",
        "charity_auction": "250.00 | 0.00 | 250.00",
        "donation_box": "30.00 | 0.00 | 30.00",
        "receipts_subtotal": "6,675.00 | 350,000.00 | 356,675.00",
        "receipts_total": "6,675.00 | 350,000.00 | 356,675.00",
        "project_works": "0.00 | 350,000.00 | 350,000.00",
        "goods_purchase": "6,000.00 | 0.00 | 6,000.00",
        "payments_subtotal": "6,000.00 | 350,000.00 | 356,000.00",
        "payments_total": "6,000.00 | 350,000.00 | 356,000.00",
        "net": "675.00 | 0.00 | 675.00",
        "transfers": "0.00 | 0.00 | 0.00",
        "opening": "0.00 | 0.00 | 0.00",
        "closing": "675.00 | 0.00 | 675.00",
    }


def test_rows_stand_in_the_official_order() -> None:
    assert RECEIPT_KEYS == (
        "cash_donation", "earmarked_donation", "charity_sale", "charity_auction", "gala_other", "donation_box",
        "government_subsidy", "interest", "other_income",
    )  # fmt: skip
    assert PAYMENT_KEYS == (
        "individual_aid", "organisation_aid", "project_works", "goods_purchase", "fundraising_cost", "management",
        "bank_fee", "gift_returned",
    )  # fmt: skip


def test_position_is_that_of_the_example(figures: StatementFigures) -> None:
    held = figures.position
    assert {line.kind: yuan(line.amount_minor) for line in held.money} == {
        "bank": "675.00",
        "cash": "0.00",
        "wechat": "0.00",
        "alipay": "0.00",
    }
    assert [(line.item, line.pieces, line.unit, yuan(line.value_minor)) for line in held.goods] == [
        ("儿童玩具", 3, "件", "60.00"),
        ("商户优惠券", 5, "张", "100.00"),
        ("衣帽", 6, "件", "120.00"),
        ("鞋子", 4, "双", "120.00"),
    ]
    assert (held.pieces, yuan(held.goods_minor)) == (18, "400.00")
    nothing = (
        held.receivables_minor,
        held.prepayments_minor,
        held.goods_to_hand_out_minor,
        held.fixed_assets_minor,
        held.payables_minor,
        held.approved_unpaid_minor,
        held.agency_assets_minor,
        held.agency_liabilities_minor,
    )
    assert set(nothing) == {0}


def test_bridge_leads_from_money_to_accounting_income(figures: StatementFigures) -> None:
    crossing = figures.bridge
    assert [cells(each) for each in (crossing.receipts, crossing.goods_received, crossing.income)] == [
        "6,675.00 | 350,000.00 | 356,675.00",
        "2,220.00 | 0.00 | 2,220.00",
        "8,895.00 | 350,000.00 | 358,895.00",
    ]
    assert [cells(each) for each in (crossing.payments, crossing.goods_sold_cost, crossing.expenses)] == [
        "6,000.00 | 350,000.00 | 356,000.00",
        "1,820.00 | 0.00 | 1,820.00",
        "7,820.00 | 350,000.00 | 357,820.00",
    ]
    assert cells(crossing.change) == "1,075.00 | 0.00 | 1,075.00"


def test_every_tie_of_the_example_holds(figures: StatementFigures) -> None:
    assert failing(figures) == []
    assert {check.key: yuan(check.left_minor) for check in figures.checks} == {
        "closing_unrestricted": "675.00",
        "closing_restricted": "0.00",
        "closing_accounts": "675.00",
        "closing_pools": "675.00",
        "closing_tranches": "675.00",
        "transfers": "0.00",
        "income": "358,895.00",
        "expenses": "357,820.00",
        "change": "1,075.00",
        "net_assets": "1,075.00",
        "net_assets_restricted": "0.00",
        "goods": "400.00",
        "restricted_not_negative": "0.00",
        "debits_and_credits": "718,390.00",
        "annex_receipts": "356,675.00",
        "annex_payments": "356,000.00",
    }


def test_annex_lists_every_entry_and_adds_up(figures: StatementFigures) -> None:
    assert [entry.number for entry in figures.annex] == list(range(1, 24))
    assert (figures.annex_totals.count, figures.annex_totals.in_minor, figures.annex_totals.out_minor) == (
        23,
        35_667_500,
        35_600_000,
    )
    by_number = {entry.number: entry for entry in figures.annex}
    assert (by_number[1].in_minor, by_number[1].party) == (35_000_000, "中国石油克拉玛依石化有限责任公司")
    assert (by_number[3].in_minor, by_number[3].other_minor) == (0, 90_000)
    assert (by_number[20].in_minor, by_number[20].out_minor, by_number[20].other_minor) == (0, 0, 62_500)
    assert (by_number[23].out_minor, by_number[23].description) == (35_000_000, ROAD)


def test_trial_balance_is_that_of_the_example(accrual: AccrualStatements) -> None:
    trial = accrual.trial_balance
    rows = {
        f"{row.account_code} {'R' if row.is_restricted else 'U'}": (
            yuan(row.debit_minor),
            yuan(row.credit_minor),
        )
        for row in trial.rows
    }
    assert rows == {
        "1001 U": ("625.00", "625.00"),
        "1009 U": ("1,050.00", "1,050.00"),
        "1002 U": ("6,675.00", "6,000.00"),
        "1002 R": ("350,000.00", "350,000.00"),
        "1201 U": ("2,220.00", "1,820.00"),
        "4101 U": ("0.00", "7,250.00"),
        "4101 R": ("0.00", "350,000.00"),
        "4501 U": ("0.00", "1,645.00"),
        "5101 U": ("7,820.00", "0.00"),
        "5101 R": ("350,000.00", "0.00"),
    }
    assert (yuan(trial.debit_minor), yuan(trial.credit_minor)) == ("718,390.00", "718,390.00")


def test_money_day_by_day_is_that_of_the_example(session: Session, fund: Fund) -> None:
    seen = {}
    for day in (
        date(2023, 9, 20),
        date(2023, 9, 28),
        date(2023, 9, 29),
        date(2023, 11, 15),
        date(2023, 11, 20),
    ):
        money = money_on(session, fund.id, day)
        seen[f"{day:%m-%d}"] = tuple(yuan(money[kind]) for kind in ("bank", "cash", "wechat", "held"))
    assert seen == {
        "09-20": ("355,000.00", "0.00", "0.00", "355,000.00"),
        "09-28": ("355,000.00", "625.00", "1,050.00", "356,675.00"),
        "09-29": ("356,675.00", "0.00", "0.00", "356,675.00"),
        "11-15": ("350,675.00", "0.00", "0.00", "350,675.00"),
        "11-20": ("675.00", "0.00", "0.00", "675.00"),
    }


def test_months_have_the_turnover_of_the_example(session: Session, fund: Fund) -> None:
    seen = {}
    for month, last in ((9, 30), (10, 31), (11, 30)):
        period = Period(date(2023, month, 1), date(2023, month, last))
        cash = statement_figures(session, fund, period).cash
        seen[month] = (yuan(cash.receipts_total.total_minor), yuan(cash.payments_total.total_minor))
    assert seen == {9: ("356,675.00", "0.00"), 10: ("0.00", "0.00"), 11: ("0.00", "356,000.00")}


def test_statement_of_activities_is_that_of_the_example(accrual: AccrualStatements) -> None:
    report = accrual.activities
    assert {line.key: cells(line.amounts) for line in report.income if line.amounts.total_minor} == {
        "donations": "7,250.00 | 350,000.00 | 357,250.00",
        "sales": "1,645.00 | 0.00 | 1,645.00",
    }
    assert [line.key for line in report.income] == [
        "donations", "membership", "services", "subsidies", "sales", "head_office", "investments", "other",
    ]  # fmt: skip
    assert cells(report.income_total) == "8,895.00 | 350,000.00 | 358,895.00"
    assert {line.key: cells(line.amounts) for line in report.expenses if line.amounts.total_minor} == {
        "programme": "7,820.00 | 350,000.00 | 357,820.00"
    }
    assert {line.name or line.key: cells(line.amounts) for line in report.programme_details} == {
        ROAD: "0.00 | 350,000.00 | 350,000.00",
        WINTER: "6,000.00 | 0.00 | 6,000.00",
        "goods_sold_cost": "1,820.00 | 0.00 | 1,820.00",
    }
    assert cells(report.expenses_total) == "7,820.00 | 350,000.00 | 357,820.00"
    assert {cells(each) for each in (report.released, report.restricted, report.prior_years)} == {
        "0.00 | 0.00 | 0.00"
    }
    assert cells(report.change) == "1,075.00 | 0.00 | 1,075.00"


def test_balance_sheet_is_that_of_the_example(accrual: AccrualStatements) -> None:
    sheet = accrual.balance_sheet
    assert (yuan(sheet.money_minor), yuan(sheet.inventory_minor), yuan(sheet.assets_minor)) == (
        "675.00",
        "400.00",
        "1,075.00",
    )
    assert yuan(sheet.liabilities_minor) == "0.00"
    assert cells(sheet.net_assets) == "1,075.00 | 0.00 | 1,075.00"
    assert sheet.balances


def test_fund_statement_is_that_of_the_example(accrual: AccrualStatements) -> None:
    seen = {
        line.name: tuple(
            yuan(each)
            for each in (
                line.opening_minor,
                line.money_in_minor,
                line.goods_in_minor,
                line.arrived_minor,
                line.goods_sold_cost_minor,
                line.closing_minor,
                line.closing_money_minor,
                line.closing_goods_minor,
            )
        )
        for line in accrual.fund_lines
    }
    assert seen == {
        "非限定": ("0.00", "6,675.00", "2,220.00", "6,000.00", "1,820.00", "1,075.00", "675.00", "400.00"),
        ROAD: ("0.00", "350,000.00", "0.00", "350,000.00", "0.00", "0.00", "0.00", "0.00"),
    }
    assert all(line.adds_up for line in accrual.fund_lines)


def test_site_files_trial_balance_and_paper_agree(
    app: Flask, session: Session, fund: Fund, accrual: AccrualStatements
) -> None:
    with transaction(session, books=True):
        actor = Actor(None, "test", (Office(Role.ACCOUNTANT, fund.id, term_id=0),))
        document = issue_statement(session, actor, fund.id, AUTUMN).document
    reader = app.test_client()
    totals = reader.get("/ledger.json").get_json()["totals"]
    rows = list(
        csv.DictReader(io.StringIO(reader.get("/ledger.csv").get_data(as_text=True).lstrip("\ufeff")))
    )
    home = " ".join(html.fromstring(reader.get("/").get_data()).text_content().split())
    with app.app_context():
        paper = subprocess.run(
            ["pdftotext", "-layout", str(statement_file(document, "zh_Hans")), "-"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    lines = [" ".join(line.split()) for line in paper.splitlines()]
    for direction, label in (("in", "收入合计"), ("out", "支出合计")):
        of_files = sum(
            Decimal(row["amount"]) * int(row["sign"]) for row in rows if row["direction"] == direction
        )
        shown = yuan(totals[f"{direction}_minor"])
        assert shown == f"{of_files:,.2f}"
        assert shown in home
        assert sum(line.startswith(f"{label} ") and line.endswith(shown) for line in lines) == 1
    held, goods = yuan(totals["held_minor"]), yuan(totals["goods_minor"])
    assert held in home
    assert goods in home
    assert f"六、期末结余 {held} 0.00 {held}" in lines
    assert f"库存捐赠物资（18 件，估值） {goods}" in lines
    money = sum(
        row.debit_minor - row.credit_minor
        for row in accrual.trial_balance.rows
        if row.account_code in MONEY_ACCOUNTS
    )
    assert yuan(money) == held
    assert f"✓ 本期借方合计 = 本期贷方合计 {yuan(accrual.trial_balance.debit_minor)}" in " ".join(lines)
