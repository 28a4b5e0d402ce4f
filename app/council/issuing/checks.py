"""Proving that goods were handed out as resolved, and that stock and log say the same."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.council.issuing.models import GoodsIssue, GoodsIssueLine
from app.council.issuing.queries import wanted
from app.council.motions.models import Motion
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_issues(session: Session) -> list[Check]:
    """Every line handed out: within what was resolved, out of stock once (and back once, when undone), and in the log."""
    moved = Check(
        "issued_goods_left_stock", int(session.scalar(text("SELECT COUNT(*) FROM goods_issue_line")) or 0)
    )
    for row in session.execute(
        text(
            "SELECT l.id FROM goods_issue_line l JOIN goods_issue i ON i.id = l.issue_id "
            "LEFT JOIN motion_goods g ON g.motion_id = i.motion_id AND g.goods_line_id = l.goods_line_id "
            "LEFT JOIN motion m ON m.id = i.motion_id "
            "WHERE g.pieces IS NULL OR g.pieces < l.pieces OR m.status <> 'approved' "
            "OR (SELECT COUNT(*) FROM goods_movement v WHERE v.kind = 'issued' AND v.source_type = 'goods_issue' "
            "AND v.source_id = i.id AND v.goods_line_id = l.goods_line_id AND v.quantity = l.pieces "
            "AND v.value_minor = l.cost_minor AND v.entry_number = l.entry_number) <> 1 "
            "OR (SELECT COUNT(*) FROM goods_movement v WHERE v.kind = 'returned' AND v.source_type = 'goods_issue' "
            "AND v.source_id = i.id AND v.goods_line_id = l.goods_line_id) "
            "<> CASE WHEN i.undone_at IS NULL THEN 0 ELSE 1 END ORDER BY l.id"
        )
    ):
        moved.broken(
            f"line {row.id} of an issue of goods is not what was resolved, or not what left the stock"
        )
    strays = session.execute(
        text(
            "SELECT v.id FROM goods_movement v WHERE v.kind = 'issued' AND NOT EXISTS (SELECT 1 FROM goods_issue_line l "
            "WHERE v.source_type = 'goods_issue' AND l.issue_id = v.source_id AND l.goods_line_id = v.goods_line_id)"
        )
    )
    for row in strays:
        moved.broken(f"movement {row.id} took goods out as issued, but nothing was resolved")
    rows = session.execute(
        select(GoodsIssueLine, Motion)
        .join(GoodsIssue, GoodsIssue.id == GoodsIssueLine.issue_id)
        .join(Motion, Motion.id == GoodsIssue.motion_id)
        .order_by(GoodsIssueLine.id)
    )
    told = [
        Expected(
            line.id,
            {
                "fund": motion.fund_id,
                "goods": line.goods_line_id,
                "entry": line.entry_number,
                "quantity": line.pieces,
                "value": line.cost_minor,
            },
            {"to": wanted(motion).receiver},
        )
        for line, motion in rows
    ]
    return [moved, compare_with_leaves(session, "goods_issued", told)]
