"""Public notices, objections to them, and holds by the supervisor."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.council.notice.states import GROUNDS, OBJECTION_STATES
from app.shared.db import Base, Id, UtcDateTime


def _words(values: dict[str, str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


class PublicNotice(Base):
    """What was approved stands in public until the end of ``ends_on`` before money moves. ``is_after_payment``: an emergency
    was paid first. ``ended_at``: the notice was found to have run its course."""

    __tablename__ = "public_notice"
    __table_args__ = (
        UniqueConstraint("matter_id"),
        CheckConstraint("ends_on >= opens_on", name="notice_ends_after_it_opens"),
        Index("ix_public_notice_subject", "subject_type", "subject_id"),
        Index("ix_public_notice_running", "ended_at", "ends_on"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    matter_id: Mapped[int] = mapped_column(ForeignKey("matter.id"))
    is_after_payment: Mapped[bool] = mapped_column(default=False)
    opens_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Objection(Base):
    """What somebody objects to. The contact is private and encrypted; the words are shown once they were checked for law and
    privacy (``is_shown``). While it is open, no payment is made."""

    __tablename__ = "objection"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(f"ground IN ({_words(GROUNDS)})", name="objection_ground_is_known"),
        CheckConstraint(f"status IN ({_words(OBJECTION_STATES)})", name="objection_status_is_known"),
        CheckConstraint("length(words) > 0", name="objection_says_something"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="objection_is_closed_once"),
        CheckConstraint(
            "status NOT IN ('answered', 'dismissed') OR length(answer) > 0", name="answer_is_written"
        ),
        CheckConstraint(
            "(status = 'repeated') = (repeats_id IS NOT NULL)", name="repeat_names_what_it_repeats"
        ),
        CheckConstraint(
            "status <> 'dismissed' OR (dismissed_by_chair_id IS NOT NULL AND dismissed_by_supervisor_id IS NOT NULL "
            "AND dismissed_by_chair_id <> dismissed_by_supervisor_id)",
            name="dismissal_needs_chair_and_supervisor",
        ),
        CheckConstraint("words_checked_at IS NOT NULL OR NOT is_shown", name="shown_words_were_checked"),
        Index("ix_objection_subject", "subject_type", "subject_id"),
        Index("ix_objection_fund", "fund_id", "status"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(20))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("public_notice.id"))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    ground: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(Text)
    contact: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_due_on: Mapped[date] = mapped_column(Date)
    is_shown: Mapped[bool] = mapped_column(default=False)
    # When somebody looked whether the words may be shown, whatever they decided.
    words_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20), default="open")
    repeats_id: Mapped[int | None] = mapped_column(ForeignKey("objection.id"))
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(BigInteger)
    dismissed_by_chair_id: Mapped[int | None] = mapped_column(BigInteger)
    dismissed_by_supervisor_id: Mapped[int | None] = mapped_column(BigInteger)
    dismissal_reason: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str | None] = mapped_column(String(80), unique=True)


class PaymentHold(Base):
    """The supervisor stops a payment until they lift the hold; both with words that are published."""

    __tablename__ = "payment_hold"
    __table_args__ = (
        CheckConstraint("length(reason) > 0", name="hold_has_a_reason"),
        CheckConstraint("(lifted_at IS NULL) = (lift_reason = '')", name="lifting_has_a_reason"),
        Index("ix_payment_hold_subject", "subject_type", "subject_id"),
        Index("ix_payment_hold_fund", "fund_id", "lifted_at"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    placed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by_id: Mapped[int | None] = mapped_column(BigInteger)
    lift_reason: Mapped[str] = mapped_column(Text, default="")
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
