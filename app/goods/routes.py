"""Goods in the office: stock, and valuations to be confirmed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.files.operations import read_upload
from app.files.queries import files_of
from app.files.rules import MAX_BYTES
from app.goods import operations, queries
from app.goods.forms import GoodsForm, PhotoForm, ValuationForm
from app.goods.layouts import freshness_tag, more_words
from app.goods.models import GoodsLine
from app.goods.rules import SUBJECT
from app.goods.states import CATEGORIES, CONDITIONS, MOVEMENTS, PUT_IN
from app.ledger import queries as ledger
from app.settings import Settings
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session, transaction
from app.web.pages import asked_number, attempt, done, page

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


def tab_items(reading: Session, fund_id: int) -> list[tuple[Any, ...]]:
    """The pages about stock, as tabs."""
    waiting = queries.count_to_confirm(reading, fund_id)
    return [
        ("stock", _("库存"), url_for("goods.stock")),
        ("valuations", _("估值待确认"), url_for("goods.valuations"), waiting),
        ("counts", _("盘点"), url_for("counting.listing")),
    ]


@blueprint.get("/")
@requires(Permission.BOOKS_READ)
def stock() -> Response:
    """What is in stock, the oldest first; ``?place=`` shows one place, 0 what has none."""
    fund, reading = office_fund(), session()
    after, place_id = asked_number("after"), asked_number("place")
    lines = queries.in_stock(reading, fund.id, place_id=place_id, after=after, limit=LINES + 1)
    shown = lines[:LINES]
    kept = {} if place_id is None else {"place": place_id}
    return page(
        "goods/stock.html",
        fragment="stock_list",
        lines=shown,
        held=queries.held_pieces(reading, [line.id for line in shown]),
        photos=queries.photos_of(reading, [line.id for line in shown]),
        signs={line.id: freshness_tag(line.expires_on) for line in shown},
        words={
            line.id: more_words(
                line.category, line.condition, line.expires_on, queries.place_name(reading, line.place_id)
            )
            for line in shown
        },
        **line_pages("goods.stock", lines, after, **kept),
        totals=queries.stock_totals(reading, fund.id),
        places=queries.stock_by_place(reading, fund.id),
        place_id=place_id,
        expiring=queries.count_expiring(reading, fund.id, clock.today()),
        tabs_=tab_items(reading, fund.id),
        nav_current="goods",
    )


def line_of_fund(line_id: int) -> GoodsLine:
    """Goods of the fund that the office works in; NotFound for any other."""
    line = queries.line(session(), line_id)
    if line.fund_id != office_fund().id:
        raise NotFound(N_("没有这批物资"))
    return line


@blueprint.get("/<int:line_id>")
@requires(Permission.BOOKS_READ)
def show(line_id: int) -> Response:
    """One kind of goods: what it is, how much is left, where it is, what came and went."""
    return _line_page(line_of_fund(line_id))


@blueprint.route("/<int:line_id>/change", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def change(line_id: int) -> Response:
    """Say what sort of goods these are, in what state, until when and where they are kept."""
    line = line_of_fund(line_id)
    form = GoodsForm(
        category=line.category,
        condition=line.condition,
        expires_on=line.expires_on,
        place=queries.place_name(session(), line.place_id),
    )
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.describe_goods(
            writing,
            actor(),
            line_id,
            category=form.category.data or "",
            condition=form.condition.data or "",
            expires_on=form.expires_on.data,
            place=form.place.data or "",
        ),
    ):
        return done(url_for("goods.show", line_id=line_id), _("已保存"))
    return page(
        "goods/change.html",
        form=form,
        line=line_of_fund(line_id),
        places=[each.name for each in queries.places_of(session(), line.fund_id)],
        nav_current="goods",
    )


@blueprint.route("/<int:line_id>/photo", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def photo(line_id: int) -> Response:
    """Add a photograph, which anybody will see."""
    line_of_fund(line_id)
    form = PhotoForm()
    if form.validate_on_submit():
        upload = form.photo.data
        assert upload is not None  # Given
        content = read_upload(upload.stream)
        settings: Settings = current_app.extensions["sunledger_settings"]
        if attempt(
            form,
            lambda writing: operations.attach_photo(
                writing, actor(), settings.files_dir, line_id, name=upload.filename or "", content=content
            ),
        ):
            return done(url_for("goods.show", line_id=line_id), _("照片已添加"))
    return page(
        "goods/photo.html", form=form, line=line_of_fund(line_id), max_bytes=MAX_BYTES, nav_current="goods"
    )


def _line_page(line: GoodsLine) -> Response:
    reading = session()
    held = queries.held_pieces(reading, [line.id])[line.id]
    return page(
        "goods/show.html",
        line=line,
        held=held,
        category=_(CATEGORIES[line.category]) if line.category else None,
        condition=_(CONDITIONS[line.condition]) if line.condition else None,
        sign=freshness_tag(line.expires_on),
        place=queries.place_name(reading, line.place_id),
        earmark=ledger.earmark(reading, line.earmark_id),
        photos=files_of(reading, SUBJECT, line.id, only_public=True),
        movements=queries.movements_of(reading, line.id),
        movement_names={kind: _(name) for kind, name in MOVEMENTS.items()},
        put_in=PUT_IN,
        may_change=actor().may(Permission.GIFT_RECORD, line.fund_id),
        may_see_gift=actor().may(Permission.PERSONAL_READ, line.fund_id),
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
        tabs_=tab_items(session(), fund.id),
        may_confirm=actor().may(Permission.GIFT_RECORD, fund.id),
        nav_current="goods",
    )


@blueprint.route("/<int:line_id>/confirm", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def confirm(line_id: int) -> Response:
    """State what the value of one line rests on."""
    line = line_of_fund(line_id)
    form = ValuationForm(basis=line.valuation_basis)
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.confirm_valuation(writing, actor(), line_id, form.basis.data or "")
            return done(url_for("goods.valuations"), _("“%(item)s”的估值已确认", item=line.item))
    return page("goods/confirm.html", form=form, line=line, nav_current="goods")
