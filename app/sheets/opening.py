"""Opening a register: which sheet it is, what its headings mean, and what a person must still say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from app.shared.errors import N_, Refused
from app.shared.text import normal
from app.sheets.cells import half_width
from app.sheets.grid import Sheet
from app.sheets.headings import Field, HeadingMatch, NoHeadings, columns_given, sheets_with
from app.sheets.reading import read_workbook
from app.sheets.register import TableRows, read_table

Question = Literal["", "sheet", "headings"]
_FIRST_ROWS = 6
_PLAIN_SHEET = re.compile(r"^(?:sheet|工作表|表|table)?\s*\d*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OpenedRegister:
    """A register as opened. While ``question`` is set there is no ``table`` to record: "sheet" asks which of
    ``sheet_names`` is meant, "headings" which column is which (``match`` is None where no headings were found)."""

    file_name: str
    content: bytes
    sheet_names: tuple[str, ...]
    question: Question
    sheet: Sheet | None = None
    table: TableRows | None = None
    first_cells: tuple[tuple[str, ...], ...] = ()
    wanted: tuple[Field, ...] = ()

    @property
    def sha256(self) -> str:
        """What tells this file from every other."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def match(self) -> HeadingMatch | None:
        """Which column is which."""
        return self.table.match if self.table else None

    @property
    def titles(self) -> tuple[str, ...]:
        """The lines above the headings."""
        return self.table.titles if self.table else ()

    def title(self) -> str:
        """What the register calls itself: its first title, else the name of the sheet, else of the file."""
        said = [" ".join(one.split()) for one in self.titles if one.strip()]
        plain = [one for one in said if ":" not in half_width(one)]
        title = (plain or said or [""])[0]
        if not title and self.sheet is not None and not _PLAIN_SHEET.match(self.sheet.name.strip()):
            title = self.sheet.name.strip()
        return normal(title or PurePath(self.file_name).stem)

    def require_rows(self) -> TableRows:
        """The rows to record. Raises Refused while something must be said first."""
        if self.question == "sheet":
            raise Refused(
                N_("文件里有几个工作表，请说明是哪一个：%(sheets)s"),
                field="sheet",
                sheets="、".join(self.sheet_names),
            )
        if self.question == "headings" or self.table is None:
            raise Refused(
                N_("还不知道每一列是什么，请先对应表头：%(columns)s"),
                field="mapping",
                columns="；".join(self.doubts()),
            )
        return self.table

    def doubts(self) -> list[str]:
        """What is missing or unclear about the columns, for a person."""
        if self.match is None:
            return [f"{item.labels[0]} → {item.key}" for item in self.wanted if item.required]
        unclear = [
            f"{'/'.join(heading.text for heading in doubt.headings)} → {'/'.join(doubt.fields)}"
            for doubt in self.match.unsure
        ]
        return [*unclear, *(f"{item.labels[0]} → {item.key}" for item in self.match.missing)]


def open_register(
    content: bytes,
    file_name: str,
    fields: Sequence[Field],
    *,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> OpenedRegister:
    """Open the sheet of a file that holds ``fields``.

    ``mapping`` says for a heading or column letter which field it is ("" for none); ``sheet`` chooses one of several.
    Raises Refused for what is no readable table, for a workbook with a program in it, and for a sheet it does not have.
    """
    sheets = [one for one in read_workbook(content, file_name) if one.rows]
    refuse_macros(content)
    if sheet:
        chosen = next((one for one in sheets if one.name == sheet), None)
        if chosen is None:
            raise Refused(N_("文件里没有叫“%(sheet)s”的工作表"), field="sheet", sheet=sheet)
        fitting = sheets
    else:
        fitting = sheets_with(sheets, fields) or [one for one in sheets if not one.hidden]
        if not fitting:
            raise Refused(N_("文件里没有内容"), field="file")
        chosen = fitting[0] if len(fitting) == 1 else None
    names = tuple(one.name for one in fitting)
    if chosen is None:
        return OpenedRegister(file_name, content, names, "sheet")
    table = _table(chosen, fields, mapping)
    complete = table is not None and table.match.complete
    return OpenedRegister(
        file_name,
        content,
        names,
        "" if complete else "headings",
        sheet=chosen,
        table=table,
        first_cells=_first_cells(chosen, table),
        wanted=tuple(fields),
    )


def refuse_macros(content: bytes) -> None:
    """Raises Refused for a workbook with a program in it: what is kept must be harmless to open again."""
    if (content.startswith(b"PK") and b"vbaProject.bin" in content) or (
        content.startswith(b"\xd0\xcf\x11\xe0") and "_VBA_PROJECT".encode("utf-16-le") in content
    ):
        raise Refused(N_("文件里带有宏，请另存为不带宏的 .xlsx 再上传"), field="file")


def _table(sheet: Sheet, fields: Sequence[Field], mapping: Mapping[str, str] | None) -> TableRows | None:
    """The rows; None when there are no headings and nobody has said which column is which."""
    try:
        return read_table(sheet, fields, mapping)
    except NoHeadings:
        if not mapping:
            return None
        return read_table(sheet, fields, match=columns_given(sheet, mapping, fields))


def _first_cells(sheet: Sheet, table: TableRows | None) -> tuple[tuple[str, ...], ...]:
    """The first rows below the headings as text, for the page that asks which column is which."""
    below = [row for row in sheet.rows if table is None or row.number > table.match.last_row][:_FIRST_ROWS]
    width = max((max(row.cells) for row in below), default=0)
    return tuple(tuple(row.cell(column).text for column in range(1, width + 1)) for row in below)
