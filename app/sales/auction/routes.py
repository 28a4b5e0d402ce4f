"""The auction's desk in the office: the lot that is on and its bids, the steps of each lot, payments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.people.queries import names_of, users_with
from app.sales.auction import operations, queries, states
from app.sales.auction.forms import ActForm, AuctioneerForm, BidForm, CancelForm, ClosingTimeForm, PayForm
from app.sales.auction.queries import AuctionLot
from app.sales.bidding.operations import cancel_bid, place_bid
from app.sales.models import SaleEvent
from app.sales.queries import methods_of
from app.sales.routes import readable_event
from app.sales.rules import METHOD_NAMES
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.money import plain_yuan
from app.shared.permissions import ROLE_PERMISSIONS, Permission, Role
from app.web.access import actor, requires
from app.web.database import session
from app.web.pages import attempt, done, page

blueprint = Blueprint("auction", __name__, url_prefix="/office/sales")

AUCTIONEERS = tuple(role for role in Role if Permission.SALE_RUN in ROLE_PERMISSIONS[role])


def _address(event_id: int) -> str:
    return url_for("auction.show", event_id=event_id)


@blueprint.route("/<int:event_id>/auction", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def show(event_id: int) -> Response:
    """The lot that is on, for whoever enters the bids of the room; below it what waits for payment, and all lots in order."""
    event = readable_event(event_id)
    form = BidForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: place_bid(
            writing,
            actor(),
            form.lot.data or 0,
            paddle_number=form.paddle.data or 0,
            amount_minor=form.amount.data or 0,
            key=form.once.data,
        ),
    ):
        return done(_address(event_id))
    event = readable_event(event_id)
    current = queries.current_lot(session(), event_id)
    if current is not None:
        if not form.is_refused or form.lot.data != current.lot_id:  # what was typed for a lot is for no other
            form.paddle.raw_data, form.paddle.data = None, None
            form.amount.raw_data, form.amount.data = None, current.minimum_minor
        form.lot.raw_data, form.lot.data = None, current.lot_id
    lots = queries.auction_lots(session(), event_id)
    return page(
        "auction/show.html",
        fragment="auction_now",
        form=form,
        event=event,
        current=current,
        least=plain_yuan(current.minimum_minor) if current else "",
        reserve_minor=next(
            (each.reserve_minor for each in lots if current and each.lot_id == current.lot_id), None
        ),
        bids=queries.bids_of(session(), current.lot_id) if current else [],
        lots=lots,
        to_pay=[each for each in lots if each.status == states.HAMMERED],
        state_names={state: _(name) for state, name in states.STATES.items()},
        tags=states.TAGS,
        auctioneer=names_of(session(), [event.auctioneer_id]).get(event.auctioneer_id or 0),
        is_auctioneer=event.auctioneer_id is not None and event.auctioneer_id == actor().user_id,
        paddle_count=len(queries.paddles_of(session(), event_id)),
        now=clock.now(),
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/auctioneer", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def auctioneer(event_id: int) -> Response:
    """Name the auctioneer."""
    event = readable_event(event_id)
    form = AuctioneerForm(auctioneer=event.auctioneer_id or actor().user_id)
    may = users_with(session(), event.fund_id, *AUCTIONEERS)
    form.auctioneer.offer(names_of(session(), may).items())
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.set_auctioneer(writing, actor(), event_id, form.auctioneer.data),
    ):
        return done(_address(event_id), _("拍卖师已指定"))
    return page("auction/auctioneer.html", form=form, event=readable_event(event_id), nav_current="sales")


@dataclass(frozen=True, slots=True)
class _Act:
    """A step of a lot: its name, the state that it is taken in, its operation, and what is said afterwards."""

    title: str
    status: str
    run: Callable[[Session, int, ActForm], object]
    said: str


def _open(writing: Session, lot_id: int, _form: ActForm) -> None:
    operations.open_lot(writing, actor(), lot_id)


def _take_back(writing: Session, lot_id: int, _form: ActForm) -> None:
    operations.take_back_lot(writing, actor(), lot_id)


def _hammer(writing: Session, lot_id: int, form: ActForm) -> None:
    operations.hammer_lot(writing, actor(), lot_id, bid_id=form.bid.data or 0)


def _pass(writing: Session, lot_id: int, form: ActForm) -> None:
    operations.pass_lot(writing, actor(), lot_id, bid_id=form.bid.data)


def _pass_on(writing: Session, lot_id: int, form: ActForm) -> None:
    operations.pass_on_lot(writing, actor(), lot_id, turn=form.turn.data or 0)


def _give_up(writing: Session, lot_id: int, form: ActForm) -> None:
    operations.give_up_lot(writing, actor(), lot_id, turn=form.turn.data or 0)


ACTS = {
    "open": _Act(N_("开拍"), states.WAITING, _open, N_("已开拍")),
    "take-back": _Act(N_("收回开拍"), states.ON, _take_back, N_("已收回，等候再开拍")),
    "hammer": _Act(N_("落槌"), states.ON, _hammer, N_("已落槌")),
    "pass": _Act(N_("宣布不成交"), states.ON, _pass, N_("已宣布不成交")),
    "pass-on": _Act(N_("转给下一位"), states.HAMMERED, _pass_on, N_("已转给下一位")),
    "give-up": _Act(N_("放弃"), states.HAMMERED, _give_up, N_("已放弃，这件拍品没有成交")),
}


@blueprint.route("/<int:event_id>/auction/lots/<int:lot_id>/<act>", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def step(event_id: int, lot_id: int, act: str) -> Response:
    """Ask, then take a step of a lot: open it, hammer it, pass it, pass it on, give it up."""
    event, lot = _lot_of(event_id, lot_id)
    chosen = ACTS.get(act)
    if chosen is None:
        raise NotFound(N_("没有这个页面"))
    form = ActForm()
    if form.validate_on_submit():
        if attempt(form, lambda writing: chosen.run(writing, lot_id, form)):
            return done(_address(event_id), _(chosen.said))
        event, lot = _lot_of(event_id, lot_id)
    leading = queries.leading_bid(session(), lot_id)
    form.show(leading.id if leading else None, lot.turn)
    return page(
        "auction/step.html",
        act=act,
        title=_(chosen.title),
        form=form,
        event=event,
        lot=lot,
        may=lot.status == chosen.status and event.status == "open",
        leading=leading,
        is_counting=lot.closes_at is not None and clock.now() < lot.closes_at,
        under_reserve=bool(leading and leading.amount_minor < (lot.reserve_minor or 0)),
        following=queries.next_bidder(session(), lot_id) if act == "pass-on" else None,
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/auction/lots/<int:lot_id>/closing-time", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def closing_time(event_id: int, lot_id: int) -> Response:
    """Announce when the lot that is on closes."""
    return _with_form(
        event_id,
        lot_id,
        ClosingTimeForm(),
        "auction/closing_time.html",
        lambda writing, form: operations.announce_closing(writing, actor(), lot_id, form.seconds.data),
        _("倒计时已开始"),
    )


@blueprint.route("/<int:event_id>/auction/lots/<int:lot_id>/pay", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def pay(event_id: int, lot_id: int) -> Response:
    """Take the winner's money: now the hammer price counts."""
    event, lot = _lot_of(event_id, lot_id)
    if request.method == "GET" and lot.status != states.HAMMERED:
        return redirect(_address(event_id), code=303)  # type: ignore[return-value]
    form = PayForm(turn=lot.turn)
    form.method.offer((method, _(METHOD_NAMES[method])) for method in methods_of(session(), event))
    return _with_form(
        event_id,
        lot_id,
        form,
        "auction/pay.html",
        lambda writing, form: operations.pay_lot(
            writing, actor(), lot_id, turn=form.turn.data, method=form.method.data, key=form.once.data
        ),
        _("已收款"),
    )


def _with_form(
    event_id: int,
    lot_id: int,
    form: Any,
    template: str,
    act: Callable[[Session, Any], object],
    said: str,
) -> Response:
    _lot_of(event_id, lot_id)
    if form.validate_on_submit() and attempt(form, lambda writing: act(writing, form)):
        return done(_address(event_id), said)
    event, lot = _lot_of(event_id, lot_id)
    return page(template, form=form, event=event, lot=lot, nav_current="sales")


@blueprint.route("/<int:event_id>/auction/bids/<int:bid_id>/cancel", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def cancel(event_id: int, bid_id: int) -> Response:
    """Ask for the reason, then cancel a wrong bid."""
    form = CancelForm()
    _bid, lot_id = queries.bid(session(), bid_id)
    _lot_of(event_id, lot_id)
    if form.validate_on_submit() and attempt(
        form, lambda writing: cancel_bid(writing, actor(), bid_id, form.reason.data or "")
    ):
        return done(_address(event_id), _("出价已取消"))
    event, lot = _lot_of(event_id, lot_id)
    bid, _lot_id = queries.bid(session(), bid_id)
    return page("auction/cancel.html", form=form, event=event, lot=lot, bid=bid, nav_current="sales")


def _lot_of(event_id: int, lot_id: int) -> tuple[SaleEvent, AuctionLot]:
    event, lot = readable_event(event_id), queries.auction_lot(session(), lot_id)
    if lot.event_id != event_id:
        raise NotFound(N_("没有这件拍品"))
    return event, lot
