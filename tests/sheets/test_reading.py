"""Every kind of file that an office may send is read into the same cells."""

from __future__ import annotations

import io
import warnings
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sheets.grid import Area, Sheet, column_letter, column_number
from app.sheets.reading import read_pasted, read_workbook
from tests.sheets import office_files as office

EXAMPLES = ["捐赠登记表", "慈善晚会义卖义拍登记表", "拨付申请表", "资金划转登记表"]


def values(sheet: Sheet) -> dict[str, Any]:
    return {cell.address: cell.value for row in sheet.rows for cell in row.filled() if cell.stored}


def by_openpyxl(content: bytes) -> dict[str, Any]:
    """The same by the independent reader: floats as written, midnight as a day."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=True).active
    assert sheet is not None
    for row in sheet.iter_rows():
        for cell in row:
            value: Any = cell.value
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            if isinstance(value, float):
                value = Decimal(repr(value))
                value = int(value) if value == value.to_integral_value() else value
            if isinstance(value, datetime) and value.time() == datetime.min.time():
                value = value.date()
            found[cell.coordinate] = value
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_workbooks_read_as_by_an_independent_reader(name: str) -> None:
    content = office.example(name)
    (sheet,) = read_workbook(content, f"{name}.xlsx")
    assert values(sheet) == by_openpyxl(content)
    assert len(values(sheet)) > 15


text_cells = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=12
).filter(lambda text: text.strip() and not text.startswith("="))
number_cells = st.one_of(
    st.integers(-(10**14), 10**14), st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 4))
)
date_cells = st.dates(date(1900, 3, 1), date(2100, 1, 1))
moment_cells = st.builds(
    datetime.combine, date_cells, st.times().map(lambda time: time.replace(microsecond=0))
)
grids = st.lists(
    st.lists(
        st.one_of(st.none(), st.booleans(), text_cells, number_cells, date_cells, moment_cells), max_size=5
    ),
    min_size=1,
    max_size=5,
).filter(lambda rows: any(value is not None for row in rows for value in row))


@settings(max_examples=60, deadline=None)
@given(grids)
def test_any_workbook_reads_as_by_an_independent_reader(rows: list[list[object]]) -> None:
    content = office.xlsx(rows)
    (sheet,) = read_workbook(content, "x.xlsx")
    assert values(sheet) == by_openpyxl(content)


def test_formula_text_and_result_are_read_together() -> None:
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as book:
        page = book.add_worksheet()
        page.write_formula("A1", "=1+1", None, 2)
        page.write_formula("A2", '="甲"&"乙"', None, "甲乙")
        page.write_formula("A3", "=1/0", None, "#DIV/0!")
        page.write_formula("A4", '=""', None, "")
    (sheet,) = read_workbook(output.getvalue(), "x.xlsx")
    computed = {cell.address: cell for row in sheet.rows for cell in row.cells.values()}
    assert (computed["A1"].value, computed["A1"].formula_text, computed["A1"].stored) == (2, "=1+1", True)
    assert computed["A2"].value == "甲乙"
    assert computed["A3"].broken


def test_formula_without_a_stored_result_is_marked() -> None:
    (sheet,) = read_workbook(office.example("捐赠登记表"), "捐赠登记表.xlsx")
    total = sheet.rows[-1].cell(7)
    assert (total.address, total.formula, total.formula_text) == ("G12", True, "=SUM(G4:G11)")
    assert not total.stored
    assert not total.blank
    assert total.value is None


def test_xls_formula_without_a_stored_result_is_marked() -> None:
    (sheet,) = read_workbook(office.shahe(), "沙河.et")
    total = sheet.rows[-1].cell(5)
    assert (total.address, total.formula, total.stored, total.value) == ("E9", True, False, None)
    assert [cell.formula for cell in sheet.rows[2].filled()] == [False] * 5


@pytest.mark.parametrize("number", [14, 22, 27, 28, 30, 31, 50, 57, 58])
def test_date_cells_in_formats_that_the_file_only_numbers_are_days(number: int) -> None:
    content = office.with_builtin_date(office.xlsx([[date(2023, 9, 27), "馕"]]), number)
    (sheet,) = read_workbook(content, "x.xlsx")
    assert sheet.rows[0].cell(1).value == date(2023, 9, 27)


@pytest.mark.parametrize(
    ("code", "is_day"),
    [
        ('yyyy"年"m"月"d"日"', True),
        ("[$-804]yyyy/m/d;@", True),
        ("m/d", True),
        ("yyyy-mm-dd hh:mm", True),
        ('[DBNum1][$-804]m"月"d"日"', True),
        ("h:mm:ss", False),
        ("[h]:mm", False),
        ("0.00_);[Red]\\(0.00\\)", False),
        ('#,##0.00"yuan/day"', False),
        ("¥#,##0.00", False),
        ("General", False),
        ("0.00E+00", False),
    ],
)
def test_a_format_decides_whether_a_number_is_a_day(code: str, is_day: bool) -> None:
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as book:
        book.add_worksheet().write_number("A1", 45196, book.add_format({"num_format": code}))
    (sheet,) = read_workbook(output.getvalue(), "x.xlsx")
    assert sheet.rows[0].cell(1).value == (date(2023, 9, 27) if is_day else 45196)


def test_days_counted_from_1904() -> None:
    content = office.xlsx([[date(2023, 9, 27)]])
    book = office.part(content, "xl/workbook.xml").replace(b"<workbookPr/>", b'<workbookPr date1904="1"/>')
    (sheet,) = read_workbook(office.replaced_parts(content, {"xl/workbook.xml": book}), "x.xlsx")
    assert sheet.rows[0].cell(1).value == date(2027, 9, 28)
    (old,) = read_workbook(office.xls([[date(2024, 5, 1)]], from_1904=True), "x.xls")
    assert old.rows[0].cell(1).value == date(2024, 5, 1)


def test_the_day_that_never_was_stays_a_number() -> None:
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as book:
        page, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for row, serial in enumerate([59, 60, 61, 2_958_466]):
            page.write_number(row, 0, serial, day)
    (sheet,) = read_workbook(output.getvalue(), "x.xlsx")
    assert [row.cell(1).value for row in sheet.rows] == [date(1900, 2, 28), 60, date(1900, 3, 1), 2_958_466]


def test_numbers_are_decimals_as_stored_and_never_floats() -> None:
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as book:
        page = book.add_worksheet()
        page.write_number("A1", 0.1 + 0.2)
        page.write_number("B1", 5000)
        page.write_number("C1", 42, book.add_format({"num_format": "00000"}))
        page.write_number("D1", 7, book.add_format({"num_format": '"YM"000'}))
    (sheet,) = read_workbook(output.getvalue(), "x.xlsx")
    noise, whole, padded, prefixed = sheet.rows[0].filled()
    assert isinstance(noise.value, Decimal)
    assert abs(noise.value - Decimal("0.3")) < Decimal("1e-15")
    assert (type(whole.value), whole.text) == (int, "5000")
    assert (padded.value, padded.text) == (42, "00042")
    assert (prefixed.value, prefixed.text) == (7, "YM007")


def test_strict_workbooks_and_prefixed_elements_are_read() -> None:
    strict = office.bare_xlsx(
        '<sheetData><row r="2"><c r="B2" t="inlineStr"><is><t>馕</t></is></c></row></sheetData>'
    )
    old, new = (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    names = ["xl/workbook.xml", "xl/worksheets/sheet1.xml"]
    changed = office.replaced_parts(
        strict, {name: office.part(strict, name).replace(old, new) for name in names}
    )
    assert values(read_workbook(changed, "x.xlsx")[0]) == {"B2": "馕"}
    sheet = (
        b'<x:worksheet xmlns:x="'
        + old
        + b'"><x:sheetData><x:row><x:c><x:v>5</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c>'
        b"</x:row></x:sheetData></x:worksheet>"
    )
    prefixed = office.replaced_parts(strict, {"xl/worksheets/sheet1.xml": sheet})
    assert values(read_workbook(prefixed, "x.xlsx")[0]) == {"A1": 5, "B1": True}


def test_pronunciation_marks_are_not_part_of_a_text_and_escapes_are_undone() -> None:
    content = office.bare_xlsx(
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is>'
        '<r><t>馕</t></r><r><t>店</t></r><rPh sb="0" eb="1"><t>náng</t></rPh></is></c>'
        '<c r="B1" t="inlineStr"><is><t>一_x000A_二</t></is></c><c r="C1" t="d"><v>2023-09-27</v></c></row></sheetData>'
    )
    assert values(read_workbook(content, "x.xlsx")[0]) == {
        "A1": "馕店",
        "B1": "一\n二",
        "C1": date(2023, 9, 27),
    }


def test_hidden_sheets_rows_and_merged_areas_are_marked() -> None:
    book = openpyxl.load_workbook(io.BytesIO(office.dongmen()))
    secret = book.create_sheet("备份")
    secret["A1"] = "旧"
    secret.sheet_state = "veryHidden"
    output = io.BytesIO()
    book.save(output)
    shown, hidden = read_workbook(output.getvalue(), "x.xlsx")
    assert (shown.hidden, hidden.hidden, hidden.name) == (False, True, "备份")
    assert [row.number for row in shown.rows if row.hidden] == [6]
    assert Area(top=4, left=3, bottom=5, right=3) in shown.merged


def test_et_files_are_told_by_content_whatever_the_name() -> None:
    for name in ["登记.et", "登记.xlsx", "登记.csv", "登记"]:
        (sheet,) = read_workbook(office.shahe(), name)
        assert sheet.rows[2].cell(2).value == date(2024, 5, 1)
        (new,) = read_workbook(office.example("资金划转登记表"), name)
        assert new.name == "资金划转"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_in_any_encoding_and_separator(encoding: str, separator: str) -> None:
    rows = [
        "捐款一览",
        f"日期{separator}捐赠人{separator}金额",
        f'2024-1-2{separator}䶮翠英{separator}"1,5{separator}0"',
    ]
    (sheet,) = read_workbook("\r\n".join(rows).encode(encoding), "一览.csv")
    assert sheet.name == "一览"
    assert [cell.text for cell in sheet.rows[2].filled()] == [
        "2024-1-2",
        "䶮翠英",
        f"1,5{separator}0".strip(),
    ]
    assert sheet.rows[2].cell(3).address == "C3"


def test_csv_keeps_blank_lines_in_its_row_numbers_and_undoes_what_exports_do() -> None:
    (sheet,) = read_workbook('sep=;\n甲;乙\n\n="00123";\'=1+1\n=SUM(A1);\t138\n'.encode(), "x.csv")
    assert [(row.number, [cell.text for cell in row.filled()]) for row in sheet.rows] == [
        (1, ["甲", "乙"]),
        (3, ["00123", "=1+1"]),
        (4, ["=SUM(A1)", "138"]),
    ]
    assert not sheet.rows[2].cell(1).stored


def test_pasted_rows_keep_line_ends_in_quotes_and_quotes_that_are_text() -> None:
    sheet = read_pasted(office.pasted())
    assert [cell.text for cell in sheet.rows[1].filled()] == [
        "2024/9/1",
        '"大工委"成员单位',
        "1,000",
        "银行转账",
        '两行\n备注 "引号"',
    ]
    assert [row.number for row in sheet.rows] == [1, 2, 3]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc"))), min_size=2, max_size=4), min_size=1
    )
)
def test_pasted_cells_come_back_as_they_were(rows: list[list[str]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    kept = [[field.strip(" ") for field in row] for row in rows]
    sheet_text = "\r\n".join("\t".join(quoted(field) for field in row) for row in kept)
    expected = {
        (number, column): field
        for number, row in enumerate(kept, start=1)
        for column, field in enumerate(row, start=1)
        if field.strip() and not field.startswith(("=", "'"))
    }
    if not any(field.strip() for row in kept for field in row):
        return
    sheet = read_pasted(sheet_text)
    found = {(cell.row, cell.column): cell.text for row in sheet.rows for cell in row.cells.values()}
    assert {place: found.get(place) for place in expected} == expected


def test_column_letters_and_numbers_are_each_others_inverse() -> None:
    assert [column_letter(number) for number in (1, 26, 27, 702, 703, 16384)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]
    assert all(column_number(column_letter(number)) == number for number in range(1, 20_000, 7))
