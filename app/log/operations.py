"""Appending to the log, inside the business transaction."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.log.models import Commitment, Leaf
from app.log.rules import commitment, leaf_bytes, leaf_hash
from app.shared import clock
from app.shared.db import book_head, insert_rows


@dataclass(slots=True)
class LeafDraft:
    """What a leaf will say. ``texts`` are free texts and names: only commitments to them enter the leaf."""

    kind: str
    subject_id: int
    body: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)
    version: int = 1


def append(session: Session, drafts: list[LeafDraft]) -> list[int]:
    """Append leaves in order and return their positions. Only inside ``transaction(books=True)``, whose lock keeps the order."""
    if not drafts:
        return []
    head = book_head(session)
    first, at = head.leaf_count, clock.now()
    leaves, commitments = [], []
    for position, draft in enumerate(drafts, start=first):
        digests = {}
        for name, words in draft.texts.items():
            if words:
                salt = os.urandom(32)
                digests[name] = commitment(salt, name, words)
                commitments.append({"leaf_position": position, "field": name, "salt": salt, "text": words})
        body = leaf_bytes(draft.kind, draft.subject_id, draft.version, draft.body, digests)
        leaves.append(
            {
                "position": position,
                "kind": draft.kind,
                "subject_id": draft.subject_id,
                "version": draft.version,
                "body": body,
                "digest": leaf_hash(body),
                "appended_at": at,
            }
        )
    insert_rows(session, Leaf, leaves)
    if commitments:
        insert_rows(session, Commitment, commitments)
    head.leaf_count = first + len(drafts)
    return list(range(first, first + len(drafts)))
