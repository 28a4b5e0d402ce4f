"""What comes before and beside the vote on a request: putting it up, giving it back, decisions of before this system."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.rules import Tally, quorum_of
from app.disbursements import operations, queries
from app.disbursements.dossier.routes import dossier_page, files_dir, readable
from app.disbursements.forms import PastDecisionForm, ReasonForm, ask_for_files_again, uploads
from app.files.operations import attach_file
from app.files.rules import MAX_BYTES, PDF, PICTURES
from app.shared.errors import N_, Refused
from app.shared.permissions import Permission
from app.web.access import actor, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done, page

blueprint = Blueprint("voting", __name__, url_prefix="/office/disbursements")
SCANS = PICTURES | {PDF}


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
