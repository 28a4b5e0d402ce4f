"""Goods for beneficiaries in the office: the motion, the list to sign, handing out, and undoing it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council.issuing import operations, queries
from app.council.issuing.forms import MOST_OFFERED, HandOutForm, IssueForm
from app.council.issuing.operations import HandOut
from app.council.issuing.rules import Wanted, details_of
from app.council.motions.dossier.routes import motion_page, readable
from app.council.motions.forms import ReasonForm, ask_for_files_again, uploads
from app.council.motions.models import Motion
from app.council.motions.routes import files_dir, written
from app.council.motions.rules import EDITABLE, MotionDraft
from app.council.notice.queries import obstacles
from app.files.rules import MAX_BYTES
from app.goods import queries as goods
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.pages import attempt, done, page

blueprint = Blueprint("issuing", __name__, url_prefix="/office/council/motions")
SIGN_ROWS = 24


@office.waits_for_you(order=57)
def issues_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Goods that the council resolved to give out, once nothing stands in the way."""
    if not who.may(Permission.GIFT_RECORD, fund.id):
        return []
    return [
        office.WorkItem(
            title=found.title,
            url=url_for("issuing.hand_out", motion_id=found.id),
            detail=_("决议已通过，发给%(receiver)s", receiver=queries.wanted(found).receiver),
            amount_minor=found.amount_minor,
            tag=("wait", _("待发放")),
            action=_("登记发放"),
        )
        for found in queries.to_hand_out(reading, fund.id)
        if not obstacles(reading, "motion", found.id)
    ]


@blueprint.route("/goods", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def draft() -> Response:
    """Propose to give out goods in stock."""
    return _draft(None, office_fund().id, {})


@blueprint.route("/goods/<int:motion_id>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_PROPOSE)
def edit(motion_id: int) -> Response:
    """Change a motion to give out goods that is a draft or was returned."""
    found = readable(motion_id)
    if found.topic != "goods":
        raise NotFound(N_("没有这份提案"))
    if found.status not in EDITABLE:
        return _back(motion_id)
    wanted = queries.wanted(found)
    given = {"receiver": wanted.receiver, "title": found.title, "text": found.text}
    return _draft(found, found.fund_id, given, dict(wanted.lines))


def _draft(
    found: Motion | None, fund_id: int, given: dict[str, Any], chosen: dict[int, int] | None = None
) -> Response:
    reading = session()
    stock = goods.in_stock(reading, fund_id, limit=MOST_OFFERED)
    free = goods.free_pieces_of(reading, stock)
    chosen = chosen or {}
    offered = [line for line in stock if free[line.id] or line.id in chosen]
    form = IssueForm(**given, lines=[{"line": line.id, "pieces": chosen.get(line.id)} for line in offered])

    def draft_of_form() -> MotionDraft:
        wanted = Wanted(form.receiver.data or "", tuple(form.pieces.items()))
        return MotionDraft(
            fund_id,
            "goods",
            form.title.data or "",
            form.text.data or "",
            details=details_of(wanted),
            idempotency_key=form.once.data,
        )

    return written(
        form,
        found,
        "issuing/draft.html",
        draft_of_form,
        stock={line.id: line for line in stock},
        free=free,
        places={line.id: goods.place_name(reading, line.place_id) for line in offered},
    )


def _passed(motion_id: int) -> Motion:
    found = readable(motion_id)
    if found.topic != "goods" or found.status != "approved" or found.fund_id != office_fund().id:
        raise NotFound(N_("没有这份提案"))
    return found


@blueprint.get("/<int:motion_id>/sign-off-list")
@requires(Permission.GIFT_RECORD)
def sign_off_list(motion_id: int) -> Response:
    """A list to print, on which the receivers sign."""
    found = _passed(motion_id)
    return page(
        "issuing/sign_off_list.html",
        found=found,
        fund=office_fund(),
        receiver=queries.wanted(found).receiver,
        lines=queries.goods_wanted(session(), found),
        rows=SIGN_ROWS,
        nav_current="motions",
    )


@blueprint.route("/<int:motion_id>/hand-out", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def hand_out(motion_id: int) -> Response:
    """Record what was handed out, with the list that was signed."""
    found = _passed(motion_id)
    lines = queries.goods_wanted(session(), found)
    form = HandOutForm(
        handed_on=clock.today(), lines=[{"line": each.line_id, "pieces": each.pieces} for each in lines]
    )
    if form.validate_on_submit():
        given = HandOut(
            form.handed_on.data,  # type: ignore[arg-type] # Given
            form.pieces,
            form.recipients.data or 0,
            uploads(form.sign_off),
            form.once.data,
        )
        if attempt(
            form, lambda writing: operations.hand_out(writing, actor(), files_dir(), motion_id, given)
        ):
            return done(url_for("motions.show", motion_id=motion_id), _("发放已登记，物资已出库"))
    found = _passed(motion_id)
    ask_for_files_again(form, form.sign_off)
    return page(
        "issuing/hand_out.html",
        form=form,
        found=found,
        receiver=queries.wanted(found).receiver,
        lines={each.line_id: each for each in lines},
        obstacles=obstacles(session(), "motion", motion_id),
        is_done=queries.standing_issue(session(), motion_id) is not None,
        max_bytes=MAX_BYTES,
        nav_current="motions",
    )


@blueprint.route("/<int:motion_id>/give-up", methods=["GET", "POST"])
@requires(Permission.COUNCIL_CONVENE)
def give_up(motion_id: int) -> Response:
    """Ask why, then let the goods of a passed motion go."""
    found = readable(motion_id)
    if not queries.waits_for_hand_out(session(), found):
        return _back(motion_id)
    form = ReasonForm()
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.give_up_issue(writing, actor(), motion_id, form.reason.data or ""),
    ):
        return done(url_for("motions.show", motion_id=motion_id), _("已放弃发放，物资可以另作他用"))
    return motion_page(readable(motion_id), "issuing/give_up.html", form=form)


@blueprint.route("/<int:motion_id>/issues/<int:issue_id>/undo", methods=["GET", "POST"])
@requires(Permission.BOOKS_CORRECT)
def undo(motion_id: int, issue_id: int) -> Response:
    """Ask why, then reverse what was booked and put the goods back."""
    found = readable(motion_id)
    issue = queries.issue(session(), issue_id)
    if issue.motion_id != found.id or not issue.recipients:
        raise NotFound(N_("没有这次发放"))
    form = ReasonForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.undo_issue(writing, actor(), issue_id, form.reason.data or "")
    ):
        return done(url_for("motions.show", motion_id=motion_id), _("发放已撤销，物资已退回库存"))
    view = next(each for each in queries.issues_of(session(), motion_id) if each.id == issue_id)
    return motion_page(readable(motion_id), "issuing/undo.html", form=form, issue=view)


def _back(motion_id: int) -> Response:
    return redirect(url_for("motions.show", motion_id=motion_id), code=303)  # type: ignore[return-value]
