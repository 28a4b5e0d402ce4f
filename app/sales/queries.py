"""Reading sale events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.goods.models import GoodsLine
from app.goods.rules import holds_goods
from app.ledger.structure.models import MoneyAccount
from app.sales.models import METHODS, CollectionAccount, Count, Lot, LotResult, Sale, SaleEvent
from app.sales.rules import is_public
from app.shared.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class LotView:
    """A lot with what was sold of it. Buyers are not in here."""

    id: int
    number: str
    name: str
    mode: str
    goods_line_id: int
    source_type: str
    source_id: int
    unit: str
    units_per_item: int
    quantity: int
    sold_quantity: int
    price_minor: int
    proceeds_minor: int
    entry_number: int | None


def event(session: Session, event_id: int) -> SaleEvent:
    """One sale event. Raises NotFound."""
    found = session.get(SaleEvent, event_id)
    if found is None:
        raise NotFound(N_("没有这场义卖"))
    return found


def event_of(session: Session, slug: str) -> SaleEvent:
    """One sale event by its slug. Raises NotFound."""
    found = session.scalar(select(SaleEvent).where(SaleEvent.slug == slug))
    if found is None:
        raise NotFound(N_("没有这场义卖"))
    return found


def public_event(session: Session, slug: str, today: date) -> SaleEvent:
    """A sale event that anybody may see on this day. Raises NotFound, as for one that does not exist."""
    found = event_of(session, slug)
    if not is_public(found.held_on, found.opened_at, today):
        raise NotFound(N_("没有这场义卖"))
    return found


def events(session: Session, fund_id: int | None = None) -> list[SaleEvent]:
    """Sale events, newest first."""
    query = select(SaleEvent).order_by(SaleEvent.held_on.desc(), SaleEvent.id.desc())
    return list(session.scalars(query.where(SaleEvent.fund_id == fund_id) if fund_id is not None else query))


def has_sales(session: Session, event_id: int) -> bool:
    """Whether anything of an event was ever sold, voided sales included."""
    sold = select(Sale.id).join(Lot, Lot.id == Sale.lot_id).where(Lot.event_id == event_id).limit(1)
    return session.scalar(sold) is not None


def collection_accounts(session: Session, event_id: int) -> list[tuple[CollectionAccount, MoneyAccount]]:
    """The accounts by which an announced event collects, beside cash."""
    rows = session.execute(
        select(CollectionAccount, MoneyAccount)
        .join(MoneyAccount, MoneyAccount.id == CollectionAccount.money_account_id)
        .where(CollectionAccount.event_id == event_id)
        .order_by(MoneyAccount.id)
    )
    return [(collecting, account) for collecting, account in rows]


def methods_of(session: Session, found: SaleEvent) -> list[str]:
    """The ways of payment that an event takes: all for one that was never announced, else cash and what was announced."""
    if found.opened_at is None:
        return list(METHODS)
    kinds = {account.kind for _, account in collection_accounts(session, found.id)}
    return [method for method in METHODS if method == "cash" or method in kinds]


def lot(session: Session, lot_id: int) -> Lot:
    """One lot. Raises NotFound."""
    found = session.get(Lot, lot_id)
    if found is None:
        raise NotFound(N_("没有这件拍品"))
    return found


def lots_of(session: Session, event_id: int) -> list[LotView]:
    """The lots of an event in the order arranged, with proceeds in fen."""
    proceeds = (
        select(
            Sale.lot_id,
            func.sum(Sale.amount_minor).label("minor"),
            func.min(Sale.entry_number).label("number"),
        )
        .join(Lot, Lot.id == Sale.lot_id)
        .where(Lot.event_id == event_id, Sale.voided_at.is_(None))
        .group_by(Sale.lot_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Lot,
            GoodsLine.source_type,
            GoodsLine.source_id,
            GoodsLine.unit,
            proceeds.c.minor,
            proceeds.c.number,
        )
        .join(GoodsLine, GoodsLine.id == Lot.goods_line_id)
        .outerjoin(proceeds, proceeds.c.lot_id == Lot.id)
        .where(Lot.event_id == event_id)
        .order_by(Lot.position, Lot.id)
    )
    return [
        LotView(
            found.id,
            found.number,
            found.name,
            found.mode,
            found.goods_line_id,
            source_type,
            source_id,
            unit,
            found.units_per_item,
            found.quantity,
            found.sold_quantity,
            found.price_minor,
            int(minor or 0),
            number,
        )
        for found, source_type, source_id, unit, minor, number in rows
    ]


def sales_of(session: Session, event_id: int, *, limit: int | None = None) -> list[tuple[Sale, Lot]]:
    """The sales of an event, voided ones too, newest first. For the office: it holds buyers."""
    rows = session.execute(
        select(Sale, Lot)
        .join(Lot, Lot.id == Sale.lot_id)
        .where(Lot.event_id == event_id)
        .order_by(Sale.id.desc())
        .limit(limit)
    )
    return [(sale, found) for sale, found in rows]


def recorded_by_method(session: Session, found: SaleEvent) -> dict[str, int]:
    """Fen recorded so far by way of payment, the donation box included."""
    totals: dict[str, int] = defaultdict(int)
    rows = session.execute(
        select(Sale.method, func.sum(Sale.amount_minor))
        .join(Lot, Lot.id == Sale.lot_id)
        .where(Lot.event_id == found.id, Sale.voided_at.is_(None))
        .group_by(Sale.method)
    )
    for method, minor in rows:
        totals[method] += int(minor)
    if found.box_cash_minor:
        totals["cash"] += found.box_cash_minor
    if found.box_wechat_minor:
        totals["wechat"] += found.box_wechat_minor
    return dict(totals)


@dataclass(frozen=True, slots=True)
class EventTotals:
    """What an event came to, in fen: fixed-price sales, auctions, the donation box."""

    sale_minor: int
    auction_minor: int
    box_minor: int

    @property
    def total_minor(self) -> int:
        """All of it."""
        return self.sale_minor + self.auction_minor + self.box_minor


def totals_of(session: Session, found: SaleEvent) -> EventTotals:
    """Standing sales by kind of lot, and the box."""
    rows = session.execute(
        select(Lot.mode, func.sum(Sale.amount_minor))
        .join(Lot, Lot.id == Sale.lot_id)
        .where(Lot.event_id == found.id, Sale.voided_at.is_(None))
        .group_by(Lot.mode)
    )
    by_mode = {mode: int(minor) for mode, minor in rows}
    return EventTotals(
        by_mode.get("fixed_price", 0),
        by_mode.get("auction", 0),
        found.box_cash_minor + found.box_wechat_minor,
    )


def sale(session: Session, sale_id: int) -> tuple[Sale, Lot]:
    """One sale with its lot. Raises NotFound."""
    row = session.execute(
        select(Sale, Lot).join(Lot, Lot.id == Sale.lot_id).where(Sale.id == sale_id)
    ).first()
    if row is None:
        raise NotFound(N_("没有这笔成交"))
    return row[0], row[1]


def sale_of_key(session: Session, key: str | None) -> Sale | None:
    """The sale that was recorded under an idempotency key."""
    return session.scalar(select(Sale).where(Sale.idempotency_key == key)) if key else None


def free_slug(session: Session, wanted: str) -> str:
    """``wanted``, or with a number after it, as an address that no event has yet."""
    taken = set(session.scalars(select(SaleEvent.slug).where(SaleEvent.slug.like(f"{wanted}%"))))
    return next(
        slug for slug in (wanted, *(f"{wanted}-{count}" for count in range(2, 1000))) if slug not in taken
    )


def next_lot_number(session: Session, event_id: int) -> str:
    """A lot number that follows the last one, to be changed if the office counts otherwise."""
    count = session.scalar(select(func.count()).select_from(Lot).where(Lot.event_id == event_id)) or 0
    taken = set(session.scalars(select(Lot.number).where(Lot.event_id == event_id)))
    return next(
        number for number in (f"{place:02d}" for place in range(count + 1, 10_000)) if number not in taken
    )


@dataclass(frozen=True, slots=True)
class BookedLot:
    """An entry that booked a lot, at the closing or later."""

    entry_number: int
    lot_number: str
    lot_name: str
    pieces: int
    proceeds_minor: int
    cost_minor: int


def booked_lots(session: Session, event_id: int) -> list[BookedLot]:
    """Every entry that booked a lot of an event, in order; reversed ones too."""
    rows = session.execute(
        select(
            LotResult.entry_number,
            Lot.number,
            Lot.name,
            LotResult.pieces,
            LotResult.proceeds_minor,
            LotResult.cost_minor,
        )
        .join(Lot, Lot.id == LotResult.lot_id)
        .where(Lot.event_id == event_id)
        .order_by(LotResult.entry_number)
    )
    return [BookedLot(*row) for row in rows]


def counts_of(session: Session, event_id: int) -> list[Count]:
    """What was counted at closing."""
    return list(session.scalars(select(Count).where(Count.event_id == event_id).order_by(Count.method)))


def count_stands(session: Session, found: SaleEvent) -> bool:
    """Whether what is recorded is still what it was when the money was counted."""
    counted = {
        each.method: each.recorded_minor for each in counts_of(session, found.id) if each.recorded_minor
    }
    return counted == recorded_by_method(session, found)


def lot_of_entry(session: Session, number: int) -> tuple[LotResult, Lot] | None:
    """The lot that an entry booked, if any."""
    row = session.execute(
        select(LotResult, Lot).join(Lot, Lot.id == LotResult.lot_id).where(LotResult.entry_number == number)
    ).first()
    return (row[0], row[1]) if row else None


def closing_said(session: Session, event: SaleEvent) -> tuple[dict[str, Any], dict[str, str]]:
    """What the log says of a closed event: figures, and words as they are now."""
    counts = counts_of(session, event.id)
    body = {
        "fund": event.fund_id,
        "held_on": event.held_on.isoformat(),
        "entries": [event.first_entry_number, event.last_entry_number],
        "counted": {count.method: count.counted_minor for count in counts},
    }
    explanations = [f"{count.method}: {count.explanation}" for count in counts if count.explanation]
    texts = {
        "name": event.name,
        "place": event.place,
        "filing": event.filing_number,
        "explanation": "\n".join(explanations),
    }
    return body, texts


def announcement_said(session: Session, event: SaleEvent) -> tuple[dict[str, Any], dict[str, str]]:
    """What the log says of an announced event: when, where the money goes, and words as they are now."""
    hours = [each.isoformat("minutes") if each else None for each in (event.starts_at, event.ends_at)]
    body = {
        "fund": event.fund_id,
        "held_on": event.held_on.isoformat(),
        "hours": hours,
        "accounts": [account.id for _, account in collection_accounts(session, event.id)],
    }
    texts = {
        "name": event.name,
        "place": event.place,
        "qualification": event.qualification,
        "filing": event.filing_number,
    }
    return body, texts


@holds_goods("lots")
def _pieces_on_sale(session: Session, goods_line_ids: Collection[int]) -> dict[int, int]:
    """Pieces that lots of open events hold (offered, or sold and not yet booked), by goods line."""
    rows = session.execute(
        select(Lot.goods_line_id, func.sum(Lot.quantity * Lot.units_per_item))
        .join(SaleEvent, SaleEvent.id == Lot.event_id)
        .where(Lot.goods_line_id.in_(goods_line_ids), SaleEvent.status == "open")
        .group_by(Lot.goods_line_id)
    )
    return {line_id: int(pieces) for line_id, pieces in rows}
