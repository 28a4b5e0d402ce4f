"""Taking bids and cancelling wrong ones. Each is one short transaction, and the order of transactions is the order of bids.

Inside ``transaction(books=True)``: its lock is what a second equal bid waits behind, and the screens follow its revision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from app.log.operations import LeafDraft, append
from app.sales.auction import queries
from app.sales.auction.models import Auction, Bid, BidCancellation, Paddle
from app.sales.auction.operations import require_auctioneer
from app.sales.auction.rules import moved_on, next_minimum, not_open
from app.sales.auction.states import ON, WAITING
from app.sales.models import Lot, SaleEvent
from app.sales.rules import require_amount
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, NotFound, Refused
from app.shared.money import Money
from app.shared.permissions import Actor, Permission

LEAF = "bid_cancelled"


@dataclass(frozen=True, slots=True)
class _Lot:
    """A lot as a bid finds it, with how many bids it has had and which one leads."""

    id: int
    event_id: int
    fund_id: int
    event_status: str
    price_minor: int
    step_minor: int | None
    status: str | None
    closes_at: datetime | None
    bid_count: int | None
    leading_id: int | None
    leading_paddle_id: int | None
    leading_minor: int | None


# Built once: a bid is one short transaction, in which putting a statement together would take longer than running it.
_earlier = aliased(Bid)
_standing = (
    select(_earlier.id)
    .where(
        _earlier.lot_id == Lot.id,
        ~select(BidCancellation.bid_id).where(BidCancellation.bid_id == _earlier.id).exists(),
    )
    .order_by(_earlier.number.desc())
    .limit(1)
    .correlate(Lot)
    .scalar_subquery()
)
_bids = aliased(Bid)
_READ_LOT = (
    select(
        Lot.id,
        Lot.event_id,
        SaleEvent.fund_id,
        SaleEvent.status,
        Lot.price_minor,
        Lot.step_minor,
        Auction.status,
        Auction.closes_at,
        select(func.max(_bids.number)).where(_bids.lot_id == Lot.id).correlate(Lot).scalar_subquery(),
        Bid.id,
        Bid.paddle_id,
        Bid.amount_minor,
    )
    .join(SaleEvent, SaleEvent.id == Lot.event_id)
    .outerjoin(Auction, Auction.lot_id == Lot.id)
    .outerjoin(Bid, Bid.id == _standing)
    .where(Lot.id == bindparam("lot_id"))
)
_PADDLE = select(Paddle.id, Paddle.event_id, Paddle.number, Paddle.blocked_at)
_READ_PADDLE = _PADDLE.where(Paddle.id == bindparam("paddle_id"))
_READ_NUMBERED = _PADDLE.where(Paddle.event_id == bindparam("event_id"), Paddle.number == bindparam("number"))
_READ_KEY = select(Bid.id).where(Bid.key == bindparam("key"))
_WRITE_BID = insert(cast(Table, Bid.__table__))


def place_bid(
    session: Session,
    actor: Actor,
    lot_id: int,
    *,
    paddle_number: int,
    amount_minor: int,
    key: str | None = None,
) -> int:
    """A bid from the room, entered by the auctioneer's assistant. Sent twice with one key it is one bid. Amount in fen.

    Returns its id. Raises Refused (``paddle``: unknown, blocked or leading already; ``amount``: below the next minimum) or
    Conflict when the lot takes no bids now.
    """
    lot = _lot(session, lot_id)
    actor.require(Permission.SALE_RUN, lot.fund_id)
    sent = _sent_before(session, key)
    if sent is not None:
        return sent
    _require_open(lot)
    paddle = session.execute(_READ_NUMBERED, {"event_id": lot.event_id, "number": paddle_number}).first()
    if paddle is None:
        raise Refused(N_("没有 %(number)s 号牌"), field="paddle", number=paddle_number)
    if paddle.id == lot.leading_paddle_id:
        raise Refused(N_("%(number)s 号牌已经领先，不用再加价"), field="paddle", number=paddle_number)
    _require_bid(lot, paddle, amount_minor)
    return _write(session, lot, paddle, amount_minor, "room", actor.user_id, key)


def place_phone_bid(
    session: Session, paddle_id: int, lot_id: int, *, amount_minor: int, key: str | None = None
) -> int:
    """A bid from the phone that holds a paddle. Sent twice with one key it is one bid. Amount in fen.

    Returns its id. Raises Refused (below the next minimum, blocked, or leading already) or Conflict when the lot takes no bids
    now.
    """
    found = _phone_bid(session, paddle_id, lot_id, amount_minor, key)
    if isinstance(found, int):
        return found
    lot, paddle = found
    return _write(session, lot, paddle, amount_minor, "phone", None, key)


def refuse_hopeless_bid(
    session: Session, paddle_id: int, lot_id: int, *, amount_minor: int, key: str | None = None
) -> None:
    """Raise what ``place_phone_bid`` would, by what stands now and without waiting for anybody: of a crowd that bids the same
    sum all but one are told at once, and none of them keeps the others from bidding. Whether a bid counts is decided there."""
    _phone_bid(session, paddle_id, lot_id, amount_minor, key)


def _phone_bid(
    session: Session, paddle_id: int, lot_id: int, amount_minor: int, key: str | None
) -> tuple[_Lot, Any] | int:
    """The lot and the paddle of a bid that may be taken, or the id of the bid that was sent with this key before."""
    lot = _lot(session, lot_id)
    paddle = session.execute(_READ_PADDLE, {"paddle_id": paddle_id}).first()
    if paddle is None or paddle.event_id != lot.event_id:
        raise NotFound(N_("没有这个号牌"))
    sent = _sent_before(session, key)
    if sent is not None:
        return sent
    _require_open(lot)
    if paddle.id == lot.leading_paddle_id:
        raise Refused(N_("您已经领先，不用再加价"))
    _require_bid(lot, paddle, amount_minor)
    return lot, paddle


def cancel_bid(session: Session, actor: Actor, bid_id: int, reason: str) -> None:
    """Cancel a wrong bid, by the auctioneer alone; the highest of those that still stand leads again.

    When it was the leading one and a closing time stands, the others get a last moment to answer. Raises Conflict when it is
    cancelled already or the lot is not on, Refused without a reason.
    """
    bid, lot_id = queries.bid(session, bid_id)
    lot = _lot(session, lot_id)
    require_auctioneer(session, actor, lot.event_id)
    if bid.cancelled_because:
        raise Conflict(N_("这个出价已经取消"))
    if lot.status != ON:
        raise Conflict(N_("这件拍品已经不在拍，出价不能再取消"))
    if not reason.strip():
        raise Refused(N_("请写明取消的原因"), field="reason")
    session.add(
        BidCancellation(bid_id=bid_id, reason=reason.strip(), at=clock.now(), cancelled_by_id=actor.user_id)
    )
    session.flush()
    if lot.leading_id == bid_id:
        _move_closing(session, lot)
    body = queries.cancellation_said(lot.event_id, lot_id, bid.number, bid.paddle_number, bid.amount_minor)
    append(session, [LeafDraft(LEAF, bid_id, body, {"reason": reason.strip()})])
    record(session, actor.user_id, "cancel_bid", "bid", bid_id, reason=reason.strip())


def _lot(session: Session, lot_id: int) -> _Lot:
    row = session.execute(_READ_LOT, {"lot_id": lot_id}).first()
    if row is None:
        raise NotFound(N_("没有这件拍品"))
    return _Lot(*row)


def _require_open(lot: _Lot) -> None:
    if lot.event_status != "open":
        raise Conflict(N_("这场义卖已经结束"))
    if lot.status != ON:
        raise not_open(lot.status or WAITING)
    # The clock of the server, inside the transaction: whoever waited for the lock too long comes too late.
    if lot.closes_at is not None and clock.now() >= lot.closes_at:
        raise Conflict(N_("出价时间已经结束，请等拍卖师落槌"))


def _sent_before(session: Session, key: str | None) -> int | None:
    return session.scalar(_READ_KEY, {"key": key}) if key is not None else None


def _write(
    session: Session,
    lot: _Lot,
    paddle: Any,
    amount_minor: int,
    way: str,
    entered_by_id: int | None,
    key: str | None,
) -> int:
    # Counted from the last bid taken, cancelled or not, behind the lock: without gaps.
    written = session.execute(
        _WRITE_BID,
        {
            "lot_id": lot.id,
            "number": (lot.bid_count or 0) + 1,
            "paddle_id": paddle.id,
            "amount_minor": amount_minor,
            "at": clock.now(),
            "way": way,
            "entered_by_id": entered_by_id,
            "key": key,
        },
    )
    bid_id: int = written.inserted_primary_key[0]  # type: ignore[attr-defined]
    _move_closing(session, lot)
    record(session, entered_by_id, "place_bid", "bid", bid_id, paddle=paddle.number, way=way)
    return bid_id


def _require_bid(lot: _Lot, paddle: Any, amount_minor: int) -> None:
    if paddle.blocked_at is not None:
        raise Refused(N_("%(number)s 号牌已停用"), field="paddle", number=paddle.number)
    require_amount(amount_minor)
    least = next_minimum(lot.price_minor, lot.step_minor or 0, lot.leading_minor)
    if amount_minor >= least:
        return
    if lot.leading_minor is None:
        sentence = N_("起拍价是 %(least)s 元，出价不能更低")
    elif amount_minor <= lot.leading_minor:
        sentence = N_("已经有人出到 %(leading)s 元，现在至少出 %(least)s 元")
    else:
        sentence = N_("加价不够，现在至少出 %(least)s 元")
    raise Refused(sentence, field="amount", least=Money(least), leading=Money(lot.leading_minor or least))


def _move_closing(session: Session, lot: _Lot) -> None:
    """A soft close: who comes in the last moment gives the others one more."""
    later = moved_on(lot.closes_at, clock.now())
    if later != lot.closes_at:
        session.execute(
            update(Auction)
            .where(Auction.lot_id == lot.id, Auction.status == ON)
            .values(closes_at=later)
            .execution_options(synchronize_session=False)
        )
