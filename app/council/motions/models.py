"""Motions, and each text of one that was put before the council."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, whole_numbers

_STATUSES = ("drafted", "submitted", "returned", "in_vote", "approved", "rejected", "lapsed", "withdrawn")
_TOPICS = ("goods", "rules", "purpose", "related_party", "ending", "other")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(f'{word!r}' for word in words)})"


class Motion(Base):
    """Something that the council is to resolve. While it is a draft or returned its words may change; what the council and
    the public read is the latest ``MotionText``. ``details``: JSON, of a change of rules the whole rulebook proposed."""

    __tablename__ = "motion"
    __table_args__ = (
        CheckConstraint(_one_of("status", _STATUSES), name="motion_status_is_known"),
        CheckConstraint(_one_of("topic", _TOPICS), name="motion_topic_is_known"),
        CheckConstraint(
            "status IN ('drafted', 'withdrawn') OR number IS NOT NULL", name="submitted_motion_has_a_number"
        ),
        CheckConstraint("amount_minor IS NULL OR amount_minor > 0", name="motion_amount_is_positive"),
        UniqueConstraint("number"),
        UniqueConstraint("idempotency_key"),
        Index("ix_motion_fund", "fund_id", "id"),
    )

    id: Mapped[Id]
    number: Mapped[str | None] = mapped_column(String(20))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    topic: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int | None] = mapped_column(Minor)
    details: Mapped[str] = mapped_column(Text, default="{}")
    text_salt: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(20), default="drafted")
    drafted_by_id: Mapped[int | None] = mapped_column(BigInteger)
    submitter_id: Mapped[int | None] = mapped_column(BigInteger)
    idempotency_key: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MotionText(Base):
    """One text of a motion as it was submitted: what votes are bound to, and what the public reads. Append-only."""

    __tablename__ = "motion_text"
    __table_args__ = (
        CheckConstraint("version > 0", name="motion_texts_are_numbered_from_one"),
        UniqueConstraint("motion_id", "version"),
    )

    id: Mapped[Id]
    motion_id: Mapped[int] = mapped_column(ForeignKey("motion.id"))
    version: Mapped[int]
    topic: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int | None] = mapped_column(Minor)
    details: Mapped[str] = mapped_column(Text)
    text_hash: Mapped[str] = mapped_column(String(64))
    submitter_id: Mapped[int | None] = mapped_column(BigInteger)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)


declare(
    append_only("motion_text"),
    whole_numbers("motion", "amount_minor"),
    whole_numbers("motion_text", "amount_minor"),
)
