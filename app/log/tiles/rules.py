"""How tiles are cut and addressed: C2SP tlog-tiles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HASH_BYTES = 32
WIDTH = 256
_HEIGHT = 8
_ADDRESS = re.compile(
    r"(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class TileAddress:
    """One tile, or (``level`` None) the bundle of the leaves themselves. ``width`` below 256: a partial one."""

    level: int | None
    number: int
    width: int = WIDTH

    def __str__(self) -> str:
        """The path behind ``tile/``: "0/x001/x234/067.p/12"."""
        level = "entries" if self.level is None else str(self.level)
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"{level}/{_number_path(self.number)}{partial}"


def _number_path(number: int) -> str:
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def parse_address(path: str) -> TileAddress | None:
    """The tile that a path behind ``tile/`` names; None unless it is spelled exactly as it has to be."""
    found = _ADDRESS.fullmatch(path)
    if found is None or len(path) > 80:
        return None
    level = None if found["level"] == "entries" else int(found["level"])
    number = int(found["number"].replace("x", "").replace("/", ""))
    address = TileAddress(level, number, int(found["width"] or WIDTH))
    # One spelling for each tile: no needless x000/, no .p/256, no level beyond 63.
    return address if str(address) == path and (level or 0) < 64 else None


def hashes_at(level: int, size: int) -> int:
    """How many hashes a level has in a tree of ``size`` leaves."""
    return size >> (_HEIGHT * level)


def smallest_size(address: TileAddress) -> int:
    """How many leaves a tree has at least that has this tile in this width."""
    return (address.number * WIDTH + address.width) << (_HEIGHT * (address.level or 0))


def tiles_of(size: int) -> Iterator[TileAddress]:
    """Every tile and bundle that a tree of ``size`` leaves consists of, bundles first, partial ones included."""
    for level in (None, *range(64)):
        count = hashes_at(level or 0, size)
        for number in range(count // WIDTH):
            yield TileAddress(level, number)
        if count % WIDTH:
            yield TileAddress(level, count // WIDTH, count % WIDTH)


def bundle(leaves: list[bytes]) -> bytes:
    """Leaves as an entry bundle: each behind its length in 16 bits, big-endian."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def leaves_of(content: bytes) -> list[bytes]:
    """The leaves of an entry bundle. Raises ValueError when it ends in the middle of one."""
    leaves, place = [], 0
    while place < len(content):
        start = place + 2
        end = start + int.from_bytes(content[place:start], "big")
        if end > len(content) or start > len(content):
            raise ValueError("the bundle ends in the middle of a leaf")
        leaves.append(content[start:end])
        place = end
    return leaves
