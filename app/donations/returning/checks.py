"""Proving that gifts were given back as approved, by three persons, and that books and log say the same."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.donations.returning.models import GiftReturn
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_returns(session: Session) -> list[Check]:
    """Every gift given back against its entry, its gift and its leaf; every such entry against what was approved."""
    check = Check(
        "gifts_go_back_as_approved", int(session.scalar(text("SELECT COUNT(*) FROM gift_return")) or 0)
    )
    for row in session.execute(
        text(
            "SELECT r.id FROM gift_return r LEFT JOIN donation d ON d.id = r.donation_id "
            "LEFT JOIN journal_entry e ON e.number = r.entry_number AND e.kind = 'gift_returned' "
            "AND e.source_type = 'gift_return' AND e.source_id = r.id AND e.occurred_on = r.paid_on "
            "LEFT JOIN (SELECT entry_number, tranche_number, SUM(amount_minor) AS amount FROM tranche_movement "
            "WHERE kind = 'withdraw' GROUP BY entry_number, tranche_number) m ON m.entry_number = r.entry_number "
            "WHERE r.status = 'paid' AND (e.number IS NULL OR m.amount IS NULL OR m.amount <> r.amount_minor "
            "OR m.tranche_number <> d.entry_number OR r.decided_at IS NULL OR r.decided_by_id = r.proposed_by_id "
            "OR r.paid_by_id = r.decided_by_id OR r.paid_by_id = r.proposed_by_id) ORDER BY r.id"
        )
    ):
        check.broken(f"return {row.id} of a gift is not what was approved, or not what left the gift")
    for row in session.execute(
        text(
            "SELECT e.number FROM journal_entry e WHERE e.kind = 'gift_returned' AND NOT EXISTS "
            "(SELECT 1 FROM gift_return r WHERE r.entry_number = e.number AND r.status = 'paid') ORDER BY e.number"
        )
    ):
        check.broken(f"entry {row.number} gives a gift back, but nobody approved it")
    told = [
        Expected(
            each.id,
            {
                "fund": each.fund_id,
                "entry": each.entry_number,
                "amount": each.amount_minor,
                "on": each.paid_on.isoformat() if each.paid_on else "",
            },
            {"voucher": each.voucher_number},
        )
        for each in session.scalars(
            select(GiftReturn).where(GiftReturn.status == "paid").order_by(GiftReturn.id)
        )
    ]
    return [check, compare_with_leaves(session, "gift_returned", told)]
