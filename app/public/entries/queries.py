"""What the page of an entry says."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.goods.models import GoodsLine
from app.ledger.entry.queries import (
    EntryView,
    Givers,
    TrancheView,
    entry_view,
    givers_of_entry,
    tranche_view,
)
from app.ledger.listing.selects.queries import ListedRow
from app.log.models import Leaf
from app.sales.models import SaleEvent


@dataclass(frozen=True, slots=True)
class Goods:
    """One kind of goods of a gift: pieces, what of them is still there, their value in fen and what it rests on."""

    item: str
    unit: str
    quantity: int
    quantity_left: int
    value_minor: int
    basis: str
    basis_is_confirmed: bool


@dataclass(frozen=True, slots=True)
class EntryPage:
    """An entry with everything the public may follow from it. ``leaf`` is the digest of its record in the log."""

    entry: EntryView
    tranche: TrancheView | None
    givers: Givers
    goods: list[Goods]
    event_slugs: dict[int, str]
    leaf: str

    @property
    def event_slug(self) -> str | None:
        """The sale event that this entry belongs to."""
        row = self.entry.row
        return self.event_slugs.get(row.source_id) if row.source_type == "sale_event" else None


def entry_page(session: Session, number: int, gifts_after: int = 0) -> EntryPage:
    """One entry, with a page of the gifts behind it. Raises NotFound."""
    entry = entry_view(session, number)
    givers = givers_of_entry(session, number, gifts_after)
    events = {each.event_id for each in givers.shown if each.event_id is not None}
    if entry.row.source_type == "sale_event":
        events.add(entry.row.source_id)
    digest = session.scalar(select(Leaf.digest).where(Leaf.position == entry.row.log_position))
    return EntryPage(
        entry,
        tranche_view(session, number),
        givers,
        _goods(session, entry.row) if entry.row.kind == "goods_received" else [],
        slugs_of(session, events),
        digest.hex() if digest else "",
    )


def slugs_of(session: Session, event_ids: set[int]) -> dict[int, str]:
    """Slugs of sale events by id."""
    if not event_ids:
        return {}
    rows = session.execute(select(SaleEvent.id, SaleEvent.slug).where(SaleEvent.id.in_(event_ids)))
    return {row.id: row.slug for row in rows}


def _goods(session: Session, row: ListedRow) -> list[Goods]:
    columns = (
        GoodsLine.item,
        GoodsLine.unit,
        GoodsLine.quantity,
        GoodsLine.quantity_left,
        GoodsLine.value_minor,
        GoodsLine.valuation_basis,
        GoodsLine.basis_is_confirmed,
    )
    rows = session.execute(
        select(*columns)
        .where(
            GoodsLine.source_type == row.source_type,
            GoodsLine.source_id == row.source_id,
            GoodsLine.entry_number == row.number,
        )
        .order_by(GoodsLine.id)
    )
    return [Goods(*each) for each in rows]
