"""Proving stock: pieces and value of every line follow its movements, and all of it is account 1201."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.shared.checks import Check
from app.shared.money import yuan


def check_goods(session: Session) -> list[Check]:
    """Every invariant of goods in stock."""
    lines = Check("goods_equal_their_movements", int(session.scalar(text("SELECT COUNT(*) FROM goods_line")) or 0))
    for line_id, item in session.execute(
        text(
            "SELECT l.id, l.item FROM goods_line l LEFT JOIN (SELECT goods_line_id, "
            "SUM(CASE WHEN kind IN ('received', 'returned') THEN quantity ELSE -quantity END) AS pieces, "
            "SUM(CASE WHEN kind IN ('received', 'returned') THEN value_minor ELSE -value_minor END) AS worth "
            "FROM goods_movement GROUP BY goods_line_id) m ON m.goods_line_id = l.id "
            "WHERE l.quantity_left <> COALESCE(m.pieces, 0) OR l.value_left_minor <> COALESCE(m.worth, 0)"
        )
    ):
        lines.broken(f"goods line {line_id} ({item}): pieces or value left do not follow from its movements")
    value = Check("stock_equals_account_1201", int(session.scalar(text("SELECT COUNT(*) FROM fund")) or 0))
    # Purchased goods waiting to be handed out are in 1201 too; they belong to their request, not to the stock of gifts.
    for fund_id, booked, stocked in session.execute(
        text(
            "SELECT f.id, COALESCE(b.booked, 0), COALESCE(s.stocked, 0) FROM fund f LEFT JOIN (SELECT e.fund_id, "
            "SUM(p.debit_minor - p.credit_minor) AS booked FROM posting p JOIN journal_entry e ON e.number = p.entry_number "
            "WHERE p.account_code = '1201' AND e.kind IN ('goods_received', 'sale', 'stock_out') GROUP BY e.fund_id) b "
            "ON b.fund_id = f.id LEFT JOIN (SELECT fund_id, SUM(value_left_minor) AS stocked FROM goods_line "
            "GROUP BY fund_id) s ON s.fund_id = f.id WHERE COALESCE(b.booked, 0) <> COALESCE(s.stocked, 0)"
        )
    ):
        value.broken(f"fund {fund_id}: account 1201 has {yuan(int(booked))}, goods in stock are {yuan(int(stocked))}")
    return [lines, value]
