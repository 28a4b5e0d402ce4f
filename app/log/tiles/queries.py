"""Reading tiles and, from them, roots and proofs of any size that the log ever had."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.log.merkle import rules as merkle
from app.log.models import Leaf, PublishedCheckpoint, Tile
from app.log.tiles.rules import HASH_BYTES, WIDTH, TileAddress, bundle, smallest_size


def published_tile(session: Session, address: TileAddress) -> bytes | None:
    """The bytes of a tile or bundle of the largest tree that was signed; None beyond it.

    Nothing that was not signed is served, so that no tile is ever served in two versions.
    """
    needed = smallest_size(address)
    if needed >= 1 << 63:
        return None
    signed = select(PublishedCheckpoint.size).where(PublishedCheckpoint.size >= needed).exists()
    if address.level is not None and address.width == WIDTH:
        at = (Tile.level == address.level, Tile.number == address.number)
        return session.scalar(select(Tile.hashes).where(*at, signed))
    return tile(session, address) if session.scalar(select(signed)) else None


def tile(session: Session, address: TileAddress) -> bytes:
    """The bytes of a tile or bundle that the log has in this width, one indexed read."""
    if address.level is None:
        return bundle(_bodies(session, address.number * WIDTH, address.width))
    return hashes(session, address.level, address.number)[: address.width * HASH_BYTES]


def hashes(session: Session, level: int, number: int) -> bytes:
    """The hashes of a tile as far as the tree reaches, side by side."""
    whole = session.scalar(select(Tile.hashes).where(Tile.level == level, Tile.number == number))
    if whole is not None:
        return whole
    first = number * WIDTH
    return b"".join(stored_hashes(session, level, first, first + WIDTH))


def stored_hashes(session: Session, level: int, first: int, end: int) -> list[bytes]:
    """Hashes [first, end) of a level, as far as there are any: leaf hashes, or the roots of the tiles below."""
    if level == 0:
        leaves = select(Leaf.digest).where(Leaf.position >= first, Leaf.position < end)
        return list(session.scalars(leaves.order_by(Leaf.position)))
    roots = select(Tile.root).where(Tile.level == level - 1, Tile.number >= first, Tile.number < end)
    return list(session.scalars(roots.order_by(Tile.number)))


def _bodies(session: Session, first: int, width: int) -> list[bytes]:
    leaves = select(Leaf.body).where(Leaf.position >= first, Leaf.position < first + width)
    return list(session.scalars(leaves.order_by(Leaf.position)))


class Tree:
    """Roots and proofs over the stored tiles. Reads a handful of tiles for each, whatever the size."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tiles: dict[tuple[int, int], bytes] = {}

    def node(self, height: int, index: int) -> bytes:
        """The root of a full subtree. Raises ValueError when the log does not reach so far."""
        level, within = divmod(height, 8)
        number, place = divmod(index << within, WIDTH)
        if (level, number) not in self._tiles:
            self._tiles[level, number] = hashes(self._session, level, number)
        start, count = place * HASH_BYTES, 1 << within
        part = self._tiles[level, number][start : start + count * HASH_BYTES]
        if len(part) != count * HASH_BYTES:
            raise ValueError("the log does not have as many leaves")
        return merkle.subtree_root([part[at : at + HASH_BYTES] for at in range(0, len(part), HASH_BYTES)])

    def root(self, size: int) -> bytes:
        """The root of the first ``size`` leaves. Raises ValueError beyond the log."""
        return merkle.root(self.node, size)

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """The proof that the leaf at ``position`` is in the tree of ``size``. Raises ValueError beyond either."""
        return merkle.inclusion_proof(self.node, position, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of ``old`` leaves is the beginning of that of ``new``. Raises ValueError for an empty one."""
        return merkle.consistency_proof(self.node, old, new)
