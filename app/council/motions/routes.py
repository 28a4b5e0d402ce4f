"""Motions in the office: the list, writing, submitting, putting to the vote, taking back, and the page of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council.motions import operations, queries
from app.council.motions.dossier.routes import edit_url, motion_page, readable
from app.council.motions.forms import (
    MotionForm,
    ReasonForm,
    SubmitForm,
    ask_for_files_again,
    uploads,
)
from app.council.motions.models import Motion
from app.council.motions.rules import (
    EDITABLE,
    MOTION_TOPICS,
    OPEN,
    STATUS_NAMES,
    STATUS_TAGS,
    MotionDraft,
    may_become,
)
from app.files.forms import PublicCopyForm
from app.files.queries import files_of
from app.files.rules import ACCEPT, MAX_BYTES, PUBLIC_COPY
from app.settings import Settings
from app.shared.errors import N_
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.forms import ConfirmForm, Form
from app.web.pages import attempt, done, page

blueprint = Blueprint("motions", __name__, url_prefix="/office/council/motions")
office.navigation_entry("motions", N_("提案"), "motions.listing", Permission.DISBURSEMENT_READ, order=34)

ROWS = 50
_TABS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": (N_("全部"), ()),
    "drafted": (N_("草稿"), ("drafted",)),
    "open": (N_("待表决和表决中"), OPEN),
    "decided": (N_("已有结果"), ("approved", "rejected", "lapsed")),
}


@office.waits_for_you(order=55)
def motions_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """For secretary and chair: motions that wait to be put to the vote."""
    if not who.may(Permission.COUNCIL_CONVENE, fund.id):
        return []
    return [
        office.WorkItem(
            title=row.title,
            url=url_for("motions.show", motion_id=row.id),
            detail=_("第 %(number)s 号提案：%(topic)s", number=row.number, topic=_(MOTION_TOPICS[row.topic])),
            amount_minor=row.amount_minor,
            due=row.submitted_at,
            tag=("wait", _("待付表决")),
            action=_("付表决"),
        )
        for row in reversed(queries.motions(reading, fund.id, statuses=("submitted",), limit=20))
    ]


@blueprint.get("/")
@requires(Permission.DISBURSEMENT_READ)
def listing() -> Response:
    """The fund's motions, the newest first."""
    fund = office_fund()
    current = request.args.get("status", "")
    current = current if current in _TABS else ""
    before = request.args.get("before", type=int)
    before = min(before, 2**62) if before else None
    rows = queries.motions(session(), fund.id, statuses=_TABS[current][1], before=before, limit=ROWS + 1)
    following = (
        url_for("motions.listing", status=current or None, before=rows[ROWS - 1].id)
        if len(rows) > ROWS
        else None
    )
    return page(
        "motions/listing.html",
        rows=rows[:ROWS],
        tab_items=[
            (key, _(name), url_for("motions.listing", status=key or None))
            for key, (name, _states) in _TABS.items()
        ],
        current=current,
        next_url=following,
        first_url=url_for("motions.listing", status=current or None) if before else None,
        may_propose=actor().may(Permission.COUNCIL_PROPOSE, fund.id),
        **_words(),
        nav_current="motions",
    )


def _words() -> dict[str, Any]:
    return {
        "topics": {topic: _(name) for topic, name in MOTION_TOPICS.items()},
        "states": {status: _(name) for status, name in STATUS_NAMES.items()},
        "tags": STATUS_TAGS,
    }


@blueprint.get("/<int:motion_id>")
@requires(Permission.DISBURSEMENT_READ)
def show(motion_id: int) -> Response:
    """One motion: its words, what it would change, how far it has come."""
    return motion_page(readable(motion_id))


@blueprint.route("/draft", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def draft() -> Response:
    """Write a motion in words."""
    form = MotionForm()
    return written(form, None, "motions/draft.html", lambda: _plain_draft(form))


@blueprint.route("/<int:motion_id>/edit", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def edit(motion_id: int) -> Response:
    """Change a motion in words that is a draft or was returned."""
    found = readable(motion_id)
    if found.status not in EDITABLE or found.topic in ("rules", "purpose", "goods"):
        return _back(found)
    form = MotionForm(topic=found.topic, title=found.title, text=found.text, amount=found.amount_minor)
    return written(form, found, "motions/draft.html", lambda: _plain_draft(form))


def _plain_draft(form: MotionForm) -> MotionDraft:
    return MotionDraft(
        office_fund().id,
        form.topic.data,
        form.title.data or "",
        form.text.data or "",
        form.amount.data,
        idempotency_key=form.once.data,
    )


def written(
    form: Any, found: Motion | None, template: str, given: Callable[[], MotionDraft], **context: Any
) -> Response:
    """Save what was written with its files, or show the form (again)."""
    if form.validate_on_submit():
        made: list[int] = []

        def write(writing: Session) -> None:
            known = queries.motion_of_key(writing, form.once.data)
            if found is None:
                saved = operations.draft_motion(writing, actor(), given())
            else:
                saved = operations.edit_motion(writing, actor(), found.id, given())
            made.append(saved.id)
            if known is not None and found is None:
                return
            operations.attach_files(writing, actor(), files_dir(), saved.id, uploads(form["files"]))

        if attempt(form, write):
            return done(url_for("motions.show", motion_id=made[0]), _("草稿已保存，提交以后才开始表决"))
    ask_for_files_again(form, form["files"])
    return page(
        template,
        form=form,
        found=found,
        kept_files=[
            file
            for file in (files_of(session(), queries.SUBJECT, found.id) if found else [])
            if file.purpose != PUBLIC_COPY
        ],
        accept=ACCEPT,
        max_bytes=MAX_BYTES,
        nav_current="motions",
        **context,
    )


def files_dir() -> Path:
    """The folder that keeps the bytes of attachments."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return settings.files_dir


def _back(found: Motion) -> Response:
    return redirect(url_for("motions.show", motion_id=found.id), code=303)  # type: ignore[return-value]


@blueprint.route("/<int:motion_id>/files/<int:file_id>/remove", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def remove_file(motion_id: int, file_id: int) -> Response:
    """Ask, then take a file off a draft."""
    found = readable(motion_id)
    kept = next((file for file in files_of(session(), queries.SUBJECT, found.id) if file.id == file_id), None)
    if kept is None or kept.purpose == PUBLIC_COPY or found.status not in EDITABLE:
        return _back(found)
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.remove_file(writing, actor(), motion_id, file_id)
    ):
        return done(edit_url(found), _("附件已移除"))
    return page(
        "motions/remove_file.html",
        form=form,
        found=found,
        file=kept,
        edit_url=edit_url(found),
        nav_current="motions",
    )


@blueprint.route("/<int:motion_id>/public-copies", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def public_copy(motion_id: int) -> Response:
    """Upload redacted copies of a motion's papers for its public page."""
    found = readable(motion_id)
    if request.method == "GET" and found.number is None:
        return _back(found)
    form = PublicCopyForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.add_public_copy(
            writing, actor(), files_dir(), motion_id, uploads(form.public_copy)
        ),
    ):
        return done(url_for("motions.show", motion_id=motion_id), _("公开件已上传"))
    ask_for_files_again(form, form.public_copy)
    return motion_page(
        readable(motion_id),
        "motions/public_copy.html",
        form=form,
        max_bytes=MAX_BYTES,
        accept=".pdf,.png,.jpg,.jpeg",
    )


@blueprint.route("/<int:motion_id>/submit", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def submit(motion_id: int) -> Response:
    """Show exactly what will be fixed, then put the motion before the council."""
    found = readable(motion_id)
    if request.method == "GET" and found.status not in EDITABLE:
        return _back(found)
    form = SubmitForm()
    if form.validate_on_submit():
        if attempt(
            form,
            lambda writing: operations.submit_motion(
                writing, actor(), motion_id, read_hash=form.read_hash.data
            ),
        ):
            return done(url_for("motions.show", motion_id=motion_id), _("提案已提交"))
        found = readable(motion_id)
    form.read_hash.data = operations.draft_hash(session(), found)
    opens = actor().may(Permission.COUNCIL_CONVENE, found.fund_id)
    return motion_page(found, "motions/submit.html", form=form, opens=opens)


@blueprint.route("/<int:motion_id>/open-vote", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def open_vote(motion_id: int) -> Response:
    """Ask, then put a submitted motion to the vote."""
    found = readable(motion_id)
    if request.method == "GET" and found.status != "submitted":
        return _back(found)
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.open_vote(writing, actor(), motion_id)
    ):
        return done(url_for("motions.show", motion_id=motion_id), _("表决已开始"))
    return motion_page(readable(motion_id), "motions/open_vote.html", form=form)


@blueprint.route("/<int:motion_id>/return", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def give_back(motion_id: int) -> Response:
    """Ask for the reason, then give a motion back to be changed."""
    found = readable(motion_id)
    if request.method == "GET" and not may_become(found.status, "returned"):
        return _back(found)
    return _ended(motion_id, "motions/give_back.html", operations.return_motion, _("提案已退回，可以修改"))


@blueprint.route("/<int:motion_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def withdraw(motion_id: int) -> Response:
    """Ask for the reason, then take a motion back for good."""
    found = readable(motion_id)
    if request.method == "GET":
        if not operations.may_withdraw(actor(), found):
            return done(url_for("motions.show", motion_id=motion_id), _("只有提案人或秘书处可以撤回这份提案"))
        if not may_become(found.status, "withdrawn"):
            return _back(found)
    return _ended(motion_id, "motions/withdraw.html", operations.withdraw_motion, _("提案已撤回"))


def _ended(
    motion_id: int, template: str, operation: Callable[[Session, Actor, int, str], Motion], said: str
) -> Response:
    form: Form = ReasonForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operation(writing, actor(), motion_id, form["reason"].data or "")
    ):
        return done(url_for("motions.show", motion_id=motion_id), said)
    return motion_page(readable(motion_id), template, form=form)
