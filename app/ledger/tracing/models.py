"""Tranches and their movements."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, whole_numbers


class Tranche(Base):
    """The traceable money of one gift, one closed lot, the donation box, interest, an opening balance.

    Every fen of it is in exactly one of four places: remaining (free), held (promised to an approved request), used (in
    a payment), withdrawn (the entry was reversed, the gift returned or its purpose changed). It carries the number of
    the entry that opened it. ``received_on`` and ``place`` decide its turn: first in, first out.
    """

    __tablename__ = "tranche"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="tranche_amount_is_positive"),
        CheckConstraint("remaining_minor >= 0", name="remaining_is_not_negative"),
        CheckConstraint("held_minor >= 0", name="tranche_held_is_not_negative"),
        CheckConstraint("used_minor >= 0", name="tranche_used_is_not_negative"),
        CheckConstraint("withdrawn_minor >= 0", name="tranche_withdrawn_is_not_negative"),
        CheckConstraint(
            "remaining_minor + held_minor + used_minor + withdrawn_minor = amount_minor",
            name="tranche_is_accounted_for",
        ),
        Index(
            "ix_tranche_turn",
            "earmark_id",
            "received_on",
            "place",
            sqlite_where=text("remaining_minor > 0"),
            postgresql_where=text("remaining_minor > 0"),
        ),
        Index("ix_tranche_source", "source_type", "source_id"),
    )

    number: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("journal_entry.number"), primary_key=True, autoincrement=False
    )
    earmark_id: Mapped[int] = mapped_column(ForeignKey("earmark.id"))
    received_on: Mapped[date] = mapped_column(Date)
    place: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(Minor)
    remaining_minor: Mapped[int] = mapped_column(Minor)
    held_minor: Mapped[int] = mapped_column(Minor, default=0)
    used_minor: Mapped[int] = mapped_column(Minor, default=0)
    withdrawn_minor: Mapped[int] = mapped_column(Minor, default=0)
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigInteger)
    # The tranche of the corrected gift, or of the remainder under its new purpose: the donor's page tells the whole way.
    continued_by_number: Mapped[int | None] = mapped_column(BigInteger)


class TrancheMovement(Base):
    """One movement within a tranche. Append-only; the four places of the tranche are the sums of its movements.

    hold: remaining → held · release: held → remaining · use: held (or, with ``directly``, remaining) → used ·
    return: used → remaining (or, with ``directly`` false, back to held) · withdraw: remaining → withdrawn.
    ``source`` is the request or other record on whose behalf money moves; ``entry_number`` the entry of a use or return.
    """

    __tablename__ = "tranche_movement"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('hold', 'release', 'use', 'return', 'withdraw')", name="movement_kind_is_known"
        ),
        CheckConstraint("amount_minor > 0", name="movement_amount_is_positive"),
        CheckConstraint(
            "(entry_number IS NOT NULL) = (kind IN ('use', 'return', 'withdraw'))",
            name="movement_names_its_entry",
        ),
        Index("ix_tranche_movement_tranche", "tranche_number", "id"),
        Index("ix_tranche_movement_source", "source_type", "source_id", "tranche_number"),
        Index("ix_tranche_movement_entry", "entry_number", "tranche_number"),
    )

    id: Mapped[Id]
    tranche_number: Mapped[int] = mapped_column(ForeignKey("tranche.number"))
    kind: Mapped[str] = mapped_column(String(10))
    amount_minor: Mapped[int] = mapped_column(Minor)
    directly: Mapped[bool] = mapped_column(default=False)
    entry_number: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


declare(
    append_only("tranche_movement"),
    whole_numbers(
        "tranche", "amount_minor", "remaining_minor", "held_minor", "used_minor", "withdrawn_minor"
    ),
    whole_numbers("tranche_movement", "amount_minor"),
)
