"""Donors' requests in the office: those due first, one request, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.documents.pdf import NotPrinted
from app.donations import queries as donations
from app.donations.models import Donation
from app.donors.requests import operations, queries
from app.donors.requests.exporting import bundle_file
from app.donors.requests.forms import AnswerForm, ReasonForm, RecordForm
from app.donors.requests.layouts import words_of_requests
from app.donors.requests.models import DonorRequest
from app.donors.requests.routes import bundle_answer
from app.donors.requests.states import KINDS
from app.parties import queries as parties
from app.people.queries import names_of
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.forms import Form
from app.web.pages import asked_number, attempt, done, page, private

blueprint = Blueprint("donor_requests", __name__, url_prefix="/office/requests")
office.navigation_entry(
    "donor_requests", N_("捐赠人的请求"), "donor_requests.listing", Permission.PERSONAL_READ, order=22
)
ROWS = 30


@office.waits_for_you(order=14)
def requests_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Requests to answer, those due first."""
    if not who.may(Permission.GIFT_RECORD, fund.id):
        return []
    today = clock.today()
    return [
        office.WorkItem(
            title=_("捐赠人的请求：%(kind)s", kind=_(KINDS[each.kind])),
            url=url_for("donor_requests.show", number=each.number),
            detail=_("%(number)s · 答复期限 %(day)s", number=each.number, day=each.due_on.isoformat()),
            due=each.due_on,
            tag=("stop", _("答复逾期")) if each.due_on < today else ("wait", _("待答复")),
            action=_("去答复"),
        )
        for each in queries.open_requests(reading, fund.id, limit=20)
    ]


@blueprint.get("/")
@requires(Permission.PERSONAL_READ)
def listing() -> Response:
    """Open requests by their last day; all of them, the latest first."""
    fund = office_fund()
    current = "" if request.args.get("status") == "all" else "open"
    before = asked_number("before", 2**62) if not current else None
    rows = (
        queries.open_requests(session(), fund.id)
        if current
        else queries.requests_in(session(), fund.id, before=before, limit=ROWS + 1)
    )
    more = not current and len(rows) > ROWS
    rows = rows if current else rows[:ROWS]
    return private(
        page(
            "requests/listing.html",
            rows=rows,
            today=clock.today(),
            tab_items=[
                (
                    "open",
                    _("待答复"),
                    url_for("donor_requests.listing"),
                    queries.open_count(session(), fund.id),
                ),
                ("", _("全部"), url_for("donor_requests.listing", status="all")),
            ],
            current=current,
            next_url=url_for("donor_requests.listing", status="all", before=rows[-1].id) if more else None,
            first_url=url_for("donor_requests.listing", status="all") if before else None,
            nav_current="donor_requests",
            **words_of_requests(),
        )
    )


@blueprint.route("/record/<int:donation_id>", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def record(donation_id: int) -> Response:
    """Note what a donor asked in person or by telephone about a gift."""
    gift = donations.donation(session(), donation_id)
    if gift.fund_id != office_fund().id:
        raise NotFound(N_("没有这笔捐赠"))
    fund_id, form, taken = gift.fund_id, RecordForm(), list[str]()

    def write(writing: Session) -> None:
        found = operations.record_request(
            writing,
            actor(),
            kind=form.kind.data,
            donation_id=donation_id,
            fund_id=fund_id,
            words=form.words.data or "",
            contact=form.contact.data or "",
            came=form.came.data,
            idempotency_key=form.once.data,
        )
        taken.append(found.number)

    if form.validate_on_submit() and attempt(form, write, books=False):
        return done(url_for("donor_requests.show", number=taken[0]), _("已登记 %(number)s", number=taken[0]))
    gift = donations.donation(session(), donation_id)
    return private(
        page(
            "requests/record.html",
            form=form,
            gift=gift,
            donor=parties.party(session(), gift.party_id),
            nav_current="donor_requests",
        )
    )


@blueprint.get("/<number>")
@requires(Permission.PERSONAL_READ)
def show(number: str) -> Response:
    """One request: what is asked, about which gift, by when; what can be done."""
    return private(page("requests/show.html", **_context(_readable(number))))


@blueprint.get("/<number>/bundle.zip")
@requires(Permission.PERSONAL_READ)
def bundle(number: str) -> Response:
    """The bundle as the donor takes it."""
    return bundle_answer(_readable(number))


@blueprint.route("/<number>/answer", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def answer(number: str) -> Response:
    """Answer in words, with the papers that are ticked."""
    form = AnswerForm()

    def write(writing: Session) -> None:
        operations.answer(writing, actor(), number, form.answer.data or "", form.parts())

    return _close(number, form, "requests/answer.html", write, _("已答复"))


@blueprint.route("/<number>/refuse", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def refuse(number: str) -> Response:
    """Say why the request cannot be met."""
    form = ReasonForm()

    def write(writing: Session) -> None:
        operations.refuse(writing, actor(), number, form.answer.data or "")

    return _close(number, form, "requests/refuse.html", write, _("已说明理由"))


@blueprint.route("/<number>/withdraw", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def withdraw(number: str) -> Response:
    """Note that the donor took the request back."""
    form = ReasonForm()

    def write(writing: Session) -> None:
        operations.withdraw(writing, actor(), number, form.answer.data or "")

    return _close(number, form, "requests/withdraw.html", write, _("已记下撤回"))


def _close(number: str, form: Form, template: str, write: Callable[[Session], object], said: str) -> Response:
    found, address = _readable(number), url_for("donor_requests.show", number=number)
    if request.method == "GET" and found.status != "open":
        return done(address, _("这条请求已经处理过了"))
    if form.validate_on_submit() and attempt(form, write, books=False):
        _make_bundle(number)
        return done(address, said)
    return private(page(template, form=form, **_context(_readable(number))))


def _make_bundle(number: str) -> None:
    """Make the bundle at once, so that it holds the books of this day. What fails here is made when it is asked for."""
    found = queries.request_numbered(session(), number)
    if not found.parts:
        return
    try:
        bundle_file(session(), found)
    except NotPrinted as error:
        current_app.logger.error("bundle %s was not made: %s", number, error)


def _readable(number: str) -> DonorRequest:
    found = queries.request_numbered(session(), number)
    if found.fund_id != office_fund().id:
        raise NotFound(N_("没有这条请求"))
    return found


def _context(found: DonorRequest) -> dict[str, Any]:
    gift = session().get(Donation, found.donation_id) if found.donation_id is not None else None
    left = (found.due_on - clock.today()).days
    return {
        "found": found,
        "gift": gift,
        "donor": parties.party(session(), queries.donor_of(session(), found)),
        "contact": queries.contact_of(actor(), found),
        "names": names_of(session(), {found.recorded_by_id, found.closed_by_id} - {None}),
        "may_answer": found.status == "open" and actor().may(Permission.GIFT_RECORD, found.fund_id),
        "bundle_until": queries.bundle_until(found),
        "due_text": ngettext("还剩 %(num)s 天", "还剩 %(num)s 天", left) if left >= 0 else _("已经逾期"),
        "nav_current": "donor_requests",
        **words_of_requests(),
    }
