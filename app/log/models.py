"""Leaves and the commitments they carry."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, UtcDateTime
from app.shared.guards import append_only, declare


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

    leaf_position: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("leaf.position"), primary_key=True, autoincrement=False
    )
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    text: Mapped[str] = mapped_column(Text)


declare(append_only("leaf", "position"))
