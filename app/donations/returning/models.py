"""Gifts that are given back: who asked for it, who decided, who paid."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import declare, refuse, whole_numbers


class GiftReturn(Base):
    """Fen of one gift that go back to its donor. Three persons: who proposes with the donor's request, who decides, who pays.
    ``motion_id``: the council's resolution, above what officers decide. Paid, it is never undone."""

    __tablename__ = "gift_return"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="gift_return_is_positive"),
        CheckConstraint(
            "status IN ('proposed', 'approved', 'rejected', 'withdrawn', 'paid')",
            name="gift_return_status_is_known",
        ),
        CheckConstraint("way IN ('letter', 'message', 'call', 'meeting')", name="way_of_request_is_known"),
        CheckConstraint("length(reason) > 0", name="gift_return_has_a_reason"),
        CheckConstraint("decided_by_id <> proposed_by_id", name="gift_return_is_decided_by_another"),
        CheckConstraint(
            "paid_by_id <> proposed_by_id AND paid_by_id <> decided_by_id",
            name="gift_return_is_paid_by_a_third",
        ),
        CheckConstraint(
            "(status = 'paid') = (entry_number IS NOT NULL)", name="paid_gift_return_has_an_entry"
        ),
        CheckConstraint(
            "status NOT IN ('approved', 'rejected', 'paid') OR decided_at IS NOT NULL",
            name="gift_return_was_decided",
        ),
        UniqueConstraint("idempotency_key"),
        UniqueConstraint("motion_id"),
        UniqueConstraint("entry_number"),
        Index(
            "ix_gift_return_under_way",
            "donation_id",
            unique=True,
            sqlite_where=text("status IN ('proposed', 'approved')"),
            postgresql_where=text("status IN ('proposed', 'approved')"),
        ),
        Index("ix_gift_return_fund", "fund_id", "status"),
    )

    id: Mapped[Id]
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    amount_minor: Mapped[int] = mapped_column(Minor)
    status: Mapped[str] = mapped_column(String(20), default="proposed")
    requested_on: Mapped[date] = mapped_column(Date)
    way: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(String(80))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_by_id: Mapped[int | None] = mapped_column(BigInteger)
    motion_id: Mapped[int | None] = mapped_column(ForeignKey("motion.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(BigInteger)
    decision_note: Mapped[str] = mapped_column(Text, default="")
    paid_on: Mapped[date | None] = mapped_column(Date)
    paid_by_id: Mapped[int | None] = mapped_column(BigInteger)
    money_account_id: Mapped[int | None] = mapped_column(ForeignKey("money_account.id"))
    voucher_number: Mapped[str] = mapped_column(String(60), default="")
    entry_number: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))


declare(
    refuse(
        "gift_return_is_of_a_standing_gift",
        "gift_return",
        "INSERT",
        "NEW.status <> 'proposed' OR NOT EXISTS (SELECT 1 FROM donation d WHERE d.id = NEW.donation_id "
        "AND d.fund_id = NEW.fund_id AND d.kind = 'money' AND d.status = 'recorded' "
        "AND d.amount_minor >= NEW.amount_minor)",
        "gift_return_is_of_a_standing_gift",
    ),
    refuse(
        "gift_return_keeps_what_it_was",
        "gift_return",
        "UPDATE",
        "OLD.status IN ('rejected', 'withdrawn', 'paid') OR NEW.donation_id <> OLD.donation_id "
        "OR NEW.amount_minor <> OLD.amount_minor OR NEW.fund_id <> OLD.fund_id "
        "OR (NEW.status = 'paid' AND OLD.status <> 'approved') OR (NEW.status = 'approved' AND OLD.status <> 'proposed')",
        "gift_return_keeps_what_it_was",
    ),
    refuse("gift_return_is_never_deleted", "gift_return", "DELETE", "", "gift_return_is_never_deleted"),
    whole_numbers("gift_return", "amount_minor"),
)
