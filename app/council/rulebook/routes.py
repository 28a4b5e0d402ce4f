"""The rules in the office: those in force in plain sentences, every version with what it changed, and proposing others."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council.motions import operations as motions
from app.council.motions import queries as motion_queries
from app.council.motions.models import Motion
from app.council.motions.rules import EDITABLE, MotionDraft
from app.council.rulebook import queries
from app.council.rulebook.exporting import MAX_BYTES, file_name, read_rules_file, rules_file
from app.council.rulebook.forms import RulebookForm, RulesFileForm, as_fields
from app.council.rulebook.layouts import changed_lines, rule_lines, tier_rows
from app.council.rulebook.queries import Rules
from app.council.rulebook.rules import BUILT_IN, PROPOSED, as_data, read_data, refusals
from app.files.operations import read_upload
from app.shared.errors import N_, NotFound, Refused
from app.shared.permissions import Permission
from app.web import office
from app.web.access import actor, office_fund, requires
from app.web.database import session
from app.web.i18n import text
from app.web.pages import attempt, done, page

blueprint = Blueprint("rules", __name__, url_prefix="/office/council/rules")
office.navigation_entry(
    "council-rules", N_("议事规则"), "rules.in_force", Permission.DISBURSEMENT_READ, order=36
)


@blueprint.get("/")
@requires(Permission.DISBURSEMENT_READ)
def in_force() -> Response:
    """The rules that whatever is submitted now is decided under."""
    fund = office_fund()
    current = queries.rules_in_force(session(), fund.id)
    return page(
        "rulebook/in_force.html",
        version=current,
        tiers=tier_rows(current.book, text),
        lines=rule_lines(current.book, text),
        versions=queries.versions(session(), fund.id),
        may_propose=actor().may(Permission.COUNCIL_PROPOSE, fund.id),
        names_may_be_given=actor().may(Permission.MATTER_VOTE, fund.id),
        waiting=motion_queries.in_vote(session(), fund.id, "rules"),
        nav_current="council-rules",
    )


@blueprint.get("/<int:number>")
@requires(Permission.DISBURSEMENT_READ)
def show(number: int) -> Response:
    """One version, and what it changed."""
    fund = office_fund()
    found = queries.rules_numbered(session(), fund.id, number)
    earlier = queries.rules_numbered(session(), fund.id, number - 1) if number > BUILT_IN else None
    return page(
        "rulebook/version.html",
        version=found,
        is_in_force=found.number == queries.rules_in_force(session(), fund.id).number,
        tiers=tier_rows(found.book, text),
        lines=rule_lines(found.book, text),
        changes=changed_lines(earlier.book, found.book, text) if earlier else None,
        motion_id=queries.motion_of_version(session(), found),
        nav_current="council-rules",
    )


@blueprint.get("/<int:number>.json")
@requires(Permission.DISBURSEMENT_READ)
def export(number: int) -> Response:
    """One version as a file."""
    found = queries.rules_numbered(session(), office_fund().id, number)
    answer = Response(rules_file(found), content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename={file_name(number)}"
    return answer


@blueprint.route("/propose", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def propose() -> Response:
    """Fill in other rules than those in force; saving them makes a motion. ``?fill=proposed`` starts from the proposal."""
    current = queries.rules_in_force(session(), office_fund().id)
    is_proposal = request.args.get("fill") == "proposed"
    start = PROPOSED if is_proposal else current.book
    form = RulebookForm(
        title=_("按建议稿设定议事规则") if is_proposal else _("修改议事规则"), **as_fields(start)
    )
    return _form_page(form, None, current, is_proposal=is_proposal)


@blueprint.route("/propose/<int:motion_id>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def change(motion_id: int) -> Response:
    """Change the rules that a draft proposes."""
    found = motion_queries.motion(session(), motion_id)
    if found.topic != "rules" or not actor().may(Permission.COUNCIL_PROPOSE, found.fund_id):
        raise NotFound(N_("没有这份提案"))
    if found.status not in EDITABLE:
        return redirect(url_for("motions.show", motion_id=motion_id), code=303)  # type: ignore[return-value]
    book = read_data(motion_queries.details_of(found)["rulebook"])
    form = RulebookForm(title=found.title, text=found.text, **as_fields(book))
    return _form_page(form, found, queries.rules_in_force(session(), found.fund_id))


@blueprint.route("/import", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def read_file() -> Response:
    """Fill the form from an exported file; what is unsound in it is said beside its field."""
    form = RulesFileForm()
    if form.validate_on_submit():
        try:
            if not form.file.data:
                raise Refused(N_("请选择文件"), field="file")
            book = read_rules_file(read_upload(form.file.data.stream, MAX_BYTES))
        except Refused as refusal:
            form.show_refusal(refusal)
        else:
            filled = RulebookForm(formdata=None, title=_("按导入的文件设定议事规则"), **as_fields(book))
            filled.show_refusals(refusals(book))
            return _shown(filled, None, queries.rules_in_force(session(), office_fund().id), is_imported=True)
    return page("rulebook/import.html", form=form, max_bytes=MAX_BYTES, nav_current="council-rules")


def _form_page(
    form: RulebookForm, found: Motion | None, current: Rules, *, is_proposal: bool = False
) -> Response:
    step = request.form.get("step", "")
    if step == "add-tier":
        form.add_tier()
    elif step.startswith("remove-") and step.removeprefix("remove-").isdecimal():
        form.remove_tier(int(step.removeprefix("remove-")))
    elif form.validate_on_submit():
        wrong = refusals(form.book)
        form.show_refusals(wrong)
        saved = _saved(form, found, current) if not wrong else None
        if saved is not None:
            return done(url_for("motions.show", motion_id=saved), _("草稿已保存，提交以后才开始表决"))
    return _shown(form, found, current, is_proposal=is_proposal)


def _saved(form: RulebookForm, found: Motion | None, current: Rules) -> int | None:
    draft = MotionDraft(
        office_fund().id,
        "rules",
        form.title.data or "",
        form.text.data or "",
        details={"rulebook": as_data(form.book), "base": current.number},
        idempotency_key=form.once.data,
    )
    made: list[int] = []

    def write(writing: Session) -> None:
        if found is None:
            made.append(motions.draft_motion(writing, actor(), draft).id)
        else:
            made.append(motions.edit_motion(writing, actor(), found.id, draft).id)

    return made[0] if attempt(form, write) else None


def _shown(form: RulebookForm, found: Motion | None, current: Rules, **context: Any) -> Response:
    return page(
        "rulebook/propose.html",
        fragment="tier_rows",
        form=form,
        found=found,
        current=current,
        action=url_for("rules.change", motion_id=found.id) if found else url_for("rules.propose"),
        **{"is_proposal": False, "is_imported": False, **context},
        nav_current="council-rules",
    )
