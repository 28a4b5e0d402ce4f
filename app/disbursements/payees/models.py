"""Bank accounts of payees."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import append_only, declare


class PayeeAccount(Base):
    """One version of a party's bank account; the newest counts, none is changed. Number and bank are encrypted at rest;
    ``number_hash`` is keyed and tells only whether two numbers are the same."""

    __tablename__ = "payee_account"
    __table_args__ = (
        CheckConstraint("length(number_hash) = 32", name="account_hash_is_keyed_sha256"),
        Index("ix_payee_account_party", "party_id", "id"),
        Index("ix_payee_account_hash", "number_hash"),
    )

    id: Mapped[Id]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    number: Mapped[bytes] = mapped_column(LargeBinary)
    bank: Mapped[bytes] = mapped_column(LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)


declare(append_only("payee_account"))
