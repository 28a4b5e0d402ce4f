"""Disbursement requests and their payments."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.disbursements.states import STATUSES
from app.ledger.accounts import SPENDING_KINDS
from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, refuse, whole_numbers


class Disbursement(Base):
    """A request that money be paid. Its text is fixed when submitted; the council votes on exactly that."""

    __tablename__ = "disbursement"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="disbursement_amount_is_positive"),
        CheckConstraint(
            "status IN (" + ", ".join(f"'{status}'" for status in STATUSES) + ")",
            name="disbursement_status_is_known",
        ),
        CheckConstraint(
            "spending_kind IS NULL OR spending_kind IN ("
            + ", ".join(f"'{kind}'" for kind in SPENDING_KINDS)
            + ")",
            name="spending_kind_is_known",
        ),
        CheckConstraint(
            "status IN ('drafted', 'withdrawn') OR spending_kind IS NOT NULL",
            name="submitted_request_has_a_kind",
        ),
        CheckConstraint(
            "status IN ('drafted', 'withdrawn') OR number IS NOT NULL", name="submitted_request_has_a_number"
        ),
        CheckConstraint("paid_minor >= 0 AND paid_minor <= amount_minor", name="paid_within_approved"),
        UniqueConstraint("number"),
        Index("ix_disbursement_fund", "fund_id", "id"),
        Index("ix_disbursement_status", "status", "id"),
        Index("ix_disbursement_payee", "payee_id", "submitted_at"),
        Index("ix_disbursement_decided", "fund_id", "decided_at", "amount_minor"),
    )

    id: Mapped[Id]
    number: Mapped[str | None] = mapped_column(String(20))
    office_number: Mapped[str] = mapped_column(String(40), default="")
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    earmark_id: Mapped[int] = mapped_column(ForeignKey("earmark.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    applicant_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    payee_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    amount_minor: Mapped[int] = mapped_column(Minor)
    paid_minor: Mapped[int] = mapped_column(Minor, default=0)
    spending_kind: Mapped[str | None] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(Text)
    applied_on: Mapped[date] = mapped_column(Date)
    # Names of papers that the register mentions; files are attachments.
    papers: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(20), default="drafted")
    # An emergency is signed by officers, paid at once and ratified by the council afterwards.
    is_emergency: Mapped[bool] = mapped_column(default=False)
    # Who gains in the end, as the public reads it: "32 户孤寡老人"; a person or unit by name only as a party.
    beneficiary: Mapped[str] = mapped_column(Text, default="")
    # Counts how often the text was put before the council; part of what is hashed.
    text_version: Mapped[int] = mapped_column(default=0)
    text_hash: Mapped[str | None] = mapped_column(String(64))
    # Part of what is hashed, so that the hash, which is in the log, does not let anybody try out what the text may be.
    text_salt: Mapped[str] = mapped_column(String(64))
    submitter_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str | None] = mapped_column(String(80), unique=True)


class Payment(Base):
    """Money paid on a request, accepted or waiting, and refunds of it. Append-only; a mistake is reversed in the books."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("kind IN ('payment', 'acceptance', 'refund')", name="payment_kind_is_known"),
        CheckConstraint("amount_minor > 0", name="payment_amount_is_positive"),
        UniqueConstraint("entry_number"),
        Index("ix_payment_disbursement", "disbursement_id", "id"),
    )

    id: Mapped[Id]
    disbursement_id: Mapped[int] = mapped_column(ForeignKey("disbursement.id"))
    kind: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(Minor)
    is_accepted: Mapped[bool] = mapped_column(default=True)
    money_account_id: Mapped[int | None] = mapped_column(ForeignKey("money_account.id"))
    occurred_on: Mapped[date] = mapped_column(Date)
    voucher_number: Mapped[str] = mapped_column(String(60), default="")
    entry_number: Mapped[int] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


_paid_by = "NEW.kind = 'payment' AND NEW.recorded_by_id IS NOT NULL AND "
_submitter = "EXISTS (SELECT 1 FROM disbursement d WHERE d.id = NEW.disbursement_id AND d.submitter_id = NEW.recorded_by_id)"


def _by_payer(table: str, person: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {table} t JOIN matter m ON m.id = t.matter_id WHERE m.type = 'disbursement' "
        f"AND m.subject_id = NEW.disbursement_id AND t.{person} = NEW.recorded_by_id)"
    )


_unapproved = (
    "NEW.kind = 'payment' AND NOT EXISTS (SELECT 1 FROM disbursement d WHERE d.id = NEW.disbursement_id "
    "AND d.status IN ('payable', 'paid'))"
)
_of_request = "t.subject_type = 'disbursement' AND t.subject_id = NEW.disbursement_id"
_in_notice = (
    f"NEW.kind = 'payment' AND EXISTS (SELECT 1 FROM public_notice t WHERE {_of_request} "
    "AND t.ended_at IS NULL AND NOT t.is_after_payment)"
)
_objected = (
    f"NEW.kind = 'payment' AND EXISTS (SELECT 1 FROM objection t WHERE {_of_request} AND t.status = 'open')"
)
_held = (
    f"NEW.kind = 'payment' AND EXISTS (SELECT 1 FROM payment_hold t WHERE {_of_request} "
    "AND t.lifted_at IS NULL)"
)
declare(
    append_only("payment"),
    whole_numbers("disbursement", "amount_minor", "paid_minor"),
    whole_numbers("payment", "amount_minor"),
    refuse("payer_is_not_requester", "payment", "INSERT", _paid_by + _submitter, "payer_is_not_requester"),
    refuse(
        "payer_did_not_vote",
        "payment",
        "INSERT",
        _paid_by + _by_payer("vote", "voter_id"),
        "payer_did_not_vote",
    ),
    refuse(
        "payer_did_not_endorse",
        "payment",
        "INSERT",
        _paid_by + _by_payer("endorsement", "user_id"),
        "payer_did_not_endorse",
    ),
    refuse("payment_is_approved", "payment", "INSERT", _unapproved, "payment_is_approved"),
    refuse("payment_is_after_the_notice", "payment", "INSERT", _in_notice, "payment_is_after_the_notice"),
    refuse("payment_is_not_objected_to", "payment", "INSERT", _objected, "payment_is_not_objected_to"),
    refuse("payment_is_not_held", "payment", "INSERT", _held, "payment_is_not_held"),
)
