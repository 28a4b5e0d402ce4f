"""Recording a gift's official receipt, from its page in the office."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _

from app.donations.fiscal import operations, queries
from app.donations.fiscal.forms import FiscalForm
from app.donations.fiscal.states import STATUSES
from app.donations.routes import gift_of_fund
from app.parties import queries as parties
from app.people.queries import names_of
from app.shared.permissions import Permission
from app.web.access import actor, requires
from app.web.database import session
from app.web.pages import attempt, done, page

blueprint = Blueprint("fiscal", __name__, url_prefix="/office/donations/<int:donation_id>")


@blueprint.route("/fiscal-receipt", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def change(donation_id: int) -> Response:
    """What is known of the official receipt, what was recorded before, and a form for what is so from now on."""
    gift = gift_of_fund(donation_id)
    form = FiscalForm(obj=queries.fiscal_of(session(), gift))
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.record_fiscal(
            writing, actor(), donation_id, form.draft, seen_version=form.version.data
        ),
    ):
        return done(url_for("donations.show", donation_id=donation_id), _("票据记录已保存"))
    gift = gift_of_fund(donation_id)
    records = queries.records_of(session(), gift.id)
    return page(
        "donations/fiscal.html",
        form=form,
        gift=gift,
        donor=parties.party(session(), gift.party_id),
        records=records,
        names=names_of(session(), [each.recorded_by_id for each in records]),
        statuses={status: _(name) for status, name in STATUSES.items()},
        nav_current="donations",
    )
