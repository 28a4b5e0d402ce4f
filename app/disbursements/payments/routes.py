"""Paying, accepting, taking money back, and undoing what was booked wrongly."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from wtforms import Field

from app.disbursements import queries
from app.disbursements.dossier.routes import PAYMENT_NAMES, dossier_page, files_dir, readable
from app.disbursements.forms import ask_for_files_again, uploads
from app.disbursements.models import Disbursement
from app.disbursements.payments import operations
from app.disbursements.payments import queries as paid
from app.disbursements.payments.forms import AcceptanceForm, PaymentForm, RefundForm, ReversalForm
from app.disbursements.voting.routes import SCANS
from app.files.operations import attach_file
from app.ledger import queries as ledger
from app.ledger.structure.models import MoneyAccount
from app.shared import clock
from app.shared.errors import N_, NotFound, Refused
from app.shared.money import yuan
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, requires
from app.web.database import session
from app.web.forms import ChoiceField
from app.web.pages import attempt, done

blueprint = Blueprint("payments", __name__, url_prefix="/office/disbursements")


@office.waits_for_you(order=20)
def payments_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Approved requests for the cashier, oldest first; not those that this person asked for or voted on."""
    if not who.may(Permission.DISBURSEMENT_PAY, fund.id):
        return []
    rows = queries.listed(reading, fund_id=fund.id, status="payable", limit=50, true_names=True)
    return [
        office.WorkItem(
            title=row.project,
            url=url_for("payments.pay", disbursement_id=row.id),
            detail=_("第 %(number)s 号 · 付给 %(payee)s", number=row.number, payee=row.payee),
            amount_minor=row.amount_minor - row.paid_minor,
            due=row.applied_on,
            tag=("wait", _("待付款")),
            action=_("付款"),
        )
        for row in reversed(rows)
        if operations.may_pay(reading, who, row.id)
    ]


@office.waits_for_you(order=40)
def acceptances_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """What was paid before acceptance, for the accountant."""
    if not who.may(Permission.BOOKS_POST, fund.id):
        return []
    return [
        office.WorkItem(
            title=project,
            url=url_for("payments.accept", disbursement_id=disbursement_id),
            detail=_("已付款，还没有验收"),
            amount_minor=waiting,
            tag=("wait", _("待验收")),
            action=_("验收"),
        )
        for disbursement_id, project, waiting in queries.waiting_for_acceptance_in(reading, fund.id)
    ]


def _offer_accounts(field: ChoiceField, found: Disbursement) -> None:
    today = clock.today()
    field.offer(
        (
            account.id,
            _(
                "%(name)s（余额 %(amount)s 元）",
                name=_(account.name),
                amount=yuan(ledger.balance_on(session(), account.id, today)),
            ),
        )
        for account in ledger.money_accounts_of(session(), found.fund_id)
    )


def _account(writing: Session, field: ChoiceField, found: Disbursement) -> MoneyAccount:
    try:
        return ledger.money_account(writing, field.data, found.fund_id)
    except NotFound as error:
        raise Refused(error.sentence, field=field.name) from error


def _attach(writing: Session, disbursement_id: int, field: Field, purpose: str) -> bool:
    chosen = uploads(field)
    for name, content in chosen:
        attach_file(
            writing,
            actor(),
            files_dir(),
            subject_type=queries.SUBJECT,
            subject_id=disbursement_id,
            purpose=purpose,
            name=name,
            content=content,
            field=field.name,
            kinds=SCANS,
        )
    return bool(chosen)


def _back(found: Disbursement, said: str) -> Response:
    return done(url_for("dossier.show", disbursement_id=found.id), said)


@blueprint.route("/<int:disbursement_id>/pay", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_PAY, personal=True)
def pay(disbursement_id: int) -> Response:
    """Pay an approved request, whole or in part; the slip and the payment are kept together or not at all."""
    found = readable(disbursement_id)
    left = found.amount_minor - found.paid_minor
    form = PaymentForm(amount=left, paid_on=clock.today())
    _offer_accounts(form.account, found)
    if form.validate_on_submit():

        def write(writing: Session) -> None:
            account = _account(writing, form.account, found)
            again = ledger.entry_of_key(writing, form.once.data) is not None
            if not again and not _attach(writing, disbursement_id, form.slip, "bank_slip"):
                raise Refused(N_("请上传银行回单或付款凭证"), field="slip")
            operations.pay_disbursement(
                writing,
                actor(),
                disbursement_id,
                amount_minor=form.amount.data or 0,
                account=account,
                paid_on=form.paid_on.data or clock.today(),
                voucher_number=form.voucher_number.data or "",
                accepted=form.accepted.data == "accepted",
                key=form.once.data,
            )

        if attempt(form, write):
            return _back(found, _("已登记付款 %(amount)s 元", amount=yuan(form.amount.data or 0)))
    ask_for_files_again(form, form.slip)
    found = readable(disbursement_id)
    return dossier_page(
        found,
        "disbursements/pay.html",
        form=form,
        may_pay=operations.may_pay(session(), actor(), disbursement_id),
        left_minor=found.amount_minor - found.paid_minor,
    )


@blueprint.route("/<int:disbursement_id>/accept", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def accept(disbursement_id: int) -> Response:
    """Accept work or goods that were paid before."""
    found = readable(disbursement_id)
    waiting, latest = paid.waiting_for_acceptance(session(), disbursement_id)
    form = AcceptanceForm(amount=waiting if waiting > 0 else None, accepted_on=clock.today())
    if form.validate_on_submit():

        def write(writing: Session) -> None:
            if ledger.entry_of_key(writing, form.once.data) is None:
                _attach(writing, disbursement_id, form.proof, "acceptance")
            operations.accept_disbursement(
                writing,
                actor(),
                disbursement_id,
                amount_minor=form.amount.data or 0,
                accepted_on=form.accepted_on.data or clock.today(),
                key=form.once.data,
            )

        if attempt(form, write):
            return _back(found, _("已登记验收 %(amount)s 元", amount=yuan(form.amount.data or 0)))
    ask_for_files_again(form, form.proof)
    return dossier_page(
        readable(disbursement_id),
        "disbursements/accept.html",
        form=form,
        waiting_minor=waiting,
        latest=latest,
    )


@blueprint.route("/<int:disbursement_id>/refund", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_PAY)
def refund(disbursement_id: int) -> Response:
    """Record money back from the payee: it is free again, in the gifts that it was paid from."""
    found = readable(disbursement_id)
    spent, waiting = paid.refundable(session(), disbursement_id)
    form = RefundForm(received_on=clock.today(), accepted="accepted" if spent > 0 else "prepaid")
    _offer_accounts(form.account, found)
    if form.validate_on_submit():

        def write(writing: Session) -> None:
            account = _account(writing, form.account, found)
            if ledger.entry_of_key(writing, form.once.data) is None:
                _attach(writing, disbursement_id, form.slip, "refund_slip")
            operations.record_refund(
                writing,
                actor(),
                disbursement_id,
                amount_minor=form.amount.data or 0,
                account=account,
                received_on=form.received_on.data or clock.today(),
                accepted=form.accepted.data == "accepted",
                voucher_number=form.voucher_number.data or "",
                key=form.once.data,
            )

        if attempt(form, write):
            return _back(found, _("已登记退回 %(amount)s 元", amount=yuan(form.amount.data or 0)))
    ask_for_files_again(form, form.slip)
    return dossier_page(
        readable(disbursement_id),
        "disbursements/refund.html",
        form=form,
        spent_minor=spent,
        waiting_minor=waiting,
    )


@blueprint.route("/<int:disbursement_id>/payments/<int:number>/reverse", methods=["GET", "POST"])
@requires(Permission.BOOKS_CORRECT)
def reverse(disbursement_id: int, number: int) -> Response:
    """Ask for the reason, then undo a payment, an acceptance or a refund by its mirror image."""
    found = readable(disbursement_id)
    payment = queries.payment_of_entry(session(), number)
    if payment is None or payment.disbursement_id != found.id:
        raise NotFound(N_("没有这笔付款"))
    form = ReversalForm()
    kind, amount, on = payment.kind, payment.amount_minor, payment.occurred_on
    if form.validate_on_submit():
        undo = operations.reverse_payment if kind == "payment" else operations.reverse_acceptance_or_refund
        if attempt(form, lambda writing: undo(writing, actor(), number, form.reason.data or "")):
            return _back(found, _("第 %(number)s 号分录已冲销", number=number))
    return dossier_page(
        readable(disbursement_id),
        "disbursements/reverse.html",
        form=form,
        entry_number=number,
        kind=kind,
        kind_name=_(PAYMENT_NAMES[kind]),
        amount_minor=amount,
        occurred_on=on,
    )
