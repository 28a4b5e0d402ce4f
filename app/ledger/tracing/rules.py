"""The order in which gifts are spent, as pure functions over amounts in fen.

Wish first, then first in, first out: money of an earmark only for that earmark, within it the oldest gift first
(received date, then the order recorded).
"""

from __future__ import annotations

from collections.abc import Iterable

DELTAS: dict[tuple[str, bool], dict[str, int]] = {
    ("hold", False): {"remaining": -1, "held": 1},
    ("release", False): {"held": -1, "remaining": 1},
    ("use", False): {"held": -1, "used": 1},
    ("use", True): {"remaining": -1, "used": 1},
    ("return", False): {"used": -1, "held": 1},
    ("return", True): {"used": -1, "remaining": 1},
    ("withdraw", False): {"remaining": -1, "withdrawn": 1},
}
"""What a movement (kind, directly) does to the four places of its tranche."""


def allocate(available: Iterable[tuple[int, int]], wanted_minor: int) -> tuple[list[tuple[int, int]], int]:
    """Take ``wanted_minor`` from (tranche, available fen) in the order given.

    Returns the parts taken and what could not be covered.
    """
    parts: list[tuple[int, int]] = []
    left = wanted_minor
    for tranche, free in available:
        if left == 0:
            break
        part = min(free, left)
        if part > 0:
            parts.append((tranche, part))
            left -= part
    return parts, left


def allocate_newest_first(
    used: list[tuple[int, int]], wanted_minor: int
) -> tuple[list[tuple[int, int]], int]:
    """Like ``allocate`` but from the end: a refund gives back the newest uses first."""
    return allocate(reversed(used), wanted_minor)
