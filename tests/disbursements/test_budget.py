"""Budget lines and quotations: what they must say, what the council votes on, what the database refuses itself."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.disbursements import operations
from app.disbursements.budget import queries
from app.disbursements.budget.models import BudgetLine
from app.disbursements.budget.operations import write_budget
from app.disbursements.budget.rules import (
    BudgetDraft,
    LineDraft,
    QuotationDraft,
    item_key,
    parse_quantity,
    quantity_text,
    refusals,
)
from app.disbursements.checks import check_disbursements
from app.disbursements.models import Disbursement
from app.files.queries import files_of
from app.settings import Settings
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests.disbursements import scenes
from tests.factories import actor

TODAY = date(2023, 11, 6)
RICE = LineDraft("大米 25kg", quantity_milli=32_000, unit="袋", unit_price_minor=12_500)
LIFT = LineDraft("运费", amount_minor=200_000)
BUDGET = BudgetDraft(
    [RICE, LIFT], [QuotationDraft("某粮油店", 600_000, date(2023, 10, 30), upload=("报价.pdf", scenes.PDF))]
)


def _write(
    session: Session, settings: Settings, found: int, budget: BudgetDraft, by: str = "secretary"
) -> None:
    with transaction(session, books=True):
        write_budget(session, actor(session, by), settings.files_dir, found, budget)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (LineDraft("", amount_minor=100), "budget-0-item"),
        (LineDraft("大米"), "budget-0-amount"),
        (LineDraft("大米", quantity_milli=1000), "budget-0-unit_price"),
        (LineDraft("大米", unit_price_minor=100), "budget-0-quantity"),
        (LineDraft("布", quantity_milli=1_333, unit_price_minor=10), "budget-0-unit_price"),
        (LineDraft("大米", 399_999, 32_000, "袋", 12_500), "budget-0-amount"),
        (LineDraft("大米", quantity_milli=10**10, unit_price_minor=10**13 - 1), "budget-0-unit_price"),
        (LineDraft("大米", amount_minor=100, place=3, unit="很" * 21), "budget-3-unit"),
        (LineDraft("大米", amount_minor=99), "budget"),
    ],
)
def test_wrong_line_is_refused_beside_its_field(line: LineDraft, field: str) -> None:
    assert [each.field for each in refusals(BudgetDraft([line]), 100, TODAY)] == [field]


@pytest.mark.parametrize(
    ("typed", "milli", "shown"),
    [
        ("32", 32_000, "32"),
        ("2.5", 2_500, "2.5"),
        ("1,200", 1_200_000, "1,200"),
        ("３０", 30_000, "30"),
        ("0.125", 125, "0.125"),
    ],
)
def test_quantities_are_exact_to_a_thousandth(typed: str, milli: int, shown: str) -> None:
    assert parse_quantity(typed) == milli
    assert quantity_text(milli) == shown


@pytest.mark.parametrize("typed", ["0", "-1", "2.5555", "三", "1e3", "10000001"])
def test_what_is_no_quantity_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        parse_quantity(typed)


def test_same_thing_is_recognised_through_spelling_but_not_in_another_unit() -> None:
    assert item_key("大米 25KG", "袋") == item_key("大米（２５kg）", "袋")
    assert item_key("帳篷", "頂") == item_key("帐篷", "顶")
    assert item_key("大米", "袋") != item_key("大米", "吨")


def test_budget_is_kept_and_is_part_of_the_text(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.drafted(session)
    bare = operations.draft_hash(session, session.get_one(Disbursement, found))
    _write(session, settings, found, BUDGET)
    assert [
        (line.item, line.quantity, line.unit, line.amount_minor) for line in queries.lines_of(session, found)
    ] == [
        ("大米 25kg", "32", "袋", 400_000),
        ("运费", "", "", 200_000),
    ]
    quotation = queries.quotations_of(session, found)[0]
    assert (quotation.supplier, quotation.amount_minor, quotation.file_name) == (
        "某粮油店",
        600_000,
        "报价.pdf",
    )
    with_budget = operations.draft_hash(session, session.get_one(Disbursement, found))
    cheaper = QuotationDraft("某粮油店", 590_000, date(2023, 10, 30), quotation.attachment_id)
    _write(session, settings, found, BudgetDraft([RICE, LIFT], [cheaper]))
    with_other_quotation = operations.draft_hash(session, session.get_one(Disbursement, found))
    assert len({bare, with_budget, with_other_quotation}) == 3
    assert [file.name for file in files_of(session, "disbursement", found)] == ["报价.pdf"]


def test_request_may_have_no_budget(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.drafted(session)
    _write(session, settings, found, BudgetDraft())
    with transaction(session, books=True):
        operations.submit_disbursement(session, actor(session, "secretary"), found)
    assert queries.lines_of(session, found) == []


def test_lines_that_are_not_the_amount_are_refused_and_nothing_is_kept(
    session: Session, settings: Settings
) -> None:
    found = scenes.drafted(session)
    with pytest.raises(InputRefused) as refused:
        _write(session, settings, found, BudgetDraft([RICE]))
    assert str(refused.value) == "预算合计 4,000.00 元，申请金额 6,000.00 元，两者应当相等"
    assert refused.value.field == "budget"
    assert queries.lines_of(session, found) == []


def test_amount_changed_under_a_budget_cannot_be_submitted(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.drafted(session)
    _write(session, settings, found, BUDGET)
    with transaction(session, books=True):
        operations.edit_disbursement(
            session, actor(session, "secretary"), found, scenes.a_draft(session, 500_000)
        )
    with pytest.raises(Refused, match="两者应当相等"), transaction(session, books=True):
        operations.submit_disbursement(session, actor(session, "secretary"), found)
    with pytest.raises(DBAPIError, match="budget_adds_up"), transaction(session):
        session.execute(
            update(Disbursement).where(Disbursement.id == found).values(status="submitted", number="2023-77")
        )


def test_budget_is_fixed_once_submitted(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.drafted(session)
    _write(session, settings, found, BUDGET)
    with transaction(session, books=True):
        operations.submit_disbursement(session, actor(session, "secretary"), found)
    with pytest.raises(Conflict, match="申请已经提交"):
        _write(session, settings, found, BUDGET)
    row = {
        "disbursement_id": found,
        "line": 9,
        "item": "后加",
        "item_key": "后加|",
        "unit": "",
        "amount_minor": 1,
    }
    for statement in (
        insert(BudgetLine).values(**row),
        update(BudgetLine).values(item="别的"),
        delete(BudgetLine),
        text("UPDATE quotation SET amount_minor = 1"),
        text("DELETE FROM quotation"),
    ):
        with pytest.raises(DBAPIError, match="is_fixed_once_submitted"), transaction(session):
            session.execute(statement)
    check = next(each for each in check_disbursements(session) if each.name == "budgets_add_up")
    assert (check.examined, check.problems) == (2, [])


def test_database_refuses_a_line_that_is_not_the_exact_product(session: Session) -> None:
    found = scenes.drafted(session)
    row = {
        "disbursement_id": found,
        "line": 1,
        "item": "大米",
        "item_key": "大米|袋",
        "unit": "袋",
        "quantity_milli": 32_000,
        "unit_price_minor": 12_500,
        "amount_minor": 400_001,
    }
    with pytest.raises(DBAPIError, match="budget_line_is_the_exact_product"), transaction(session):
        session.execute(insert(BudgetLine), [row])
    assert session.scalar(select(BudgetLine.id)) is None


def test_quotation_cannot_take_a_paper_of_another_request(session: Session, settings: Settings) -> None:
    other, found = scenes.drafted(session), scenes.drafted(session)
    _write(session, settings, other, BUDGET)
    paper = queries.quotations_of(session, other)[0].attachment_id
    stolen = QuotationDraft("某店", 1, date(2023, 10, 30), paper)
    with pytest.raises(Refused, match="没有这个文件"):
        _write(session, settings, found, BudgetDraft([], [stolen]))


def test_removed_paper_leaves_its_quotation(session: Session, settings: Settings) -> None:
    found = scenes.drafted(session)
    _write(session, settings, found, BUDGET)
    paper = queries.quotations_of(session, found)[0].attachment_id or 0
    with transaction(session, books=True):
        operations.remove_paper(session, actor(session, "secretary"), found, paper)
    assert [(each.supplier, each.attachment_id) for each in queries.quotations_of(session, found)] == [
        ("某粮油店", None)
    ]


def test_cashier_cannot_write_a_budget(session: Session, settings: Settings) -> None:
    found = scenes.drafted(session)
    with pytest.raises(Forbidden):
        _write(session, settings, found, BUDGET, by="cashier")
