"""Workbooks in the format of Excel 97 to 2003 (.xls; WPS .et is the same)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import xlrd
import xlrd.compdoc
from xlrd.biffh import XLRDError

from app.shared.errors import N_, Refused
from app.sheets.grid import Area, Cell, CellValue, Sheet, Tally, gather
from app.sheets.reading_xlsx import encrypted
from app.sheets.values import date_of_serial, number_of, shown_date, shown_number

_FORMULA_RECORDS = (0x0006, 0x0206, 0x0406)
_SHEET_RECORD = 0x0085
_WORKSHEET = 0  # as opposed to charts and macros, which the library does not count as sheets
_BEGIN_RECORD = 0x0809
_END_RECORD = 0x000A


def read_xls(content: bytes) -> list[Sheet]:
    """All worksheets in the order of the book. Raises Refused."""
    try:
        book = _opened(content)
        formulas = _formula_places(content)
        tally = Tally()
        return [_sheet(book, index, formulas, tally) for index in range(book.nsheets)]
    except Refused:
        raise
    except XLRDError as error:
        if "encrypted" in str(error).lower():
            raise encrypted() from error
        raise broken() from error
    except Exception as error:  # a damaged file fails anywhere in the library, with any kind of error
        raise broken() from error


def broken() -> Refused:
    """The refusal of a file that cannot be read to its end."""
    return Refused(N_("文件已损坏，无法读取，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"))


def _opened(content: bytes) -> xlrd.Book:
    with open(os.devnull, "w") as silence:
        try:
            return xlrd.open_workbook(
                file_contents=content, logfile=silence, formatting_info=True, ragged_rows=True
            )
        except XLRDError:
            raise
        except Exception:
            # Some programs write formats that the library cannot follow; the cells can still be read.
            return xlrd.open_workbook(file_contents=content, logfile=silence, ragged_rows=True)


def _sheet(book: xlrd.Book, index: int, formulas: set[tuple[int, int, int]], tally: Tally) -> Sheet:
    sheet = book.sheet_by_index(index)
    cells: dict[int, dict[int, Cell]] = {}
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            formula = (index, row, column) in formulas
            value, text, is_error = _typed(book, sheet, row, column)
            if formula and value == "":
                value = None
            if not formula and (value is None or (isinstance(value, str) and not value.strip())):
                continue
            tally.add_cell(row + 1, column + 1, text)
            cells.setdefault(row + 1, {})[column + 1] = Cell(
                row=row + 1,
                column=column + 1,
                value=value,
                text=text,
                formula=formula,
                stored=not formula or value is not None,
                broken=is_error,
            )
    hidden_rows = {row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden}
    merged = tuple(
        Area(top=top + 1, left=left + 1, bottom=bottom, right=right)
        for top, bottom, left, right in sheet.merged_cells
    )
    return Sheet(
        name=sheet.name, rows=gather(cells, hidden_rows, tally), hidden=sheet.visibility != 0, merged=merged
    )


def _typed(book: xlrd.Book, sheet: xlrd.sheet.Sheet, row: int, column: int) -> tuple[CellValue, str, bool]:
    kind = sheet.cell_type(row, column)
    value = sheet.cell_value(row, column)
    if kind == xlrd.XL_CELL_TEXT:
        return str(value), str(value), False
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value), "TRUE" if value else "FALSE", False
    if kind == xlrd.XL_CELL_ERROR:
        text = xlrd.error_text_from_code.get(int(value), "#VALUE!")
        return text, text, True
    if kind not in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return None, "", False
    number: int | Decimal | None = number_of(repr(value))
    if number is None:
        return None, "", False
    if kind == xlrd.XL_CELL_DATE:
        day: date | None = date_of_serial(number, book.datemode == 1)
        if day is not None and _shows_day(book, sheet, row, column):
            return day, shown_date(day), False
    return number, shown_number(number, _format_code(book, sheet, row, column)), False


def _format_code(book: xlrd.Book, sheet: xlrd.sheet.Sheet, row: int, column: int) -> str | None:
    if not book.formatting_info:
        return None
    style = book.xf_list[sheet.cell_xf_index(row, column)]
    found = book.format_map.get(style.format_key)
    return found.format_str if found is not None else None


def _shows_day(book: xlrd.Book, sheet: xlrd.sheet.Sheet, row: int, column: int) -> bool:
    """False for a format of hours alone, which the library calls a date too."""
    code = (_format_code(book, sheet, row, column) or "").lower()
    return not (("h" in code or "s" in code) and "y" not in code and "d" not in code)


def _formula_places(content: bytes) -> set[tuple[int, int, int]]:
    """Where the file has formulas: (sheet, row, column), all from 0. The library shows only their results."""
    with open(os.devnull, "w") as silence:
        stream = xlrd.compdoc.CompDoc(content, logfile=silence).get_named_stream("Workbook")
    if not stream:
        return set()
    starts = [
        struct.unpack_from("<I", stream, place)[0]
        for kind, place, _ in _records(stream, 0)
        if kind == _SHEET_RECORD and stream[place + 5] == _WORKSHEET
    ]
    return {
        (index, *struct.unpack_from("<HH", stream, place))
        for index, start in enumerate(starts)
        for kind, place, size in _records(stream, start)
        if kind in _FORMULA_RECORDS and size >= 4
    }


def _records(stream: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of the records from ``position`` to the end of this part of the stream."""
    depth = 0
    while position + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, position)
        yield kind, position + 4, size
        # A chart inside a sheet is a part within the part, with a beginning and an end of its own.
        if kind == _BEGIN_RECORD:
            depth += 1
        elif kind == _END_RECORD:
            depth -= 1
            if depth <= 0:
                return
        position += 4 + size
