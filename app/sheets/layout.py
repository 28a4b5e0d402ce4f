"""The shape of an office's register, kept so that it can be downloaded again as it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.sheets.headings import Field
from app.sheets.register import TableRows
from app.sheets.writing import Column, ColumnKind, SheetToWrite, Written

_KINDS: dict[str, ColumnKind] = {"date": "date", "amount": "amount", "price": "amount", "count": "count"}


@dataclass(frozen=True, slots=True)
class LayoutColumn:
    """One column of the register; ``key`` is its field, empty for a column that is only kept."""

    heading: str
    key: str = ""
    kind: ColumnKind = "text"


@dataclass(frozen=True, slots=True)
class RegisterLayout:
    """Sheet name, titles, columns in order, and the label of the total row (empty when there was none)."""

    sheet_name: str
    titles: tuple[str, ...]
    columns: tuple[LayoutColumn, ...]
    total_label: str = ""

    def as_json(self) -> dict[str, Any]:
        """The layout in the types of JSON."""
        return {
            "sheet_name": self.sheet_name,
            "titles": list(self.titles),
            "columns": [[column.heading, column.key, column.kind] for column in self.columns],
            "total_label": self.total_label,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> RegisterLayout:
        """The layout that ``as_json`` gave."""
        return cls(
            sheet_name=kept["sheet_name"],
            titles=tuple(kept["titles"]),
            columns=tuple(LayoutColumn(*column) for column in kept["columns"]),
            total_label=kept["total_label"],
        )


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One row to write: values by field, amounts in fen; ``extras`` by column number, from 1, where there is no field."""

    values: Mapping[str, Written]
    extras: Mapping[int, Written] = field(default_factory=dict)


def layout_of(table: TableRows, fields: Sequence[Field]) -> RegisterLayout:
    """The shape of a register that was read. Headings of two rows become one."""
    kinds = {item.key: _KINDS.get(item.kind, "text") for item in fields}
    columns: dict[int, LayoutColumn] = {}
    for key, heading in table.match.columns.items():
        columns[heading.column] = LayoutColumn(heading.text, key, kinds[key])
    doubtful = [heading for doubt in table.match.unsure for heading in doubt.headings]
    for heading in (*table.match.unknown, *doubtful):
        columns[heading.column] = LayoutColumn(heading.text)
    beyond = [column for row in table.rows for column in row.extras]
    width = max([*columns, *beyond], default=0)
    titles = [row.filled() for row in table.sheet.rows if row.number < table.match.first_row]
    return RegisterLayout(
        sheet_name=table.sheet.name,
        titles=tuple("  ".join(cell.text.strip() for cell in cells) for cells in titles),
        columns=tuple(columns.get(number, LayoutColumn("")) for number in range(1, width + 1)),
        total_label=table.totals[-1].label if table.totals else "",
    )


def register_sheet(layout: RegisterLayout, rows: Iterable[RegisterRow]) -> SheetToWrite:
    """The register in its own shape: the same headings in the same order, other columns kept, a true total."""

    def values(row: RegisterRow) -> list[Written]:
        return [
            row.values.get(column.key) if column.key else row.extras.get(number)
            for number, column in enumerate(layout.columns, start=1)
        ]

    return SheetToWrite(
        name=layout.sheet_name,
        columns=[Column(column.heading, column.kind) for column in layout.columns],
        rows=(values(row) for row in rows),
        titles=layout.titles,
        total_label=layout.total_label,
    )
