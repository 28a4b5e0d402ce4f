"""Reading the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.log.models import Commitment, Erasure, Leaf
from app.log.rules import OFFICIAL, text_fields
from app.shared.db import BookHead

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Opening:
    """A committed text with its salt, as it may be published."""

    position: int
    field: str
    salt: bytes
    text: str


@dataclass(frozen=True, slots=True)
class ErasedText:
    """A committed text that is gone: when it was removed, why (None when that was erased too), and the leaf that says so."""

    position: int
    field: str
    erased_at: datetime
    reason: str | None
    log_position: int


def size(session: Session) -> int:
    """How many leaves the log has."""
    return session.scalar(select(BookHead.leaf_count).where(BookHead.id == 1)) or 0


def leaf(session: Session, position: int) -> Leaf | None:
    """The leaf at a position."""
    return session.get(Leaf, position)


def latest_version(session: Session, kind: str, subject_id: int) -> int:
    """The version of the newest leaf of a kind about a subject; 0 when there is none."""
    found = select(func.max(Leaf.version)).where(Leaf.kind == kind, Leaf.subject_id == subject_id)
    return session.scalar(found) or 0


@dataclass(frozen=True, slots=True)
class LeafRow:
    """A leaf as stored."""

    position: int
    kind: str
    subject_id: int
    version: int
    body: bytes
    digest: bytes


def leaves(session: Session, first: int = 0, end: int | None = None) -> Iterator[LeafRow]:
    """Every leaf from position ``first`` on (before ``end``), in order, in chunks."""
    columns = (Leaf.position, Leaf.kind, Leaf.subject_id, Leaf.version, Leaf.body, Leaf.digest)
    statement = select(*columns).order_by(Leaf.position).limit(_CHUNK)
    if end is not None:
        statement = statement.where(Leaf.position < end)
    while True:
        rows = session.execute(statement.where(Leaf.position >= first)).all()
        for row in rows:
            yield LeafRow(*row)
        if len(rows) < _CHUNK:
            return
        first = rows[-1].position + 1


def official_openings(session: Session, first: int, end: int) -> list[Opening]:
    """Texts of the office's own in leaves [first, end), published as long as they stand."""
    fields = text_fields(OFFICIAL)
    rows = session.execute(
        select(Commitment.leaf_position, Leaf.kind, Commitment.field, Commitment.salt, Commitment.text)
        .join(Leaf, Leaf.position == Commitment.leaf_position)
        .where(
            Commitment.leaf_position >= first,
            Commitment.leaf_position < end,
            Leaf.kind.in_({kind for kind, _ in fields}),
        )
        .order_by(Commitment.leaf_position, Commitment.field)
    )
    return [
        Opening(row.leaf_position, row.field, row.salt, row.text)
        for row in rows
        if (row.kind, row.field) in fields
    ]


def erased(session: Session, first: int, end: int) -> list[ErasedText]:
    """What was removed from leaves [first, end)."""
    rows = session.execute(
        select(Erasure.leaf_position, Erasure.field, Erasure.erased_at, Erasure.log_position, Commitment.text)
        .outerjoin(
            Commitment, (Commitment.leaf_position == Erasure.log_position) & (Commitment.field == "reason")
        )
        .where(Erasure.leaf_position >= first, Erasure.leaf_position < end)
        .order_by(Erasure.leaf_position, Erasure.field)
    )
    return [
        ErasedText(row.leaf_position, row.field, row.erased_at, row.text, row.log_position) for row in rows
    ]


def latest_position(session: Session, kind: str) -> int:
    """The position of the newest leaf of a kind; -1 when there is none."""
    found = session.scalar(select(func.max(Leaf.position)).where(Leaf.kind == kind))
    return -1 if found is None else found


def says_erased(session: Session, position: int, of: int, field: str) -> bool:
    """Whether the leaf at ``position`` says that the text ``field`` of leaf ``of`` was erased."""
    body = session.scalar(select(Leaf.body).where(Leaf.position == position, Leaf.kind == "erasure"))
    told = json.loads(body) if body else {}
    return (told.get("position"), told.get("field")) == (of, field)


def subjects(session: Session, kind: str) -> set[int]:
    """The ids that leaves of a kind speak of."""
    return set(session.scalars(select(Leaf.subject_id).where(Leaf.kind == kind)))
