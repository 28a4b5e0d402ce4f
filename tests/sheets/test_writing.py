"""What is downloaded is typed, opens in the office's program, and runs no formula made of somebody's text."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shared.errors import Refused
from app.sheets import writing
from app.sheets.cells import parse_amount, parse_date
from app.sheets.fields import DONATION_FIELDS
from app.sheets.layout import RegisterLayout, RegisterRow, layout_of, register_sheet
from app.sheets.reading import read_workbook
from app.sheets.register import TableRows, read_table
from app.sheets.writing import Column, SheetToWrite, csv_lines, csv_text, write_workbook
from tests.sheets import office_files as office
from tests.sheets.office_files import TODAY

COLUMNS = [
    Column("编号"),
    Column("日期", "date"),
    Column("捐赠人"),
    Column("金额(元)", "amount"),
    Column("件数", "count"),
]
ROWS = [
    ["20230928000000000001", date(2023, 9, 28), "友好社区馕店", 90_000, 300],
    ["007", None, "=HYPERLINK(\"http://x\",\"y\")", 1, None],
]  # fmt: skip
DANGEROUS = ["=1+1", "+86 138", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=cmd|' /C calc'!A0"]


def opened(content: bytes) -> openpyxl.worksheet.worksheet.Worksheet:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return sheet


def test_cells_are_typed_and_long_numbers_stay_text() -> None:
    sheet = opened(write_workbook([SheetToWrite("捐赠", COLUMNS, ROWS)]))
    assert [cell.value for cell in sheet[1]] == ["编号", "日期", "捐赠人", "金额(元)", "件数"]
    number, day, _, amount, count = sheet[2]
    assert (number.value, number.data_type, number.number_format) == ("20230928000000000001", "s", "@")
    assert (day.value, day.number_format) == (datetime(2023, 9, 28), "yyyy-mm-dd")  # noqa: DTZ001
    assert (amount.value, amount.number_format) == (900, "#,##0.00")
    assert (count.value, count.number_format) == (300, "#,##0")
    assert sheet["D3"].value == 0.01


def test_titles_are_merged_over_the_columns_and_widths_fit_chinese() -> None:
    wide = "新疆三为城市生态环境科技服务有限公司"
    rows = [["1", date(2023, 9, 20), wide, 500_000, 1]]
    sheet = opened(
        write_workbook(
            [SheetToWrite("捐赠", COLUMNS, rows, titles=["捐赠登记表", "经办单位：某街道"], remarks=["示例"])]
        )
    )
    assert {str(area) for area in sheet.merged_cells.ranges} == {"A1:E1", "A2:E2"}
    assert (sheet["A1"].value, sheet["A2"].value, sheet["C4"].value, sheet["A5"].value) == (
        "捐赠登记表", "经办单位：某街道", wide, "示例",
    )  # fmt: skip
    assert sheet.column_dimensions["C"].width >= 2 * len(wide)
    assert sheet.column_dimensions["E"].width < 15
    assert sheet.freeze_panes == "A4"


def test_the_total_is_a_formula_with_its_result_stored() -> None:
    content = write_workbook([SheetToWrite("捐赠", COLUMNS, ROWS, total_label="合计")])
    assert opened(content)["D4"].value == "=SUM(D2:D3)"
    table = read_table(read_workbook(content, "x")[0], DONATION_FIELDS)
    (total,) = table.totals
    assert (total.label, total.figures[0].stated, total.figures[0].agrees) == ("合计", 90_001, True)


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_looks_like_a_formula_is_never_one(text: str) -> None:
    content = write_workbook([SheetToWrite("甲", [Column(text)], [[text]])])
    for cell in (opened(content)["A1"], opened(content)["A2"]):
        assert cell.data_type in ("s", "inlineStr")
    (sheet,) = read_workbook(content, "x")
    assert not any(cell.formula for row in sheet.rows for cell in row.filled())
    parsed = list(csv.reader(io.StringIO(csv_text([Column(text)], [[text]]).removeprefix("\ufeff"))))
    assert parsed == [["'" + text], ["'" + text]]


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
        lambda text: text == text.strip()
    )
)
def test_a_text_comes_back_from_the_csv_that_neutralised_it(text: str) -> None:
    if text.startswith("'"):
        return
    content = csv_text([Column("甲"), Column("乙")], [["x", text], ["x", "y"]]).encode()
    (sheet,) = read_workbook(content, "x.csv")
    assert sheet.rows[1].cell(2).value == text


def test_csv_has_the_mark_for_excel_and_yuan_with_two_decimals() -> None:
    text = csv_text(COLUMNS, ROWS)
    assert text == (
        "\ufeff编号,日期,捐赠人,金额(元),件数\r\n"
        "20230928000000000001,2023-09-28,友好社区馕店,900.00,300\r\n"
        '007,,"\'=HYPERLINK(""http://x"",""y"")",0.01,\r\n'
    )
    assert "".join(csv_lines(COLUMNS, iter(ROWS))) == text


def test_negative_amounts_and_other_types_are_written_plainly() -> None:
    columns = [Column("净额", "amount"), Column("时刻", "moment"), Column("是否"), Column("比例")]
    row = [-12_345, datetime(2023, 9, 28, 20, 30), True, Decimal("0.5")]  # noqa: DTZ001
    assert csv_text(columns, [row]).splitlines()[1] == "-123.45,2023-09-28 20:30,TRUE,0.5"
    sheet = opened(write_workbook([SheetToWrite("甲", columns, [row])]))
    assert [cell.value for cell in sheet[2]] == [-123.45, datetime(2023, 9, 28, 20, 30), True, 0.5]  # noqa: DTZ001


@pytest.mark.parametrize("amount", [1.5, Decimal("1.5"), True])
def test_an_amount_that_is_not_whole_fen_is_a_mistake(amount: object) -> None:
    sheet = SheetToWrite("甲", [Column("金额", "amount"), Column("乙")], [[amount, "x"]])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        write_workbook([sheet])
    with pytest.raises(TypeError):
        csv_text(sheet.columns, sheet.rows)


def test_a_text_longer_than_a_cell_is_refused_and_not_cut() -> None:
    with pytest.raises(Refused, match="太长"):
        write_workbook([SheetToWrite("甲", [Column("乙")], [["字" * 32_768]])])


def test_rows_beyond_one_sheet_go_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ROWS_PER_SHEET", 3)
    rows = ([f"{number}", number] for number in range(1, 8))
    content = write_workbook(
        [SheetToWrite("账本", [Column("号"), Column("金额", "amount")], rows, total_label="合计")]
    )
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    assert book.sheetnames == ["账本", "账本 (2)", "账本 (3)"]
    assert [[row[0].value for row in sheet.iter_rows()] for sheet in book] == [
        ["号", "1", "2", "3"], ["号", "4", "5", "6"], ["号", "7", "合计"],
    ]  # fmt: skip


def test_sheet_names_are_made_fit_and_unlike() -> None:
    names = ["a/b:c", "A B C", "", "'引用'", "长" * 40, "长" * 40, "History"]
    content = write_workbook([SheetToWrite(name, [Column("甲")], []) for name in names])
    found = openpyxl.load_workbook(io.BytesIO(content)).sheetnames
    assert len(found) == len({name.casefold() for name in found}) == 7
    assert found[:4] == ["a b c", "A B C (2)", "Sheet1", "引用"]
    assert all(len(name) <= 31 for name in found)


def rows_of(table: TableRows) -> list[RegisterRow]:
    """The rows as an importer would have recorded them."""
    found = []
    for row in table.rows:
        values: dict[str, object] = {key: cell.text for key, cell in row.cells.items() if not cell.blank}
        values["date"] = parse_date(row.cell("date"), TODAY)
        values["amount"] = parse_amount(row.cell("amount"))
        found.append(RegisterRow(values, {number: cell.text for number, cell in row.extras.items()}))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    "content",
    [office.example("捐赠登记表"), office.gaocheng(), office.shahe()],
    ids=["example", "gaocheng", "shahe"],
)
def test_a_register_is_downloaded_in_the_shape_it_came(content: bytes) -> None:
    table = read_table(read_workbook(content, "x")[0], DONATION_FIELDS)
    kept = json.loads(json.dumps(layout_of(table, DONATION_FIELDS).as_json()))
    layout = RegisterLayout.from_json(kept)
    assert layout == layout_of(table, DONATION_FIELDS)
    again = read_table(
        read_workbook(write_workbook([register_sheet(layout, rows_of(table))]), "x")[0], DONATION_FIELDS
    )
    assert again.sheet.name == table.sheet.name
    assert again.titles == table.titles
    assert {key: (one.text, one.column) for key, one in again.match.columns.items()} == {
        key: (one.text, one.column) for key, one in table.match.columns.items()
    }
    assert rows_of(again) == rows_of(table)
    assert again.totals[-1].figures[0].agrees


def test_columns_of_the_office_itself_are_kept_in_place() -> None:
    content = office.xlsx([["网格", "日期", "捐赠人", None, "金额"], ["三", "2024-1-1", "甲", "随手记", 5]])
    table = read_table(read_workbook(content, "x")[0], DONATION_FIELDS)
    sheet = register_sheet(layout_of(table, DONATION_FIELDS), rows_of(table))
    assert [column.heading for column in sheet.columns] == ["网格", "日期", "捐赠人", "", "金额"]
    assert list(sheet.rows) == [["三", date(2024, 1, 1), "甲", "随手记", 500]]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
            st.integers(-(10**12), 10**12),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_what_is_written_reads_back_to_the_fen(rows: list[tuple[str, int]]) -> None:
    content = write_workbook([SheetToWrite("甲", [Column("名"), Column("金额", "amount")], rows)])
    (sheet,) = read_workbook(content, "x")
    by_number = {row.number: row for row in sheet.rows}
    for number, (text, fen) in enumerate(rows, start=2):
        row = by_number[number]
        assert Decimal(row.cell(2).value) * 100 == fen  # type: ignore[arg-type]
        assert (row.cell(1).value or "") == (text if text.strip() else "")
