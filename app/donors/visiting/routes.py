"""/mine: all gifts of one donor, without an account. Nothing here is kept by a cache or listed by a search engine."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask import session as cookie
from flask_babel import gettext as _

from app.donors.requests.layouts import words_of_requests
from app.donors.requests.queries import requests_of
from app.donors.visiting import operations, queries, rules
from app.donors.visiting.forms import CodeForm, MailForm
from app.donors.visiting.queries import Visitor
from app.funds import queries as funds
from app.ledger import queries as ledger
from app.parties.rules import email_in
from app.people.operations import count_tries
from app.people.rules import TooManyAttempts
from app.settings import Settings
from app.shared.codes import LONGEST_CODE, receipt_code_in
from app.shared.errors import N_
from app.web.access import public_write
from app.web.database import session, transaction
from app.web.forms import ConfirmForm
from app.web.i18n import locale
from app.web.pages import asked_number, done, page, private

blueprint = Blueprint("visiting", __name__, url_prefix="/mine")

_COOKIE = "donor"
ROWS = 20
WRONG_CODE = N_("没有找到这张收据：请核对追踪码和金额")
OVER = N_("这个链接用过了、过期了，或者不完整。请重新请求一个。")
TOO_MANY = N_("试了太多次，请 %(minutes)s 分钟后再试")


@blueprint.get("/")
@public_write
def enter() -> Response:
    """Where a donor comes in."""
    if visitor() is not None:
        return done(url_for("visiting.gifts"))
    code = request.args.get("code", "")[:LONGEST_CODE]
    return _entrance(CodeForm(formdata=None, code=code), MailForm(formdata=None))


@blueprint.post("/code")
@public_write
def by_code() -> Response:
    """Come in by a receipt. What is wrong with it is never said: neither the code nor the amount."""
    form = CodeForm()
    status = None
    if form.validate():
        code = receipt_code_in(form.code.data or "")
        try:
            with transaction() as writing:
                count_tries(writing, rules.code_limits(_address(), code or ""), TOO_MANY)
            with transaction() as writing:
                secret = operations.enter_by_code(writing, code or "", form.amount.data or 0)
            if secret is not None:
                return _come_in(secret)
            form.form_errors.append(_(WRONG_CODE))
        except TooManyAttempts as error:
            form.show_refusal(error)
            status = error.status
    return _entrance(form, MailForm(formdata=None), status)


@blueprint.post("/mail")
@public_write
def by_mail() -> Response:
    """Ask for a link. The answer is the same whether the address is known or not."""
    form = MailForm()
    status = None
    if _has_mail() and form.validate():
        typed = (form.email.data or "").strip()
        if email_in(typed) != typed.lower():
            form.add_error("email", _("这不是有效的电子邮箱地址"))
        else:
            try:
                with transaction() as writing:
                    count_tries(writing, rules.mail_limits(_address(), typed.lower()), TOO_MANY)
                with transaction() as writing:
                    operations.ask_for_link(writing, typed, locale())
                return private(page("visiting/sent.html", nav_current=""))
            except TooManyAttempts as error:
                form.show_refusal(error)
                status = error.status
    return _entrance(CodeForm(formdata=None), form, status)


@blueprint.route("/link/<secret>", methods=["GET", "POST"])
@public_write
def by_link(secret: str) -> Response:
    """The link of a mail: opening it (which programs do, too) uses nothing up; the button does."""
    if request.method == "POST" and ConfirmForm().validate():
        with transaction() as writing:
            entered = operations.enter_by_link(writing, secret)
        if entered is not None:
            return _come_in(entered)
    is_open = queries.open_link(session(), secret) is not None
    return private(
        page(
            "visiting/link.html",
            status=200 if is_open else 404,
            form=ConfirmForm(formdata=None),
            is_open=is_open,
            over=_(OVER),
            nav_current="",
        )
    )


@blueprint.post("/leave")
@public_write
def leave() -> Response:
    """End the visit on this browser."""
    with transaction() as writing:
        operations.leave(writing, cookie.get(_COOKIE, ""))
    cookie.pop(_COOKIE, None)
    return done(url_for("visiting.enter"), _("已退出"))


@blueprint.get("/gifts")
@public_write
def gifts() -> Response:
    """Every gift of the donor, the latest first."""
    found = visitor()
    if found is None:
        return come_in_first()
    before = asked_number("before")
    rows = queries.gifts_of(session(), found.party_ids, before=before, limit=ROWS + 1)
    names = {each.id: each.name for each in funds.funds(session())}
    asked = requests_of(session(), found.party_ids)
    return private_page(
        "visiting/gifts.html",
        found,
        rows=rows[:ROWS],
        older=rows[ROWS - 1].id if len(rows) > ROWS else None,
        is_first=before is None,
        given=queries.given_by(session(), found.party_ids),
        parties=queries.parties_of(session(), found.party_ids),
        fund_names=names,
        asked=asked,
        codes=queries.codes_of_requests(session(), [each.number for each in asked]),
        **words_of_requests(),
        purposes={each.earmark_id: ledger.earmark(session(), each.earmark_id).name for each in rows},
    )


def visitor() -> Visitor | None:
    """The donor in this browser, while the visit lasts."""
    secret = cookie.get(_COOKIE)
    return queries.visitor(session(), secret) if isinstance(secret, str) else None


def come_in_first() -> Response:
    """To the entrance: the visit is over, or never began."""
    return done(url_for("visiting.enter"), _("请先用收据或邮箱进入。30 分钟后要重新进入。"))


def private_page(template: str, found: Visitor, **context: Any) -> Response:
    """A page for one donor alone."""
    leave_form = ConfirmForm(formdata=None)
    return private(page(template, visitor=found, leave_form=leave_form, nav_current="", **context))


def _entrance(code_form: CodeForm, mail_form: MailForm, status: int | None = None) -> Response:
    refused = mail_form if mail_form.is_refused else code_form
    if status is None:
        status = refused.refused_status if refused.is_refused else 200
    return private(
        page(
            "visiting/enter.html",
            status=status,
            code_form=code_form,
            mail_form=mail_form,
            refused=refused,
            has_mail=_has_mail(),
            nav_current="",
        )
    )


def _come_in(secret: str) -> Response:
    cookie[_COOKIE] = secret
    cookie.permanent = False
    return private(done(url_for("visiting.gifts")))


def _has_mail() -> bool:
    settings: Settings = current_app.extensions["sunledger_settings"]
    return settings.smtp_url is not None and settings.public_url is not None


def _address() -> str:
    return request.remote_addr or ""
