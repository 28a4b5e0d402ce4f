"""The payee's account of a request: who recorded which when, and a new one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _

from app.disbursements import queries
from app.disbursements.dossier.routes import readable
from app.disbursements.payees import operations
from app.disbursements.payees.forms import AccountForm
from app.disbursements.payees.queries import accounts_of
from app.parties.queries import party
from app.shared.permissions import Permission
from app.web.access import actor, requires
from app.web.database import session
from app.web.pages import attempt, done, page

blueprint = Blueprint("payees", __name__, url_prefix="/office/disbursements")


@blueprint.get("/<int:disbursement_id>/payee-account")
@requires(Permission.DISBURSEMENT_READ, personal=True)
def account(disbursement_id: int) -> Response:
    """Every account that the payee had, the current one first; only those who pay read the whole number."""
    return _page(disbursement_id, "account")


@blueprint.route("/<int:disbursement_id>/payee-account/change", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def change_account(disbursement_id: int) -> Response:
    """Record the payee's account, or another one."""
    readable(disbursement_id)
    form = AccountForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.record_account(
            writing, actor(), disbursement_id, form.number.data or "", form.bank.data or ""
        ),
        books=False,
    ):
        return done(url_for("payees.account", disbursement_id=disbursement_id), _("收款账户已登记"))
    return _page(disbursement_id, "change_account", form=form)


def _page(disbursement_id: int, name: str, **context: Any) -> Response:
    found = readable(disbursement_id)
    who = actor()
    return page(
        f"disbursements/{name}.html",
        found=found,
        number=found.number or _("草稿"),
        project=queries.project_name(session(), found),
        payee=party(session(), found.payee_id),
        accounts=accounts_of(session(), who, found.fund_id, found.payee_id),
        may_change=who.may(Permission.DISBURSEMENT_REQUEST, found.fund_id),
        sees_all=who.may(Permission.DISBURSEMENT_PAY, found.fund_id),
        nav_current="disbursements",
        **context,
    )
