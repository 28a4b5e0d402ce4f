"""What was shown of the use of money, what was accepted of it, and that it reached those it was for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, refuse, whole_numbers


class ProofOfUse(Base):
    """What of a paid request was used, as its papers show. ``words`` are public. Append-only."""

    __tablename__ = "proof_of_use"
    __table_args__ = (
        CheckConstraint("used_minor > 0", name="proof_shows_an_amount"),
        CheckConstraint("length(words) > 0", name="proof_says_what_was_done"),
        UniqueConstraint("disbursement_id", "number"),
    )

    id: Mapped[Id]
    disbursement_id: Mapped[int] = mapped_column(ForeignKey("disbursement.id"))
    number: Mapped[int]
    used_minor: Mapped[int] = mapped_column(Minor)
    words: Mapped[str] = mapped_column(Text)
    submitted_by_id: Mapped[int | None] = mapped_column(BigInteger)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str | None] = mapped_column(String(80), unique=True)


class ProofJudgement(Base):
    """How much of a proof was accepted. A judgement that is changed is a further version; the latest counts. Append-only."""

    __tablename__ = "proof_judgement"
    __table_args__ = (
        CheckConstraint("accepted_minor >= 0", name="accepted_is_not_negative"),
        CheckConstraint("version > 0", name="judgement_versions_start_at_one"),
        UniqueConstraint("proof_id", "version"),
    )

    id: Mapped[Id]
    proof_id: Mapped[int] = mapped_column(ForeignKey("proof_of_use.id"))
    version: Mapped[int]
    accepted_minor: Mapped[int] = mapped_column(Minor)
    reason: Mapped[str] = mapped_column(Text, default="")
    judged_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Delivery(Base):
    """That what was paid for reached those it was for. ``words`` are public and name nobody. A later version replaces the one
    before, or takes it back (``is_standing`` false). Append-only."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("length(words) > 0", name="delivery_says_what_arrived"),
        CheckConstraint("recipients >= 0", name="recipients_are_counted"),
        CheckConstraint("version > 0", name="delivery_versions_start_at_one"),
        UniqueConstraint("disbursement_id", "version"),
    )

    id: Mapped[Id]
    disbursement_id: Mapped[int] = mapped_column(ForeignKey("disbursement.id"))
    version: Mapped[int]
    delivered_on: Mapped[date] = mapped_column(Date)
    recipients: Mapped[int] = mapped_column(default=0)
    words: Mapped[str] = mapped_column(Text)
    is_standing: Mapped[bool] = mapped_column(Boolean, default=True)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


_proof = "SELECT 1 FROM proof_of_use p WHERE p.id = NEW.proof_id AND "
_of_request = "EXISTS (SELECT 1 FROM proof_of_use p JOIN {table} t ON t.{key} = p.disbursement_id WHERE p.id = NEW.proof_id AND "
_requester_judges = _of_request.format(table="disbursement", key="id") + "t.submitter_id = NEW.judged_by_id)"
_payer_judges = (
    _of_request.format(table="payment", key="disbursement_id")
    + "t.kind = 'payment' AND t.recorded_by_id = NEW.judged_by_id)"
)
declare(
    append_only("proof_of_use"),
    append_only("proof_judgement"),
    append_only("delivery"),
    whole_numbers("proof_of_use", "used_minor"),
    whole_numbers("proof_judgement", "accepted_minor"),
    refuse(
        "accepted_is_within_what_was_shown",
        "proof_judgement",
        "INSERT",
        f"EXISTS ({_proof}p.used_minor < NEW.accepted_minor)",
        "accepted_is_within_what_was_shown",
    ),
    refuse(
        "nobody_judges_their_own_proof",
        "proof_judgement",
        "INSERT",
        f"EXISTS ({_proof}p.submitted_by_id = NEW.judged_by_id)",
        "nobody_judges_their_own_proof",
    ),
    refuse(
        "judge_is_not_requester", "proof_judgement", "INSERT", _requester_judges, "judge_is_not_requester"
    ),
    refuse("judge_is_not_payer", "proof_judgement", "INSERT", _payer_judges, "judge_is_not_payer"),
)
