"""Announcing a sale event, arranging its lots, printing their labels."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _

from app.ledger import queries as ledger
from app.sales import queries
from app.sales.campaign import operations
from app.sales.campaign.forms import AnnounceForm, ArrangeForm
from app.sales.campaign.queries import needed
from app.sales.campaign.rules import is_filed_late
from app.sales.routes import readable_event
from app.shared import clock
from app.shared.permissions import Permission
from app.web.access import actor, requires
from app.web.database import session
from app.web.pages import attempt, done, page, printed_address

blueprint = Blueprint("campaign", __name__, url_prefix="/office/sales")


@blueprint.route("/<int:event_id>/announce", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def announce(event_id: int) -> Response:
    """What is still missing, where the money goes; then the event is everyone's to see."""
    event = readable_event(event_id)
    if (event.status != "open" or event.opened_at is not None) and request.method == "GET":
        return redirect(url_for("sales.show", event_id=event_id), code=303)  # type: ignore[return-value]
    form = AnnounceForm()
    accounts = ledger.collecting_accounts(session(), event.fund_id)
    form.accounts.offer((each.id, each.name) for each in accounts)
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.announce_event(writing, actor(), event_id, form.chosen(accounts)),
    ):
        return done(url_for("sales.show", event_id=event_id), _("已向公众开放，目录可以看到了"))
    return page(
        "sales/announce.html",
        form=form,
        event=readable_event(event_id),
        kinds={each.kind for each in accounts},
        needed=needed(session(), event),
        is_late=is_filed_late(event.held_on, clock.today()),
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/arrange", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def arrange(event_id: int) -> Response:
    """Type the place of each lot; equal places stand by number."""
    event = readable_event(event_id)
    lots = queries.lots_of(session(), event_id)
    form = ArrangeForm(places=list(range(1, len(lots) + 1)))
    if form.validate_on_submit():
        typed = {lot.id: field.data for lot, field in zip(lots, form.places, strict=False) if field.data}
        if attempt(form, lambda writing: operations.arrange_lots(writing, actor(), event_id, typed)):
            return done(url_for("sales.show", event_id=event_id) + "#lots", _("拍品已重新排列"))
        event, lots = readable_event(event_id), queries.lots_of(session(), event_id)
    return page("sales/arrange.html", form=form, event=event, lots=lots, nav_current="sales")


@blueprint.get("/<int:event_id>/labels")
@requires(Permission.SALE_RUN)
def labels(event_id: int) -> Response:
    """A sheet of labels to print and cut: number, name, price, and a code that opens the lot."""
    event = readable_event(event_id)
    return page(
        "sales/labels.html",
        event=event,
        labels=[
            (lot, printed_address(url_for("public_sales.lot", slug=event.slug, number=lot.number)))
            for lot in queries.lots_of(session(), event_id)
        ],
        nav_current="sales",
    )
