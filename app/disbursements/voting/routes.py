"""The council member's vote, the chair's closing of it, and decisions of before this system."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.rules import CHOICES, Tally, quorum_of
from app.disbursements import operations, queries
from app.disbursements.dossier.routes import dossier_page, files_dir, readable
from app.disbursements.forms import PastDecisionForm, ReasonForm, VoteForm, ask_for_files_again, uploads
from app.files.operations import attach_file
from app.files.rules import MAX_BYTES, PDF, PICTURES
from app.shared.errors import N_, Refused
from app.shared.permissions import COUNCIL_SEATS, Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done, page

blueprint = Blueprint("voting", __name__, url_prefix="/office/disbursements")
SCANS = PICTURES | {PDF}


@office.waits_for_you(order=10)
def votes_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Requests that this member of the council has not voted on."""
    if who.user_id is None or not any(
        each.role in COUNCIL_SEATS and each.fund_id == fund.id for each in who.offices
    ):
        return []
    waiting = {
        matter.subject_id
        for matter in council.waiting_for(reading, fund.id, who.user_id)
        if matter.type == queries.SUBJECT
    }
    rows = queries.listed(reading, fund_id=fund.id, status="in_vote", limit=200, true_names=True)
    return [
        office.WorkItem(
            title=row.project,
            url=url_for("dossier.show", disbursement_id=row.id),
            detail=_("第 %(number)s 号 · 付给 %(payee)s", number=row.number, payee=row.payee),
            amount_minor=row.amount_minor,
            due=row.applied_on,
            tag=("wait", _("待表决")),
            action=_("去表决"),
        )
        for row in reversed(rows)
        if row.id in waiting
    ]


@blueprint.route("/<int:disbursement_id>/vote", methods=["POST"])
@requires(Permission.MATTER_VOTE)
def vote(disbursement_id: int) -> Response:
    """First show the vote once more, then cast it."""
    found = readable(disbursement_id)
    form = VoteForm()
    if "change" in request.form or not form.validate_on_submit():
        return dossier_page(found, vote_form=form)
    choice, reason, text_hash = form.choice.data, form.reason.data or "", form.text_hash.data or ""
    if "confirmed" not in request.form:
        missing = {"reject": N_("反对请写明理由"), "recuse": N_("回避请写明原因")}.get(choice)
        if missing and not reason:
            form.add_error("reason", _(missing))
            return dossier_page(found, vote_form=form)
        return dossier_page(
            found, "disbursements/confirm_vote.html", vote_form=form, choice_name=_(CHOICES[choice])
        )
    if attempt(
        form, lambda writing: operations.vote(writing, actor(), disbursement_id, choice, reason, text_hash)
    ):
        return done(url_for("dossier.show", disbursement_id=disbursement_id), _("您的表决已记录"))
    return dossier_page(readable(disbursement_id), vote_form=form)


@blueprint.route("/<int:disbursement_id>/close-vote", methods=["GET", "POST"])
@requires(Permission.MATTER_VOTE)
def close(disbursement_id: int) -> Response:
    """Ask, then end a vote whose quorum is reached."""
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.close_vote(writing, actor(), disbursement_id)
    ):
        return done(url_for("dossier.show", disbursement_id=disbursement_id), _("表决已结束"))
    return dossier_page(readable(disbursement_id), "disbursements/close_vote.html", form=form)


@blueprint.route("/<int:disbursement_id>/put-to-vote", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def put_to_vote(disbursement_id: int) -> Response:
    """Ask, then open the decision on a submitted request."""
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.put_to_vote(writing, actor(), disbursement_id)
    ):
        return done(url_for("dossier.show", disbursement_id=disbursement_id), _("表决已开始"))
    return dossier_page(readable(disbursement_id), "disbursements/put_to_vote.html", form=form)


@blueprint.route("/<int:disbursement_id>/give-back", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def give_back(disbursement_id: int) -> Response:
    """Ask for the reason, then give a request back to be completed; the votes on its text are void."""
    form = ReasonForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.return_disbursement(
            writing, actor(), disbursement_id, form.reason.data or ""
        ),
    ):
        return done(url_for("dossier.show", disbursement_id=disbursement_id), _("已退回补充"))
    return dossier_page(readable(disbursement_id), "disbursements/give_back.html", form=form)


@blueprint.route("/<int:disbursement_id>/past-decision", methods=["GET", "POST"])
@requires(Permission.MATTER_VOTE)
def past_decision(disbursement_id: int) -> Response:
    """Enter a decision that the council made before this system, with its minutes."""
    found = readable(disbursement_id)
    matter = council.matter_of(session(), queries.SUBJECT, found.id)
    if request.method == "GET" and (matter is None or matter.status != "open"):
        return done(url_for("dossier.show", disbursement_id=found.id), _("这笔申请现在没有等待决议的议题"))
    form = PastDecisionForm(seats=matter.seats if matter else None)
    if form.validate_on_submit():
        seats = form.seats.data or 0
        tally = Tally(
            seats,
            quorum_of(seats),
            form.approve.data or 0,
            form.reject.data or 0,
            form.abstain.data or 0,
            form.recuse.data or 0,
        )

        def write(writing: Session) -> None:
            chosen = uploads(form.minutes)
            if not chosen:
                raise Refused(N_("请上传会议纪要"), field="minutes")
            (name, content) = chosen[0]
            attach_file(
                writing,
                actor(),
                files_dir(),
                subject_type=queries.SUBJECT,
                subject_id=disbursement_id,
                purpose="minutes",
                name=name,
                content=content,
                field="minutes",
                kinds=SCANS,
            )
            assert form.decided_on.data is not None
            operations.record_past_decision(writing, actor(), disbursement_id, form.decided_on.data, tally)

        if attempt(form, write):
            return done(url_for("dossier.show", disbursement_id=disbursement_id), _("决议已登记"))
    ask_for_files_again(form, form.minutes)
    return page(
        "disbursements/past_decision.html",
        form=form,
        found=found,
        project=queries.project_name(session(), found),
        max_bytes=MAX_BYTES,
        nav_current="disbursements",
    )
