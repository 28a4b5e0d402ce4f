"""Gifts, their versions, and the registers that were imported."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, whole_numbers


class Donation(Base):
    """A gift as it stands now. Words may be put right (each version is kept); money only by reversal and replacement."""

    __tablename__ = "donation"
    __table_args__ = (
        CheckConstraint("kind IN ('money', 'goods')", name="donation_kind_is_known"),
        CheckConstraint(
            "method IN ('bank', 'cash', 'wechat', 'alipay', 'box', 'goods')", name="donation_method_is_known"
        ),
        CheckConstraint("(kind = 'goods') = (method = 'goods')", name="goods_come_as_goods"),
        CheckConstraint("amount_minor > 0", name="donation_amount_is_positive"),
        CheckConstraint("status IN ('recorded', 'reversed')", name="donation_status_is_known"),
        Index("ix_donation_fund", "fund_id", "id"),
        Index("ix_donation_party", "party_id"),
        Index("ix_donation_day", "fund_id", "received_on"),
        Index("ix_donation_office_number", "register_id", "office_number"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    earmark_id: Mapped[int] = mapped_column(ForeignKey("earmark.id"))
    kind: Mapped[str] = mapped_column(String(10))
    method: Mapped[str] = mapped_column(String(10))
    money_account_id: Mapped[int | None] = mapped_column(ForeignKey("money_account.id"))
    amount_minor: Mapped[int] = mapped_column(Minor)
    received_on: Mapped[date] = mapped_column(Date)
    # The donor's own words on how or for what, when they are not an earmark ("to be sold at the gala").
    wish: Mapped[str] = mapped_column(Text, default="")
    memo: Mapped[str] = mapped_column(Text, default="")
    # The number of the host's official receipt that stands (app.donations.fiscal); the public reads it.
    receipt_number: Mapped[str] = mapped_column(String(60), default="")
    # Of the written agreement of the gift (Charity Law Art. 39), where there is one.
    agreement_number: Mapped[str] = mapped_column(String(60), default="")
    receipt_code: Mapped[str] = mapped_column(String(30), unique=True)
    office_number: Mapped[str] = mapped_column(String(40), default="")
    register_id: Mapped[int | None] = mapped_column(ForeignKey("register.id"))
    entry_number: Mapped[int] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))
    status: Mapped[str] = mapped_column(String(10), default="recorded")
    version: Mapped[int] = mapped_column(default=1)
    idempotency_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)


class DonationVersion(Base):
    """The words of a gift before a correction: who changed what, when, why. Append-only."""

    __tablename__ = "donation_version"
    __table_args__ = (UniqueConstraint("donation_id", "version"),)

    id: Mapped[Id]
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"))
    version: Mapped[int]
    values_before: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigInteger)


class Register(Base):
    """A workbook that an office keeps and sends again: its title tells which one it is."""

    __tablename__ = "register"
    __table_args__ = (UniqueConstraint("fund_id", "kind", "title"),)

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RegisterFile(Base):
    """One file of a register as it was sent: the bytes are an attachment, the layout is kept to write it again."""

    __tablename__ = "register_file"
    __table_args__ = (UniqueConstraint("register_id", "sha256"),)

    id: Mapped[Id]
    register_id: Mapped[int] = mapped_column(ForeignKey("register.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(200))
    layout: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    imported_by_id: Mapped[int | None] = mapped_column(BigInteger)


class RegisterRow(Base):
    """A row of a register as last imported, and the record it became: an edited register is compared with these."""

    __tablename__ = "register_row"
    __table_args__ = (
        UniqueConstraint("register_id", "row_key"),
        Index("ix_register_row_subject", "subject_type", "subject_id"),
    )

    id: Mapped[Id]
    register_id: Mapped[int] = mapped_column(ForeignKey("register.id"))
    # The office's own number, or the digest of the row's words where there is none.
    row_key: Mapped[str] = mapped_column(String(80))
    row_number: Mapped[int]
    cells: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)


declare(append_only("donation_version"), whole_numbers("donation", "amount_minor"))
