"""A count of the stock and what was found of each line."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import declare, refuse


class GoodsCount(Base):
    """What one person counted and a second confirmed. Until then nothing moves; after it, neither does the count."""

    __tablename__ = "goods_count"
    __table_args__ = (
        CheckConstraint("status IN ('counted', 'confirmed', 'rejected')", name="goods_count_status_is_known"),
        CheckConstraint("(status = 'counted') = (ended_at IS NULL)", name="goods_count_ends_once"),
        CheckConstraint(
            "status <> 'confirmed' OR (ended_by_id IS NOT NULL AND ended_by_id <> counted_by_id)",
            name="count_is_confirmed_by_a_second_person",
        ),
        CheckConstraint("(status = 'rejected') = (length(reason) > 0)", name="rejected_count_has_a_reason"),
        UniqueConstraint("idempotency_key"),
        Index(
            "ix_goods_count_waiting",
            "fund_id",
            unique=True,
            sqlite_where=text("status = 'counted'"),
            postgresql_where=text("status = 'counted'"),
        ),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    counted_on: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(10), default="counted")
    counted_by_id: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(80))


class GoodsCountLine(Base):
    """Pieces of one goods line in the books and on the shelf. A difference is explained, and booked by ``entry_number``."""

    __tablename__ = "goods_count_line"
    __table_args__ = (
        CheckConstraint("expected > 0 AND counted >= 0", name="counted_pieces_are_not_negative"),
        CheckConstraint(
            "expected = counted OR length(explanation) > 0", name="difference_in_stock_is_explained"
        ),
    )

    count_id: Mapped[int] = mapped_column(ForeignKey("goods_count.id"), primary_key=True, autoincrement=False)
    goods_line_id: Mapped[int] = mapped_column(
        ForeignKey("goods_line.id"), primary_key=True, autoincrement=False
    )
    expected: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int] = mapped_column(BigInteger)
    explanation: Mapped[str] = mapped_column(Text, default="")
    entry_number: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))


declare(
    refuse(
        "ended_count_stays_as_it_is",
        "goods_count",
        "UPDATE",
        "OLD.status <> 'counted' OR NEW.counted_by_id <> OLD.counted_by_id OR NEW.fund_id <> OLD.fund_id",
        "ended_count_stays_as_it_is",
    ),
    refuse("count_is_never_deleted", "goods_count", "DELETE", "", "count_is_never_deleted"),
    refuse(
        "what_was_counted_stays",
        "goods_count_line",
        "UPDATE",
        "NEW.expected <> OLD.expected OR NEW.counted <> OLD.counted OR NEW.explanation <> OLD.explanation "
        "OR OLD.entry_number IS NOT NULL",
        "what_was_counted_stays",
    ),
    refuse(
        "an_ended_count_takes_no_line",
        "goods_count_line",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM goods_count c WHERE c.id = NEW.count_id AND c.status = 'counted')",
        "ended_count_stays_as_it_is",
    ),
    refuse(
        "goods_are_lost_by_a_confirmed_count",
        "goods_movement",
        "INSERT",
        "NEW.kind = 'lost' AND NOT EXISTS (SELECT 1 FROM goods_count c JOIN goods_count_line l ON l.count_id = c.id "
        "WHERE NEW.source_type = 'goods_count' AND c.id = NEW.source_id AND c.status = 'confirmed' "
        "AND l.goods_line_id = NEW.goods_line_id AND l.expected - l.counted = NEW.quantity)",
        "goods_are_lost_by_a_confirmed_count",
    ),
    refuse("what_was_counted_is_never_deleted", "goods_count_line", "DELETE", "", "what_was_counted_stays"),
)
