"""Matters and votes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, refuse


class Matter(Base):
    """Something the council decides, bound to the exact text (``text_hash``) that was put before it."""

    __tablename__ = "matter"
    __table_args__ = (
        UniqueConstraint("type", "subject_id", "text_hash"),
        CheckConstraint(
            "status IN ('open', 'approved', 'rejected', 'withdrawn')", name="matter_status_is_known"
        ),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="matter_is_decided_once"),
        Index("ix_matter_fund", "fund_id", "status"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    text_hash: Mapped[str] = mapped_column(String(64))
    amount_minor: Mapped[int | None] = mapped_column(Minor)
    submitter_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(20), default="open")
    # Seats and quorum as they stood when the matter was opened.
    seats: Mapped[int]
    quorum: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # For decisions made before this system (record_past_decision): the day, and the counts from the minutes.
    decided_before_on: Mapped[date | None] = mapped_column(Date)
    past_counts: Mapped[str] = mapped_column(Text, default="")


class Vote(Base):
    """One vote of one seat on one text. Append-only; one vote a seat."""

    __tablename__ = "vote"
    __table_args__ = (
        CheckConstraint("choice IN ('approve', 'reject', 'abstain', 'recuse')", name="vote_choice_is_known"),
        CheckConstraint("choice <> 'reject' OR length(reason) > 0", name="rejection_has_a_reason"),
        UniqueConstraint("matter_id", "voter_id"),
    )

    id: Mapped[Id]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matter.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    seat_number: Mapped[int]
    choice: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    text_hash: Mapped[str] = mapped_column(String(64))
    cast_at: Mapped[datetime] = mapped_column(UtcDateTime)


_submitter = (
    "NEW.choice <> 'recuse' AND EXISTS (SELECT 1 FROM matter WHERE matter.id = NEW.matter_id "
    "AND matter.submitter_id = NEW.voter_id)"
)
_closed = "EXISTS (SELECT 1 FROM matter WHERE matter.id = NEW.matter_id AND matter.status <> 'open')"
_other_text = (
    "EXISTS (SELECT 1 FROM matter WHERE matter.id = NEW.matter_id AND matter.text_hash <> NEW.text_hash)"
)
declare(
    append_only("vote"),
    refuse("approver_is_not_requester", "vote", "INSERT", _submitter, "approver_is_not_requester"),
    refuse("vote_is_before_the_decision", "vote", "INSERT", _closed, "vote_is_before_the_decision"),
    refuse("vote_is_on_this_text", "vote", "INSERT", _other_text, "vote_is_on_this_text"),
)
