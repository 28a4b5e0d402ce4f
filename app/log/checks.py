"""Proving that the log is whole: positions without gaps, digests that fit, commitments that open."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.log.models import Commitment, Leaf
from app.log.rules import commitment, leaf_hash
from app.shared.canonical import canonical_bytes
from app.shared.checks import Check
from app.shared.db import BookHead

_CHUNK = 2000


def check_log(session: Session) -> list[Check]:
    """Every invariant of the log itself, read once from end to end in bounded memory."""
    positions, digests, opened = (
        Check("leaves_are_gapless"),
        Check("leaves_are_unchanged"),
        Check("commitments_open"),
    )
    expected = 0
    for leaf in leaves(session):
        positions.examined += 1
        if leaf.position != expected:
            positions.broken(f"leaf {expected} is missing; the next one is {leaf.position}")
            expected = leaf.position
        expected += 1
        digests.examined += 1
        if leaf_hash(leaf.body) != leaf.digest:
            digests.broken(f"leaf {leaf.position} ({leaf.kind} {leaf.subject_id}) does not have its digest")
        elif canonical_bytes(json.loads(leaf.body)) != leaf.body:
            digests.broken(f"leaf {leaf.position} ({leaf.kind} {leaf.subject_id}) is not in canonical form")
    counted = session.scalar(select(BookHead.leaf_count)) or 0
    if counted != expected:
        positions.broken(f"the books count {counted} leaves, the log holds {expected}")
    _check_commitments(session, opened)
    return [positions, digests, opened]


def leaves(session: Session, first: int = 0) -> Iterator[Leaf]:
    """Every leaf from position ``first`` on, in order, in chunks."""
    while True:
        rows = session.scalars(
            select(Leaf).where(Leaf.position >= first).order_by(Leaf.position).limit(_CHUNK)
        ).all()
        yield from rows
        for row in rows:
            session.expunge(row)
        if len(rows) < _CHUNK:
            return
        first = rows[-1].position + 1


def _check_commitments(session: Session, check: Check) -> None:
    position, last = -1, session.scalar(select(func.max(Commitment.leaf_position)))
    while last is not None and position < last:
        rows = session.execute(
            select(Commitment.leaf_position, Commitment.field, Commitment.salt, Commitment.text, Leaf.body)
            .join(Leaf, Leaf.position == Commitment.leaf_position)
            .where(Commitment.leaf_position > position, Commitment.leaf_position <= position + _CHUNK)
            .order_by(Commitment.leaf_position)
        ).all()
        for row in rows:
            check.examined += 1
            promised = json.loads(row.body).get("texts", {}).get(row.field)
            if promised != commitment(row.salt, row.field, row.text):
                check.broken(f"leaf {row.leaf_position}: its {row.field} is not the text committed to")
        position += _CHUNK
