"""What comes before and beside the vote on a request: putting it up, giving it back, decisions of before this system."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.balloting.registry import Summary, shows
from app.council.models import Matter
from app.council.rules import PAST_DECISION_DAYS, Tally, last_day, quorum_of
from app.disbursements import operations, queries
from app.disbursements.dossier.routes import dossier_page, files_dir, left_after, pool_of, readable
from app.disbursements.emergency.queries import unratified
from app.disbursements.emergency.rules import STATES, state_of
from app.disbursements.forms import PastDecisionForm, ReasonForm, ask_for_files_again, uploads
from app.files.operations import attach_file
from app.files.rules import MAX_BYTES, PDF, PICTURES
from app.parties.queries import party
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done, page

blueprint = Blueprint("voting", __name__, url_prefix="/office/disbursements")
SCANS = PICTURES | {PDF}


def _summary(reading: Session, matter: Matter) -> Summary:
    """What somebody must know before they vote on a request or sign it."""
    found = queries.disbursement(reading, matter.subject_id)
    payee = party(reading, found.payee_id).name
    return Summary(
        title=queries.project_name(reading, found),
        url=url_for("dossier.show", disbursement_id=found.id),
        number=found.number or "",
        list_name=_("拨付"),
        list_url=url_for("disbursements.listing"),
        gains=_("%(who)s（付给 %(payee)s）", who=found.beneficiary, payee=payee)
        if found.beneficiary
        else _("付给 %(payee)s", payee=payee),
        left_minor=left_after(found, pool_of(reading, found)),
    )


def _ratification_summary(reading: Session, matter: Matter) -> Summary:
    """The same of an emergency that was approved; its money was counted then."""
    of_request = _summary(reading, matter)
    return replace(of_request, title=_("追认：%(title)s", title=of_request.title), left_minor=None)


@shows(queries.RATIFICATION, _ratification_summary)
@shows(queries.SUBJECT, _summary)
def matter_page(matter: Matter, template: str | None = None, **context: Any) -> Response:
    """The page of the request that a matter is about."""
    found = readable(matter.subject_id)
    return dossier_page(
        found,
        template or "disbursements/show.html",
        acting=matter,
        notes_template="disbursements/_signs.html",
        **context,
    )


@office.waits_for_you(order=10)
def emergencies_not_ratified(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """For the supervisor: emergencies that the council did not ratify, or not in time."""
    if not who.may(Permission.COUNCIL_SUPERVISE, fund.id):
        return []
    now = clock.now()
    return [
        office.WorkItem(
            title=queries.project_name(reading, found),
            url=url_for("dossier.show", disbursement_id=found.id),
            detail=_("第 %(number)s 号 · 紧急支出", number=found.number),
            amount_minor=found.amount_minor,
            due=last_day(matter.closes_at) if matter.closes_at else None,
            tag=("stop", _(STATES[state_of(matter.status, matter.closes_at, now)])),
            action=_("查看"),
        )
        for found, matter in unratified(reading, fund.id)
    ]


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


@blueprint.route("/<int:disbursement_id>/ratify-again", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def ratify_again(disbursement_id: int) -> Response:
    """Ask, then put an emergency before the council once more that it did not ratify in time."""
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.ratify_again(writing, actor(), disbursement_id)
    ):
        return done(url_for("dossier.show", disbursement_id=disbursement_id), _("已再次提请理事会追认"))
    return dossier_page(readable(disbursement_id), "disbursements/ratify_again.html", form=form)


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
        settling_days=PAST_DECISION_DAYS,
        last_on=council.past_decisions_end(session(), found.fund_id),
        max_bytes=MAX_BYTES,
        nav_current="disbursements",
    )
