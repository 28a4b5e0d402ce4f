"""Reading who paid for what at a closed event. It holds buyers: for the office alone, and only where the host allows it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.funds.queries import fund
from app.ledger.queries import reversed_among
from app.sales.models import Lot, Sale, SaleEvent
from app.statements.buyers.rules import Purchase, Sold, require_allowed


def sold_at(session: Session, event: SaleEvent) -> Sold:
    """What a confirmation says of the event. Raises Conflict while the host does not allow it or the event is open."""
    of = fund(session, event.fund_id)
    require_allowed(confirms_buyers=of.host.confirms_buyers, is_closed=event.status == "closed")
    return Sold(
        event.name,
        event.held_on,
        of.name,
        of.host.name,
        of.phone or of.host.phone or "",
        of.example_notice or "",
    )


def purchases(
    session: Session, event_id: int, *, after: int = 0, limit: int, only: list[int] | None = None
) -> list[Purchase]:
    """The sales of an event with a buyer that were paid and booked, in the order recorded, by keyset."""
    found = (
        select(
            Sale.id,
            Sale.entry_number,
            Sale.buyer,
            Lot.number,
            Lot.name,
            Sale.quantity,
            Sale.amount_minor,
            Sale.method,
        )
        .join(Lot, Lot.id == Sale.lot_id)
        .where(
            Lot.event_id == event_id,
            Sale.buyer != "",
            Sale.voided_at.is_(None),
            Sale.entry_number.is_not(None),
            Sale.id > after,
        )
        .order_by(Sale.id)
        .limit(limit)
    )
    if only is not None:
        found = found.where(Sale.id.in_(only))
    rows = session.execute(found).all()
    undone = reversed_among(session, [row.entry_number for row in rows]) if rows else set()
    return [
        Purchase(
            row.id,
            row.entry_number or 0,
            row.buyer,
            row.number,
            row.name,
            row.quantity,
            row.amount_minor,
            row.method,
            row.entry_number in undone,
        )
        for row in rows
    ]
