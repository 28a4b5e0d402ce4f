"""Leaves, the commitments they carry, the tree over them, and what was signed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, UtcDateTime
from app.shared.guards import append_only, declare, refuse


class Leaf(Base):
    """One event, as canonical bytes. ``position`` counts from 0 without gaps."""

    __tablename__ = "leaf"
    __table_args__ = (Index("ix_leaf_subject", "kind", "subject_id"),)

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(default=1)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    appended_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Commitment(Base):
    """The salt and the text that a leaf commits to by HMAC. Erasure deletes both and the leaf stays valid."""

    __tablename__ = "commitment"
    __table_args__ = {"sqlite_with_rowid": False}

    leaf_position: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("leaf.position"), primary_key=True, autoincrement=False
    )
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    text: Mapped[str] = mapped_column(Text)


class Erasure(Base):
    """A committed text that was deleted on demand, and the leaf that says so. Without it no commitment can be deleted."""

    __tablename__ = "erasure"

    leaf_position: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("leaf.position"), primary_key=True, autoincrement=False
    )
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    log_position: Mapped[int] = mapped_column(BigInteger, ForeignKey("leaf.position"))
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Tile(Base):
    """256 hashes of the tree side by side, written once when they are complete (C2SP tlog-tiles).

    Level 0 holds leaf hashes, each level above the roots of the tiles below. The tree's right edge, what is not yet a
    tile, is read from the leaves and from these roots, so that an append writes one tile in 256.
    """

    __tablename__ = "tile"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary(8192))
    root: Mapped[bytes] = mapped_column(LargeBinary(32))


class LogIdentity(Base):
    """The name under which this log is known for ever, and the key that speaks for it. The private key is elsewhere."""

    __tablename__ = "log_identity"
    __table_args__ = (CheckConstraint("id = 1", name="log_has_one_identity"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(200))
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    established_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PublishedCheckpoint(Base):
    """A checkpoint that was signed, in full, as it may have left this house."""

    __tablename__ = "published_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


_unrecorded = (
    "NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.leaf_position = OLD.leaf_position "
    "AND erasure.field = OLD.field)"
)
declare(
    append_only("leaf", "position"),
    append_only("erasure", "leaf_position", "field"),
    append_only("tile", "level", "number"),
    append_only("log_identity"),
    append_only("published_checkpoint", "size"),
    refuse("commitment_is_never_changed", "commitment", "UPDATE", "", "commitment_is_never_changed"),
    refuse("commitment_goes_by_erasure", "commitment", "DELETE", _unrecorded, "commitment_goes_by_erasure"),
)
