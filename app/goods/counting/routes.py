"""Counting stock in the office: the sheet to print, typing it in, and a second person's word."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.goods.counting import operations, queries
from app.goods.counting.forms import CountForm, RejectForm
from app.goods.counting.models import GoodsCount
from app.goods.counting.rules import STATUS_TAGS, is_due
from app.goods.routes import tab_items
from app.people.queries import names_of
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import attempt, done, page

blueprint = Blueprint("counting", __name__, url_prefix="/office/goods/counts")
STATUS_NAMES = {"counted": N_("等第二个人核对"), "confirmed": N_("已核对"), "rejected": N_("已作废")}


@office.waits_for_you(order=66)
def counts_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """A count to confirm, for anybody but who counted; else stock that nobody has counted for a year."""
    if not who.may(Permission.GIFT_RECORD, fund.id):
        return []
    waiting = queries.waiting_count(reading, fund.id)
    if waiting is not None:
        if waiting.counted_by_id == who.user_id:
            return []
        url = url_for("counting.confirm", count_id=waiting.id)
        return [office.WorkItem(_("有一次盘点等您核对"), url, due=waiting.counted_on, action=_("去核对"))]
    since = queries.uncounted_since(reading, fund.id)
    if since is None or not is_due(since, clock.today()):
        return []
    days = (clock.today() - since).days
    detail = ngettext("库存已有 %(num)d 天没有盘点", "库存已有 %(num)d 天没有盘点", days)
    return [
        office.WorkItem(_("该盘点库存了"), url_for("counting.listing"), detail=detail, action=_("去盘点"))
    ]


def _of_fund(count_id: int) -> GoodsCount:
    found = queries.count(session(), count_id)
    if found.fund_id != office_fund().id:
        raise NotFound(N_("没有这次盘点"))
    return found


@blueprint.get("/")
@requires(Permission.BOOKS_READ)
def listing() -> Response:
    """The fund's counts, the latest first."""
    fund, reading = office_fund(), session()
    counts = queries.counts_of(reading, fund.id)
    since = queries.uncounted_since(reading, fund.id)
    return page(
        "counting/listing.html",
        counts=counts,
        names=names_of(
            reading, [who for each in counts for who in (each.counted_by_id, each.ended_by_id) if who]
        ),
        states=_states(),
        is_due=is_due(since, clock.today()),
        has_stock=since is not None,
        may_count=actor().may(Permission.GIFT_RECORD, fund.id),
        is_waiting=any(each.status == "counted" for each in counts),
        tabs_=tab_items(reading, fund.id),
        nav_current="goods",
    )


def _states() -> dict[str, tuple[str, str]]:
    return {status: (STATUS_TAGS[status], _(name)) for status, name in STATUS_NAMES.items()}


@blueprint.get("/sheet")
@requires(Permission.GIFT_RECORD)
def sheet() -> Response:
    """The sheet to walk along the shelves with: by place, to print."""
    return page(
        "counting/sheet.html",
        fund=office_fund(),
        stock=queries.stock_to_count(session(), office_fund().id),
        today=clock.today(),
        nav_current="goods",
    )


@blueprint.route("/record", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def record() -> Response:
    """Type in what was counted."""
    fund = office_fund()
    stock = queries.stock_to_count(session(), fund.id)
    form = CountForm(lines=[{"line": line.id, "expected": line.quantity_left} for line, _place in stock])
    if form.validate_on_submit():
        made: list[int] = []

        def write(writing: Session) -> None:
            made.append(operations.record_count(writing, actor(), fund.id, form.found, key=form.once.data).id)

        if attempt(form, write):
            return done(url_for("counting.show", count_id=made[0]), _("盘点已保存，请另一个人核对"))
        if form.refused_status == 409:
            stock = queries.stock_to_count(session(), fund.id)
            _show_what_moved(form, {line.id: line.quantity_left for line, _place in stock})
    return page(
        "counting/record.html",
        form=form,
        stock={line.id: (line, place) for line, place in stock},
        is_waiting=queries.waiting_count(session(), fund.id) is not None,
        nav_current="goods",
    )


def _show_what_moved(form: CountForm, left: dict[int, int]) -> None:
    """What was typed stays, but of lines whose stock has changed: those are to be counted again."""
    for entry in form.lines:
        line = entry.form
        now = left.pop(line.line_id, 0)
        if str(now) != str(line.expected.data):
            line.expected.data = str(now)
            line.counted.data, line.counted.raw_data = None, []
            line.counted.errors = [_("账上刚刚变成 %(count)s，请重新数这一种", count=now)]
    for line_id, now in left.items():
        form.lines.append_entry({"line": line_id, "expected": now})


@blueprint.get("/<int:count_id>")
@requires(Permission.BOOKS_READ)
def show(count_id: int) -> Response:
    """One count: what was found, who counted, who confirmed."""
    return _count_page("counting/show.html", _of_fund(count_id))


@blueprint.route("/<int:count_id>/confirm", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def confirm(count_id: int) -> Response:
    """A second person looks at what was counted, and says so; then differences are booked."""
    _of_fund(count_id)
    form = ConfirmForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.confirm_count(writing, actor(), count_id)
    ):
        return done(url_for("counting.show", count_id=count_id), _("盘点已核对，差异已入账"))
    return _count_page("counting/confirm.html", _of_fund(count_id), form=form)


@blueprint.route("/<int:count_id>/reject", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def reject(count_id: int) -> Response:
    """Give a count up, with a reason."""
    _of_fund(count_id)
    form = RejectForm()
    if form.validate_on_submit() and attempt(
        form, lambda writing: operations.reject_count(writing, actor(), count_id, form.reason.data or "")
    ):
        return done(url_for("counting.listing"), _("这次盘点已作废，可以重新盘点"))
    return _count_page("counting/reject.html", _of_fund(count_id), form=form)


def _count_page(template: str, count: GoodsCount, **context: Any) -> Response:
    reading = session()
    rows = queries.rows_of(reading, count.id)
    people = [who for who in (count.counted_by_id, count.ended_by_id) if who is not None]
    return page(
        template,
        count=count,
        rows=rows,
        differences=[row for row in rows if row.counted != row.expected],
        names=names_of(reading, people),
        state=_states()[count.status],
        may_end=count.status == "counted" and actor().may(Permission.GIFT_RECORD, count.fund_id),
        is_own=actor().user_id == count.counted_by_id,
        nav_current="goods",
        **context,
    )
