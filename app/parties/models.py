"""Parties and their consents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime


class Party(Base):
    """A donor, applicant or payee. ``kind`` decides how consent works; an unnamed donor has a label instead of a name."""

    __tablename__ = "party"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('person', 'sole_trader', 'organisation', 'unnamed')", name="party_kind_is_known"
        ),
        Index("ix_party_name", "name"),
        Index("ix_party_email", "email_digest"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    # Encrypted at rest with the installation's data key; never public.
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Finds who is recorded with an e-mail address without holding it: a keyed hash of the one in the contact.
    email_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    # As displayed to the public now; rewritten in the transaction that changes kind, name or consent.
    public_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Consent(Base):
    """What a party said about being named, when, how, and the evidence. The newest row counts; none are deleted.

    A tick in a register (``evidence`` empty) is a claim: enough for an organisation, never for a person or sole trader.
    A child under 14 is shown in no way that says who it is without the word of a guardian and its evidence.
    """

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("wish IN ('named', 'alias', 'masked', 'not_named')", name="consent_wish_is_known"),
        CheckConstraint("(wish = 'alias') = (display_name <> '')", name="consent_alias_has_its_words"),
        CheckConstraint(
            "NOT is_minor OR wish = 'not_named' OR (guardian IS NOT NULL AND evidence <> '')",
            name="consent_of_a_child_has_a_guardian",
        ),
        Index("ix_consent_party", "party_id", "id"),
    )

    id: Mapped[Id]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    wish: Mapped[str] = mapped_column(String(20))
    how: Mapped[str] = mapped_column(String(200))
    evidence: Mapped[str] = mapped_column(Text, default="")
    # The name that the donor chose to be shown by; empty unless the wish is "alias".
    display_name: Mapped[str] = mapped_column(String(40), default="")
    # The day on which the donor said it, where that is known.
    given_on: Mapped[date | None]
    # Under 14 when it was said.
    is_minor: Mapped[bool] = mapped_column(default=False)
    # True name of the guardian who agreed, and what they are to the child. Encrypted at rest; never public.
    guardian: Mapped[bytes | None] = mapped_column(LargeBinary)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
