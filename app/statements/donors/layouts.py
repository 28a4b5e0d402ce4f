"""The parts that a long statement is printed in: so many rows each, the sections one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.statements.donors.rules import DonorStatement

SECTIONS = ("gifts", "uses", "promises", "ways", "changes")
PART = 300
"""Rows in one part: more at once cost memory, fewer leave more half-empty pages."""


@dataclass(slots=True)
class Part:
    """Some rows of some sections. ``rows``: by section; ``begins``: sections whose heading stands here; ``ends``: those that
    are complete with these rows."""

    is_first: bool = False
    is_last: bool = False
    rows: dict[str, list[object]] = field(default_factory=lambda: {name: [] for name in SECTIONS})
    begins: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)


def parts(statement: DonorStatement, size: int = PART) -> Iterator[Part]:
    """The statement in parts of at most ``size`` rows; always at least one."""
    part, count = Part(is_first=True), 0
    for name in SECTIONS:
        part.begins.add(name)
        for row in getattr(statement, name):
            if count == size:
                yield part
                part, count = Part(), 0
            part.rows[name].append(row)
            count += 1
        part.ends.add(name)
    part.is_last = True
    yield part
