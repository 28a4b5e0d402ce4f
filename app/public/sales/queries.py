"""Sale events as anyone may see them: lots, givers as displayed, proceeds. Buyers are never read here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.files.queries import FileRow
from app.goods.models import GoodsLine
from app.goods.queries import photos_of
from app.ledger.entry.queries import Proceeds, amounts_of_events, proceeds_of_event
from app.ledger.queries import reversed_among
from app.ledger.structure.models import Earmark
from app.parties.models import Party
from app.sales.auction.queries import Hammered, LotOnScreen, current_lot, latest_to_pay
from app.sales.models import Lot, Sale, SaleEvent
from app.sales.queries import LotView, collection_accounts, counts_of, lots_of, public_event, totals_of
from app.statements.events.queries import issued_report

EVENTS_SHOWN = 200
SALES_ON_BOARD = 4


@dataclass(frozen=True, slots=True)
class EventRow:
    """A sale event in the list. ``amount_minor`` None: it is not closed yet."""

    name: str
    slug: str
    held_on: date
    place: str
    is_closed: bool
    amount_minor: int | None


def event_list(session: Session, today: date) -> list[EventRow]:
    """The latest sale events that anybody may see on this day, newest first."""
    columns = (
        SaleEvent.id,
        SaleEvent.name,
        SaleEvent.slug,
        SaleEvent.held_on,
        SaleEvent.place,
        SaleEvent.status,
    )
    order = (SaleEvent.held_on.desc(), SaleEvent.id.desc())
    seen = or_(SaleEvent.opened_at.is_not(None), SaleEvent.held_on <= today)
    rows = session.execute(select(*columns).where(seen).order_by(*order).limit(EVENTS_SHOWN)).all()
    amounts = amounts_of_events(session, [row.id for row in rows])
    return [
        EventRow(row.name, row.slug, row.held_on, row.place, row.status == "closed", amounts.get(row.id))
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot: what was sold of whose gift. Amounts are fen; ``price_minor`` is of one pack, or the hammer price."""

    number: str
    name: str
    mode: str
    photo_id: int | None
    giver: str
    gift_number: int | None
    unit: str
    units_per_item: int
    quantity: int
    sold_pieces: int
    price_minor: int
    proceeds_minor: int
    entry_number: int | None
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class EventPage:
    """A sale event. Sums are fen, by way of sale (fixed_price, auction, box) and by way of payment; empty while open.

    ``counted_otherwise`` are the ways of payment whose counted money differed from what was recorded, with the fen more
    (or less) that were counted. ``collecting`` are the accounts that take its money, each with its merchant code;
    ``report`` is the number of its issued report.
    """

    name: str
    fund_id: int
    slug: str
    held_on: date
    hours: str
    place: str
    qualification: str
    filing_number: str
    collecting: list[tuple[str, str]]
    is_announced: bool
    is_to_come: bool
    is_closed: bool
    lots: list[LotRow]
    by_mode: dict[str, int]
    by_method: dict[str, int]
    counted_otherwise: dict[str, int]
    is_counted_by_two: bool
    report: str | None
    amount_minor: int
    first_entry: int | None
    last_entry: int | None
    proceeds: Proceeds

    @property
    def difference_minor(self) -> int:
        """What was counted more (or less) than recorded, over all ways of payment."""
        return sum(self.counted_otherwise.values())


def event_page(session: Session, slug: str, today: date) -> EventPage:
    """One sale event as of a day. Raises NotFound."""
    event = public_event(session, slug, today)
    is_closed = event.status == "closed"
    lots = lots_of(session, event.id)
    proceeds, report = proceeds_of_event(session, event.id), issued_report(session, event)
    givers, photos = _givers(session, lots), photos_of(session, [lot.goods_line_id for lot in lots])
    reversed_numbers = reversed_among(
        session, [lot.entry_number for lot in lots if lot.entry_number is not None]
    )
    by_mode: dict[str, int] = defaultdict(int)
    by_method: dict[str, int] = {}
    counted: dict[str, int] = {}
    if is_closed:
        for lot in lots:
            by_mode[lot.mode] += lot.proceeds_minor
        if event.box_cash_minor + event.box_wechat_minor:
            by_mode["box"] = event.box_cash_minor + event.box_wechat_minor
        for count in counts_of(session, event.id):
            by_method[count.method] = count.recorded_minor
            if count.counted_minor != count.recorded_minor:
                counted[count.method] = count.counted_minor - count.recorded_minor
    return EventPage(
        name=event.name,
        fund_id=event.fund_id,
        slug=event.slug,
        held_on=event.held_on,
        hours=event.hours,
        place=event.place,
        qualification=event.qualification,
        filing_number=event.filing_number,
        collecting=[
            (account.name, each.merchant_code) for each, account in collection_accounts(session, event.id)
        ],
        is_announced=event.opened_at is not None,
        is_to_come=event.held_on > today,
        is_closed=is_closed,
        lots=[
            _row(lot, givers, photos.get(lot.goods_line_id), reversed_numbers, is_closed=is_closed)
            for lot in lots
        ],
        by_mode={mode: amount for mode, amount in by_mode.items() if amount},
        by_method={method: amount for method, amount in by_method.items() if amount},
        counted_otherwise=counted,
        is_counted_by_two=event.is_counted_by_two,
        report=report.number if report else None,
        amount_minor=proceeds.amount_minor,
        first_entry=event.first_entry_number,
        last_entry=event.last_entry_number,
        proceeds=proceeds,
    )


def _row(
    lot: LotView,
    givers: dict[int, tuple[str, int]],
    photo: FileRow | None,
    reversed_numbers: set[int],
    *,
    is_closed: bool,
) -> LotRow:
    giver, gift_number = (
        givers.get(lot.source_id, ("", None)) if lot.source_type == "donation" else ("", None)
    )
    return LotRow(
        lot.number,
        lot.name,
        lot.mode,
        photo.id if photo else None,
        giver,
        gift_number,
        lot.unit,
        lot.units_per_item,
        lot.quantity,
        lot.sold_quantity * lot.units_per_item if is_closed else 0,
        lot.price_minor,
        lot.proceeds_minor if is_closed else 0,
        lot.entry_number,
        lot.entry_number in reversed_numbers,
    )


def _givers(session: Session, lots: list[LotView]) -> dict[int, tuple[str, int]]:
    """(name as displayed, entry of the gift) by gift."""
    ids = {lot.source_id for lot in lots if lot.source_type == "donation"}
    rows = session.execute(
        select(Donation.id, Party.public_name, Donation.entry_number)
        .join(Party, Party.id == Donation.party_id)
        .where(Donation.id.in_(ids))
    )
    return {row.id: (row.public_name, row.entry_number) for row in rows}


@dataclass(frozen=True, slots=True)
class BoardSale:
    """A standing sale as the room may see it: what and for how many fen, never to whom."""

    lot_number: str
    lot_name: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Board:
    """What the big screen of an event shows. ``total_minor`` is in fen, the donation box included; a hammer price counts in it
    when it is paid. ``current`` is the lot that takes bids now, ``hammered`` the last one whose payment is awaited."""

    name: str
    slug: str
    fund_id: int
    held_on: date
    place: str
    filing_number: str
    is_closed: bool
    purposes: list[str]
    total_minor: int
    sale_count: int
    lots_left: int
    latest: list[BoardSale]
    current: LotOnScreen | None
    hammered: Hammered | None


def board_of(session: Session, slug: str, today: date) -> Board:
    """The big screen of a sale event. Raises NotFound. Its cost is bound by the one event."""
    event = public_event(session, slug, today)
    of_event = (Lot.event_id == event.id, Sale.voided_at.is_(None))
    standing = select(func.count()).select_from(Sale).join(Lot, Lot.id == Sale.lot_id).where(*of_event)
    latest = (
        select(Lot.number, Lot.name, Sale.quantity, Sale.amount_minor)
        .join(Lot, Lot.id == Sale.lot_id)
        .where(*of_event)
        .order_by(Sale.id.desc())
        .limit(SALES_ON_BOARD)
    )
    left = (
        select(func.count())
        .select_from(Lot)
        .where(Lot.event_id == event.id, Lot.sold_quantity < Lot.quantity)
    )
    purposes = (
        select(Earmark.name)
        .join(GoodsLine, GoodsLine.earmark_id == Earmark.id)
        .join(Lot, Lot.goods_line_id == GoodsLine.id)
        .where(Lot.event_id == event.id, Earmark.restriction != "unrestricted")
        .distinct()
        .order_by(Earmark.name)
    )
    return Board(
        name=event.name,
        slug=event.slug,
        fund_id=event.fund_id,
        held_on=event.held_on,
        place=event.place,
        filing_number=event.filing_number,
        is_closed=event.status == "closed",
        purposes=list(session.scalars(purposes)),
        total_minor=totals_of(session, event).total_minor,
        sale_count=session.scalar(standing) or 0,
        lots_left=session.scalar(left) or 0,
        latest=[BoardSale(*row) for row in session.execute(latest)],
        current=current_lot(session, event.id),
        hammered=latest_to_pay(session, event.id),
    )
