"""Proving that closed sales are what the log says of them."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.log.checks import Expected, compare_with_leaves
from app.sales import queries
from app.sales.models import Lot, LotResult, SaleEvent
from app.shared.checks import Check


def check_sales(session: Session) -> list[Check]:
    """Announced and closed events and the results of their lots against their leaves, and against goods and entries."""
    closed = [
        Expected(event.id, *queries.closing_said(session, event))
        for event in session.scalars(select(SaleEvent).where(SaleEvent.status == "closed"))
    ]
    announced = [
        Expected(event.id, *queries.announcement_said(session, event))
        for event in session.scalars(select(SaleEvent).where(SaleEvent.opened_at.is_not(None)))
    ]
    results = [
        Expected(
            lot.id,
            {
                "event": lot.event_id,
                "entry": result.entry_number,
                "goods": lot.goods_line_id,
                "pieces": result.pieces,
                "proceeds": result.proceeds_minor,
                "cost": result.cost_minor,
            },
            {"lot": lot.number, "name": lot.name},
        )
        for result, lot in session.execute(select(LotResult, Lot).join(Lot, Lot.id == LotResult.lot_id))
    ]
    return [
        compare_with_leaves(session, "sale_announced", announced, latest=True),
        compare_with_leaves(session, "sale_closed", closed, latest=True),
        compare_with_leaves(session, "lot_result", results),
        _goods_sold(session),
    ]


def _goods_sold(session: Session) -> Check:
    """Pieces and cost of every lot that sold left the stock under its entry."""
    check = Check(
        "goods_sold_are_the_lots_results",
        int(session.scalar(text("SELECT COUNT(*) FROM goods_movement WHERE kind = 'sold'")) or 0),
    )
    same = (
        "m.kind = 'sold' AND m.entry_number = r.entry_number AND m.goods_line_id = l.goods_line_id "
        "AND m.quantity = r.pieces AND m.value_minor = r.cost_minor"
    )
    for row in session.execute(
        text(
            "SELECT r.entry_number AS number FROM lot_result r JOIN lot l ON l.id = r.lot_id "
            f"WHERE NOT EXISTS (SELECT 1 FROM goods_movement m WHERE {same}) "
            "UNION SELECT m.entry_number FROM goods_movement m WHERE m.kind = 'sold' AND NOT EXISTS "
            f"(SELECT 1 FROM lot_result r JOIN lot l ON l.id = r.lot_id WHERE {same}) ORDER BY 1"
        )
    ):
        check.broken(f"entry {row.number}: the goods that left the stock are not those of the lot that sold")
    return check
