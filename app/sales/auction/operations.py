"""Running an auction: lots are opened, the hammer falls, the winner pays or the lot goes to the next bidder.

Inside ``transaction(books=True)``: all that happens to a lot happens in one order. A hammer price counts nowhere until it is
paid: only then is there a sale.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.log.operations import LeafDraft, append
from app.people.queries import offices
from app.sales import queries as sales
from app.sales.auction import queries
from app.sales.auction.models import Auction, Hammer
from app.sales.auction.queries import AuctionLot, BidRow
from app.sales.auction.rules import require_seconds
from app.sales.auction.states import HAMMERED, ON, PAID, PASSED, UNSOLD, WAITING
from app.sales.models import Lot, Sale, SaleEvent
from app.sales.operations import require_collecting, take_packs
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, Refused
from app.shared.money import Money
from app.shared.permissions import Actor, Permission

LEAF = "lot_hammered"


def set_auctioneer(session: Session, actor: Actor, event_id: int, user_id: int) -> SaleEvent:
    """Name the auctioneer of an open event.

    Raises Refused for a person who may not run sales, Forbidden when a lot is on and somebody else is its auctioneer.
    """
    event = _open_event(session, actor, event_id)
    if not Actor(user_id, "", offices(session, user_id)).may(Permission.SALE_RUN, event.fund_id):
        raise Refused(N_("拍卖师要有办理义卖的岗位"), field="auctioneer")
    if (
        queries.current_lot(session, event_id)
        and event.auctioneer_id is not None
        and event.auctioneer_id != actor.user_id
    ):
        raise Forbidden(N_("正在拍的时候，只有拍卖师本人能交给别人"))
    event.auctioneer_id = user_id
    session.flush()
    record(session, actor.user_id, "set_auctioneer", "sale_event", event_id, auctioneer=user_id)
    return event


def open_lot(session: Session, actor: Actor, lot_id: int) -> None:
    """Take bids for a lot from now on. By the auctioneer.

    Raises Conflict when it is not waiting or sold already, another lot of the event is on, or the event is still to come.
    """
    lot = sales.lot(session, lot_id)
    event = require_auctioneer(session, actor, lot.event_id)
    if event.held_on > clock.today():
        raise Conflict(N_("活动在 %(day)s，那天起才能开拍"), day=event.held_on.isoformat())
    if lot.step_minor is None:
        raise Refused(N_("这件拍品没有加价幅度，不能竞拍"))
    other = queries.current_lot(session, lot.event_id)
    if other is not None and other.lot_id != lot_id:
        raise Conflict(N_("拍品 %(number)s 还在拍，先落槌或宣布不成交"), number=other.number)
    if lot.sold_quantity:
        raise Conflict(N_("这件拍品已经卖出"))
    if session.get(Auction, lot_id) is None:
        session.add(Auction(lot_id=lot_id, event_id=lot.event_id, status=WAITING))
        session.flush()
    _move(session, lot_id, WAITING, ON, opened_at=clock.now(), closes_at=None)
    record(session, actor.user_id, "open_lot", "lot", lot_id)


def take_back_lot(session: Session, actor: Actor, lot_id: int) -> None:
    """Undo the opening of a lot. By the auctioneer. Raises Conflict once somebody bid."""
    _lot_of_auctioneer(session, actor, lot_id)
    if queries.bids_of(session, lot_id, 1):
        raise Conflict(N_("这件拍品已经有人出价，不能收回"))
    _move(session, lot_id, ON, WAITING, opened_at=None, closes_at=None)
    record(session, actor.user_id, "take_back_lot", "lot", lot_id)


def announce_closing(session: Session, actor: Actor, lot_id: int, seconds: int) -> None:
    """Announce that the lot that is on takes bids for so many seconds more. By the auctioneer, who may announce anew.

    Raises Refused for a time that is too short or too long, Conflict when the lot is not on.
    """
    _lot_of_auctioneer(session, actor, lot_id)
    closes_at = clock.now() + timedelta(seconds=require_seconds(seconds))
    _move(session, lot_id, ON, ON, closes_at=closes_at)
    record(session, actor.user_id, "announce_closing", "lot", lot_id, closes_at=closes_at.isoformat())


def hammer_lot(session: Session, actor: Actor, lot_id: int, *, bid_id: int) -> Hammer:
    """Let the hammer fall on the bid ``bid_id``, which the auctioneer saw as the highest. By the auctioneer.

    Raises Conflict when another bid leads by now or the lot is not on, Refused when nobody bid, the reserve is not met or the
    time that was announced is not over.
    """
    lot = _lot_of_auctioneer(session, actor, lot_id)
    _require_over(session, lot_id)
    leading = queries.leading_bid(session, lot_id)
    if leading is None:
        raise Refused(N_("还没有人出价，只能宣布不成交"))
    if leading.id != bid_id:
        raise Conflict(
            N_("刚才的最高出价变了，现在是 %(number)s 号牌 %(amount)s 元，请再看一次"),
            number=leading.paddle_number,
            amount=Money(leading.amount_minor),
        )
    _require_reserve(lot, leading, N_("最高出价没有到保留价 %(reserve)s 元，不能落槌，只能宣布不成交"))
    _move(session, lot_id, ON, HAMMERED, turn=1, ended_at=clock.now())
    found = _award(session, actor, lot, leading, 1)
    record(session, actor.user_id, "hammer_lot", "lot", lot_id, bid=leading.id, amount=leading.amount_minor)
    return found


def pass_lot(session: Session, actor: Actor, lot_id: int, *, bid_id: int | None) -> None:
    """End a lot without a winner (不成交): nobody bid, or not up to the reserve. By the auctioneer.

    Raises Refused when the highest standing bid could be hammered or the time that was announced is not over, Conflict when
    the highest bid is another than ``bid_id``.
    """
    lot = _lot_of_auctioneer(session, actor, lot_id)
    _require_over(session, lot_id)
    leading = queries.leading_bid(session, lot_id)
    if (leading.id if leading else None) != bid_id:
        raise Conflict(N_("刚才的最高出价变了，请再看一次"))
    if leading is not None and leading.amount_minor >= (lot.reserve_minor or 0):
        raise Refused(N_("有人出价，而且到了保留价，应当落槌"))
    _move(session, lot_id, ON, PASSED, ended_at=clock.now())
    record(session, actor.user_id, "pass_lot", "lot", lot_id)


def pay_lot(session: Session, actor: Actor, lot_id: int, *, turn: int, method: str, key: str) -> Sale:
    """The winner of ``turn`` pays the hammer price: now it is a sale. Sent twice with one key it is one.

    Raises Refused for a way of payment that the event does not take, Conflict when the lot is not to be paid, or by somebody
    else now.
    """
    earlier = sales.sale_of_key(session, key)
    if earlier is not None:
        return earlier
    lot = sales.lot(session, lot_id)
    require_collecting(session, _open_event(session, actor, lot.event_id), method)
    found = _hammered(session, lot_id, turn)
    sale = take_packs(
        session,
        actor,
        lot,
        quantity=1,
        amount_minor=found.amount_minor or 0,
        method=method,
        buyer=f"{found.paddle_number} 号牌",
        key=key,
    )
    _move(session, lot_id, HAMMERED, PAID, sale_id=sale.id)
    record(session, actor.user_id, "pay_lot", "lot", lot_id, sale=sale.id)
    return sale


def pass_on_lot(session: Session, actor: Actor, lot_id: int, *, turn: int) -> Hammer:
    """The winner of ``turn`` does not pay: the next highest standing bid of another paddle has it, at what that paddle bid.

    Raises Conflict when it was paid or passed on meanwhile, Refused when nobody is next or the reserve would not be met.
    """
    lot = sales.lot(session, lot_id)
    _open_event(session, actor, lot.event_id)
    _hammered(session, lot_id, turn)
    following = queries.next_bidder(session, lot_id)
    if following is None:
        raise Refused(N_("没有别的号牌出过价，只能放弃"))
    _require_reserve(lot, following, N_("下一位的出价没有到保留价 %(reserve)s 元，只能放弃"))
    _move(session, lot_id, HAMMERED, HAMMERED, was_turn=turn, turn=turn + 1)
    found = _award(session, actor, lot, following, turn + 1)
    record(session, actor.user_id, "pass_on_lot", "lot", lot_id, bid=following.id)
    return found


def give_up_lot(session: Session, actor: Actor, lot_id: int, *, turn: int) -> None:
    """Nobody pays: the lot stays unsold. Raises Conflict when it was paid or passed on meanwhile."""
    lot = sales.lot(session, lot_id)
    _open_event(session, actor, lot.event_id)
    _hammered(session, lot_id, turn)
    _move(session, lot_id, HAMMERED, UNSOLD, was_turn=turn)
    record(session, actor.user_id, "give_up_lot", "lot", lot_id)


def _open_event(session: Session, actor: Actor, event_id: int) -> SaleEvent:
    event = sales.event(session, event_id)
    actor.require(Permission.SALE_RUN, event.fund_id)
    if event.status != "open":
        raise Conflict(N_("这场义卖已经结束"))
    return event


def require_auctioneer(session: Session, actor: Actor, event_id: int) -> SaleEvent:
    """The open event, when the actor is its auctioneer. Raises Refused when there is none yet, Forbidden for anybody else."""
    event = _open_event(session, actor, event_id)
    if event.auctioneer_id is None:
        raise Refused(N_("请先指定拍卖师"))
    if event.auctioneer_id != actor.user_id:
        raise Forbidden(N_("只有本场的拍卖师能这样做"))
    return event


def _lot_of_auctioneer(session: Session, actor: Actor, lot_id: int) -> Lot:
    lot = sales.lot(session, lot_id)
    require_auctioneer(session, actor, lot.event_id)
    return lot


def _require_over(session: Session, lot_id: int) -> None:
    """The lot is on, and no time that was promised to the bidders is left."""
    found = session.execute(select(Auction.status, Auction.closes_at).where(Auction.lot_id == lot_id)).first()
    if found is None or found.status != ON:
        raise Conflict(N_("这件拍品的状态刚刚变了，请看现在的情况"))
    if found.closes_at is not None and clock.now() < found.closes_at:
        raise Refused(N_("倒计时还没有到，到了才能落槌或宣布不成交"))


def _hammered(session: Session, lot_id: int, turn: int) -> AuctionLot:
    found = queries.auction_lot(session, lot_id)
    if (found.status, found.turn) != (HAMMERED, turn):
        raise Conflict(N_("这件拍品的状态刚刚变了，请看现在的情况"))
    return found


def _require_reserve(lot: Lot, bid: BidRow, sentence: str) -> None:
    if lot.reserve_minor is not None and bid.amount_minor < lot.reserve_minor:
        raise Refused(sentence, reserve=Money(lot.reserve_minor))


def _move(
    session: Session, lot_id: int, before: str, after: str, *, was_turn: int | None = None, **values: Any
) -> None:
    """Compare and set: whoever comes second finds the lot in another state and does nothing."""
    found = update(Auction).where(Auction.lot_id == lot_id, Auction.status == before)
    if was_turn is not None:
        found = found.where(Auction.turn == was_turn)
    moved = session.execute(found.values(status=after, **values).execution_options(synchronize_session=False))
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这件拍品的状态刚刚变了，请看现在的情况"))
    session.expire_all()


def _award(session: Session, actor: Actor, lot: Lot, bid: BidRow, turn: int) -> Hammer:
    found = Hammer(
        lot_id=lot.id,
        turn=turn,
        bid_id=bid.id,
        amount_minor=bid.amount_minor,
        at=clock.now(),
        by_id=actor.user_id,
    )
    session.add(found)
    session.flush()
    body = queries.hammer_said(lot.event_id, bid.number, bid.paddle_number, bid.amount_minor)
    append(session, [LeafDraft(LEAF, lot.id, body, {"lot": lot.number, "name": lot.name}, version=turn)])
    return found
