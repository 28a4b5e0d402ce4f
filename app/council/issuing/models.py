"""The goods that motions are about, and what was handed out of them."""

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

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, refuse, whole_numbers


class MotionGoods(Base):
    """Pieces of a goods line that a motion asks for. Fixed while the motion is before the council, and after."""

    __tablename__ = "motion_goods"
    __table_args__ = (
        CheckConstraint("pieces > 0", name="motion_asks_for_pieces"),
        Index("ix_motion_goods_line", "goods_line_id"),
    )

    motion_id: Mapped[int] = mapped_column(ForeignKey("motion.id"), primary_key=True, autoincrement=False)
    goods_line_id: Mapped[int] = mapped_column(
        ForeignKey("goods_line.id"), primary_key=True, autoincrement=False
    )
    pieces: Mapped[int] = mapped_column(BigInteger)


class GoodsIssue(Base):
    """Goods of one passed motion, handed out against a signed list; ``recipients`` signed it. Given up: nobody got anything,
    because of ``reason``. Undone: the entries were reversed and the goods are in stock again."""

    __tablename__ = "goods_issue"
    __table_args__ = (
        CheckConstraint("recipients >= 0", name="recipients_are_not_negative"),
        CheckConstraint("(recipients = 0) = (length(reason) > 0)", name="issue_to_nobody_has_a_reason"),
        CheckConstraint("(undone_at IS NULL) = (undo_reason = '')", name="undone_issue_has_a_reason"),
        UniqueConstraint("idempotency_key"),
        Index(
            "ix_goods_issue_standing",
            "motion_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    motion_id: Mapped[int] = mapped_column(ForeignKey("motion.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    handed_on: Mapped[date] = mapped_column(Date)
    recipients: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(80))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undo_reason: Mapped[str] = mapped_column(Text, default="")


class GoodsIssueLine(Base):
    """Pieces of one goods line that were handed out, their cost, and the entry that booked it. Append-only."""

    __tablename__ = "goods_issue_line"
    __table_args__ = (
        CheckConstraint("pieces > 0", name="issue_hands_out_pieces"),
        UniqueConstraint("issue_id", "goods_line_id"),
    )

    id: Mapped[Id]
    issue_id: Mapped[int] = mapped_column(ForeignKey("goods_issue.id"))
    goods_line_id: Mapped[int] = mapped_column(ForeignKey("goods_line.id"))
    pieces: Mapped[int] = mapped_column(BigInteger)
    cost_minor: Mapped[int] = mapped_column(Minor)
    entry_number: Mapped[int] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))


def _is_fixed(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM motion m WHERE m.id = {row}.motion_id AND m.status NOT IN ('drafted', 'returned'))"


_FIXED = "goods_of_a_submitted_motion_are_fixed"
_PASSED = "goods_are_issued_by_a_passed_motion"

declare(
    refuse("motion_goods_are_added_to_a_draft", "motion_goods", "INSERT", _is_fixed("NEW"), _FIXED),
    refuse(
        "motion_goods_are_changed_in_a_draft",
        "motion_goods",
        "UPDATE",
        f"{_is_fixed('OLD')} OR {_is_fixed('NEW')}",
        _FIXED,
    ),
    refuse("motion_goods_are_taken_off_a_draft", "motion_goods", "DELETE", _is_fixed("OLD"), _FIXED),
    refuse(
        "issue_has_a_passed_motion",
        "goods_issue",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM motion m WHERE m.id = NEW.motion_id AND m.fund_id = NEW.fund_id "
        "AND m.topic = 'goods' AND m.status = 'approved')",
        _PASSED,
    ),
    refuse(
        "issue_waits_for_its_notice",
        "goods_issue",
        "INSERT",
        "NEW.recipients > 0 AND EXISTS (SELECT 1 FROM public_notice n WHERE n.subject_type = 'motion' "
        "AND n.subject_id = NEW.motion_id AND n.ends_on >= NEW.handed_on)",
        "issue_waits_for_its_notice",
    ),
    refuse(
        "issue_keeps_what_it_was",
        "goods_issue",
        "UPDATE",
        "NEW.motion_id <> OLD.motion_id OR NEW.recipients <> OLD.recipients OR NEW.handed_on <> OLD.handed_on "
        "OR OLD.undone_at IS NOT NULL",
        "issue_keeps_what_it_was",
    ),
    refuse("issue_is_never_deleted", "goods_issue", "DELETE", "", "issue_is_never_deleted"),
    refuse(
        "issue_hands_out_what_was_resolved",
        "goods_issue_line",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM goods_issue i JOIN motion_goods g ON g.motion_id = i.motion_id "
        "WHERE i.id = NEW.issue_id AND g.goods_line_id = NEW.goods_line_id AND g.pieces >= NEW.pieces)",
        "issue_hands_out_what_was_resolved",
    ),
    refuse(
        "goods_are_issued_by_a_passed_motion",
        "goods_movement",
        "INSERT",
        "NEW.kind = 'issued' AND NOT EXISTS (SELECT 1 FROM goods_issue_line l WHERE NEW.source_type = 'goods_issue' "
        "AND l.issue_id = NEW.source_id AND l.goods_line_id = NEW.goods_line_id AND l.pieces = NEW.quantity "
        "AND l.cost_minor = NEW.value_minor AND l.entry_number = NEW.entry_number)",
        _PASSED,
    ),
    append_only("goods_issue_line"),
    whole_numbers("goods_issue_line", "cost_minor"),
)
