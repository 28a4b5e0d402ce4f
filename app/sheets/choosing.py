"""Which column is which, as a page asks and an address answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.sheets.grid import column_letter
from app.sheets.headings import Field, HeadingMatch

NOT_USED = "-"
"""The answer for a column that is none of the fields."""
_CELLS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """One column with its heading, what is in it, and the field it seems to be. ``is_open``: a person must say."""

    letters: str
    heading: str
    field: str
    is_open: bool
    cells: tuple[str, ...]


def columns_answered(given: Mapping[str, str], fields: Sequence[Field]) -> dict[str, str]:
    """The answers in an address (column-G=amount), by column letter. Only what is well formed counts."""
    known = {item.key for item in fields} | {NOT_USED}
    found = {}
    for name, value in given.items():
        kind, _sign, letters = name.partition("-")
        if kind == "column" and letters.isalpha() and letters.isascii() and value in known:
            found[letters.upper()] = value
    return found


def mapping_of(answered: Mapping[str, str]) -> dict[str, str]:
    """Field by column letter, as the reader takes it."""
    return {letters: "" if key == NOT_USED else key for letters, key in answered.items()}


def chosen_twice(answered: Mapping[str, str]) -> list[str]:
    """Fields that were given two columns."""
    keys = [key for key in answered.values() if key != NOT_USED]
    return sorted({key for key in keys if keys.count(key) > 1})


def column_choices(
    match: HeadingMatch | None, first_cells: Sequence[Sequence[str]], answered: Mapping[str, str]
) -> list[ColumnChoice]:
    """Every column, for the page that asks."""
    headings: dict[int, str] = {}
    fields: dict[int, str] = {}
    if match is not None:
        for key, heading in match.columns.items():
            headings[heading.column], fields[heading.column] = heading.text, key
        for heading in match.unknown:
            headings[heading.column], fields[heading.column] = heading.text, NOT_USED
        for doubt in match.unsure:
            for heading in doubt.headings:
                headings[heading.column] = heading.text
    width = max((len(row) for row in first_cells), default=0)
    return [
        ColumnChoice(
            letters=column_letter(column),
            heading=headings.get(column, ""),
            field=answered.get(column_letter(column), fields.get(column, "")),
            is_open=match is not None and column in headings and column not in fields,
            cells=tuple(row[column - 1] for row in first_cells if column <= len(row) and row[column - 1])[
                :_CELLS_SHOWN
            ],
        )
        for column in (sorted(headings) if match is not None else range(1, width + 1))
    ]
