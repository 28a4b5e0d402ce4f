"""Proving that confirmed counts were booked."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.shared.checks import Check


def check_counts(session: Session) -> list[Check]:
    """Every difference of a confirmed count moved its pieces, and nothing was booked of any other."""
    check = Check(
        "counted_differences_are_booked",
        int(session.scalar(text("SELECT COUNT(*) FROM goods_count_line")) or 0),
    )
    for row in session.execute(
        text(
            "SELECT l.count_id, l.goods_line_id FROM goods_count_line l JOIN goods_count c ON c.id = l.count_id "
            "WHERE (l.entry_number IS NOT NULL) <> (c.status = 'confirmed' AND l.expected <> l.counted) "
            "OR (l.entry_number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM goods_movement m "
            "WHERE m.source_type = 'goods_count' AND m.source_id = l.count_id AND m.entry_number = l.entry_number "
            "AND m.kind = CASE WHEN l.counted < l.expected THEN 'lost' ELSE 'received' END "
            "AND m.quantity = ABS(l.counted - l.expected))) ORDER BY l.count_id, l.goods_line_id"
        )
    ):
        check.broken(f"line {row.goods_line_id} of count {row.count_id} is not booked as it was counted")
    lost = session.execute(
        text(
            "SELECT m.id FROM goods_movement m WHERE m.source_type = 'goods_count' AND NOT EXISTS "
            "(SELECT 1 FROM goods_count_line l WHERE l.count_id = m.source_id AND l.entry_number = m.entry_number)"
        )
    )
    for row in lost:
        check.broken(f"movement {row.id} says that it follows from a count, but none asks for it")
    return [check]
