"""Declared interests."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import declare, refuse


class Interest(Base):
    """One declaration of one person for one fund: a tie to somebody, or (``kind`` "none") that there is none, or no other.

    Never edited: it ends, and is declared anew. Every word of it may be about a relative, so all of them are encrypted at
    rest; ``name_hash`` finds a name without decrypting any.
    """

    __tablename__ = "interest"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('employer', 'organisation', 'family', 'business', 'none')",
            name="interest_kind_is_known",
        ),
        CheckConstraint(
            "(kind = 'none') = (party_name IS NULL) AND (party_name IS NULL) = (name_hash IS NULL)",
            name="interest_names_a_party",
        ),
        CheckConstraint("kind <> 'none' OR ended_on IS NULL", name="declaration_of_none_does_not_end"),
        CheckConstraint("(ended_on IS NULL) = (ended_at IS NULL)", name="interest_ends_once"),
        Index("ix_interest_person", "fund_id", "user_id"),
        Index("ix_interest_name", "fund_id", "name_hash"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    # The office held when it was declared, as its leaf says it.
    role: Mapped[str] = mapped_column(String(20))
    seat_number: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(20))
    party_name: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    relation: Mapped[bytes | None] = mapped_column(LargeBinary)
    # How the secretary learned of it, when somebody else recorded it.
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    ended_on: Mapped[date | None] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


_FIXED = (
    "fund_id", "user_id", "role", "seat_number", "kind", "party_name", "name_hash", "relation", "note", "declared_at",
    "recorded_by_id",
)  # fmt: skip
_changed = " OR ".join(
    f"COALESCE(OLD.{each} <> NEW.{each}, (OLD.{each} IS NULL) <> (NEW.{each} IS NULL))" for each in _FIXED
)
declare(
    refuse("interest_is_not_edited", "interest", "UPDATE", _changed, "interest_is_not_edited"),
    refuse(
        "interest_ends_for_good", "interest", "UPDATE", "OLD.ended_on IS NOT NULL", "interest_ends_for_good"
    ),
    refuse("interest_is_kept", "interest", "DELETE", "", "interest_is_kept"),
)
