"""Goods in stock, line by line as they were given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.goods.states import CATEGORIES, CONDITIONS, MOVEMENTS
from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, refuse, whole_numbers


def _one_of(column: str, words: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(f'{word!r}' for word in words)})"


class GoodsPlace(Base):
    """Where goods of a fund are kept: a shelf, a room, somebody's garage."""

    __tablename__ = "goods_place"
    __table_args__ = (
        UniqueConstraint("fund_id", "name"),
        CheckConstraint("length(name) > 0", name="goods_place_has_a_name"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    name: Mapped[str] = mapped_column(String(60))


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
        CheckConstraint(_one_of("category", ("", *CATEGORIES)), name="goods_category_is_known"),
        CheckConstraint(_one_of("condition", ("", *CONDITIONS)), name="goods_condition_is_known"),
        CheckConstraint(
            "expires_on IS NULL OR expires_on >= received_on", name="goods_were_not_received_expired"
        ),
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
    # What the office says of them; it may change while they are in stock.
    category: Mapped[str] = mapped_column(String(20), default="")
    condition: Mapped[str] = mapped_column(String(20), default="")
    expires_on: Mapped[date | None] = mapped_column(Date)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("goods_place.id"))


class GoodsMovement(Base):
    """Pieces that came or went, with the value and the entry that booked it. Append-only."""

    __tablename__ = "goods_movement"
    __table_args__ = (
        CheckConstraint(
            _one_of("kind", MOVEMENTS),
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


_FOREIGN_PLACE = (
    "NEW.place_id IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM goods_place p WHERE p.id = NEW.place_id AND p.fund_id = NEW.fund_id)"
)

declare(
    append_only("goods_movement"),
    whole_numbers("goods_line", "value_minor", "value_left_minor"),
    refuse(
        "goods_are_kept_in_a_new_place_of_their_fund",
        "goods_line",
        "INSERT",
        _FOREIGN_PLACE,
        "goods_place_is_of_their_fund",
    ),
    refuse(
        "goods_are_kept_in_a_place_of_their_fund",
        "goods_line",
        "UPDATE OF place_id",
        _FOREIGN_PLACE,
        "goods_place_is_of_their_fund",
    ),
)
