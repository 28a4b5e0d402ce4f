"""What the example does not have: refunds, reversals, openings, changes of purpose, prepayments, goods given out."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from app.goods.operations import GoodsDraft, receive_goods
from app.ledger import queries as ledger
from app.ledger import rules as posting
from app.ledger.correction.operations import reverse_entry
from app.ledger.rules import MovementDraft, PostingDraft, TrancheDraft
from app.ledger.tracing.operations import plan_direct_use, plan_refund
from app.ledger.treasury.operations import record_fee, record_interest, record_opening, record_subsidy
from app.shared import clock
from app.shared.db import transaction
from app.shared.money import yuan
from app.shared.periods import Period
from app.statements.accrual.queries import AccrualStatements, accrual_statements
from app.statements.queries import statement_figures
from app.statements.rules import StatementFigures
from tests.statements.reading import cells, failing, section_a
from tests.statements.worked_example import ACTOR, ROAD, Example, entry, gift, goods_gift, payment

MARCH = Period(date(2024, 3, 1), date(2024, 3, 31))
DAY = date(2024, 3, 10)


def figures_of(example: Example, period: Period = MARCH) -> StatementFigures:
    """The statement, whose ties must hold whatever was posted; and the accrual statements must agree with it."""
    figures = statement_figures(example.session, example.fund, period)
    assert failing(figures) == []
    accrual = accrual_of(example, period)
    assert accrual.balance_sheet.balances
    assert all(line.adds_up for line in accrual.fund_lines)
    assert accrual.activities.income_total == figures.bridge.income
    assert accrual.activities.expenses_total == figures.bridge.expenses
    programme = next(line.amounts for line in accrual.activities.expenses if line.key == "programme")
    details = [line.amounts for line in accrual.activities.programme_details]
    assert sum(each.total_minor for each in details) == programme.total_minor
    assert sum(line.money_in_minor for line in accrual.fund_lines) == figures.cash.receipts_total.total_minor
    assert sum(line.closing_money_minor for line in accrual.fund_lines) == figures.cash.closing.total_minor
    return figures


def accrual_of(example: Example, period: Period = MARCH) -> AccrualStatements:
    return accrual_statements(example.session, example.fund.id, period)


def bank(example: Example):  # type: ignore[no-untyped-def]
    return ledger.money_account_of_kind(example.session, example.fund.id, "bank")


def free(example: Example):  # type: ignore[no-untyped-def]
    return ledger.unrestricted_earmark(example.session, example.fund.id)


def road(example: Example):  # type: ignore[no-untyped-def]
    return ledger.earmarks_of(example.session, example.fund.id)[1]


def test_refund_reduces_the_row_that_was_paid(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        gift(blank, "gift", DAY, 100_000)
        payment(blank, "paid", DAY, 80_000, "organisation_aid", "图书角")
        project = ledger.projects_of(session, blank.fund.id)[0]
        entry(
            blank,
            "refund",
            "refund",
            date(2024, 3, 20),
            posting.refund_postings(
                bank(blank), free(blank), 30_000, "organisation_aid", accepted=True, project_id=project.id
            ),
            sign=-1,
            movements=plan_refund(session, "disbursement", 1, 30_000),
        )
    figures = figures_of(blank)
    assert section_a(figures)["organisation_aid"] == "500.00 | 0.00 | 500.00"
    assert [(row.in_minor, row.out_minor) for row in figures.annex] == [
        (100_000, 0),
        (0, 80_000),
        (0, -30_000),
    ]
    assert cells(figures.bridge.expenses) == "500.00 | 0.00 | 500.00"


def test_reversed_pair_is_visible_marked_and_cancels_out(session: Session, blank: Example) -> None:
    with transaction(session, books=True), clock.simulated(clock.now()) as moment:
        moment.set_local(DAY)
        gift(blank, "right", DAY, 50_000)
        wrong = gift(blank, "wrong", DAY, 70_000, earmark="road").number
        moment.set_local(date(2024, 3, 25))
        undone = reverse_entry(session, ACTOR, wrong, "重复登记").number
    figures = figures_of(blank)
    assert section_a(figures)["receipts_total"] == "500.00 | 0.00 | 500.00"
    assert "earmarked_donation" not in section_a(figures)
    marks = {row.number: (row.in_minor, row.reverses_number, row.reversed_by_number) for row in figures.annex}
    assert marks[wrong] == (70_000, None, undone)
    assert marks[undone] == (-70_000, wrong, None)


def test_period_before_a_reversal_does_not_know_of_it(session: Session, blank: Example) -> None:
    with transaction(session, books=True), clock.simulated(clock.now()) as moment:
        moment.set_local(DAY)
        wrong = gift(blank, "wrong", DAY, 70_000).number
        moment.set_local(date(2024, 4, 2))
        reverse_entry(session, ACTOR, wrong, "重复登记")
    march = figures_of(blank)
    assert march.cash.closing.total_minor == 70_000
    assert [row.reversed_by_number for row in march.annex] == [None]
    april = figures_of(blank, Period(date(2024, 4, 1), date(2024, 4, 30)))
    assert section_a(april)["cash_donation"] == "-700.00 | 0.00 | -700.00"
    assert april.cash.closing.total_minor == 0


def test_opening_balance_of_the_period_is_opening_not_receipt(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        record_opening(session, ACTOR, bank(blank), free(blank), 12_300, DAY)
        record_opening(session, ACTOR, bank(blank), road(blank), 45_600, DAY)
        gift(blank, "gift", DAY, 100)
    figures = figures_of(blank)
    assert cells(figures.cash.opening) == "123.00 | 456.00 | 579.00"
    assert cells(figures.cash.receipts_total) == "1.00 | 0.00 | 1.00"
    assert [(row.kind, row.in_minor, row.other_minor) for row in figures.annex] == [
        ("opening", 0, 12_300),
        ("opening", 0, 45_600),
        ("donation", 100, 0),
    ]
    later = figures_of(blank, Period(date(2024, 4, 1), date(2024, 4, 30)))
    assert cells(later.cash.opening) == "124.00 | 456.00 | 580.00"


def test_change_of_purpose_is_a_transfer_that_sums_to_zero(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        given = gift(blank, "gift", DAY, 90_000, earmark="road")
        entry(
            blank,
            "purpose",
            "purpose_change",
            DAY,
            posting.purpose_change_postings(bank(blank), road(blank), free(blank), 40_000),
            opens=TrancheDraft(free(blank).id, 40_000, DAY),
            movements=[MovementDraft(given.number, "withdraw", 40_000, "donation", 0)],
        )
    figures = figures_of(blank)
    assert section_a(figures)["transfers"] == "400.00 | -400.00 | 0.00"
    assert cells(figures.cash.closing) == "400.00 | 500.00 | 900.00"
    assert [(row.in_minor, row.out_minor) for row in figures.annex] == [(90_000, 0), (0, 0)]
    report = accrual_of(blank).activities
    assert cells(report.released) == "400.00 | -400.00 | 0.00"
    assert cells(report.restricted) == "0.00 | 0.00 | 0.00"
    assert cells(report.change) == "400.00 | 500.00 | 900.00"


def test_money_paid_before_acceptance_is_not_an_expense_yet(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        gift(blank, "gift", DAY, 100_000)
        payment(blank, "works", DAY, 60_000, "project_works", "修屋顶", accepted=False)
        payment(blank, "goods", DAY, 20_000, "goods_purchase", "米面油", source_id=2, accepted=False)
    figures = figures_of(blank)
    assert section_a(figures)["payments_total"] == "800.00 | 0.00 | 800.00"
    assert cells(figures.bridge.expenses) == "0.00 | 0.00 | 0.00"
    assert cells(figures.bridge.waiting) == "800.00 | 0.00 | 800.00"
    assert (figures.position.prepayments_minor, figures.position.goods_to_hand_out_minor) == (60_000, 20_000)
    assert figures.position.goods_minor == 0
    works = next(
        project for project in ledger.projects_of(session, blank.fund.id) if project.name == "修屋顶"
    )
    with transaction(session, books=True):
        entry(
            blank,
            "accepted",
            "acceptance",
            date(2024, 4, 3),
            posting.acceptance_postings(free(blank), 60_000, "project_works", works.id),
        )
    april = figures_of(blank, Period(date(2024, 4, 1), date(2024, 4, 30)))
    assert cells(april.bridge.expenses) == "600.00 | 0.00 | 600.00"
    assert cells(april.cash.payments_total) == "0.00 | 0.00 | 0.00"
    assert (april.position.prepayments_minor, april.position.goods_to_hand_out_minor) == (0, 20_000)
    assert failing(figures_of(blank)) == []


def test_asset_bought_stands_below_the_subtotal(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        gift(blank, "gift", DAY, 100_000)
        payment(blank, "asset", DAY, 30_000, "asset_purchase", "打印机")
    figures = figures_of(blank)
    assert section_a(figures)["payments_subtotal"] == "0.00 | 0.00 | 0.00"
    assert section_a(figures)["asset_purchase"] == "300.00 | 0.00 | 300.00"
    assert figures.position.fixed_assets_minor == 30_000
    assert cells(figures.bridge.expenses) == "0.00 | 0.00 | 0.00"


def test_gift_given_back_reduces_income_but_not_receipts(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        given = gift(blank, "gift", DAY, 90_000, earmark="road")
        entry(
            blank,
            "back",
            "gift_returned",
            DAY,
            posting.gift_returned_postings(bank(blank), road(blank), 20_000),
            movements=[MovementDraft(given.number, "withdraw", 20_000, "donation", 0)],
        )
    figures = figures_of(blank)
    assert section_a(figures)["receipts_total"] == "0.00 | 900.00 | 900.00"
    assert section_a(figures)["gift_returned"] == "0.00 | 200.00 | 200.00"
    assert cells(figures.bridge.income) == "0.00 | 700.00 | 700.00"
    assert cells(figures.bridge.expenses) == "0.00 | 0.00 | 0.00"


def test_fee_interest_and_subsidy_have_their_rows(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        record_interest(session, ACTOR, bank(blank), 1_234, DAY)
        record_subsidy(session, ACTOR, bank(blank), road(blank), 50_000, DAY)
        record_fee(session, ACTOR, bank(blank), 500, DAY)
    rows = section_a(figures_of(blank))
    assert rows["interest"] == "12.34 | 0.00 | 12.34"
    assert rows["government_subsidy"] == "0.00 | 500.00 | 500.00"
    assert rows["bank_fee"] == "5.00 | 0.00 | 5.00"


def test_council_designation_stays_unrestricted(session: Session, blank: Example) -> None:
    from app.ledger.treasury.operations import create_earmark

    with transaction(session, books=True):
        create_earmark(session, ACTOR, blank.fund.id, "reserve", "应急储备", "designated")
        gift(blank, "gift", DAY, 7_700, earmark="reserve")
    assert section_a(figures_of(blank))["cash_donation"] == "77.00 | 0.00 | 77.00"


def test_goods_given_out_are_an_expense_without_money(session: Session, blank: Example) -> None:
    from app.goods.operations import plan_out, take_out

    with transaction(session, books=True):
        goods_gift(blank, "books", DAY, 1)
        line = blank.numbers["goods-1"]
        cost = plan_out(session, line, 10)
        out = entry(blank, "out", "stock_out", DAY, posting.stock_out_postings(free(blank), cost))
        take_out(session, line, 10, cost, "sold", entry_number=out.number, source_type="test", source_id=0)
    figures = figures_of(blank)
    assert cells(figures.bridge.goods_issued) == "50.00 | 0.00 | 50.00"
    assert cells(figures.bridge.expenses) == "50.00 | 0.00 | 50.00"
    assert (figures.position.pieces, yuan(figures.position.goods_minor)) == (30, "150.00")
    assert [(row.in_minor, row.out_minor, row.other_minor) for row in figures.annex] == [
        (0, 0, 20_000),
        (0, 0, 5_000),
    ]


def test_goods_that_a_count_found_are_income_without_money(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        goods_gift(blank, "books", DAY, 1)
        found = entry(blank, "found", "goods_received", DAY, posting.stock_found_postings(free(blank), 1_500))
        receive_goods(
            session,
            [GoodsDraft("图书", 3, "册", 1_500, "盘点多出")],
            fund_id=blank.fund.id,
            earmark_id=free(blank).id,
            source_type="test",
            source_id=0,
            entry_number=found.number,
            received_on=DAY,
        )
    figures = figures_of(blank)
    assert cells(figures.bridge.goods_received) == "215.00 | 0.00 | 215.00"
    assert cells(figures.bridge.income) == "215.00 | 0.00 | 215.00"
    assert yuan(figures.position.goods_minor) == "215.00"


def test_fundraising_and_management_are_expenses_of_their_own(session: Session, blank: Example) -> None:
    with transaction(session, books=True):
        gift(blank, "gift", DAY, 100_000)
        payment(blank, "poster", DAY, 1_000, "fundraising_cost", "海报")
        payment(blank, "paper", DAY, 2_000, "management", "办公纸张", source_id=2)
    figures_of(blank)
    report = accrual_of(blank).activities
    assert {line.key: line.amounts.total_minor for line in report.expenses if line.amounts.total_minor} == {
        "management": 2_000,
        "fundraising": 1_000,
    }


def test_closing_the_year_leaves_its_statements_as_they_were(session: Session, example: Example) -> None:
    year = Period(date(2023, 1, 1), date(2023, 12, 31))
    before = (statement_figures(session, example.fund, year), accrual_of(example, year))
    purpose = free(example).id
    with transaction(session, books=True):
        entry(
            example,
            "closing",
            "closing",
            date(2023, 12, 31),
            [
                PostingDraft("4101", purpose, debit_minor=725_000),
                PostingDraft("4501", purpose, debit_minor=164_500),
                PostingDraft("5101", purpose, credit_minor=782_000),
                PostingDraft("3101", purpose, credit_minor=107_500),
            ],
        )
    after, accrual = statement_figures(session, example.fund, year), accrual_of(example, year)
    assert failing(after) == []
    assert (after.cash, after.position, after.bridge) == (
        before[0].cash,
        before[0].position,
        before[0].bridge,
    )
    assert accrual.activities.income_total == before[1].activities.income_total
    assert accrual.activities.change == before[1].activities.change
    assert accrual.balance_sheet == before[1].balance_sheet
    assert accrual.trial_balance == before[1].trial_balance
    following = figures_of(example, Period(date(2024, 1, 1), date(2024, 1, 31)))
    assert cells(following.bridge.income) == "0.00 | 0.00 | 0.00"


@pytest.mark.parametrize("minor", [1, 999_999_999_99])
def test_smallest_and_largest_amounts_are_exact(session: Session, blank: Example, minor: int) -> None:
    with transaction(session, books=True):
        gift(blank, "gift", DAY, minor, earmark="road", description=ROAD)
    assert figures_of(blank).cash.closing.total_minor == minor


def test_direct_use_and_reversal_keep_the_ties(session: Session, blank: Example) -> None:
    with transaction(session, books=True), clock.simulated(clock.now()) as moment:
        moment.set_local(DAY)
        gift(blank, "gift", DAY, 10_000)
        fee = entry(
            blank,
            "fee",
            "fee",
            DAY,
            posting.fee_postings(bank(blank), free(blank), 300),
            movements=plan_direct_use(session, "money_account", 1, free(blank).id, 300, DAY),
        )
        reverse_entry(session, ACTOR, fee.number, "银行退回")
    figures = figures_of(blank)
    assert section_a(figures)["payments_total"] == "0.00 | 0.00 | 0.00"
    assert [row.out_minor for row in figures.annex] == [0, 300, -300]
