"""Requests in the office: the list, drafting, submitting, taking back, and the page of one request."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council.rulebook.queries import rules_in_force
from app.council.rulebook.rules import Emergency
from app.disbursements import operations, queries
from app.disbursements.budget.forms import as_fields
from app.disbursements.budget.operations import write_budget
from app.disbursements.budget.queries import lines_of, quotations_of
from app.disbursements.dossier.routes import dossier_page, files_dir, may_take_back, readable
from app.disbursements.emergency.layouts import limits_words
from app.disbursements.forms import (
    KIND_HINTS,
    DisbursementForm,
    ReasonForm,
    SubmitForm,
    ask_for_files_again,
    uploads,
)
from app.disbursements.models import Disbursement
from app.disbursements.rules import DisbursementDraft
from app.disbursements.states import EDITABLE, ENDED, PAID, STATUS_NAMES, STATUS_TAGS
from app.files.queries import files_of
from app.files.rules import ACCEPT, MAX_BYTES
from app.ledger import queries as ledger
from app.parties.operations import PartyDraft
from app.parties.queries import party
from app.shared import clock
from app.shared.errors import N_, Forbidden
from app.shared.money import yuan
from app.shared.permissions import Actor, Permission, Role
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done, page

blueprint = Blueprint("disbursements", __name__, url_prefix="/office/disbursements")
office.navigation_entry(
    "disbursements", N_("拨付"), "disbursements.listing", Permission.DISBURSEMENT_READ, order=30
)

ROWS = 50
_TABS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": (N_("全部"), ()),
    "drafted": (N_("草稿"), ("drafted",)),
    "voting": (N_("表决中"), ("submitted", "returned", "in_vote")),
    "notice": (N_("公示中"), ("in_notice", "held")),
    "to-pay": (N_("待付款"), ("payable",)),
    "paid": (N_("已付款"), PAID),
    "ended": (N_("未通过或撤回"), ENDED),
}


@office.waits_for_you(order=60)
def drafts_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Drafts that the secretary has not submitted yet, oldest first."""
    if not who.holds(Role.SECRETARY, fund.id):
        return []
    rows = queries.listed(reading, fund_id=fund.id, status="drafted", drafts=True, limit=20, true_names=True)
    return [
        office.WorkItem(
            title=row.project,
            url=url_for("dossier.show", disbursement_id=row.id),
            detail=_("付给 %(payee)s", payee=row.payee),
            amount_minor=row.amount_minor,
            due=row.applied_on,
            tag=("plain", _("草稿")),
            action=_("核对提交"),
        )
        for row in reversed(rows)
    ]


@blueprint.get("/")
@requires(Permission.DISBURSEMENT_READ, personal=True)
def listing() -> Response:
    """The fund's requests by state, the newest first."""
    fund = office_fund()
    current = request.args.get("status", "")
    if current not in _TABS:
        current = ""
    before = request.args.get("before", type=int)
    before = min(before, 2**62) if before else None
    rows = queries.listed(
        session(),
        fund_id=fund.id,
        statuses=_TABS[current][1],
        drafts=True,
        before=before,
        limit=ROWS + 1,
        true_names=True,
    )
    counts = queries.counts_by_status(session(), fund.id)
    tabs = [
        (key, _(name), url_for("disbursements.listing", status=key or None), _count(counts, statuses))
        for key, (name, statuses) in _TABS.items()
    ]
    following = (
        url_for("disbursements.listing", status=current or None, before=rows[ROWS - 1].id)
        if len(rows) > ROWS
        else None
    )
    return page(
        "disbursements/listing.html",
        rows=rows[:ROWS],
        tab_items=tabs,
        current=current,
        next_url=following,
        first_url=url_for("disbursements.listing", status=current or None) if before else None,
        may_draft=actor().may(Permission.DISBURSEMENT_REQUEST, fund.id),
        status_names={status: _(name) for status, name in STATUS_NAMES.items()},
        status_tags=STATUS_TAGS,
        nav_current="disbursements",
    )


def _count(counts: dict[str, int], statuses: tuple[str, ...]) -> int:
    return sum(count for status, count in counts.items() if not statuses or status in statuses)


@blueprint.route("/draft", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def draft() -> Response:
    """Write down a request."""
    fund_id = office_fund().id
    form = DisbursementForm(applied_on=clock.today())
    _offer_earmarks(form, fund_id)
    if not _adds_line(form) and form.validate_on_submit():
        made: list[int] = []

        def write(writing: Session) -> None:
            given = _draft(form, fund_id, PartyDraft(form.applicant_kind.data, form.applicant.data or ""))
            known = queries.disbursement_of_key(writing, form.once.data)
            found = operations.draft_disbursement(writing, actor(), given)
            made.append(found.id)
            if known is None:
                _attach(writing, form, found.id)

        if attempt(form, write):
            return _saved(made[0])
    return _form_page(form, fund_id, None)


@blueprint.route("/<int:disbursement_id>/edit", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def edit(disbursement_id: int) -> Response:
    """Change a draft."""
    found = readable(disbursement_id)
    if found.status not in EDITABLE:
        return done(_address(found), _("申请已经提交，不能再修改；可以撤回后重新填写"))
    applicant, payee = party(session(), found.applicant_id), party(session(), found.payee_id)
    form = DisbursementForm(
        earmark=found.earmark_id,
        project=queries.project_name(session(), found),
        amount=found.amount_minor,
        spending_kind=found.spending_kind,
        applicant_kind=applicant.kind,
        applicant=applicant.name,
        payee_kind=payee.kind,
        payee=payee.name,
        reason=found.reason,
        applied_on=found.applied_on,
        papers=found.papers,
        office_number=found.office_number,
        beneficiary=found.beneficiary,
        is_emergency=found.is_emergency,
        **as_fields(lines_of(session(), found.id), quotations_of(session(), found.id)),
    )
    _offer_earmarks(form, found.fund_id)
    if not _adds_line(form) and form.validate_on_submit():

        def write(writing: Session) -> None:
            same = (applicant.kind, applicant.name) == (form.applicant_kind.data, form.applicant.data)
            given = _draft(
                form,
                found.fund_id,
                applicant.id if same else PartyDraft(form.applicant_kind.data, form.applicant.data or ""),
            )
            if (payee.kind, payee.name) == (form.payee_kind.data, form.payee.data):
                given.payee = payee.id
            operations.edit_disbursement(writing, actor(), disbursement_id, given)
            _attach(writing, form, disbursement_id)

        if attempt(form, write):
            return _saved(disbursement_id)
    return _form_page(form, found.fund_id, found)


def _draft(form: DisbursementForm, fund_id: int, applicant: PartyDraft | int) -> DisbursementDraft:
    return DisbursementDraft(
        fund_id=fund_id,
        earmark_id=form.earmark.data,
        project_name=form.project.data or "",
        applicant=applicant,
        payee=PartyDraft(form.payee_kind.data, form.payee.data or ""),
        amount_minor=form.amount.data or 0,
        spending_kind=form.spending_kind.data,
        reason=form.reason.data or "",
        applied_on=form.applied_on.data or clock.today(),
        papers=form.papers.data or "",
        office_number=form.office_number.data or "",
        idempotency_key=form.once.data,
        beneficiary=form.beneficiary.data or "",
        # Without an emergency path in the rules there is no such box, whatever a browser sends.
        is_emergency=bool(form.is_emergency.data) and _emergency(fund_id) is not None,
    )


def _emergency(fund_id: int) -> Emergency | None:
    return rules_in_force(session(), fund_id).book.emergency


def _adds_line(form: DisbursementForm) -> bool:
    """Whether the button for one more budget line was pressed: then the line is added and nothing else is done."""
    adds = request.form.get("step") == "add-line"
    if adds:
        form.add_line()
    return adds


def _attach(writing: Session, form: DisbursementForm, disbursement_id: int) -> None:
    write_budget(writing, actor(), files_dir(), disbursement_id, form.budget_draft)
    operations.attach_papers(
        writing,
        actor(),
        files_dir(),
        disbursement_id,
        uploads(form.files),
        is_public=form.files_public.data,
    )


def _offer_earmarks(form: DisbursementForm, fund_id: int) -> None:
    form.earmark.offer(
        (
            pool.earmark_id,
            _("%(name)s（可用 %(amount)s 元）", name=_(pool.name), amount=yuan(pool.available_minor)),
        )
        for pool in ledger.pools_of(session(), fund_id)
        if pool.closed_on is None
    )


def _form_page(form: DisbursementForm, fund_id: int, found: Disbursement | None) -> Response:
    emergency = _emergency(fund_id)
    ask_for_files_again(form, form.files, *(entry.form.file for entry in form.quotations))
    return page(
        "disbursements/draft.html",
        fragment="budget_lines",
        adds_line=request.form.get("step") == "add-line",
        form=form,
        found=found,
        projects=[project.name for project in ledger.projects_of(session(), fund_id)],
        organisations=queries.organisations_of(session(), fund_id),
        kind_hints={kind: _(hint) for kind, hint in KIND_HINTS.items()},
        emergency_limits=limits_words(emergency) if emergency else None,
        accept=ACCEPT,
        max_bytes=MAX_BYTES,
        kept_files=files_of(session(), queries.SUBJECT, found.id) if found else [],
        nav_current="disbursements",
    )


def _saved(disbursement_id: int) -> Response:
    following = "disbursements.submit" if request.form.get("then") == "submit" else "dossier.show"
    return done(url_for(following, disbursement_id=disbursement_id), _("草稿已保存"))


def _address(found: Disbursement) -> str:
    return url_for("dossier.show", disbursement_id=found.id)


@blueprint.route("/<int:disbursement_id>/files/<int:file_id>/remove", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def remove_file(disbursement_id: int, file_id: int) -> Response:
    """Ask, then take a file off a draft."""
    found = readable(disbursement_id)
    kept = next((file for file in files_of(session(), queries.SUBJECT, found.id) if file.id == file_id), None)
    form = ConfirmForm()

    def remove(writing: Session) -> None:
        operations.remove_paper(writing, actor(), disbursement_id, file_id)

    if form.validate_on_submit() and attempt(form, remove):
        return done(url_for("disbursements.edit", disbursement_id=disbursement_id), _("附件已移除"))
    if kept is None:
        return done(url_for("disbursements.edit", disbursement_id=disbursement_id))
    return page(
        "disbursements/remove_file.html",
        form=form,
        found=found,
        file=kept,
        nav_current="disbursements",
    )


@blueprint.route("/<int:disbursement_id>/submit", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST, personal=True)
def submit(disbursement_id: int) -> Response:
    """Show exactly what will be fixed and the money left afterwards, then put the request before the council."""
    found = readable(disbursement_id)
    if request.method == "GET" and found.status not in EDITABLE:
        return redirect(_address(found), code=303)  # type: ignore[return-value]
    form = SubmitForm()
    if form.validate_on_submit():
        if attempt(
            form,
            lambda writing: operations.submit_disbursement(
                writing, actor(), disbursement_id, read_hash=form.read_hash.data
            ),
        ):
            return done(_address(found), _("申请已提交，等待理事会表决"))
        found = readable(disbursement_id)
    form.read_hash.data = operations.draft_hash(session(), found)
    return dossier_page(found, "disbursements/submit.html", form=form)


@blueprint.route("/<int:disbursement_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def withdraw(disbursement_id: int) -> Response:
    """Ask for the reason, then take a request back before it is decided."""
    return _take_back(disbursement_id, "withdraw", operations.withdraw_disbursement, _("申请已撤回"))


@blueprint.route("/<int:disbursement_id>/cancel", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def cancel(disbursement_id: int) -> Response:
    """Ask for the reason, then give up what of an approved request is still unpaid."""
    return _take_back(
        disbursement_id, "cancel", operations.cancel_disbursement, _("未付的款项已放弃，预留的钱已释放")
    )


def _take_back(
    disbursement_id: int,
    act: str,
    operation: Callable[[Session, Actor, int, str], Disbursement],
    said: str,
) -> Response:
    found = readable(disbursement_id)
    if not may_take_back(found):
        raise Forbidden(N_("只有提交人或秘书处可以撤回或取消这笔申请"))
    form = ReasonForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operation(writing, actor(), disbursement_id, form.reason.data or "")
    ):
        return done(_address(found), said)
    return dossier_page(readable(disbursement_id), f"disbursements/{act}.html", form=form)
