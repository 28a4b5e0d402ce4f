"""What members of the council said about their names."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import append_only, declare


class CouncilConsent(Base):
    """A member agreed (``is_given``) that their name stands beside their vote in one fund, or took that back; the latest
    counts. Append-only. The log says the seat that they held, never the name."""

    __tablename__ = "council_consent"
    __table_args__ = (Index("ix_council_consent_person", "fund_id", "user_id", "id"),)

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    seat_number: Mapped[int]
    is_given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


declare(append_only("council_consent"))
