"""Paddles in the office: giving them out, printing their slips, who holds which."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _

from app.sales.auction import queries
from app.sales.auction.models import Paddle
from app.sales.models import SaleEvent
from app.sales.paddles import operations
from app.sales.paddles.forms import IssueForm, PaddleForm, PinForm
from app.sales.routes import readable_event
from app.shared.encryption import decrypt
from app.shared.errors import N_, NotFound
from app.shared.permissions import Permission
from app.web.access import actor, requires
from app.web.database import session
from app.web.pages import attempt, done, page, printed_address

blueprint = Blueprint("paddles", __name__, url_prefix="/office/sales")


@blueprint.route("/<int:event_id>/paddles", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def listing(event_id: int) -> Response:
    """The paddles of an event; giving out more shows their slips, once."""
    event = readable_event(event_id)
    form = IssueForm()
    if form.validate_on_submit():
        pins: dict[int, str] = {}
        if attempt(
            form,
            lambda writing: pins.update(
                operations.issue_paddles(
                    writing, actor(), event_id, count=form.count.data or 0, key=form.once.data or ""
                )
            ),
        ):
            return _slips(readable_event(event_id), pins)
    event = readable_event(event_id)
    return page(
        "paddles/listing.html",
        form=form,
        event=event,
        paddles=[(each, _read(each.name)) for each in queries.paddles_of(session(), event_id)],
        nav_current="sales",
    )


def _slips(event: SaleEvent, pins: dict[int, str]) -> Response:
    """The answer itself shows the PINs: there is no address under which they could be seen again."""
    return page(
        "paddles/slips.html",
        event=event,
        pins=pins,
        address=printed_address(url_for("bidding.show", slug=event.slug)),
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/paddles/<int:paddle_id>", methods=["GET", "POST"])
@requires(Permission.SALE_RUN, personal=True)
def show(event_id: int, paddle_id: int) -> Response:
    """Who holds a paddle; blocking it."""
    paddle = _paddle_of(event_id, paddle_id)
    form = PaddleForm(
        name=_read(paddle.name), contact=_read(paddle.contact), blocked=paddle.blocked_at is not None
    )
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.change_paddle(
            writing,
            actor(),
            paddle_id,
            name=form.name.data or "",
            contact=form.contact.data or "",
            blocked=bool(form.blocked.data),
        ),
    ):
        return done(url_for("paddles.listing", event_id=event_id), _("已保存"))
    return page(
        "paddles/show.html",
        form=form,
        event=readable_event(event_id),
        paddle=_paddle_of(event_id, paddle_id),
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/paddles/<int:paddle_id>/pin", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def renew(event_id: int, paddle_id: int) -> Response:
    """Ask, then give a paddle a new PIN and show its slip."""
    paddle = _paddle_of(event_id, paddle_id)
    form = PinForm(version=paddle.pin_version)
    if form.validate_on_submit():
        pins: list[tuple[int, str]] = []
        if attempt(
            form,
            lambda writing: pins.append(
                operations.renew_pin(writing, actor(), paddle_id, version=form.version.data or 0)
            ),
        ):
            return _slips(readable_event(event_id), dict(pins))
        paddle = _paddle_of(event_id, paddle_id)
        form.version.raw_data, form.version.data = None, paddle.pin_version
    return page(
        "paddles/renew.html", form=form, event=readable_event(event_id), paddle=paddle, nav_current="sales"
    )


def _paddle_of(event_id: int, paddle_id: int) -> Paddle:
    readable_event(event_id)
    found = queries.paddle(session(), paddle_id)
    if found.event_id != event_id:
        raise NotFound(N_("没有这个号牌"))
    return found


def _read(kept: bytes | None) -> str:
    return decrypt(kept) if kept else ""
