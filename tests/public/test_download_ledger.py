"""A machine reads /ledger.json; somebody opens /ledger.csv or /ledger.xlsx in a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from app.disbursements.payments.operations import record_refund
from app.donations.operations import correct_money, reverse_donation
from app.ledger import queries as ledger
from app.ledger.correction.operations import reverse_entry
from app.ledger.treasury.operations import record_fee, transfer_money
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.shared import clock
from app.shared.db import transaction
from app.web.database import db
from tests import factories
from tests.disbursements import scenes
from tests.donations import gifts
from tests.public import reading
from tests.public.conftest import Town
from tests.visitor import Visitor

FIELDS = [
    "number",
    "occurred_on",
    "recorded_at",
    "kind",
    "direction",
    "amount_minor",
    "currency",
    "fund",
    "earmark",
    "restriction",
    "sign",
    "description",
    "party",
    "document",
    "reverses",
    "reversed_by",
    "log_index",
    "url",
]


def test_json_says_what_the_interface_promises(town: Town) -> None:
    answer = reading.json_of(town.get("/ledger.json"))
    assert list(answer) == ["fund", "as_of", "log_size", "totals", "entries", "next"]
    assert answer["fund"] == "yimi-yangguang"
    assert answer["totals"] == {
        "in_minor": 35_667_500,
        "out_minor": 35_600_000,
        "held_minor": 67_500,
        "goods_minor": 40_000,
    }
    assert answer["next"] is None
    entries = answer["entries"]
    assert [each["number"] for each in entries] == [23, 22, 21, 20, 19, 8, 7, 6, 5, 4, 3, 2, 1]
    for each in entries:
        assert [name for name in each if name != "entries"] == FIELDS
        assert answer["log_size"] > each["log_index"]
    road = entries[0]
    assert road["recorded_at"] == "2023-11-20T03:00:00Z"
    assert (road["kind"], road["direction"], road["sign"], road["amount_minor"]) == (
        "payment",
        "out",
        1,
        35_000_000,
    )
    assert (road["earmark"], road["restriction"], road["currency"]) == ("road", "restricted", "CNY")
    assert (road["reverses"], road["reversed_by"], road["url"]) == (None, None, "/entries/23")
    gala = entries[4]
    assert gala["entries"] == list(range(9, 20))
    assert (gala["kind"], gala["amount_minor"], gala["url"]) == ("sale", 167_500, "/sales/sale-2023-09-28")
    assert [each["direction"] for each in entries[2:4]] == ["move", "move"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "earmark=road",
        "direction=in",
        "direction=goods",
        "q=晚会",
        "from=2023-09-20&to=2023-11-15",
        "min=600",
        "kind=fee",
    ],
)
def test_page_json_and_csv_are_the_same_figures(town: Town, query: str) -> None:
    answer = reading.json_of(town.get(f"/ledger.json?{query}"))
    rows = reading.csv_rows(town.get(f"/ledger.csv?{query}"))
    assert [int(row["number"]) for row in rows] == [each["number"] for each in answer["entries"]]
    for row, each in zip(rows, answer["entries"], strict=True):
        assert Decimal(row["amount"]) * 100 == each["amount_minor"]
        for name in set(FIELDS) - {"amount_minor"}:
            assert row[name] == ("" if each[name] is None else str(each[name]))
    came, went = (int(reading.sum_of(rows, way) * 100) for way in ("in", "out"))
    assert (came, went) == (answer["totals"]["in_minor"], answer["totals"]["out_minor"])
    page = town.get(f"/ledger?{query}")
    if rows:
        line = reading.totals(page)
        assert f"共 {len(rows)} 笔 收 {came / 100:,.2f} 支 {went / 100:,.2f}" in line


def test_limit_and_next_walk_through_all_entries(town: Town) -> None:
    numbers, after, steps = [], "", 0
    whole = reading.json_of(town.get("/ledger.json"))
    while steps < 10:
        answer = reading.json_of(town.get(f"/ledger.json?limit=4{after}"))
        assert answer["totals"] == whole["totals"]
        numbers += [each["number"] for each in answer["entries"]]
        if answer["next"] is None:
            break
        after, steps = f"&after={answer['next']}", steps + 1
    assert numbers == [each["number"] for each in whole["entries"]]
    assert reading.json_of(town.get("/ledger.json?after=3"))["entries"][0]["number"] == 2


def test_workbook_holds_the_same_rows(town: Town) -> None:
    answer = town.get("/ledger.xlsx?direction=in")
    assert "ledger-" in answer.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    heading, *rows = sheet.iter_rows(values_only=True)
    assert heading[:6] == ("序号", "日期", "登记时间（世界时）", "类别", "收支", "金额（元）")
    assert [(row[0], row[3], row[5]) for row in rows] == [
        (19, "义卖义拍", 1675),
        (2, "捐赠", 5000),
        (1, "捐赠", 350_000),
    ]


def test_files_leave_no_connection_open(town: Town) -> None:
    with town.app.app_context():
        pool = db.engine.pool
    for path in ("/ledger.json", "/ledger.json?limit=3", "/ledger.csv", "/ledger.xlsx", "/ledger.csv?min=x"):
        for method in ("GET", "HEAD"):
            answer = town.app.test_client().open(path, method=method)
            answer.get_data()
            answer.close()
            assert pool.checkedout() == 0, f"{method} {path}"  # type: ignore[attr-defined]


def test_reader_who_leaves_early_frees_the_connection(town: Town) -> None:
    with town.app.app_context():
        pool = db.engine.pool
    answer = town.app.test_client().get("/ledger.csv", buffered=False)
    assert next(iter(answer.response)).startswith("\ufeffnumber".encode())
    answer.close()
    assert pool.checkedout() == 0  # type: ignore[attr-defined]


def test_wrong_filter_is_refused_in_each_form(town: Town) -> None:
    answer = town.get("/ledger.json?min=abc&from=x")
    assert answer.status == 422
    assert set(reading.json_of(answer)["errors"]) == {"min", "from"}
    for kind in ("csv", "xlsx"):
        assert town.get(f"/ledger.{kind}?min=abc").status == 422
    assert town.get("/ledger.json?limit=x").status == 422
    none = town.get("/ledger.json?limit=0")
    assert none.status == 422
    assert reading.json_of(none)["errors"] == {"limit": "一次至少要 1 行"}


def test_text_never_becomes_a_formula(session: Session, visit: Callable[..., Visitor]) -> None:
    donor = PartyDraft("organisation", '=HYPERLINK("http://x","点我")', ConsentDraft("named", "登记表"))
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 9, 21))
        gifts.give(session, 100, donor)
    (row,) = reading.csv_rows(visit().get("/ledger.csv"))
    assert row["party"] == '\'=HYPERLINK("http://x","点我")'
    sheet = load_workbook(io.BytesIO(visit().get("/ledger.xlsx").content)).active
    assert sheet is not None
    cells = [cell for cell in sheet[2] if isinstance(cell.value, str) and "HYPERLINK" in cell.value]
    assert [cell.data_type for cell in cells] == ["s"]


def test_figures_agree_when_entries_are_undone(
    session: Session, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    """Opening, gifts, a mistake taken back, a wrong amount put right, fees, moves, a payment and money back from a payee."""
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 9, 20))
        scenes.give(session, 1_000_000)
        first = gifts.give(session, 30_000)
        second = gifts.give(session, 50_000)
        gifts.give_goods(session)
        accountant = factories.actor(session, "accountant")
        bank = ledger.money_account_of_kind(session, scenes.fund_id(session), "bank")
        cash = ledger.money_account_of_kind(session, scenes.fund_id(session), "cash")
        moment.set_local(date(2023, 10, 9))
        with transaction(session, books=True):
            fee = record_fee(session, accountant, bank, 1_500, date(2023, 10, 9))
        with transaction(session, books=True):
            transfer_money(
                session, factories.actor(session, "cashier"), bank, cash, 20_000, date(2023, 10, 9)
            )
        with transaction(session, books=True):
            reverse_donation(session, accountant, first, "重复登记")
        with transaction(session, books=True):
            correct_money(session, accountant, second, "金额写错", amount_minor=55_000)
        moment.set_local(date(2023, 11, 6))
        paid = scenes.approved(session, 200_000)
        scenes.pay(session, tmp_path, paid, 200_000)
        with transaction(session, books=True):
            record_refund(
                session,
                factories.actor(session, "cashier"),
                paid,
                amount_minor=12_000,
                account=bank,
                received_on=date(2023, 11, 6),
                accepted=True,
            )
        with transaction(session, books=True):
            reverse_entry(session, accountant, fee.number, "银行退回")
    stranger = visit()
    answer = reading.json_of(stranger.get("/ledger.json"))
    assert answer["totals"] == {
        "in_minor": 55_000,
        "out_minor": 188_000,
        "held_minor": 1_000_000 + 55_000 - 188_000,
        "goods_minor": 110_000,
    }
    rows = reading.csv_rows(stranger.get("/ledger.csv"))
    assert reading.sum_of(rows, "in") == Decimal("550.00")
    assert reading.sum_of(rows, "out") == Decimal("1880.00")
    home = reading.figures(stranger.get("/"))
    assert home == {"累计收到": "550.00", "已经支出": "1,880.00", "现在结余": "8,670.00"}
    assert "收 550.00 支 1,880.00 结余 8,670.00" in reading.totals(stranger.get("/ledger"))
    by_number = {each["number"]: each for each in answer["entries"]}
    undone = [each for each in answer["entries"] if each["sign"] == -1]
    assert sorted(each["kind"] for each in undone) == ["donation", "donation", "fee", "refund"]
    for each in undone:
        if each["kind"] != "refund":
            assert by_number[each["reverses"]]["reversed_by"] == each["number"]
            assert by_number[each["reverses"]]["direction"] == each["direction"]
    october = reading.json_of(stranger.get("/ledger.json?to=2023-10-31"))
    assert october["totals"]["held_minor"] == 1_000_000 + 55_000 - 1_500
    assert october["as_of"] == "2023-10-31"
