"""Links that were asked for, and visits of donors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime


class DonorLink(Base):
    """Somebody asked for a link to this address. Whether a donor has it is only looked up when the mail is made, so that the
    answer on the page is the same, and takes as long, for an address that nobody has. Deleted a day later."""

    __tablename__ = "donor_link"
    __table_args__ = (
        CheckConstraint("(secret_hash IS NULL) = (expires_at IS NULL)", name="link_has_an_end"),
        CheckConstraint("used_at IS NULL OR secret_hash IS NOT NULL", name="only_a_sent_link_is_used"),
        Index("ix_donor_link_asked", "asked_at"),
    )

    id: Mapped[Id]
    email_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    # Encrypted; gone as soon as the mail is handed over or found to be for nobody.
    address: Mapped[bytes | None] = mapped_column(LargeBinary)
    locale: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DonorVisit(Base):
    """One browser in which a donor came in. Only a hash of its secret is kept; deleted a day after its end."""

    __tablename__ = "donor_visit"
    __table_args__ = (
        CheckConstraint("how IN ('code', 'mail')", name="way_of_coming_in_is_known"),
        CheckConstraint("ends_at > started_at", name="visit_has_an_end"),
        Index("ix_donor_visit_end", "ends_at"),
    )

    id: Mapped[Id]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    how: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DonorVisitParty(Base):
    """Whose gifts a visit sees: one donor by a code, everyone who is recorded with the address by a mail."""

    __tablename__ = "donor_visit_party"

    visit_id: Mapped[int] = mapped_column(ForeignKey("donor_visit.id"), primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
