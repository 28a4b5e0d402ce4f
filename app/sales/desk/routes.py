"""The sale desk: record one sale and stay for the next; the same for the desk's script, which sends again what was not sent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.goods.queries import photos_of
from app.sales import operations, queries
from app.sales.forms import SaleForm
from app.sales.models import SaleEvent
from app.sales.routes import method_names, readable_event
from app.sales.rules import METHOD_NAMES
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.money import yuan
from app.shared.permissions import Permission
from app.web.access import actor, requires
from app.web.database import session
from app.web.pages import asked_number, attempt, done, page

blueprint = Blueprint("desk", __name__, url_prefix="/office/sales")
RECENT = 8
# The desk of this site may look through the camera of its phone; no other page may.
CAMERA = "camera=(self), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"


def offer_lots(form: SaleForm, event_id: int) -> list[queries.LotView]:
    """Offer the lots of an event that have packs left, in a form of sales; of the one that was sent the operation says so."""
    sent = form.lot.data if form.is_submitted() else None
    lots = queries.lots_of(session(), event_id)
    left = [lot for lot in lots if lot.sold_quantity < lot.quantity or lot.id == sent]
    form.lot.offer(
        (
            lot.id,
            _(
                "%(number)s %(name)s · %(price)s 元 · 剩 %(left)s 份",
                number=lot.number,
                name=lot.name,
                price=yuan(lot.price_minor),
                left=lot.quantity - lot.sold_quantity,
            ),
        )
        for lot in left
    )
    return left


def offer_methods(form: SaleForm, event: SaleEvent) -> None:
    """Offer the ways of payment that an event takes."""
    form.method.offer((method, _(METHOD_NAMES[method])) for method in queries.methods_of(session(), event))


def amount_of(form: SaleForm, lots: list[queries.LotView]) -> int:
    """What was typed; for a lot at a fixed price, nothing typed means price × packs. Raises Refused for an auction."""
    if form.amount.data is not None:
        return form.amount.data
    lot = next((each for each in lots if each.id == form.lot.data), None)
    if lot is None or lot.mode == "auction":
        raise Refused(N_("义拍请填写成交金额"), field="amount")
    return lot.price_minor * (form.quantity.data or 0)


@blueprint.route("/<int:event_id>/record", methods=["GET", "POST"])
@requires(Permission.SALE_RUN, personal=True)
def record(event_id: int) -> Response:
    """Record one sale and stay here for the next."""
    event = readable_event(event_id)
    if (event.status != "open" or event.held_on > clock.today()) and request.method == "GET":
        return redirect(url_for("sales.show", event_id=event_id), code=303)  # type: ignore[return-value]
    form, lots = _form(event)
    if _records(form, lots):
        return done(url_for("desk.record", event_id=event_id), _("成交已登记"))
    event = readable_event(event_id)
    answer = page(
        "sales/record.html",
        fragment="recent_sales",
        form=form,
        event=event,
        lots=lots,
        offered=_offered(lots),
        recent=queries.sales_of(session(), event_id, limit=RECENT),
        method_names=method_names(),
        nav_current="sales",
    )
    answer.headers["Permissions-Policy"] = CAMERA
    return answer


@blueprint.post("/<int:event_id>/record/send")
@requires(Permission.SALE_RUN)
def send(event_id: int) -> Response:
    """One sale from the desk's script: what was recorded and what is left, or why it was refused. Sent again, it is one sale."""
    event = readable_event(event_id)
    form, lots = _form(event)
    if _records(form, lots):
        return jsonify(left=_left(event_id))
    sentences = [str(each) for errors in form.errors.values() for each in errors]
    answer = jsonify(refused="".join(sentences) or _("没有登记"), left=_left(event_id))
    answer.status_code = form.refused_status
    return answer


def _form(event: SaleEvent) -> tuple[SaleForm, list[queries.LotView]]:
    form = SaleForm(method="cash", lot=asked_number("lot"))
    offer_methods(form, event)
    return form, offer_lots(form, event.id)


def _records(form: SaleForm, lots: list[queries.LotView]) -> bool:
    """Whether the sale that was sent is recorded now. Sent again it was so before, and its lot may be sold out since."""
    if form.is_submitted() and queries.sale_of_key(session(), form.once.data) is not None:
        return True
    return form.validate_on_submit() and attempt(form, lambda writing: _record(writing, form, lots))


def _record(writing: Session, form: SaleForm, lots: list[queries.LotView]) -> None:
    operations.record_sale(
        writing,
        actor(),
        form.lot.data,
        quantity=form.quantity.data or 0,
        amount_minor=amount_of(form, lots),
        method=form.method.data,
        buyer=form.buyer.data or "",
        key=form.once.data,
    )


def _offered(lots: list[queries.LotView]) -> list[dict[str, Any]]:
    """The lots as the desk's script looks them up, also while the network is gone."""
    photos = photos_of(session(), [lot.goods_line_id for lot in lots])
    return [
        {
            "id": lot.id,
            "number": lot.number,
            "name": lot.name,
            "price": lot.price_minor,
            "fixed": lot.mode == "fixed_price",
            "left": lot.quantity - lot.sold_quantity,
            "photo": photos[lot.goods_line_id].id if lot.goods_line_id in photos else None,
        }
        for lot in lots
    ]


def _left(event_id: int) -> dict[int, int]:
    return {lot.id: lot.quantity - lot.sold_quantity for lot in queries.lots_of(session(), event_id)}
