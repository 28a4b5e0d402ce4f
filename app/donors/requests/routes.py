"""Asking by the code of a gift, without an account, and what becomes of it: /trace/<code>/ask, /trace/<code>/asked/<number>."""

from __future__ import annotations

import time

from flask import Blueprint, Response, current_app, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.documents.pdf import NotPrinted
from app.donations.models import Donation
from app.donors.requests import operations, queries, rules, states
from app.donors.requests.exporting import bundle_file
from app.donors.requests.forms import AskForm
from app.donors.requests.layouts import words_of_requests
from app.donors.requests.models import DonorRequest
from app.funds import queries as funds
from app.people.operations import count_tries
from app.people.rules import TooManyAttempts
from app.shared.codes import receipt_code_in
from app.shared.errors import N_, NotFound
from app.web.access import public, public_write
from app.web.database import session, transaction
from app.web.i18n import locale
from app.web.pages import attempt, done, page, private

blueprint = Blueprint("asking", __name__, url_prefix="/trace/<code>")

UNKNOWN = N_("没有找到这个追踪码，请核对收据上的字母和数字")
BLANK = N_("这份表单像是程序自动填写的，还没有提交。如果您是本人填写，请再点一次“提交”。")
TOO_MANY = N_("这里提交的请求太多了，请 %(minutes)s 分钟后再试")
BUNDLE_LATER = N_("资料暂时做不出来，请稍后再试")


@blueprint.route("/ask", methods=["GET", "POST"])
@public_write
def ask(code: str) -> Response:
    """Ask about a gift: is this right, records, correct or delete my data."""
    refusal = _slow_down()
    if refusal is not None:
        return refusal
    gift = _gift(code)
    wanted = request.args.get("kind", "question")
    form = AskForm(kind=wanted if wanted in states.KINDS else "question")
    status = None
    if form.validate_on_submit():
        if form.homepage.data:
            form.homepage.data, form.homepage.raw_data = "", None
            form.form_errors.append(_(BLANK))
        else:
            try:
                number = _take(form, gift)
            except TooManyAttempts as error:
                form.show_refusal(error)
                status, number = error.status, None
            if number is not None:
                return private(done(url_for("asking.show", code=code, number=number)))
        gift = _gift(code)
    return private(
        page(
            "requests/ask.html",
            form=form,
            status=status,
            code=gift.receipt_code,
            gift=gift,
            fund=funds.fund(session(), gift.fund_id),
            site=funds.site(session(), gift.fund_id),
            working_days=rules.WORKING_DAYS,
            nav_current="",
        )
    )


def _take(form: AskForm, gift: Donation) -> str | None:
    """Count the try, then take the request. Its number, or None when the form was refused."""
    gift_id, fund_id, code = gift.id, gift.fund_id, gift.receipt_code
    with transaction() as writing:
        count_tries(writing, rules.try_limits(request.remote_addr or "", code), TOO_MANY)
    taken: list[str] = []

    def write(writing: Session) -> None:
        found = operations.ask(
            writing,
            kind=form.kind.data,
            donation_id=gift_id,
            party_id=None,
            fund_id=fund_id,
            words=form.words.data or "",
            contact=form.contact.data or "",
            idempotency_key=form.once.data,
            locale=locale(),
        )
        taken.append(found.number)

    return taken[0] if attempt(form, write, books=False) else None


@blueprint.get("/asked/<number>")
@public(cached=False)
def show(code: str, number: str) -> Response:
    """A request as its donor reads it: the reference, the last day, the answer and the bundle."""
    refusal = _slow_down()
    if refusal is not None:
        return refusal
    gift = _gift(code)
    return private(
        page(
            "requests/asked.html",
            found=queries.view(_request(gift, number)),
            code=gift.receipt_code,
            site=funds.site(session(), gift.fund_id),
            nav_current="",
            **words_of_requests(),
        )
    )


@blueprint.get("/asked/<number>/bundle.zip")
@public(cached=False)
def bundle(code: str, number: str) -> Response:
    """The bundle of an answer, for ninety days."""
    refusal = _slow_down()
    return refusal if refusal is not None else bundle_answer(_request(_gift(code), number))


def bundle_answer(found: DonorRequest) -> Response:
    """The bundle of a request as a download that nothing keeps; 404 when there is none any more, 503 when it cannot be made."""
    if queries.bundle_until(found) is None:
        raise NotFound(N_("没有可以下载的资料，或者已经过了 90 天"))
    try:
        path = bundle_file(session(), found)
    except NotPrinted as error:
        current_app.logger.error("bundle %s could not be made: %s", found.number, error)
        return private(Response(_(BUNDLE_LATER), status=503, mimetype="text/plain"))
    name = f"{found.number}.zip"
    return private(
        send_file(path, mimetype="application/zip", as_attachment=True, download_name=name, max_age=0)
    )


def _slow_down() -> Response | None:
    """Codes are tried here no faster than on the page of a gift: both count together."""
    allowance = current_app.extensions["sunledger_traces"]
    if not allowance.is_spent(request.remote_addr or "", time.monotonic()):
        return None
    return private(Response(_("查得太频繁了，请过一分钟再试"), status=429, mimetype="text/plain"))


def _gift(code: str) -> Donation:
    known = receipt_code_in(code)
    gift = queries.gift_with_code(session(), known) if known is not None else None
    if gift is None:
        raise NotFound(UNKNOWN)
    return gift


def _request(gift: Donation, number: str) -> DonorRequest:
    found = queries.request_numbered(session(), number)
    if found.donation_id != gift.id:
        raise NotFound(N_("没有这条请求"))
    return found
