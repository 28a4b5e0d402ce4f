"""Counting the night's money, payments that come later, and undoing the booking of a lot."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.ledger import queries as ledger
from app.people import queries as people
from app.sales import queries
from app.sales.closing import operations
from app.sales.desk.routes import amount_of, offer_lots, offer_methods
from app.sales.forms import CloseForm, LateSaleForm, VoidForm
from app.sales.models import METHODS, SaleEvent
from app.sales.routes import method_names, readable_event
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import asked_number, attempt, done, page

blueprint = Blueprint("closing", __name__, url_prefix="/office/sales")


@office.waits_for_you(order=31)
def counts_to_confirm(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Events that somebody else counted."""
    if not who.may(Permission.SALE_COUNT, fund.id):
        return []
    return [
        office.WorkItem(
            title=event.name,
            url=url_for("closing.close", event_id=event.id),
            detail=_("已有一人清点，等另一位核对"),
            due=event.held_on,
            tag=("wait", _("待核对")),
            action=_("去核对"),
        )
        for event in queries.events(reading, fund.id)
        if event.status == "open" and event.counted_at is not None and event.counted_by_id != who.user_id
    ]


@blueprint.route("/<int:event_id>/close", methods=["GET", "POST"])
@requires(Permission.SALE_COUNT)
def close(event_id: int) -> Response:
    """Write down what was counted beside what was recorded, or what another one counted. A difference is explained first."""
    event = readable_event(event_id)
    if event.status != "open" and request.method == "GET":
        return redirect(url_for("sales.show", event_id=event_id), code=303)  # type: ignore[return-value]
    if event.counted_at is not None and request.method == "GET" and "again" not in request.args:
        return _counted(event, ConfirmForm())
    form = CloseForm()
    if form.validate_on_submit():
        counts = [
            operations.Count(method, form[f"counted_{method}"].data, form[f"explanation_{method}"].data or "")
            for method in METHODS
            if form[f"counted_{method}"].data is not None
        ]
        if attempt(form, lambda writing: operations.count_event(writing, actor(), event_id, counts)):
            return done(url_for("closing.close", event_id=event_id), _("清点已记下，请另一位登录核对后结束"))
    event = readable_event(event_id)
    recorded = queries.recorded_by_method(session(), event)
    for method in recorded:
        form[f"counted_{method}"].flags.optional = False
    return page(
        "sales/close.html",
        form=form,
        event=event,
        totals=queries.totals_of(session(), event),
        recorded=recorded,
        method_names=method_names(),
        lots=queries.lots_of(session(), event_id),
        nav_current="sales",
    )


@blueprint.post("/<int:event_id>/close/confirm")
@requires(Permission.SALE_COUNT)
def confirm(event_id: int) -> Response:
    """The second of two people agrees: the event is closed and booked."""
    readable_event(event_id)
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.confirm_count(writing, actor(), event_id)
    ):
        return done(url_for("sales.show", event_id=event_id), _("义卖已结束并入账"))
    return _counted(readable_event(event_id), form)


def _counted(event: SaleEvent, form: ConfirmForm) -> Response:
    return page(
        "sales/counted.html",
        form=form,
        event=event,
        counts=queries.counts_of(session(), event.id),
        changed=not queries.count_stands(session(), event),
        counter=people.names_of(session(), [event.counted_by_id]).get(event.counted_by_id or 0, ""),
        is_mine=event.counted_by_id == actor().user_id,
        method_names=method_names(),
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/late", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def late(event_id: int) -> Response:
    """Record a payment that arrived after the closing."""
    event = readable_event(event_id)
    if event.status == "open" and request.method == "GET":
        return redirect(url_for("desk.record", event_id=event_id), code=303)  # type: ignore[return-value]
    form = LateSaleForm(method="wechat", received_on=clock.today(), lot=asked_number("lot"))
    offer_methods(form, event)
    lots = offer_lots(form, event_id)
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.record_late_sale(
            writing,
            actor(),
            form.lot.data,
            quantity=form.quantity.data or 0,
            amount_minor=amount_of(form, lots),
            method=form.method.data,
            received_on=form.received_on.data or clock.today(),
            buyer=form.buyer.data or "",
            key=form.once.data,
        ),
    ):
        return done(url_for("sales.show", event_id=event_id), _("这笔收款已单独入账"))
    return page(
        "sales/late.html",
        form=form,
        event=readable_event(event_id),
        lots=lots,
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/entries/<int:number>/reverse", methods=["GET", "POST"])
@requires(Permission.BOOKS_CORRECT)
def reverse(event_id: int, number: int) -> Response:
    """Ask for the reason, then undo the booking of a lot: the goods go back into stock."""
    event = readable_event(event_id)
    booked = queries.lot_of_entry(session(), number)
    if booked is None or booked[1].event_id != event_id:
        raise NotFound(N_("没有这笔成交"))
    form = VoidForm()
    if form.validate_on_submit():
        if attempt(
            form,
            lambda writing: operations.reverse_lot_entry(writing, actor(), number, form.reason.data or ""),
        ):
            return done(
                url_for("sales.show", event_id=event_id), _("第 %(number)s 号分录已冲销", number=number)
            )
        event, booked = readable_event(event_id), queries.lot_of_entry(session(), number)
        assert booked is not None
    result, lot = booked
    return page(
        "sales/reverse.html",
        form=form,
        event=event,
        lot=lot,
        result=result,
        is_reversed=bool(ledger.reversed_among(session(), [number])),
        nav_current="sales",
    )
