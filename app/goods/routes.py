"""Goods in the office: stock, and valuations to be confirmed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.goods import operations, queries
from app.goods.forms import ValuationForm
from app.goods.models import GoodsLine
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session, transaction
from app.web.pages import asked_number, done, page

blueprint = Blueprint("goods", __name__, url_prefix="/office/goods")
office.navigation_entry("goods", N_("物资"), "goods.stock", Permission.BOOKS_READ, order=25)


LINES = 60


def line_pages(endpoint: str, lines: list[GoodsLine], after: int | None, **kept: Any) -> dict[str, Any]:
    """The addresses around a page of goods, of which one line more than it shows was read."""
    more = len(lines) > LINES
    return {
        "first_url": url_for(endpoint, **kept) if after else None,
        "next_url": url_for(endpoint, **kept, after=lines[LINES - 1].id) if more else None,
    }


@office.waits_for_you(order=65)
def valuations_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Goods whose value rests on nothing yet."""
    if not who.may(Permission.GIFT_RECORD, fund.id):
        return []
    count = queries.count_to_confirm(reading, fund.id)
    if not count:
        return []
    title = ngettext("有 %(num)d 批物资的估值待确认", "有 %(num)d 批物资的估值待确认", count)
    detail = _("写明估值依据后，公开页面不再标“待确认”")
    return [office.WorkItem(title, url_for("goods.valuations"), detail=detail, action=_("确认估值"))]


@blueprint.get("/")
@requires(Permission.BOOKS_READ)
def stock() -> Response:
    """What is in stock, the oldest first."""
    fund = office_fund()
    after = asked_number("after")
    lines = queries.in_stock(session(), fund.id, after=after, limit=LINES + 1)
    return page(
        "goods/stock.html",
        fragment="stock_list",
        lines=lines[:LINES],
        **line_pages("goods.stock", lines, after),
        totals=queries.stock_totals(session(), fund.id),
        waiting=queries.count_to_confirm(session(), fund.id),
        nav_current="goods",
    )


@blueprint.get("/valuations")
@requires(Permission.BOOKS_READ)
def valuations() -> Response:
    """Goods whose valuation is to be confirmed (待确认)."""
    fund = office_fund()
    after = asked_number("after")
    lines = queries.to_confirm(session(), fund.id, after=after, limit=LINES + 1)
    return page(
        "goods/valuations.html",
        fragment="valuation_list",
        lines=lines[:LINES],
        **line_pages("goods.valuations", lines, after),
        waiting=queries.count_to_confirm(session(), fund.id),
        may_confirm=actor().may(Permission.GIFT_RECORD, fund.id),
        nav_current="goods",
    )


@blueprint.route("/<int:line_id>/confirm", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def confirm(line_id: int) -> Response:
    """State what the value of one line rests on."""
    line = queries.line(session(), line_id)
    if line.fund_id != office_fund().id:
        raise NotFound(N_("没有这批物资"))
    form = ValuationForm(basis=line.valuation_basis)
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.confirm_valuation(writing, actor(), line_id, form.basis.data or "")
            return done(url_for("goods.valuations"), _("“%(item)s”的估值已确认", item=line.item))
    return page("goods/confirm.html", form=form, line=line, nav_current="goods")
