"""Proving that what the hammer fell on, and what was cancelled, are what the log says of them."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.log.checks import Expected, compare_with_leaves
from app.sales.auction import queries
from app.shared.checks import Check


def check_auctions(session: Session) -> list[Check]:
    """Falls of the hammer and cancelled bids against their leaves; bids of each lot in order and rising."""
    hammers = [
        Expected(
            hammer.lot_id,
            queries.hammer_said(lot.event_id, number, paddle, hammer.amount_minor),
            {"lot": lot.number, "name": lot.name},
        )
        for hammer, number, lot, paddle in queries.hammers_of_all(session)
    ]
    cancelled = [
        Expected(
            bid.id,
            queries.cancellation_said(event_id, bid.lot_id, bid.number, paddle, bid.amount_minor),
            {"reason": cancellation.reason},
        )
        for cancellation, bid, event_id, paddle in queries.cancellations_of_all(session)
    ]
    return [
        compare_with_leaves(session, "lot_hammered", hammers),
        compare_with_leaves(session, "bid_cancelled", cancelled),
        _bids_in_order(session),
        _paid_as_hammered(session),
    ]


def _bids_in_order(session: Session) -> Check:
    """Numbered without gaps, and each standing bid above the standing one before it."""
    check = Check("bids_are_in_order", int(session.scalar(text("SELECT COUNT(*) FROM bid")) or 0))
    for row in session.execute(
        text("SELECT lot_id FROM bid GROUP BY lot_id HAVING MIN(number) <> 1 OR MAX(number) <> COUNT(*)")
    ):
        check.broken(f"lot {row.lot_id}: a bid is missing")
    stands = "NOT EXISTS (SELECT 1 FROM bid_cancellation c WHERE c.bid_id = {0}.id)"
    for row in session.execute(
        text(
            "SELECT a.lot_id, a.number FROM bid a JOIN bid b ON b.lot_id = a.lot_id AND b.number > a.number "
            "AND b.amount_minor <= a.amount_minor "
            f"WHERE {stands.format('a')} AND {stands.format('b')} ORDER BY 1, 2"
        )
    ):
        check.broken(f"lot {row.lot_id}: a bid after bid {row.number} is not above it")
    return check


def _paid_as_hammered(session: Session) -> Check:
    """A lot was paid at the price that the hammer fell at."""
    check = Check(
        "hammer_prices_are_paid_in_full",
        int(session.scalar(text("SELECT COUNT(*) FROM auction WHERE status = 'paid'")) or 0),
    )
    for row in session.execute(
        text(
            "SELECT a.lot_id FROM auction a JOIN sale s ON s.id = a.sale_id "
            "JOIN hammer h ON h.lot_id = a.lot_id AND h.turn = a.turn "
            "WHERE a.status = 'paid' AND (s.amount_minor <> h.amount_minor OR s.lot_id <> a.lot_id) ORDER BY 1"
        )
    ):
        check.broken(f"lot {row.lot_id}: what was paid is not what the hammer fell at")
    return check
