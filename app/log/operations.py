"""Appending to the log, inside the business transaction."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.log.models import Commitment, Leaf
from app.log.rules import commitment, leaf_bytes, leaf_hash, parts_of
from app.log.tiles.operations import complete_tiles
from app.shared import clock
from app.shared.db import book_head, driver_value, insert_tuples

SALT_BYTES = 32
_LEAF = ("position", "kind", "subject_id", "version", "body", "digest", "appended_at")
_COMMITMENT = ("leaf_position", "field", "salt", "text")


@dataclass(slots=True)
class LeafDraft:
    """What a leaf will say. ``texts`` are free texts and names: only commitments to them enter the leaf."""

    kind: str
    subject_id: int
    body: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)
    version: int = 1


def new_salt() -> bytes:
    """32 random bytes, for one field of one leaf."""
    return os.urandom(SALT_BYTES)


def append(session: Session, drafts: list[LeafDraft]) -> list[int]:
    """Append leaves in order and return their positions. Only inside ``transaction(books=True)``, whose lock keeps the order.

    A draft whose lists are too long for one leaf continues in the leaves behind it; its position is that of the first.
    Raises LeafRefused for what docs/leaf-v1.md does not know, Refused for a leaf that is too long all the same.
    """
    if not drafts:
        return []
    head = book_head(session)
    first, at = head.leaf_count, driver_value(session, Leaf.appended_at, clock.now())
    leaves: list[tuple[Any, ...]] = []
    commitments: list[tuple[Any, ...]] = []
    positions = []
    for draft in drafts:
        position = first + len(leaves)
        digests = {}
        for name, words in draft.texts.items():
            if words:
                salt = new_salt()
                digests[name] = commitment(salt, name, words)
                commitments.append((position, name, salt, words))
        subject_id, version = draft.subject_id, draft.version
        body, rest = parts_of(draft.body)
        content = leaf_bytes(draft.kind, subject_id, version, body, digests)
        leaves.append((position, draft.kind, subject_id, version, content, leaf_hash(content), at))
        for part in rest:
            whole = {"of": [draft.kind, subject_id, version], **part}
            content = leaf_bytes("continued", subject_id, version, whole, {})
            place = first + len(leaves)
            leaves.append((place, "continued", subject_id, version, content, leaf_hash(content), at))
        positions.append(position)
    insert_tuples(session, Leaf, _LEAF, leaves)
    insert_tuples(session, Commitment, _COMMITMENT, commitments)
    complete_tiles(session, first, [leaf[5] for leaf in leaves])
    head.leaf_count = first + len(leaves)
    return positions
