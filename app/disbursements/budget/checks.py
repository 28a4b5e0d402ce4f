"""Proving budgets: what was put before the council adds up."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.shared.checks import Check


def check_budgets(session: Session) -> Check:
    """Lines of every numbered request are together the amount that it asks for, each the exact product."""
    check = Check("budgets_add_up", int(session.scalar(text("SELECT COUNT(*) FROM budget_line")) or 0))
    for number, *_ in session.execute(
        text(
            "SELECT d.number, d.id FROM disbursement d JOIN budget_line b ON b.disbursement_id = d.id "
            "WHERE d.number IS NOT NULL AND d.status <> 'returned' GROUP BY d.number, d.id, d.amount_minor "
            "HAVING SUM(b.amount_minor) <> d.amount_minor OR SUM(CASE WHEN b.quantity_milli IS NOT NULL "
            "AND b.quantity_milli * b.unit_price_minor <> b.amount_minor * 1000 THEN 1 ELSE 0 END) > 0"
        )
    ):
        check.broken(f"request {number}: its budget does not add up to what it asks for")
    return check
