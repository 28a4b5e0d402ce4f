"""The pages after a payment: showing the use, judging it, recording that it arrived, closing."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from app.disbursements.dossier.routes import dossier_page, files_dir, readable
from app.disbursements.forms import ReasonForm, ask_for_files_again, uploads
from app.disbursements.models import Disbursement
from app.disbursements.proof import operations, queries
from app.disbursements.proof.forms import DeliveryForm, JudgementForm, ProofForm
from app.disbursements.proof.rules import MISSING, NEEDED, NOBODY_OUTSIDE_GAINS
from app.files.forms import PublicCopyForm
from app.shared import clock
from app.shared.errors import N_
from app.shared.money import yuan
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done

blueprint = Blueprint("proof", __name__, url_prefix="/office/disbursements")
MOST_LISTED = 20
JUDGE = (N_("待验收凭证"), N_("验收"))
SHOW = (N_("待交使用凭证"), N_("提交凭证"))
BRING = (N_("待登记到达"), N_("登记到达"))
CLOSE = (N_("待结项"), N_("结项"))


@office.waits_for_you(order=45)
def after_payment(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Proofs to judge for the accountant; for whoever asked: what is to be shown, to be brought, to be closed."""
    items: list[office.WorkItem] = []
    if who.may(Permission.BOOKS_POST, fund.id):
        items += [
            _item(
                row,
                url_for("proof.judge", disbursement_id=row.disbursement_id, number=row.proof_number),
                JUDGE,
            )
            for row in queries.unjudged_in(reading, fund.id, MOST_LISTED)
        ]
    if who.may(Permission.DISBURSEMENT_REQUEST, fund.id):
        items += [
            _item(row, url_for("proof.submit", disbursement_id=row.disbursement_id), SHOW)
            for row in queries.in_state(reading, fund.id, "paid", MOST_LISTED)
            if queries.standing(reading, row.disbursement_id).unshown_minor
        ]
        items += [
            _item(row, url_for("proof.deliver", disbursement_id=row.disbursement_id), BRING)
            for row in queries.in_state(reading, fund.id, "proven", MOST_LISTED)
            if row.spending_kind not in NOBODY_OUTSIDE_GAINS
        ]
    if who.may(Permission.COUNCIL_CONVENE, fund.id):
        items += [
            _item(row, url_for("proof.close", disbursement_id=row.disbursement_id), CLOSE)
            for state in ("proven", "delivered")
            for row in queries.in_state(reading, fund.id, state, MOST_LISTED)
            if state == "delivered" or row.spending_kind in NOBODY_OUTSIDE_GAINS
        ]
    return items


def _item(row: queries.Waiting, url: str, words: tuple[str, str]) -> office.WorkItem:
    return office.WorkItem(
        title=row.project,
        url=url,
        detail=_("第 %(number)s 号", number=row.number),
        amount_minor=row.amount_minor,
        due=row.since,
        tag=("wait", _(words[0])),
        action=_(words[1]),
    )


def _papers(form: FlaskForm, *names: str) -> operations.Papers:
    return {name: uploads(form[name]) for name in names}


def _back(found: Disbursement, said: str) -> Response:
    return done(url_for("dossier.show", disbursement_id=found.id), said)


@blueprint.route("/<int:disbursement_id>/proofs", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def submit(disbursement_id: int) -> Response:
    """Show what paid money was used for."""
    found = readable(disbursement_id)
    left = queries.standing(session(), found.id).unshown_minor
    form = ProofForm(used=left or None)
    names = ("invoice", "sign_off", "acceptance_report", "payee_receipt", "photo")
    if form.validate_on_submit():

        def write(writing: Session) -> None:
            operations.submit_proof(
                writing,
                actor(),
                files_dir(),
                disbursement_id,
                used_minor=form.used.data or 0,
                words=form.words.data or "",
                papers=_papers(form, *names),
                photos_public=form.photos_public.data,
                key=form.once.data,
            )

        if attempt(form, write):
            return _back(found, _("使用凭证已提交，等会计验收"))
    ask_for_files_again(form, *(form[name] for name in names))
    return dossier_page(
        readable(disbursement_id),
        "disbursements/submit_proof.html",
        form=form,
        left_minor=left,
        needed=[_(MISSING[paper]) for paper in NEEDED.get(found.spending_kind or "", ())],
    )


@blueprint.route("/<int:disbursement_id>/proofs/<int:number>/judge", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def judge(disbursement_id: int, number: int) -> Response:
    """Accept a proof, whole or in part."""
    found = readable(disbursement_id)
    proof = queries.proof(session(), found.id, number)
    used, words = proof.used_minor, proof.words
    form = JudgementForm(accepted=used)
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.judge_proof(
            writing,
            actor(),
            disbursement_id,
            number,
            accepted_minor=form.accepted.data or 0,
            reason=form.reason.data or "",
        ),
    ):
        left = queries.standing(session(), disbursement_id).unshown_minor
        said = _("凭证已验收")
        if left:
            said = _("凭证已验收；还有 %(amount)s 元要补凭证，或由收款方退回", amount=yuan(left))
        return _back(found, said)
    return dossier_page(
        readable(disbursement_id),
        "disbursements/judge_proof.html",
        form=form,
        proof_number=number,
        used_minor=used,
        proof_words=words,
    )


@blueprint.route("/<int:disbursement_id>/delivery", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def deliver(disbursement_id: int) -> Response:
    """Record that what was paid for reached those it was for."""
    found = readable(disbursement_id)
    form = DeliveryForm(delivered_on=clock.today())
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.record_delivery(
            writing,
            actor(),
            files_dir(),
            disbursement_id,
            delivered_on=form.delivered_on.data or clock.today(),
            recipients=form.recipients.data or 0,
            words=form.words.data or "",
            papers=_papers(form, "sign_off", "photo"),
            photos_public=form.photos_public.data,
        ),
    ):
        return _back(found, _("已登记到达"))
    ask_for_files_again(form, form.sign_off, form.photo)
    return dossier_page(readable(disbursement_id), "disbursements/deliver.html", form=form)


@blueprint.route("/<int:disbursement_id>/delivery/take-back", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def take_back(disbursement_id: int) -> Response:
    """Take an arrival back that was recorded by mistake."""
    found = readable(disbursement_id)
    form = ReasonForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.take_back_delivery(
            writing, actor(), disbursement_id, form.reason.data or ""
        ),
    ):
        return _back(found, _("到达登记已撤销"))
    return dossier_page(readable(disbursement_id), "disbursements/take_back_delivery.html", form=form)


@blueprint.route("/<int:disbursement_id>/close", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def close(disbursement_id: int) -> Response:
    """Ask, then end a request that is done."""
    found = readable(disbursement_id)
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.close_disbursement(writing, actor(), disbursement_id)
    ):
        return _back(found, _("申请已结项"))
    return dossier_page(readable(disbursement_id), "disbursements/close.html", form=form)


@blueprint.route("/<int:disbursement_id>/public-copies", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def public_copy(disbursement_id: int) -> Response:
    """Upload redacted copies of papers for the public page."""
    found = readable(disbursement_id)
    form = PublicCopyForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.add_public_copy(
            writing, actor(), files_dir(), disbursement_id, uploads(form.public_copy)
        ),
    ):
        return _back(found, _("公开件已上传"))
    ask_for_files_again(form, form.public_copy)
    return dossier_page(readable(disbursement_id), "disbursements/public_copy.html", form=form)
