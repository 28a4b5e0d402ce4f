"""One gift followed: /trace asks for the code on a receipt, /trace/<code> shows what became of it."""

from __future__ import annotations

import time

from flask import Blueprint, Response, current_app, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _

from app.donations.fiscal.queries import fiscal_of_code
from app.donors.requests.layouts import words_of_requests
from app.donors.requests.queries import requests_about_code
from app.funds import queries as funds
from app.public.routes import known_names
from app.public.tracing.layouts import story_of
from app.public.verification.rules import Allowance
from app.shared.codes import LONGEST_CODE, receipt_code_in
from app.shared.errors import N_, NotFound
from app.statements.tracing.queries import trace_of
from app.web.access import public
from app.web.database import session
from app.web.pages import page, private

blueprint = Blueprint("tracing", __name__)


@blueprint.record_once
def _allow(state: BlueprintSetupState) -> None:
    state.app.extensions["sunledger_traces"] = Allowance()


@blueprint.get("/trace")
@public(cached=False)
def ask() -> Response:
    """Ask for the code on a receipt; a code in the address leads to its gift."""
    typed = request.args.get("code", "").strip()[:LONGEST_CODE]
    code = receipt_code_in(typed)
    if code is not None:
        return redirect(url_for("tracing.show", code=code), code=303)  # type: ignore[return-value]
    error = _("追踪码是六组四个字母或数字，例如 ABCD-2345-EFGH-6789-JKLM-2345") if typed else ""
    return private(
        page("public/trace_ask.html", status=422 if error else 200, typed=typed, error=error, nav_current="")
    )


@blueprint.get("/trace/<code>")
@public(cached=False)
def show(code: str) -> Response:
    """What became of one gift. A code that leads nowhere looks like one that never was."""
    allowance: Allowance = current_app.extensions["sunledger_traces"]
    if allowance.is_spent(request.remote_addr or "", time.monotonic()):
        return private(Response(_("查得太频繁了，请过一分钟再试"), status=429, mimetype="text/plain"))
    known = receipt_code_in(code)
    if known is None:
        raise NotFound(N_("没有找到这个追踪码，请核对收据上的字母和数字"))
    found, names = trace_of(session(), known), known_names()
    purpose = names.earmarks[found.earmark_id]
    return private(
        page(
            "public/trace.html",
            found=found,
            code=known,
            purpose=purpose,
            earmarks=names.earmarks,
            fund=names.funds[found.fund_id],
            site=funds.site(session(), found.fund_id),
            story_items=story_of(found),
            fiscal=fiscal_of_code(session(), known),
            asked=requests_about_code(session(), known),
            **words_of_requests(),
            nav_current="",
        )
    )
