"""Giving a gift back in the office: proposed on the gift's page, decided by chair or host, paid by the cashier."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council.motions.forms import ask_for_files_again, uploads
from app.council.motions.routes import files_dir
from app.donations.queries import donation
from app.donations.returning import operations, queries
from app.donations.returning.forms import DecisionForm, PaymentForm, ReturnForm
from app.donations.returning.models import GiftReturn
from app.donations.returning.operations import PaymentDraft, ReturnDraft
from app.donations.returning.rules import STATUS_NAMES, STATUS_TAGS, SUBJECT, UNDER_WAY, WAYS
from app.donations.routes import gift_of_fund
from app.files.queries import files_of
from app.files.rules import MAX_BYTES
from app.ledger import queries as ledger
from app.parties import queries as parties
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.money import yuan
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done, page

blueprint = Blueprint("returning", __name__, url_prefix="/office/donations")
SCANS = ".pdf,.png,.jpg,.jpeg"


@office.waits_for_you(order=62)
def returns_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Gifts to be given back, for whoever decides or pays."""
    wanted = [
        ("proposed", Permission.GIFT_RETURN_DECIDE, _("待批准"), _("批准或退回"), "returning.decide"),
        ("approved", Permission.DISBURSEMENT_PAY, _("已批准，待退还"), _("付款"), "returning.pay"),
    ]
    return [
        office.WorkItem(
            title=_("退还捐赠"),
            url=url_for(endpoint, return_id=found.id),
            detail=_("%(day)s 收到的捐赠", day=gift.received_on.isoformat()),
            amount_minor=found.amount_minor,
            tag=("wait", tag),
            action=action,
        )
        for status, permission, tag, action, endpoint in wanted
        if who.may(permission, fund.id)
        for found, gift in queries.under_way(reading, fund.id, status)
    ]


@blueprint.route("/<int:donation_id>/return", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD, personal=True)
def propose(donation_id: int) -> Response:
    """Propose to give a gift back."""
    gift = gift_of_fund(donation_id)
    free = queries.free_of(session(), gift)
    form = ReturnForm(amount=free or None, requested_on=clock.today())
    if form.validate_on_submit():
        made: list[int] = []
        given = ReturnDraft(
            form.amount.data or 0,
            form.requested_on.data,  # type: ignore[arg-type] # Given
            form.way.data or "",
            form.reason.data or "",
            uploads(form.papers),
            form.once.data,
        )

        def write(writing: Session) -> None:
            made.append(operations.propose_return(writing, actor(), files_dir(), donation_id, given).id)

        if attempt(form, write):
            return done(url_for("returning.show", return_id=made[0]), _("退还已提出，等另一个人批准"))
    ask_for_files_again(form, form.papers)
    gift = gift_of_fund(donation_id)
    return page(
        "returning/propose.html",
        form=form,
        gift=gift,
        donor=parties.party(session(), gift.party_id),
        free_minor=free,
        under_way=next(
            (each for each in queries.returns_of(session(), gift.id) if each.status in UNDER_WAY), None
        ),
        accept=SCANS,
        max_bytes=MAX_BYTES,
        nav_current="donations",
    )


def _readable(return_id: int) -> GiftReturn:
    found = queries.gift_return(session(), return_id)
    if found.fund_id != office_fund().id:
        raise NotFound(N_("没有这次退还"))
    return found


def _page(found: GiftReturn, template: str = "returning/show.html", **context: Any) -> Response:
    who, reading = actor(), session()
    named = who.may(Permission.PERSONAL_READ, found.fund_id)
    gift = donation(reading, found.donation_id)
    donor = parties.party(reading, gift.party_id)
    return page(
        template,
        found=found,
        gift=gift,
        donor=donor.name if named else donor.public_name,
        named=named,
        state=(STATUS_TAGS[found.status], _(STATUS_NAMES[found.status])),
        way=_(WAYS[found.way]),
        earmark=ledger.earmark(reading, gift.earmark_id),
        free_minor=queries.free_of(reading, gift),
        needs_council=queries.needs_council(reading, found),
        files=[
            {
                "name": each.name,
                "size_text": each.size_text,
                "url": url_for("files.download", file_id=each.id),
            }
            for each in files_of(reading, SUBJECT, found.id)
        ]
        if named
        else [],
        may={
            "decide": found.status == "proposed" and who.may(Permission.GIFT_RETURN_DECIDE, found.fund_id),
            "pay": found.status == "approved" and who.may(Permission.DISBURSEMENT_PAY, found.fund_id),
            "withdraw": found.status in UNDER_WAY and who.may(Permission.GIFT_RECORD, found.fund_id),
        },
        nav_current="donations",
        **context,
    )


@blueprint.get("/returns/<int:return_id>")
@requires(Permission.BOOKS_READ, personal=True)
def show(return_id: int) -> Response:
    """How far a return has come."""
    return _page(_readable(return_id))


@blueprint.route("/returns/<int:return_id>/decide", methods=["GET", "POST"])
@requires(Permission.GIFT_RETURN_DECIDE, personal=True)
def decide(return_id: int) -> Response:
    """Approve a return, or refuse it with a reason."""
    found = _readable(return_id)
    if request.method == "GET" and found.status != "proposed":
        return _to(return_id)
    form = DecisionForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.decide_return(
            writing,
            actor(),
            return_id,
            approves=form.decision.data == "approve",
            note=form.note.data or "",
            motion_number=form.motion_number.data or "",
        ),
    ):
        return done(_url(return_id), _("决定已登记"))
    return _page(_readable(return_id), "returning/decide.html", form=form)


@blueprint.route("/returns/<int:return_id>/pay", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_PAY, personal=True)
def pay(return_id: int) -> Response:
    """Pay an approved return, with the slip."""
    found = _readable(return_id)
    if request.method == "GET" and found.status != "approved":
        return _to(return_id)
    form = PaymentForm(paid_on=clock.today())
    form.account.offer(
        (
            account.id,
            _(
                "%(name)s（余额 %(amount)s 元）",
                name=_(account.name),
                amount=yuan(ledger.balance_on(session(), account.id, clock.today())),
            ),
        )
        for account in ledger.money_accounts_of(session(), found.fund_id)
    )
    if form.validate_on_submit():
        slips = uploads(form.slip)

        def write(writing: Session) -> None:
            account = ledger.money_account(writing, form.account.data, office_fund().id)
            given = PaymentDraft(
                account,
                form.paid_on.data,  # type: ignore[arg-type] # Given
                form.voucher_number.data or "",
                slips,
            )
            operations.pay_return(writing, actor(), files_dir(), return_id, given)

        if attempt(form, write):
            return done(_url(return_id), _("已退还给捐赠人"))
    ask_for_files_again(form, form.slip)
    return _page(_readable(return_id), "returning/pay.html", form=form, accept=SCANS, max_bytes=MAX_BYTES)


@blueprint.route("/returns/<int:return_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD, personal=True)
def withdraw(return_id: int) -> Response:
    """Ask, then take a return back that is not paid."""
    found = _readable(return_id)
    if request.method == "GET" and found.status not in UNDER_WAY:
        return _to(return_id)
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.withdraw_return(writing, actor(), return_id)
    ):
        return done(_url(return_id), _("退还已撤回，钱留在基金"))
    return _page(_readable(return_id), "returning/withdraw.html", form=form)


def _url(return_id: int) -> str:
    return url_for("returning.show", return_id=return_id)


def _to(return_id: int) -> Response:
    return redirect(_url(return_id), code=303)  # type: ignore[return-value]
