"""Tables of a story: kept as text that a treasurer reads, compared cell by cell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
Table = list[list[str]]


def told(name: str) -> Table:
    """The table in `tests/stories/<name>.txt`, headings first. Lines that begin with # are remarks."""
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.split("|")]
        for line in lines
        if line.strip() and not line.startswith("#")
    ]


def rows(name: str) -> Table:
    """The same without its headings."""
    return told(name)[1:]


def as_text(cells: Iterable[object]) -> list[str]:
    """One row as it stands in a table."""
    return [str(cell) for cell in cells]
