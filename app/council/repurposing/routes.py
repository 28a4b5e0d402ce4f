"""A change of purpose in the office: its motion, the donors' answers, the notice, the filing, the move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.council.motions.dossier.routes import motion_page, readable
from app.council.motions.forms import ReasonForm, ask_for_files_again, uploads
from app.council.motions.models import Motion
from app.council.motions.queries import change_of, details_of
from app.council.motions.routes import files_dir, written
from app.council.motions.rules import EDITABLE, MotionDraft
from app.council.notice.queries import notice_of
from app.council.repurposing import operations, queries
from app.council.repurposing.forms import AnswerForm, FilingForm, PurposeForm
from app.council.repurposing.models import Repurposing
from app.council.repurposing.operations import AnswerDraft
from app.council.repurposing.rules import (
    ANSWER_TAGS,
    ANSWERS,
    SUBJECT,
    WAYS,
    Plan,
    notice_ends_on,
    plan_of,
    words_of,
)
from app.council.repurposing.rules import (
    details_of as details_to_keep,
)
from app.files.queries import files_of_many
from app.files.rules import MAX_BYTES
from app.ledger import queries as ledger
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.money import yuan
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done

blueprint = Blueprint("repurposing", __name__, url_prefix="/office/council/motions")
DONORS_SHOWN = 100
SCANS = ".pdf,.png,.jpg,.jpeg"


@office.waits_for_you(order=58)
def changes_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Changes of purpose that were resolved, by what each still needs from this person."""
    found = []
    for motion, change in queries.under_way(reading, fund.id):
        found += [
            office.WorkItem(
                title=motion.title,
                url=url_for("repurposing.show", motion_id=motion.id),
                detail=detail,
                amount_minor=motion.amount_minor,
                due=due,
                tag=("wait", tag),
                action=action,
            )
            for detail, due, tag, action in _wanted(reading, who, change)
        ]
    return found


def _wanted(reading: Session, who: Actor, change: Repurposing) -> Iterator[tuple[str, Any, str, str]]:
    """(detail, due, tag, action) of everything that somebody with this office is to do."""
    view, fund_id = queries.view_of(reading, change), change.fund_id
    if view.silent and "answer" in view.waits_for and who.may(Permission.CONSENT_RECORD, fund_id):
        words = ngettext("还有 %(num)s 位捐赠人没有答复", "还有 %(num)s 位捐赠人没有答复", view.silent)
        yield words, None, _("待捐赠人答复"), _("登记答复")
    if who.may(Permission.COUNCIL_CONVENE, fund_id):
        if "no_notice" in view.waits_for:
            yield _("有捐赠人联系不上，要公示 60 天"), None, _("待公示"), _("开始公示")
        if "filing" in view.waits_for:
            yield _("变更要报民政备案"), view.filing_due_on, _("待备案"), _("登记备案")
        stood = notice_of(reading, queries.MOTION, change.motion_id)
        if stood is not None and "notice" in view.waits_for:
            yield _("公示期满以后可以划转"), stood.ends_on, _("公示中"), _("查看")
    if view.is_ready and who.may(Permission.BOOKS_POST, fund_id):
        yield _("条件都齐了"), None, _("待划转"), _("划到新用途")


@blueprint.route("/purpose", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def draft() -> Response:
    """Propose that money be used for something else than it was given for."""
    return _draft(PurposeForm(), None, office_fund().id)


@blueprint.route("/purpose/<int:motion_id>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def edit(motion_id: int) -> Response:
    """Change a proposed change of purpose."""
    found = readable(motion_id)
    if found.topic != "purpose":
        raise NotFound(N_("没有这份提案"))
    if found.status not in EDITABLE:
        return _back(motion_id)
    asked, plan = change_of(found), plan_of(details_of(found))
    form = PurposeForm(
        from_earmark=asked.from_id,
        to_earmark=asked.to_id,
        amount=asked.amount_minor,
        title=found.title,
        filing="yes" if plan.needs_filing else "no",
        **plan.parts,
    )
    return _draft(form, found, found.fund_id)


def _draft(form: PurposeForm, found: Motion | None, fund_id: int) -> Response:
    pools = [pool for pool in ledger.pools_of(session(), fund_id) if pool.closed_on is None]
    for field in (form.from_earmark, form.to_earmark):
        field.offer(
            (
                pool.earmark_id,
                _("%(name)s（可用 %(amount)s 元）", name=_(pool.name), amount=yuan(pool.available_minor)),
            )
            for pool in pools
        )

    def given() -> MotionDraft:
        plan = Plan(
            form.background.data or "",
            form.used.data or "",
            form.change.data or "",
            needs_filing=form.filing.data == "yes",
        )
        return MotionDraft(
            fund_id,
            "purpose",
            form.title.data or "",
            words_of(plan),
            form.amount.data,
            details_to_keep(form.from_earmark.data, form.to_earmark.data, plan),
            form.once.data,
        )

    return written(form, found, "repurposing/draft.html", given, several=len(pools) > 1)


@blueprint.get("/<int:motion_id>/change")
@requires(Permission.DISBURSEMENT_READ, personal=True)
def show(motion_id: int) -> Response:
    """Where a change stands: every donor with their gifts and answer, the notice, the filing."""
    return _page(motion_id, "repurposing/show.html")


def _page(motion_id: int, template: str, **context: Any) -> Response:
    """A page about a change; names of donors only for those who may read personal data."""
    found = readable(motion_id)
    change = queries.change(session(), motion_id)
    who = actor()
    named = who.may(Permission.PERSONAL_READ, found.fund_id)
    donors = queries.donors_of(session(), motion_id, limit=DONORS_SHOWN)
    ids = [each.answer.id for each in donors if each.answer is not None] if named else []
    view = queries.view_of(session(), change)
    return motion_page(
        found,
        template,
        repurposing=view,
        donors=donors,
        donors_shown=DONORS_SHOWN,
        named=named,
        evidence=files_of_many(session(), SUBJECT, ids),
        answers={key: _(name) for key, name in ANSWERS.items()},
        answer_tags=ANSWER_TAGS,
        ways={key: _(name) for key, name in WAYS.items()},
        may_record=who.may(Permission.CONSENT_RECORD, found.fund_id) and not view.is_over,
        may_convene=who.may(Permission.COUNCIL_CONVENE, found.fund_id) and not view.is_over,
        may_move=who.may(Permission.BOOKS_POST, found.fund_id) and not view.is_over,
        notice_ends_on=notice_ends_on(clock.today()),
        **context,
    )


@blueprint.route("/<int:motion_id>/change/donors/<int:party_id>", methods=["GET", "POST"])
@requires(Permission.CONSENT_RECORD)
def answer(motion_id: int, party_id: int) -> Response:
    """Record what a donor said, with the evidence."""
    readable(motion_id)
    queries.donor_of(session(), motion_id, party_id)
    form = AnswerForm(answered_on=clock.today())
    if form.validate_on_submit():
        given = AnswerDraft(
            party_id,
            form.answer.data or "",
            form.answered_on.data,  # type: ignore[arg-type] # Given
            form.way.data or "",
            uploads(form.papers),
            form.note.data or "",
            form.once.data,
        )
        if attempt(
            form, lambda writing: operations.record_answer(writing, actor(), files_dir(), motion_id, given)
        ):
            return done(_url(motion_id), _("答复已登记"))
    ask_for_files_again(form, form.papers)
    return _page(
        motion_id,
        "repurposing/answer.html",
        form=form,
        donor=queries.donor_of(session(), motion_id, party_id),
        accept=SCANS,
        max_bytes=MAX_BYTES,
    )


@blueprint.route("/<int:motion_id>/change/notice", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def open_notice(motion_id: int) -> Response:
    """Ask, then open the notice of 60 days."""
    return _asked(motion_id, "repurposing/notice.html", operations.open_donor_notice, _("公示已开始"))


@blueprint.route("/<int:motion_id>/change/move", methods=["GET", "POST"])
@requires(Permission.BOOKS_POST)
def move(motion_id: int) -> Response:
    """Show what will move and what stays, then move it."""
    return _asked(motion_id, "repurposing/move.html", operations.carry_out, _("钱已划到新用途"))


def _asked(motion_id: int, template: str, act: Callable[[Session, Actor, int], Any], said: str) -> Response:
    readable(motion_id)
    if request.method == "GET" and queries.view_of(session(), queries.change(session(), motion_id)).is_over:
        return _to(motion_id)
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(form, lambda writing: act(writing, actor(), motion_id)):
        return done(_url(motion_id), said)
    return _page(motion_id, template, form=form)


@blueprint.route("/<int:motion_id>/change/filing", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def filing(motion_id: int) -> Response:
    """Record the filing with civil affairs."""
    readable(motion_id)
    form = FilingForm(filed_on=clock.today())
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.record_filing(
            writing, actor(), motion_id, form.number.data or "", form.filed_on.data or clock.today()
        ),
    ):
        return done(_url(motion_id), _("备案已登记"))
    return _page(motion_id, "repurposing/filing.html", form=form)


@blueprint.route("/<int:motion_id>/change/give-up", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def give_up(motion_id: int) -> Response:
    """Ask why, then leave the money where it is."""
    readable(motion_id)
    if request.method == "GET" and queries.view_of(session(), queries.change(session(), motion_id)).is_over:
        return _to(motion_id)
    form = ReasonForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.give_up_change(writing, actor(), motion_id, form.reason.data or "")
    ):
        return done(_url(motion_id), _("已放弃变更，钱留在原用途"))
    return _page(motion_id, "repurposing/give_up.html", form=form)


def _url(motion_id: int) -> str:
    return url_for("repurposing.show", motion_id=motion_id)


def _to(motion_id: int) -> Response:
    return redirect(_url(motion_id), code=303)  # type: ignore[return-value]


def _back(motion_id: int) -> Response:
    return redirect(url_for("motions.show", motion_id=motion_id), code=303)  # type: ignore[return-value]
