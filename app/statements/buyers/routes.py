"""Confirmations for buyers, from a closed event's page in the office."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from app.sales.models import SaleEvent
from app.sales.queries import event as event_by_id
from app.sales.rules import METHOD_NAMES
from app.shared.errors import N_, NotFound
from app.shared.permissions import Permission
from app.statements.buyers import queries
from app.statements.buyers.pdf import buyers_file
from app.web.access import office_fund, requires
from app.web.database import session
from app.web.i18n import locale
from app.web.pages import asked_number, handed_over, page

blueprint = Blueprint("buyers", __name__, url_prefix="/office/sales/<int:event_id>/buyers")

ROWS = 50


def _event(event_id: int) -> SaleEvent:
    event = event_by_id(session(), event_id)
    if event.fund_id != office_fund().id:
        raise NotFound(N_("没有这场义卖"))
    return event


@blueprint.get("/")
@requires(Permission.PERSONAL_READ)
def listing(event_id: int) -> Response:
    """The paid sales of a closed event that have a buyer; refused while the host does not allow confirmations."""
    event = _event(event_id)
    queries.sold_at(session(), event)
    after = asked_number("after") or 0
    rows = queries.purchases(session(), event.id, after=after, limit=ROWS + 1)
    here = url_for("buyers.listing", event_id=event.id)
    return page(
        "buyers/listing.html",
        fragment="buyer_list",
        event=event,
        rows=rows[:ROWS],
        next_url=f"{here}?after={rows[ROWS - 1].sale_id}" if len(rows) > ROWS else None,
        first_url=here if after else None,
        methods={key: _(name) for key, name in METHOD_NAMES.items()},
        nav_current="sales",
    )


@blueprint.get("/confirmations.pdf")
@requires(Permission.PERSONAL_READ)
def confirmations(event_id: int) -> Response:
    """The confirmations of one sale (``sale``), or of all of the event."""
    event = _event(event_id)
    only = asked_number("sale")
    path = buyers_file(event, [only] if "sale" in request.args and only is not None else None, locale())
    return handed_over(path, "application/pdf", f"{event.slug}-payments.pdf")
