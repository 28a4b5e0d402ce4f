"""Goods in stock, line by line as they were given."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, whole_numbers


class GoodsLine(Base):
    """One kind of goods of one gift: pieces given and left, carrying value given and left.

    The value of pieces taken out is in proportion to the pieces left, so that the last piece takes the last fen.
    """

    __tablename__ = "goods_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="goods_quantity_is_positive"),
        CheckConstraint(
            "quantity_left >= 0 AND quantity_left <= quantity", name="goods_left_is_not_negative"
        ),
        CheckConstraint(
            "value_left_minor >= 0 AND value_left_minor <= value_minor", name="goods_value_left_is_in_range"
        ),
        CheckConstraint("quantity_left > 0 OR value_left_minor = 0", name="no_value_without_goods"),
        Index("ix_goods_line_source", "source_type", "source_id"),
        Index("ix_goods_line_fund", "fund_id", "quantity_left"),
        Index("ix_goods_line_office_number", "fund_id", "office_number"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    earmark_id: Mapped[int] = mapped_column(ForeignKey("earmark.id"))
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigInteger)
    entry_number: Mapped[int] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))
    item: Mapped[str] = mapped_column(String(120))
    unit: Mapped[str] = mapped_column(String(20))
    quantity: Mapped[int] = mapped_column(BigInteger)
    quantity_left: Mapped[int] = mapped_column(BigInteger)
    value_minor: Mapped[int] = mapped_column(Minor)
    value_left_minor: Mapped[int] = mapped_column(Minor)
    # Empty: 待确认, listed until somebody states it.
    valuation_basis: Mapped[str] = mapped_column(Text, default="")
    basis_is_confirmed: Mapped[bool] = mapped_column(default=False)
    received_on: Mapped[date] = mapped_column(Date)
    # The office's own number of the gift and the register that it stands in: a sale's register points to goods by them.
    office_number: Mapped[str] = mapped_column(String(40), default="")
    register_title: Mapped[str] = mapped_column(String(200), default="")


class GoodsMovement(Base):
    """Pieces that came or went, with the value and the entry that booked it. Append-only."""

    __tablename__ = "goods_movement"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('received', 'sold', 'issued', 'lost', 'returned', 'withdrawn')",
            name="goods_movement_kind_is_known",
        ),
        CheckConstraint("quantity > 0", name="goods_movement_is_positive"),
        Index("ix_goods_movement_line", "goods_line_id", "id"),
    )

    id: Mapped[Id]
    goods_line_id: Mapped[int] = mapped_column(ForeignKey("goods_line.id"))
    kind: Mapped[str] = mapped_column(String(20))
    quantity: Mapped[int] = mapped_column(BigInteger)
    value_minor: Mapped[int] = mapped_column(Minor)
    entry_number: Mapped[int] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


declare(append_only("goods_movement"), whole_numbers("goods_line", "value_minor", "value_left_minor"))
