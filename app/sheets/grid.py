"""What a sheet is once it is read: cells with addresses, in rows, whatever file they came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.shared.errors import N_, Refused

MAX_FILE_BYTES = 20 * 1024 * 1024
"""The largest file that is opened."""
MAX_ROWS = 200_000
"""The largest number of rows that hold something, in one file."""
MAX_COLUMNS = 200
"""The last column that may hold something (GR)."""
MAX_FILLED_CELLS = 2_000_000
"""The largest number of cells that hold something, in one file: what fits in memory."""
MAX_TEXT = 32_767
"""The longest text in one cell, in characters: what a spreadsheet program itself takes."""

CellValue = str | int | Decimal | date | datetime | bool | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``value`` is typed as the file says; ``text`` is what the office sees in it.

    ``formula`` marks a cell that is computed (``formula_text`` where the format tells it); ``stored`` is False when the
    file holds the formula but no result. ``broken`` marks an error such as #REF!. A row of 0 means: no such cell.
    """

    row: int
    column: int
    value: CellValue = None
    text: str = ""
    formula: bool = False
    formula_text: str = ""
    stored: bool = True
    broken: bool = False

    @property
    def address(self) -> str:
        """The name that the office's program shows for this cell, like "G12". Empty when there is no such cell."""
        return f"{column_letter(self.column)}{self.row}" if self.row else ""

    @property
    def blank(self) -> bool:
        """Nothing is in this cell: neither a value nor a formula waiting to be computed."""
        return self.stored and (
            self.value is None or (isinstance(self.value, str) and not self.value.strip())
        )


NO_CELL = Cell(row=0, column=0)


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds something. ``number`` is the row's number in the office's program, from 1."""

    number: int
    cells: dict[int, Cell]
    hidden: bool = False

    def cell(self, column: int) -> Cell:
        """The cell in ``column`` (from 1); a blank one with its address where nothing was written."""
        return self.cells.get(column) or Cell(row=self.number, column=column)

    def filled(self) -> list[Cell]:
        """The cells that are not blank, from left to right."""
        return [self.cells[column] for column in sorted(self.cells) if not self.cells[column].blank]


@dataclass(frozen=True, slots=True)
class Area:
    """Merged cells, both corners included."""

    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, place: tuple[int, int]) -> bool:
        return self.top <= place[0] <= self.bottom and self.left <= place[1] <= self.right

    def __str__(self) -> str:
        return f"{column_letter(self.left)}{self.top}:{column_letter(self.right)}{self.bottom}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: only the rows that hold something, in order, each with its number."""

    name: str
    rows: tuple[Row, ...]
    hidden: bool = False
    merged: tuple[Area, ...] = ()


def column_letter(column: int) -> str:
    """1 → "A", 27 → "AA"."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """ "A" → 1, "AA" → 27. Only for text of ASCII letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


class Tally:
    """Counts what one file holds and refuses it when it is more than is read."""

    def __init__(self) -> None:
        self.rows = 0
        self.cells = 0

    def add_row(self) -> None:
        """Count one row that holds something. Raises Refused above MAX_ROWS."""
        self.rows += 1
        if self.rows > MAX_ROWS:
            raise Refused(N_("文件里的行太多，最多 %(limit)s 行，请分成几个文件"), limit=MAX_ROWS)

    def add_cell(self, row: int, column: int, text: str) -> None:
        """Count one cell that holds something. Raises Refused above MAX_FILLED_CELLS, right of MAX_COLUMNS, for a long text."""
        self.cells += 1
        if self.cells > MAX_FILLED_CELLS:
            raise Refused(N_("文件里的单元格太多，请分成几个文件"))
        if column > MAX_COLUMNS:
            raise Refused(
                N_("%(address)s 单元格太靠右，最多读到 %(last)s 列，请删除多余的列"),
                address=f"{column_letter(column)}{row}",
                last=column_letter(MAX_COLUMNS),
            )
        if len(text) > MAX_TEXT:
            raise Refused(
                N_("%(address)s 单元格里的文字太长，最多 %(limit)s 个字"),
                address=f"{column_letter(column)}{row}",
                limit=MAX_TEXT,
            )


def gather(cells: dict[int, dict[int, Cell]], hidden: set[int], tally: Tally) -> tuple[Row, ...]:
    """Rows in order out of cells by row and column, without those that hold nothing."""

    def rows() -> Iterator[Row]:
        for number in sorted(cells):
            if any(not cell.blank for cell in cells[number].values()):
                tally.add_row()
                yield Row(number=number, cells=cells[number], hidden=number in hidden)

    return tuple(rows())
