"""Issued documents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import append_only, declare


class IssuedDocument(Base):
    """A statement or other paper as issued: its figures are frozen as canonical JSON with their hash.

    The hash is the document's leaf; the PDF is made from the frozen figures after the commit. Append-only.
    """

    __tablename__ = "issued_document"
    __table_args__ = (
        UniqueConstraint("number", "version"),
        CheckConstraint("version > 0", name="document_version_is_positive"),
        Index("ix_issued_document_fund", "fund_id", "id"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(40))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    period_from: Mapped[date | None] = mapped_column(Date)
    period_to: Mapped[date | None] = mapped_column(Date)
    # What it is of, where kind and days do not tell: one sale event among several of a day.
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    figures: Mapped[str] = mapped_column(Text)
    figures_sha256: Mapped[str] = mapped_column(String(64))
    correction_note: Mapped[str] = mapped_column(Text, default="")
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by_id: Mapped[int | None] = mapped_column(BigInteger)
    log_position: Mapped[int] = mapped_column(BigInteger)


class DocumentNumber(Base):
    """The last number given in a year, by series: documents, requests. Numbers are YYYY-NN, assigned at issue or submission."""

    __tablename__ = "document_number"

    series: Mapped[str] = mapped_column(String(20), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


declare(append_only("issued_document"))
