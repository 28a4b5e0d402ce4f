"""The supervisor stops the payment of a request, and lets it go on."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council.notice.queries import is_held
from app.disbursements import operations, queries
from app.disbursements.dossier.routes import dossier_page, readable
from app.disbursements.forms import ReasonForm
from app.disbursements.models import Disbursement
from app.disbursements.states import PROMISED
from app.shared.permissions import Actor, Permission
from app.web.access import actor, requires
from app.web.database import session
from app.web.pages import attempt, done

blueprint = Blueprint("holding", __name__, url_prefix="/office/disbursements")


@blueprint.route("/<int:disbursement_id>/hold", methods=["GET", "POST"])
@requires(Permission.COUNCIL_SUPERVISE)
def hold(disbursement_id: int) -> Response:
    """Ask for the reason, then stop the payment."""
    return _act(disbursement_id, "hold", operations.hold_disbursement, _("付款已暂停"), placing=True)


@blueprint.route("/<int:disbursement_id>/lift", methods=["GET", "POST"])
@requires(Permission.COUNCIL_SUPERVISE)
def lift(disbursement_id: int) -> Response:
    """Ask for the reason, then let the payment go on."""
    return _act(disbursement_id, "lift", operations.lift_hold, _("付款已恢复"), placing=False)


def _act(
    disbursement_id: int,
    act: str,
    operation: Callable[[Session, Actor, int, str], Disbursement],
    said: str,
    *,
    placing: bool,
) -> Response:
    found = readable(disbursement_id)
    address = url_for("dossier.show", disbursement_id=disbursement_id)
    if request.method == "GET":
        held = is_held(session(), queries.SUBJECT, found.id)
        if held == placing or (placing and found.status not in PROMISED):
            return done(address, _("付款已经暂停") if held else _("现在没有可以暂停或恢复的付款"))
    form = ReasonForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operation(writing, actor(), disbursement_id, form.reason.data or "")
    ):
        return done(address, said)
    return dossier_page(readable(disbursement_id), f"disbursements/{act}.html", form=form)
