"""Proving stock: pieces and value of every line follow its movements, and all of it is account 1201."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.goods.models import GoodsLine
from app.log.checks import Expected, compare_with_leaves
from app.log.queries import subjects
from app.shared.checks import Check
from app.shared.money import yuan


def check_goods(session: Session) -> list[Check]:
    """Every invariant of goods in stock."""
    lines = Check(
        "goods_equal_their_movements", int(session.scalar(text("SELECT COUNT(*) FROM goods_line")) or 0)
    )
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
        value.broken(
            f"fund {fund_id}: account 1201 has {yuan(int(booked))}, goods in stock are {yuan(int(stocked))}"
        )
    return [lines, value, *_told(session)]


def _told(session: Session) -> list[Check]:
    """Lines against their leaves; pieces that went against what sold them or undid their gift."""
    lines, valued = [], []
    confirmed = subjects(session, "valuation")
    for line in session.scalars(select(GoodsLine).order_by(GoodsLine.id)):
        texts = {"item": line.item, "unit": line.unit}
        if line.id in confirmed:
            valued.append(Expected(line.id, {"fund": line.fund_id}, {"basis": line.valuation_basis}))
        else:
            texts["basis"] = line.valuation_basis
        body = {
            "fund": line.fund_id,
            "earmark": line.earmark_id,
            "entry": line.entry_number,
            "source": [line.source_type, line.source_id],
            "quantity": line.quantity,
            "value": line.value_minor,
        }
        lines.append(Expected(line.id, body, texts))
    return [
        compare_with_leaves(session, "goods", lines),
        compare_with_leaves(session, "valuation", valued, latest=True),
        _movements(session),
    ]


def _movements(session: Session) -> Check:
    """What was received is its line; what was withdrawn or came back undoes, in full, what an earlier entry moved."""
    check = Check(
        "goods_movements_follow_their_entries",
        int(session.scalar(text("SELECT COUNT(*) FROM goods_movement")) or 0),
    )
    for row in session.execute(
        text(
            "SELECT m.id, l.item FROM goods_movement m JOIN goods_line l ON l.id = m.goods_line_id "
            "WHERE (m.kind = 'received' AND (m.quantity <> l.quantity OR m.value_minor <> l.value_minor "
            "OR m.entry_number <> l.entry_number)) "
            "OR (m.kind IN ('withdrawn', 'returned') AND NOT EXISTS (SELECT 1 FROM goods_movement f "
            "JOIN journal_entry e ON e.number = m.entry_number WHERE f.goods_line_id = m.goods_line_id "
            "AND (f.kind = 'received') = (m.kind = 'withdrawn') AND f.kind NOT IN ('withdrawn', 'returned') "
            "AND f.quantity = m.quantity AND f.value_minor = m.value_minor "
            "AND f.entry_number IN (e.reverses_number, e.replaces_number))) ORDER BY m.id"
        )
    ):
        check.broken(f"movement {row.id} of “{row.item}” is not what its entry moved")
    return check
