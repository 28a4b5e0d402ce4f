"""One row of a register, and what is to be said about its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.shared.errors import Refused
from app.sheets.grid import NO_CELL, Cell

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class CellRefusal:
    """Why one cell of a row cannot be taken. ``address`` is empty when the register has no such column."""

    field: str
    address: str
    refusal: Refused


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the person who imports should know. ``sentence`` and ``values`` as in a refusal."""

    sentence: str
    values: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""

    def __str__(self) -> str:
        return self.sentence % self.values if self.values else self.sentence


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row to record. ``number`` is its row in the office's program; ``extras`` are cells of columns that are no field."""

    number: int
    cells: Mapping[str, Cell]
    extras: Mapping[int, Cell] = field(default_factory=dict)
    refusals: tuple[CellRefusal, ...] = ()

    def cell(self, key: str) -> Cell:
        """The cell of a field: blank with its address, or without one where the register has no such column."""
        return self.cells.get(key, NO_CELL)

    def read(self, key: str, parse: Callable[[Cell], Value], refusals: list[CellRefusal]) -> Value | None:
        """What the field says, or None for a blank cell; a refusal goes to ``refusals`` and gives None."""
        cell = self.cell(key)
        if cell.blank or any(one.field == key for one in refusals):
            return None
        try:
            return parse(cell)
        except Refused as refusal:
            refusals.append(CellRefusal(key, cell.address, refusal))
            return None
