"""Running a sale: lots, sales, the donation box. Operational rows until the event is closed (app.sales.closing).

Inside ``transaction(books=True)``, so that no sale slips in while the event is being closed.
"""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.goods import queries as goods
from app.log.operations import LeafDraft, append
from app.log.queries import latest_version
from app.sales import queries
from app.sales.auction.models import Auction
from app.sales.auction.states import HAMMERED, PAID, UNFINISHED, WAITING
from app.sales.models import METHODS, Lot, Sale, SaleEvent
from app.sales.rules import LotDraft, refuse_lot_if_wrong, require_amount, require_event_day
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission

Hours = tuple[time | None, time | None]
"""From when to when an event is held, by the clock of its fund."""
NO_HOURS: Hours = (None, None)
_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def create_event(
    session: Session,
    actor: Actor,
    *,
    fund_id: int,
    slug: str,
    name: str,
    held_on: date,
    place: str = "",
    filing_number: str = "",
    hours: Hours = NO_HOURS,
) -> SaleEvent:
    """A sale event of a fund, past or to come. Raises Refused for a used or malformed slug, an empty name, an implausible day."""
    actor.require(Permission.SALE_RUN, fund_id)
    if not _SLUG.match(slug) or len(slug) > 80:
        raise Refused(N_("网址标识只能用小写字母、数字和连字符"), field="slug")
    if session.scalar(select(SaleEvent.id).where(SaleEvent.slug == slug)) is not None:
        raise Refused(N_("网址标识“%(slug)s”已有义卖在用"), field="slug", slug=slug)
    _require_name(name)
    require_event_day(held_on, clock.today())
    _require_hours(hours)
    event = SaleEvent(
        fund_id=fund_id,
        slug=slug,
        name=name.strip(),
        held_on=held_on,
        place=place.strip(),
        filing_number=filing_number.strip(),
        starts_at=hours[0],
        ends_at=hours[1],
        created_at=clock.now(),
    )
    session.add(event)
    session.flush()
    record(session, actor.user_id, "create_event", "sale_event", event.id)
    return event


def change_event(
    session: Session,
    actor: Actor,
    event_id: int,
    *,
    name: str,
    place: str,
    filing_number: str,
    held_on: date | None = None,
    hours: Hours | None = None,
) -> SaleEvent:
    """Put right what an event says of itself; its address stays, and its day once something was sold.

    ``held_on`` and ``hours`` None: as they were. Raises Refused for an empty name, or when an announced event would lose
    its filing number; Conflict for another day after the first sale.
    """
    event = queries.event(session, event_id)
    actor.require(Permission.SALE_RUN, event.fund_id)
    _require_name(name)
    if event.opened_at is not None and not filing_number.strip():
        raise Refused(N_("已经向公众开放的活动必须有备案编号"), field="filing_number")
    if held_on is not None and held_on != event.held_on:
        require_event_day(held_on, clock.today())
        if event.status != "open" or queries.has_sales(session, event_id):
            raise Conflict(N_("已有成交，活动日期不能再改"), field="held_on")
        event.held_on = held_on
    if hours is not None:
        _require_hours(hours)
        event.starts_at, event.ends_at = hours
    event.name, event.place, event.filing_number = name.strip(), place.strip(), filing_number.strip()
    session.flush()
    if event.status == "closed":
        _say_again(session, "sale_closed", event_id, queries.closing_said(session, event))
    if event.opened_at is not None:
        _say_again(session, "sale_announced", event_id, queries.announcement_said(session, event))
    record(session, actor.user_id, "change_event", "sale_event", event.id)
    return event


def _say_again(
    session: Session, kind: str, event_id: int, said: tuple[dict[str, Any], dict[str, str]]
) -> None:
    version = latest_version(session, kind, event_id) + 1
    append(session, [LeafDraft(kind, event_id, *said, version=version)])


def _require_name(name: str) -> None:
    if not name.strip() or len(name) > 200:
        raise Refused(N_("请填写活动名称，最多 200 个字"), field="name")


def _require_hours(hours: Hours) -> None:
    starts, ends = hours
    if ends is not None and (starts is None or ends <= starts):
        raise Refused(N_("结束时间要晚于开始时间"), field="ends_at")


def remove_lot(session: Session, actor: Actor, lot_id: int) -> None:
    """Take a lot off an open event; its goods are free again. Raises Conflict once something of it was sold or it was put
    up for bids."""
    lot = queries.lot(session, lot_id)
    _open_event(session, actor, lot.event_id)
    if session.scalar(select(Sale.id).where(Sale.lot_id == lot_id).limit(1)) is not None:
        raise Conflict(N_("这件拍品已有成交记录，不能移除"))
    auction = session.get(Auction, lot_id)
    if auction is not None:
        if auction.status != WAITING:
            raise Conflict(N_("这件拍品已经开拍，不能移除"))
        session.delete(auction)
        session.flush()
    session.delete(lot)
    session.flush()
    record(session, actor.user_id, "remove_lot", "lot", lot_id, number=lot.number)


def add_lot(session: Session, actor: Actor, event_id: int, draft: LotDraft) -> Lot:
    """Put a lot on sale. Raises Refused when its pieces are not in stock, counting what other open lots promise."""
    event = _open_event(session, actor, event_id)
    refuse_lot_if_wrong(draft)
    if session.scalar(select(Lot.id).where(Lot.event_id == event_id, Lot.number == draft.number.strip())):
        raise Refused(N_("拍品号“%(number)s”已经有了"), field="number", number=draft.number)
    line = goods.line(session, draft.goods_line_id)
    if line.fund_id != event.fund_id:
        raise Refused(N_("这批物资不属于本基金"), field="goods_line")
    free = goods.free_pieces(session, line)
    if draft.quantity * draft.units_per_item > free:
        raise Refused(
            N_("“%(item)s”可供义卖的只有 %(free)s %(unit)s，不够 %(wanted)s"),
            field="quantity",
            item=line.item,
            free=free,
            unit=line.unit,
            wanted=draft.quantity * draft.units_per_item,
        )
    position = (
        session.scalar(select(func.coalesce(func.max(Lot.position), 0)).where(Lot.event_id == event_id)) or 0
    )
    lot = Lot(
        event_id=event_id,
        goods_line_id=line.id,
        number=draft.number.strip(),
        name=draft.name.strip(),
        mode=draft.mode,
        units_per_item=draft.units_per_item,
        quantity=draft.quantity,
        price_minor=draft.price_minor,
        step_minor=draft.step_minor,
        reserve_minor=draft.reserve_minor,
        position=position + 1,
    )
    session.add(lot)
    session.flush()
    record(session, actor.user_id, "add_lot", "lot", lot.id)
    return lot


def record_sale(
    session: Session,
    actor: Actor,
    lot_id: int,
    *,
    quantity: int,
    amount_minor: int,
    method: str,
    buyer: str = "",
    key: str | None = None,
) -> Sale:
    """One sale of a lot, or an auction's result. Sent twice with one key it is one sale.

    Raises Refused when fewer packs are left or the event does not collect that way, Conflict when it is closed or
    still to come, or the lot is up for bids.
    """
    earlier = queries.sale_of_key(session, key)
    if earlier is not None:
        return earlier
    lot = queries.lot(session, lot_id)
    require_collecting(session, _open_event(session, actor, lot.event_id), method)
    auction = session.get(Auction, lot_id)
    if auction is not None and auction.status in UNFINISHED:
        raise Conflict(N_("这件拍品正在义拍，请在义拍页面收款"))
    sale = take_packs(
        session, actor, lot, quantity=quantity, amount_minor=amount_minor, method=method, buyer=buyer, key=key
    )
    record(session, actor.user_id, "record_sale", "sale", sale.id)
    return sale


def take_packs(
    session: Session,
    actor: Actor,
    lot: Lot,
    *,
    quantity: int,
    amount_minor: int,
    method: str,
    buyer: str = "",
    key: str | None = None,
) -> Sale:
    """Write down a sale and take its packs from those left. Whether the event takes sales now is the caller's affair.

    Raises Refused for wrong values or when fewer packs are left.
    """
    lot_id = lot.id
    if quantity <= 0:
        raise Refused(N_("数量必须大于零"), field="quantity")
    require_amount(amount_minor)
    if method not in METHODS:
        raise Refused(N_("请选择付款方式"), field="method")
    if len(buyer) > 60:
        raise Refused(N_("买受人最多 60 个字"), field="buyer")
    taken = session.execute(
        update(Lot)
        .where(Lot.id == lot_id, Lot.sold_quantity + quantity <= Lot.quantity)
        .values(sold_quantity=Lot.sold_quantity + quantity)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(
            N_("%(lot)s 只剩 %(left)s 份，不够 %(wanted)s 份"),
            field="quantity",
            lot=lot.number,
            left=lot.quantity - lot.sold_quantity,
            wanted=quantity,
        )
    session.expire(lot)
    sale = Sale(
        lot_id=lot_id,
        quantity=quantity,
        amount_minor=amount_minor,
        method=method,
        buyer=buyer.strip(),
        idempotency_key=key,
        recorded_at=clock.now(),
        recorded_by_id=actor.user_id,
    )
    session.add(sale)
    session.flush()
    return sale


def void_sale(session: Session, actor: Actor, sale_id: int, reason: str) -> Sale:
    """Void a sale before closing, with a reason; the packs are on sale again. A lot that was hammered waits for its payment
    again."""
    sale = session.get(Sale, sale_id)
    if sale is None:
        raise Refused(N_("没有这笔成交"))
    lot = queries.lot(session, sale.lot_id)
    _open_event(session, actor, lot.event_id)
    if sale.voided_at is not None:
        raise Conflict(N_("这笔成交已经作废"))
    if not reason.strip():
        raise Refused(N_("请写明作废原因"), field="reason")
    voided = session.execute(
        update(Sale)
        .where(Sale.id == sale_id, Sale.voided_at.is_(None))
        .values(voided_at=clock.now(), void_reason=reason.strip())
        .execution_options(synchronize_session=False)
    )
    if voided.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这笔成交已经作废"))
    session.execute(
        update(Lot)
        .where(Lot.id == lot.id)
        .values(sold_quantity=Lot.sold_quantity - sale.quantity)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Auction)
        .where(Auction.lot_id == lot.id, Auction.status == PAID, Auction.sale_id == sale_id)
        .values(status=HAMMERED, sale_id=None)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    record(session, actor.user_id, "void_sale", "sale", sale.id, reason=reason.strip())
    return sale


def set_box(
    session: Session, actor: Actor, event_id: int, *, cash_minor: int, wechat_minor: int = 0
) -> SaleEvent:
    """What the donation box held at the event: a gift, not a sale."""
    event = _open_event(session, actor, event_id)
    for minor in (cash_minor, wechat_minor):
        if minor:
            require_amount(minor, "box")
    event.box_cash_minor, event.box_wechat_minor = cash_minor, wechat_minor
    session.flush()
    record(session, actor.user_id, "set_box", "sale_event", event.id)
    return event


def _open_event(session: Session, actor: Actor, event_id: int) -> SaleEvent:
    event = queries.event(session, event_id)
    actor.require(Permission.SALE_RUN, event.fund_id)
    if event.status != "open":
        raise Conflict(N_("这场义卖已经结束"))
    return event


def require_collecting(session: Session, event: SaleEvent, method: str) -> None:
    """Money is taken from the day of an event on, by the ways that were announced (charity-rules §4, §8).

    Raises Conflict before that day, Refused for another way.
    """
    if event.held_on > clock.today():
        raise Conflict(N_("活动在 %(day)s，那天起才能登记成交"), day=event.held_on.isoformat())
    if method in METHODS and method not in queries.methods_of(session, event):
        raise Refused(N_("这场活动没有公布这种收款账户"), field="method")
