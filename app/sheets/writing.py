"""Workbooks and CSV for downloading: typed cells, and never a formula made out of somebody's text."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from app.shared.errors import N_, Refused
from app.shared.money import plain_yuan, require_minor

ColumnKind = Literal["text", "date", "moment", "amount", "count"]
Written = str | int | Decimal | date | datetime | bool | None
"""What a cell takes. Under ``amount`` an integer is fen; under ``moment`` a datetime is the civil time to show."""

ROWS_PER_SHEET = 1_000_000
_LONGEST_TEXT = 32_767
_NAME_LENGTH = 31
_NARROWEST, _WIDEST = 8, 46
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_STARTS_FORMULA = re.compile(r"^[=+\-@\t\r\n＝＋－＠]")
_FORMATS = {
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "amount": "#,##0.00",
    "count": "#,##0",
    "text": "@",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, and what its cells are."""

    heading: str
    kind: ColumnKind = "text"


@dataclass(frozen=True, slots=True)
class SheetToWrite:
    """One sheet. ``titles`` stand merged over the columns above the headings, ``remarks`` below the rows.

    With ``total_label`` a last row adds up the columns of amounts, as a formula with its result stored.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Written]]
    titles: Sequence[str] = ()
    remarks: Sequence[str] = ()
    total_label: str = ""


@dataclass(frozen=True, slots=True)
class WorkbookFile:
    """A finished workbook and the name it is saved under."""

    content: bytes
    file_name: str


def write_workbook(sheets: Iterable[SheetToWrite], *, created: datetime | None = None) -> bytes:
    """A .xlsx of ``sheets``, written row by row. A sheet of more than ROWS_PER_SHEET rows goes on in another.

    ``created`` is noted in the file's properties. Raises Refused for a text longer than a cell holds, and TypeError for
    an amount that is not whole fen.
    """
    output = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(output, options)
    try:
        if created is not None:
            book.set_properties({"created": created.replace(tzinfo=None)})
        writer = _BookWriter(book)
        for sheet in sheets:
            writer.add(sheet)
    finally:
        book.close()
    return output.getvalue()


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Written]]) -> Iterator[str]:
    """The same table as lines of CSV, with the mark that makes Excel read UTF-8. Amounts are yuan with two decimals.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; reading it again takes that off.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def line(values: Iterable[str]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(values)
        return buffer.getvalue()

    yield "\ufeff" + line(_neutral(column.heading) for column in columns)
    for row in rows:
        yield line(_as_text(column, value) for column, value in zip(columns, row, strict=True))


def csv_text(columns: Sequence[Column], rows: Iterable[Sequence[Written]]) -> str:
    """All of ``csv_lines`` in one text."""
    return "".join(csv_lines(columns, rows))


def _neutral(text: str) -> str:
    return f"'{text}" if _STARTS_FORMULA.match(text) else text


def _as_text(column: Column, value: Written) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _neutral(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if column.kind == "amount":
        return plain_yuan(require_minor(value))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)


@dataclass(slots=True)
class _Measure:
    """What is learned about the columns while rows are written."""

    widths: list[float]
    sums: list[int] = field(default_factory=list)


class _BookWriter:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._names: set[str] = set()
        framed: dict[str, Any] = {"border": 1, "border_color": "#C8C8C8", "valign": "vcenter"}
        self._cell = {
            kind: book.add_format({**framed, "num_format": code, "text_wrap": kind == "text"})
            for kind, code in _FORMATS.items()
        }
        self._plain = book.add_format({**framed, "text_wrap": True})
        self._heading = book.add_format(
            {**framed, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#F2F2F2"}
        )
        self._title = book.add_format({"bold": True, "font_size": 14, "align": "center", "valign": "vcenter"})
        self._subtitle = book.add_format({"align": "center", "valign": "vcenter"})
        self._sum = book.add_format({**framed, "bold": True, "num_format": _FORMATS["amount"]})
        self._label = book.add_format({**framed, "bold": True})

    def add(self, sheet: SheetToWrite) -> None:
        """Write one sheet, and further ones while rows are left."""
        rows = iter(sheet.rows)
        pending = next(rows, None)
        first = True
        while first or pending is not None:
            page = self._book.add_worksheet(self._name(sheet.name))
            pending = self._fill(page, sheet, pending, rows)
            first = False

    def _fill(
        self,
        page: Worksheet,
        sheet: SheetToWrite,
        pending: Sequence[Written] | None,
        rows: Iterator[Sequence[Written]],
    ) -> Sequence[Written] | None:
        """Write titles, headings and up to ROWS_PER_SHEET rows; return the first row that did not fit."""
        columns = sheet.columns
        measure = _Measure([_shown_width(column.heading) for column in columns], [0] * len(columns))
        line = self._titles(page, sheet.titles, len(columns))
        for place, column in enumerate(columns):
            page.write_string(line, place, column.heading, self._heading)
        page.freeze_panes(line + 1, 0)
        page.repeat_rows(line)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        start = line = line + 1
        while pending is not None and line - start < ROWS_PER_SHEET:
            for place, (column, value) in enumerate(zip(columns, pending, strict=True)):
                self._write(page, line, place, column, value, measure)
            line += 1
            pending = next(rows, None)
        if sheet.total_label and pending is None:
            self._totals(page, sheet, start, line, measure)
            line += 1
        if pending is None:
            for remark in sheet.remarks:
                page.write_string(line, 0, remark)
                line += 1
        for place, width in enumerate(measure.widths):
            page.set_column(place, place, min(max(width + 2, _NARROWEST), _WIDEST))
        return pending

    def _titles(self, page: Worksheet, titles: Sequence[str], width: int) -> int:
        for line, title in enumerate(titles):
            look = self._subtitle if line else self._title
            if width > 1:
                page.merge_range(line, 0, line, width - 1, "", look)
            page.write_string(line, 0, title, look)
        return len(titles)

    def _write(
        self, page: Worksheet, line: int, place: int, column: Column, value: Written, measure: _Measure
    ) -> None:
        look = self._cell[column.kind]
        if value is None or value == "":
            page.write_blank(line, place, None, look)
            return
        if isinstance(value, str):
            if len(value) > _LONGEST_TEXT:
                raise Refused(N_("“%(seen)s…”太长，放不进一个单元格"), seen=value[:20])
            # Always as a string: "=…" stays text, and a long number keeps its digits.
            page.write_string(line, place, value, self._cell["text"])
        elif isinstance(value, date):
            kind = "moment" if isinstance(value, datetime) else "date"
            page.write_datetime(line, place, value, self._cell[kind])
        elif column.kind == "amount":
            yuan = Decimal(require_minor(value)).scaleb(-2)
            page.write_number(line, place, yuan, look)
            measure.sums[place] += require_minor(value)
        elif isinstance(value, bool):
            page.write_boolean(line, place, value, self._plain)
        else:
            page.write_number(line, place, value, look if column.kind == "count" else self._plain)
        measure.widths[place] = max(measure.widths[place], _shown_width(_as_text(column, value)))

    def _totals(self, page: Worksheet, sheet: SheetToWrite, start: int, line: int, measure: _Measure) -> None:
        labelled = False
        for place, column in enumerate(sheet.columns):
            if column.kind == "amount" and line > start:
                letters = xlsxwriter.utility.xl_col_to_name(place)
                result = Decimal(measure.sums[place]).scaleb(-2)
                page.write_formula(
                    line, place, f"=SUM({letters}{start + 1}:{letters}{line})", self._sum, result
                )
                measure.widths[place] = max(
                    measure.widths[place], _shown_width(plain_yuan(measure.sums[place])) + 2
                )
            elif not labelled:
                page.write_string(line, place, sheet.total_label, self._label)
                labelled = True
            else:
                page.write_blank(line, place, None, self._label)

    def _name(self, wanted: str) -> str:
        """A name that a sheet may have, unlike the others in the book."""
        base = _NOT_IN_NAMES.sub(" ", wanted).strip().strip("'")[:_NAME_LENGTH] or "Sheet1"
        name, number = base, 1
        while name.casefold() in self._names or name.casefold() == "history":
            number += 1
            name = f"{base[: _NAME_LENGTH - len(str(number)) - 3]} ({number})"
        self._names.add(name.casefold())
        return name


def _shown_width(text: str) -> float:
    """The width of the longest line, in the digits that column widths are measured in. A Chinese character takes two."""
    return max(
        (
            sum(2.1 if unicodedata.east_asian_width(letter) in "WF" else 1.1 for letter in line)
            for line in text.split("\n")
        ),
        default=0,
    )
