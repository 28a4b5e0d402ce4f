"""A file as a register: its sheet, its columns, its title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from app.shared.errors import N_, Refused
from app.shared.text import normal
from app.sheets.cells import half_width
from app.sheets.fields import DONATION_FIELDS
from app.sheets.grid import Sheet, column_letter
from app.sheets.headings import HeadingMatch, NoHeadings, columns_given
from app.sheets.layout import RegisterLayout
from app.sheets.opening import refuse_macros
from app.sheets.reading import read_pasted, read_workbook
from app.sheets.register import TableRows, read_table

_FIRST_ROWS = 6
_PLAIN_SHEET = re.compile(r"^(?:sheet|工作表|表|table)?\s*\d*$", re.IGNORECASE)


def gift_sheet(
    content: bytes, file_name: str, wanted: str | None, pasted: bool
) -> tuple[Sheet | None, tuple[str, ...]]:
    """The sheet with the gifts, and the names of those it could be. None: a person must choose."""
    if pasted:
        return read_pasted(content.decode("utf-8")), ("",)
    sheets = [one for one in read_workbook(content, file_name) if one.rows]
    refuse_macros(content)
    visible = [one for one in sheets if not one.hidden]
    fitting = [one for one in visible if _has_headings(one)] or visible
    names = tuple(one.name for one in fitting)
    if wanted:
        found = next((one for one in sheets if one.name == wanted), None)
        if found is None:
            raise Refused(N_("文件里没有叫“%(sheet)s”的工作表"), field="sheet", sheet=wanted)
        return found, names
    if not fitting:
        raise Refused(N_("文件里没有内容"), field="file")
    return (fitting[0] if len(fitting) == 1 else None), names


def _has_headings(sheet: Sheet) -> bool:
    try:
        match = read_table(replace(sheet, rows=sheet.rows[:60]), DONATION_FIELDS).match
    except NoHeadings:
        return False
    except Refused:
        return True
    return {"donor", "amount"} <= {*match.columns, *(key for doubt in match.unsure for key in doubt.fields)}


def gift_table(sheet: Sheet, mapping: Mapping[str, str] | None) -> TableRows | None:
    """The register's rows; None when it has no headings and nobody has said which column is which."""
    try:
        return read_table(sheet, DONATION_FIELDS, mapping)
    except NoHeadings:
        if not mapping:
            return None
        return read_table(sheet, DONATION_FIELDS, match=columns_given(sheet, mapping, DONATION_FIELDS))


def first_cells(sheet: Sheet, match: HeadingMatch | None) -> tuple[tuple[str, ...], ...]:
    """The first rows below the headings as text, for the page that asks which column is which."""
    below = [row for row in sheet.rows if match is None or row.number > match.last_row][:_FIRST_ROWS]
    width = max((max(row.cells) for row in below), default=0)
    return tuple(tuple(row.cell(column).text for column in range(1, width + 1)) for row in below)


def register_title(titles: Sequence[str], sheet: Sheet, names: Sequence[str], file_name: str) -> str:
    """What tells this register from others: its title row, else the name of the sheet, else of the file."""
    said = [" ".join(one.split()) for one in titles if one.strip()]
    plain = [one for one in said if ":" not in half_width(one)]
    title = (plain or said or [""])[0]
    if not title and not _PLAIN_SHEET.match(sheet.name.strip()):
        title = sheet.name.strip()
    title = normal(title or PurePath(file_name).stem) or N_("捐赠登记表")
    return f"{title} · {sheet.name}" if len(names) > 1 and sheet.name not in title else title


def answered_before(match: HeadingMatch, layouts: Iterable[RegisterLayout]) -> dict[str, str] | None:
    """Which column is which, as somebody said it of a register with the very same headings; None when nobody did."""
    doubtful = [heading for doubt in match.unsure for heading in doubt.headings]
    headings = [*match.columns.values(), *match.unknown, *doubtful]
    found = {heading.column: heading.text for heading in headings}
    for layout in layouts:
        known = {number: column for number, column in enumerate(layout.columns, start=1) if column.heading}
        if {number: column.heading for number, column in known.items()} == found:
            return {column_letter(number): column.key for number, column in known.items()}
    return None
