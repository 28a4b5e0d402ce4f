"""Writing tiles as the tree grows."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.log.merkle.rules import subtree_root
from app.log.models import Tile
from app.log.tiles.queries import stored_hashes
from app.log.tiles.rules import WIDTH
from app.shared.db import insert_rows


def complete_tiles(session: Session, first: int, digests: list[bytes]) -> None:
    """Write the tiles that leaves [first, first + len(digests)) complete, on every level. Most appends complete none."""
    level, new = 0, digests
    while first // WIDTH != (first + len(new)) // WIDTH:
        start = first - first % WIDTH
        row = stored_hashes(session, level, start, first) + new
        whole = [row[at : at + WIDTH] for at in range(0, len(row) - WIDTH + 1, WIDTH)]
        roots = [subtree_root(each) for each in whole]
        number = start // WIDTH
        insert_rows(
            session,
            Tile,
            [
                {"level": level, "number": number + place, "hashes": b"".join(each), "root": roots[place]}
                for place, each in enumerate(whole)
            ],
        )
        level, first, new = level + 1, number, roots
