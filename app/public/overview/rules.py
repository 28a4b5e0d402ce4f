"""Where the money came from, for which purposes, and what it paid for: the picture's nodes and bands, in whole fen.

The layout is plain arithmetic, so that page and paper draw the same. Coordinates are units of a drawing WIDTH wide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

WIDTH = 960
MOST_IN_A_COLUMN = 5
_COLUMNS = (0, 400, 716)
_NODE = 12
_TALLEST = 150
_THINNEST = 4
_SPACE = 12
_LABEL = 24
_TALL = 36
_LONGEST_LABEL = 14


def _width(character: str) -> int:
    return 2 if east_asian_width(character) in "WF" else 1


@dataclass(frozen=True, slots=True)
class Share:
    """Money from one thing to another, in fen. A kind is in, out or kept: it gives the band its colour."""

    source: str
    target: str
    amount_minor: int
    kind: str = "in"


@dataclass(frozen=True, slots=True)
class Node:
    """A bar with its name."""

    name: str
    amount_minor: int
    kind: str
    x: int
    y: float
    height: float
    label_x: int
    label_y: float
    amount_is_below: bool
    is_inside: bool

    @property
    def label(self) -> str:
        """The name, short enough for its place in the drawing."""
        # A Han character is as wide as two Latin ones.
        room = 2 * _LONGEST_LABEL
        if sum(map(_width, self.name)) <= room:
            return self.name
        kept, used = [], 2
        for character in self.name:
            used += _width(character)
            if used > room:
                break
            kept.append(character)
        return f"{''.join(kept)}…"


@dataclass(frozen=True, slots=True)
class Band:
    """A band between two bars: the path of its outline."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn."""

    width: int
    height: int
    nodes: list[Node]
    bands: list[Band]


def largest(amounts: dict[str, int], most: int = MOST_IN_A_COLUMN) -> set[str]:
    """The names that are shown; the others become one "rest". One alone is not a rest: it keeps its name."""
    order = sorted((name for name in amounts if amounts[name] > 0), key=lambda name: (-amounts[name], name))
    return set(order if len(order) <= most else order[: most - 1])


def sums_by(shares: Iterable[Share], side: str) -> dict[str, int]:
    """Fen by the name on one side: "source" or "target"."""
    sums: dict[str, int] = defaultdict(int)
    for each in shares:
        sums[getattr(each, side)] += each.amount_minor
    return dict(sums)


def folded(shares: Iterable[Share], side: str, shown: set[str], rest: str) -> list[Share]:
    """The same money, where names of one side that are not ``shown`` become ``rest``."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for each in shares:
        if getattr(each, side) not in shown:
            each = replace(each, source=rest) if side == "source" else replace(each, target=rest)
        sums[each.source, each.target, each.kind] += each.amount_minor
    return [
        Share(source, target, amount, kind) for (source, target, kind), amount in sums.items() if amount > 0
    ]


def picture(received: list[Share], spent: list[Share]) -> Picture | None:
    """Three columns: sources, purposes, uses. None when there is nothing to draw.

    Bars and bands are as high as their money, but never thinner than can be seen.
    """
    columns = _columns(received, spent)
    largest = max((sum(amounts.values()) for amounts, _ in columns), default=0)
    if largest <= 0:
        return None
    scale = _TALLEST / largest
    placed: list[dict[str, Node]] = []
    bottom = 0.0
    for place, (amounts, kinds) in enumerate(columns):
        column, end = _stack(amounts, kinds, place, scale)
        placed.append(column)
        bottom = max(bottom, end)
    bands = [*_bands(received, placed[0], placed[1]), *_bands(spent, placed[1], placed[2])]
    nodes = [node for stacked in placed for node in stacked.values()]
    return Picture(WIDTH, round(bottom) + 4, nodes, bands)


def _columns(received: list[Share], spent: list[Share]) -> list[tuple[dict[str, int], dict[str, str]]]:
    first: dict[str, int] = defaultdict(int)
    last: dict[str, int] = defaultdict(int)
    into: dict[str, int] = defaultdict(int)
    out_of: dict[str, int] = defaultdict(int)
    kinds: list[dict[str, str]] = [{}, {}, {}]
    for each in received:
        first[each.source] += each.amount_minor
        into[each.target] += each.amount_minor
        kinds[0][each.source] = kinds[1][each.target] = each.kind
    for each in spent:
        last[each.target] += each.amount_minor
        out_of[each.source] += each.amount_minor
        kinds[1].setdefault(each.source, each.kind)
        kinds[2][each.target] = each.kind
    middle = {name: max(into[name], out_of[name]) for name in {*into, *out_of}}
    return [(first, kinds[0]), (middle, kinds[1]), (last, kinds[2])]


def _stack(
    amounts: dict[str, int], kinds: dict[str, str], place: int, scale: float
) -> tuple[dict[str, Node], float]:
    """Bars from the top, the largest first, each with its label: inside a tall bar's band, beside the last column's
    bars, above the others, where no band of its own runs through it."""
    y, found = 4.0, {}
    is_last = place == len(_COLUMNS) - 1
    for name in sorted(amounts, key=lambda each: (-amounts[each], each)):
        height = max(amounts[name] * scale, _THINNEST)
        is_tall = height >= _TALL
        above = 0.0 if is_tall else (_LABEL * 0.6 if is_last else _LABEL)
        label = height / 2 - 3 if is_last else height / 2 + 5 if is_tall else -7
        x = _COLUMNS[place]
        y += above
        found[name] = Node(
            name,
            amounts[name],
            kinds[name],
            x,
            y,
            height,
            x + _NODE + 10,
            y + label,
            amount_is_below=is_last,
            is_inside=is_tall and not is_last,
        )
        y += height + (above if is_last else 0.0) + _SPACE
    return found, y - _SPACE


def _bands(shares: list[Share], sources: dict[str, Node], targets: dict[str, Node]) -> list[Band]:
    left = {name: node.y for name, node in sources.items()}
    right = {name: node.y for name, node in targets.items()}
    found = []
    order = sorted(shares, key=lambda each: (targets[each.target].y, sources[each.source].y))
    for each in order:
        source, target = sources[each.source], targets[each.target]
        here = source.height * each.amount_minor / source.amount_minor
        there = target.height * each.amount_minor / target.amount_minor
        x0, x1 = source.x + _NODE, target.x
        y0, y1 = left[each.source], right[each.target]
        left[each.source] += here
        right[each.target] += there
        middle = (x0 + x1) / 2
        path = (
            f"M{x0} {y0:.1f}C{middle:.0f} {y0:.1f} {middle:.0f} {y1:.1f} {x1} {y1:.1f}V{y1 + there:.1f}"
            f"C{middle:.0f} {y1 + there:.1f} {middle:.0f} {y0 + here:.1f} {x0} {y0 + here:.1f}Z"
        )
        found.append(Band(path, each.kind))
    return found
