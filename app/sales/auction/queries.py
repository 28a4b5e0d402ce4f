"""Reading an auction: lots with their state, the lot that is on, bids, who is to pay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from app.goods.queries import photos_of
from app.sales.auction.models import Auction, Bid, BidCancellation, Hammer, Paddle
from app.sales.auction.rules import next_minimum
from app.sales.auction.states import HAMMERED, ON, PAID, UNFINISHED, UNSOLD, WAITING
from app.sales.models import Lot, SaleEvent
from app.shared.errors import N_, NotFound

BIDS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class BidRow:
    """A bid: who (by paddle number), how much in fen, when (UTC), by which way (room, phone); cancelled with a reason, or
    standing ("")."""

    id: int
    number: int
    paddle_id: int
    paddle_number: int
    amount_minor: int
    at: datetime
    way: str
    cancelled_because: str = ""


@dataclass(frozen=True, slots=True)
class LotOnScreen:
    """The lot that is on, as everybody may see it: the reserve is not in here, nor who holds a paddle. Fen; UTC."""

    lot_id: int
    number: str
    name: str
    price_minor: int
    step_minor: int
    closes_at: datetime | None
    photo_id: int | None
    leading: BidRow | None

    @property
    def minimum_minor(self) -> int:
        """The least that the next bid must be."""
        return next_minimum(
            self.price_minor, self.step_minor, self.leading.amount_minor if self.leading else None
        )


@dataclass(frozen=True, slots=True)
class AuctionLot:
    """A lot of the auction as the office sees it. ``paddle_number`` and ``amount_minor`` are of whom it went to."""

    lot_id: int
    event_id: int
    number: str
    name: str
    price_minor: int
    step_minor: int
    reserve_minor: int | None
    sold_quantity: int
    status: str
    turn: int
    closes_at: datetime | None
    paddle_number: int | None
    amount_minor: int | None


def _stands() -> ColumnElement[bool]:
    return ~select(BidCancellation.bid_id).where(BidCancellation.bid_id == Bid.id).exists()


def leading_bid(
    session: Session, lot_id: int, *, without: Collection[int] = (), blocked_too: bool = True
) -> BidRow | None:
    """The highest standing bid of a lot. Each bid was above all that stood then: it is the latest one.

    ``without``: paddles to leave out (ids). ``blocked_too`` False leaves out those that are blocked now.
    """
    query = (
        select(Bid.id, Bid.number, Bid.paddle_id, Paddle.number, Bid.amount_minor, Bid.at, Bid.way)
        .join(Paddle, Paddle.id == Bid.paddle_id)
        .where(Bid.lot_id == lot_id, _stands())
        .order_by(Bid.number.desc())
        .limit(1)
    )
    if without:
        query = query.where(Bid.paddle_id.not_in(without))
    if not blocked_too:
        query = query.where(Paddle.blocked_at.is_(None))
    row = session.execute(query).first()
    return BidRow(*row) if row else None


_BIDS = (
    select(
        Bid.id,
        Bid.number,
        Bid.paddle_id,
        Paddle.number,
        Bid.amount_minor,
        Bid.at,
        Bid.way,
        BidCancellation.reason,
        Bid.lot_id,
    )
    .join(Paddle, Paddle.id == Bid.paddle_id)
    .outerjoin(BidCancellation, BidCancellation.bid_id == Bid.id)
)
"""Bids as a BidRow has them (a reason is None for one that stands), and the lot of each."""


def bids_of(session: Session, lot_id: int, limit: int = BIDS_SHOWN) -> list[BidRow]:
    """The latest bids of a lot, cancelled ones too, the newest first."""
    rows = session.execute(_BIDS.where(Bid.lot_id == lot_id).order_by(Bid.number.desc()).limit(limit))
    return [BidRow(*row[:7], row[7] or "") for row in rows]


def bid(session: Session, bid_id: int) -> tuple[BidRow, int]:
    """One bid and the id of its lot. Raises NotFound."""
    row = session.execute(_BIDS.where(Bid.id == bid_id)).first()
    if row is None:
        raise NotFound(N_("没有这个出价"))
    return BidRow(*row[:7], row[7] or ""), row[8]


def current_lot(session: Session, event_id: int) -> LotOnScreen | None:
    """The lot of an event that takes bids now, or None."""
    row = session.execute(
        select(
            Lot.id,
            Lot.number,
            Lot.name,
            Lot.price_minor,
            Lot.step_minor,
            Lot.goods_line_id,
            Auction.closes_at,
        )
        .join(Auction, Auction.lot_id == Lot.id)
        .where(Auction.event_id == event_id, Auction.status == ON)
    ).first()
    if row is None:
        return None
    photo = photos_of(session, [row.goods_line_id]).get(row.goods_line_id)
    return LotOnScreen(
        row.id,
        row.number,
        row.name,
        row.price_minor,
        row.step_minor,
        row.closes_at,
        photo.id if photo else None,
        leading_bid(session, row.id),
    )


@dataclass(frozen=True, slots=True)
class Hammered:
    """A lot that the hammer fell on, as everybody may see it. Fen."""

    number: str
    name: str
    paddle_number: int
    amount_minor: int


def latest_to_pay(session: Session, event_id: int) -> Hammered | None:
    """The lot that the hammer fell on last, while its payment is still awaited."""
    row = session.execute(
        select(Lot.number, Lot.name, Paddle.number, Hammer.amount_minor)
        .join(Auction, Auction.lot_id == Lot.id)
        .join(Hammer, and_(Hammer.lot_id == Lot.id, Hammer.turn == Auction.turn))
        .join(Bid, Bid.id == Hammer.bid_id)
        .join(Paddle, Paddle.id == Bid.paddle_id)
        .where(Auction.event_id == event_id, Auction.status == HAMMERED)
        .order_by(Auction.ended_at.desc(), Lot.position.desc())
        .limit(1)
    ).first()
    return Hammered(*row) if row else None


def auction_lots(session: Session, event_id: int) -> list[AuctionLot]:
    """The lots of an event that take bids, in the order arranged."""
    rows = session.execute(
        select(Lot, Auction, Hammer.amount_minor, Paddle.number)
        .outerjoin(Auction, Auction.lot_id == Lot.id)
        .outerjoin(Hammer, and_(Hammer.lot_id == Lot.id, Hammer.turn == Auction.turn))
        .outerjoin(Bid, Bid.id == Hammer.bid_id)
        .outerjoin(Paddle, Paddle.id == Bid.paddle_id)
        .where(Lot.event_id == event_id, Lot.step_minor.is_not(None))
        .order_by(Lot.position, Lot.id)
    )
    return [_office_lot(lot, auction, minor, paddle) for lot, auction, minor, paddle in rows]


def _office_lot(lot: Lot, auction: Auction | None, minor: int | None, paddle: int | None) -> AuctionLot:
    went = auction is not None and auction.status in (HAMMERED, PAID, UNSOLD)
    return AuctionLot(
        lot_id=lot.id,
        event_id=lot.event_id,
        number=lot.number,
        name=lot.name,
        price_minor=lot.price_minor,
        step_minor=lot.step_minor or 0,
        reserve_minor=lot.reserve_minor,
        sold_quantity=lot.sold_quantity,
        status=auction.status if auction else WAITING,
        turn=auction.turn if auction else 0,
        closes_at=auction.closes_at if auction else None,
        paddle_number=paddle if went else None,
        amount_minor=minor if went else None,
    )


def auction_lot(session: Session, lot_id: int) -> AuctionLot:
    """One lot of an auction as the office sees it. Raises NotFound for a lot that takes no bids."""
    lot = session.get(Lot, lot_id)
    found = auction_lots(session, lot.event_id) if lot else []
    one = next((each for each in found if each.lot_id == lot_id), None)
    if one is None:
        raise NotFound(N_("没有这件义拍的拍品"))
    return one


def awarded_paddles(session: Session, lot_id: int) -> list[int]:
    """The ids of the paddles that a lot went to so far, whether they paid or not."""
    return list(
        session.scalars(
            select(Bid.paddle_id)
            .join(Hammer, Hammer.bid_id == Bid.id)
            .where(Hammer.lot_id == lot_id)
            .order_by(Hammer.turn)
        )
    )


def next_bidder(session: Session, lot_id: int) -> BidRow | None:
    """The highest standing bid of a paddle that a hammered lot has not gone to yet and that is not blocked."""
    return leading_bid(session, lot_id, without=awarded_paddles(session, lot_id), blocked_too=False)


def unfinished(session: Session, event_id: int) -> list[str]:
    """Numbers of the lots that are on, or that were hammered down and neither paid nor given up."""
    return list(
        session.scalars(
            select(Lot.number)
            .join(Auction, Auction.lot_id == Lot.id)
            .where(Auction.event_id == event_id, Auction.status.in_(UNFINISHED))
            .order_by(Lot.position, Lot.id)
        )
    )


def hammers_of_all(session: Session) -> list[tuple[Hammer, int, Lot, int]]:
    """Every fall of the hammer with the number of its bid, its lot and its paddle's number, for proving."""
    rows = session.execute(
        select(Hammer, Bid.number, Lot, Paddle.number)
        .join(Bid, Bid.id == Hammer.bid_id)
        .join(Lot, Lot.id == Hammer.lot_id)
        .join(Paddle, Paddle.id == Bid.paddle_id)
        .order_by(Hammer.lot_id, Hammer.turn)
    )
    return [(hammer, number, lot, paddle) for hammer, number, lot, paddle in rows]


def cancellations_of_all(session: Session) -> list[tuple[BidCancellation, Bid, int, int]]:
    """Every cancelled bid with the id of its event and its paddle's number, for proving."""
    rows = session.execute(
        select(BidCancellation, Bid, Lot.event_id, Paddle.number)
        .join(Bid, Bid.id == BidCancellation.bid_id)
        .join(Lot, Lot.id == Bid.lot_id)
        .join(Paddle, Paddle.id == Bid.paddle_id)
        .order_by(Bid.id)
    )
    return [(cancellation, found, event_id, paddle) for cancellation, found, event_id, paddle in rows]


def hammer_said(event_id: int, bid_number: int, paddle_number: int, amount_minor: int) -> dict[str, int]:
    """What the log says of a fall of the hammer, beside the lot's number and name."""
    return {"event": event_id, "bid": bid_number, "paddle": paddle_number, "amount": amount_minor}


def cancellation_said(
    event_id: int, lot_id: int, bid_number: int, paddle_number: int, amount_minor: int
) -> dict[str, int]:
    """What the log says of a cancelled bid, beside the reason."""
    return {
        "event": event_id,
        "lot": lot_id,
        "bid": bid_number,
        "paddle": paddle_number,
        "amount": amount_minor,
    }


def paddles_of(session: Session, event_id: int) -> list[Paddle]:
    """The paddles of an event by number. For the office: they hold who has them, encrypted."""
    return list(session.scalars(select(Paddle).where(Paddle.event_id == event_id).order_by(Paddle.number)))


def paddle(session: Session, paddle_id: int) -> Paddle:
    """One paddle. Raises NotFound."""
    found = session.get(Paddle, paddle_id)
    if found is None:
        raise NotFound(N_("没有这个号牌"))
    return found


def paddle_numbered(session: Session, event_id: int, number: int) -> Paddle | None:
    """The paddle with this number at an event."""
    return session.scalar(select(Paddle).where(Paddle.event_id == event_id, Paddle.number == number))


def auctioneer_of(session: Session, event_id: int) -> int | None:
    """The user who is the event's auctioneer."""
    return session.scalar(select(SaleEvent.auctioneer_id).where(SaleEvent.id == event_id))
