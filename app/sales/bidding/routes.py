"""Bidding from one's own phone: /sales/<slug>/bid. Anybody may follow; a paddle's PIN lets one bid."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, Response, redirect, request, url_for
from flask import session as cookie
from flask_babel import gettext as _

from app.people.rules import TooManyAttempts
from app.sales import queries as sales
from app.sales.auction import queries
from app.sales.auction.models import Paddle
from app.sales.bidding.forms import EnterForm, PhoneBidForm
from app.sales.bidding.operations import place_phone_bid, refuse_hopeless_bid
from app.sales.models import SaleEvent
from app.sales.paddles.operations import count_try, opened_by
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.money import plain_yuan
from app.web.access import public_write
from app.web.database import session, transaction
from app.web.pages import attempt, page

blueprint = Blueprint("bidding", __name__)

_COOKIE = "paddles"


@blueprint.route("/sales/<slug>/bid", methods=["GET", "POST"])
@public_write
def show(slug: str) -> Response:
    """The lot that is on, asked for again every two seconds; with a paddle one button bids the least, or one's own sum."""
    event = _event(slug)
    paddle = _paddle(event)
    form = PhoneBidForm()
    if form.is_submitted():
        if paddle is None:
            form.form_errors.append(_("请先输入号牌和 PIN"))
        elif form.validate() and _bid(form, paddle.id):
            return redirect(_address(slug), code=303)  # type: ignore[return-value]
        event, paddle = _event(slug), _paddle(event)
    return _page(event, paddle, form, EnterForm(formdata=None))


def _bid(form: PhoneBidForm, paddle_id: int) -> bool:
    lot_id, minor, key = form.lot.data or 0, form.amount.data or 0, form.once.data
    with form.refusals_shown():
        refuse_hopeless_bid(session(), paddle_id, lot_id, amount_minor=minor, key=key)
        return attempt(
            form,
            lambda writing: place_phone_bid(writing, paddle_id, lot_id, amount_minor=minor, key=key),
        )
    return False


@blueprint.route("/sales/<slug>/bid/enter", methods=["GET", "POST"])
@public_write
def enter(slug: str) -> Response:
    """Show that one holds a paddle, by its PIN."""
    event = _event(slug)
    if request.method == "GET":  # whoever changes the language after a wrong PIN
        return redirect(_address(slug), code=303)  # type: ignore[return-value]
    form = EnterForm()
    status = None
    if form.validate():
        try:
            number = form.number.data or 0
            with transaction() as writing:
                count_try(writing, event.id, number, request.remote_addr or "")
            paddle = opened_by(session(), event.id, number, form.pin.data or "")
            if paddle is not None:
                cookie[_COOKIE] = {**_kept(), str(event.id): [paddle.id, paddle.pin_version]}
                return redirect(_address(slug), code=303)  # type: ignore[return-value]
            form.form_errors.append(_("号牌或 PIN 不对，或者这个号牌已停用"))
        except TooManyAttempts as error:
            form.show_refusal(error)
            status = error.status
        event = _event(slug)
    return _page(event, _paddle(event), PhoneBidForm(formdata=None), form, status)


@blueprint.post("/sales/<slug>/bid/leave")
@public_write
def leave(slug: str) -> Response:
    """Let the phone forget its paddle."""
    event = _event(slug)
    cookie[_COOKIE] = {key: value for key, value in _kept().items() if key != str(event.id)}
    return redirect(_address(slug), code=303)  # type: ignore[return-value]


def _page(
    event: SaleEvent,
    paddle: Paddle | None,
    form: PhoneBidForm,
    enter_form: EnterForm,
    status: int | None = None,
) -> Response:
    refused = enter_form if enter_form.is_refused else form
    current = queries.current_lot(session(), event.id) if event.status == "open" else None
    if current is not None:
        if form.lot.data != current.lot_id:  # what was typed for a lot is for no other
            form.amount.raw_data, form.amount.data = None, None
        form.lot.raw_data, form.lot.data = None, current.lot_id
    if status is None and refused.is_refused:
        status = refused.refused_status
    return page(
        "bidding/show.html",
        fragment="bidding_now",
        status=status or 200,
        event=event,
        paddle_number=paddle.number if paddle else None,
        is_leading=bool(paddle and current and current.leading and current.leading.paddle_id == paddle.id),
        current=current,
        least=plain_yuan(current.minimum_minor) if current else "",
        quick_key=uuid4().hex,
        form=form,
        enter_form=enter_form,
        refused=refused,
        address=_address(event.slug),
        now=clock.now(),
    )


def _address(slug: str) -> str:
    return url_for("bidding.show", slug=slug)


def _event(slug: str) -> SaleEvent:
    if not slug.isprintable() or len(slug) > 80:
        raise NotFound(N_("没有这场义卖"))
    return sales.public_event(session(), slug, clock.today())


def _kept() -> dict[str, list[int]]:
    found: dict[str, list[int]] = cookie.get(_COOKIE, {})
    return found


def _paddle(event: SaleEvent) -> Paddle | None:
    """The paddle that this phone came in with, unless it was blocked since or has another PIN."""
    paddle_id, version = _kept().get(str(event.id), (0, 0))
    found = session().get(Paddle, paddle_id) if paddle_id else None
    if found is None or found.event_id != event.id or found.blocked_at is not None:
        return None
    return found if found.pin_version == version else None
