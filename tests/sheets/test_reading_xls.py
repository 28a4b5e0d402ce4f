"""Workbooks of Excel 97, which WPS writes too: formats, results of formulas, merged and hidden rows."""

from __future__ import annotations

import io
import struct
from datetime import date
from decimal import Decimal

import pytest
import xlwt

from app.sheets.grid import Area, Cell, Sheet
from app.sheets.reading import read_workbook
from tests.sheets import office_files as office

NO_RESULT = struct.pack("<Q", 0xFFFF_0000_0000_0003)


def saved(book: xlwt.Workbook) -> bytes:
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def cells(sheet: Sheet) -> dict[str, Cell]:
    return {cell.address: cell for row in sheet.rows for cell in row.filled()}


def test_values_are_typed_as_the_file_says() -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("甲")
    page.write(0, 0, "馕")
    page.write(0, 1, 5)
    page.write(0, 2, 88.8)
    page.write(0, 3, True)
    page.row(0).set_cell_error(4, "#REF!")
    page.write(0, 5, 42, xlwt.easyxf(num_format_str="00000"))
    page.write(0, 6, 0.5, xlwt.easyxf(num_format_str="h:mm"))
    page.write(0, 7, date(2023, 9, 27), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    page.write(0, 8, None, xlwt.easyxf("borders: left thin"))
    page.write(2, 0, "  ")
    (sheet,) = read_workbook(saved(book), "x.xls")
    found = cells(sheet)
    assert {address: cell.value for address, cell in found.items()} == {
        "A1": "馕",
        "B1": 5,
        "C1": Decimal("88.8"),
        "D1": True,
        "E1": "#REF!",
        "F1": 42,
        "G1": Decimal("0.5"),
        "H1": date(2023, 9, 27),
    }
    assert found["E1"].broken
    assert found["F1"].text == "00042"


@pytest.mark.parametrize("number", [14, 31, 57, 58])
def test_date_cells_in_formats_that_the_file_only_numbers_are_days(number: int) -> None:
    content = bytearray(office.xls([[date(2023, 9, 27)]]))
    own, place, changed = struct.pack("<H", 164), 0, 0
    while (
        place := content.find(b"\xe0\x00\x14\x00", place)
    ) >= 0:  # cell styles, the number of the format third
        if content[place + 6 : place + 8] == own:
            content[place + 6 : place + 8] = struct.pack("<H", number)
            changed += 1
        place += 4
    assert changed
    (sheet,) = read_workbook(bytes(content), "x.xls")
    assert cells(sheet)["A1"].value == date(2023, 9, 27)


def test_a_formula_has_its_stored_result_and_is_marked() -> None:
    content = office.xls([[2, 3, "=A1+B1"]])
    assert content.count(NO_RESULT) == 1
    (unsaved,) = read_workbook(content, "x.xls")
    assert not cells(unsaved)["C1"].stored
    (sheet,) = read_workbook(content.replace(NO_RESULT, struct.pack("<d", 5.0)), "x.xls")
    result = cells(sheet)["C1"]
    assert (result.value, result.formula, result.stored) == (5, True, True)
    assert not cells(sheet)["A1"].formula


def test_sheets_merged_areas_and_hidden_rows() -> None:
    book = xlwt.Workbook()
    first, second = book.add_sheet("一月"), book.add_sheet("旧")
    first.write_merge(0, 1, 0, 2, "标题")
    first.write(4, 1, xlwt.Formula("1+1"))
    first.row(4).hidden = True
    second.write(0, 0, "x")
    second.visibility = 1
    shown, hidden = read_workbook(saved(book), "x.et")
    assert (shown.name, shown.hidden, hidden.name, hidden.hidden) == ("一月", False, "旧", True)
    assert shown.merged == (Area(top=1, left=1, bottom=2, right=3),)
    assert [row.number for row in shown.rows if row.hidden] == [5]
    assert cells(shown)["B5"].formula
    assert not cells(hidden)["A1"].formula
