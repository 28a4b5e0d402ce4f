"""Sale events in the office: the list, an event's page, lots, sales, the donation box."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.funds import queries as funds
from app.goods import queries as goods
from app.goods.routes import LINES, line_pages
from app.ledger import queries as ledger
from app.sales import operations, queries
from app.sales.forms import BoxForm, EventDetailsForm, EventForm, LotForm, VoidForm
from app.sales.models import METHODS, SaleEvent
from app.sales.rules import DEFAULT_STEP_MINOR, FILING_MISSING, METHOD_NAMES, MODES, LotDraft, is_public
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.sheets.goods import proposed_units_per_item
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.forms import ConfirmForm
from app.web.pages import asked_number, attempt, done, page

blueprint = Blueprint("sales", __name__, url_prefix="/office/sales")
office.navigation_entry("sales", N_("义卖义拍"), "sales.listing", Permission.BOOKS_READ, order=40)
RECENT = 30


@office.waits_for_you(order=30)
def events_to_close(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Sale events whose day is over and that nobody closed yet."""
    if not who.may(Permission.SALE_RUN, fund.id):
        return []
    yesterday = clock.today(fund.time_zone) - timedelta(days=1)
    return [
        office.WorkItem(
            title=event.name,
            url=url_for("sales.show", event_id=event.id),
            detail=_("活动已过，还没有清点结束"),
            due=event.held_on,
            tag=("wait", _("待清点")),
            action=_("去清点"),
        )
        for event in queries.events(reading, fund.id)
        if event.status == "open" and event.held_on <= yesterday
    ]


def readable_event(event_id: int) -> SaleEvent:
    """An event of a fund whose books the person may read; NotFound for any other."""
    found = queries.event(session(), event_id)
    if not actor().may(Permission.BOOKS_READ, found.fund_id):
        raise NotFound(N_("没有这场义卖"))
    return found


def method_names() -> dict[str, str]:
    """Ways of payment in the visitor's language."""
    return {method: _(METHOD_NAMES[method]) for method in METHODS}


@blueprint.get("/")
@requires(Permission.BOOKS_READ)
def listing() -> Response:
    """The fund's sale events, the newest first."""
    fund = office_fund()
    events = queries.events(session(), fund.id)
    return page(
        "sales/listing.html",
        events=[(event, queries.totals_of(session(), event)) for event in events],
        filing_missing=_(FILING_MISSING),
        may_run=actor().may(Permission.SALE_RUN, fund.id),
        nav_current="sales",
    )


@blueprint.route("/add", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def add() -> Response:
    """Set up a sale event; its address is proposed from its day."""
    form = EventForm(held_on=clock.today())
    if form.validate_on_submit():
        held_on = form.held_on.data or clock.today()
        made: list[int] = []

        def write(writing: Session) -> None:
            slug = form.slug.data or queries.free_slug(writing, f"sale-{held_on.isoformat()}")
            event = operations.create_event(
                writing,
                actor(),
                fund_id=office_fund().id,
                slug=slug,
                name=form.name.data or "",
                held_on=held_on,
                place=form.place.data or "",
                filing_number=form.filing_number.data or "",
                hours=form.hours,
            )
            made.append(event.id)

        if attempt(form, write):
            return done(url_for("sales.show", event_id=made[0]), _("活动已建立，接着添加拍品"))
    return page(
        "sales/add.html",
        form=form,
        slug=queries.free_slug(session(), f"sale-{clock.today().isoformat()}"),
        nav_current="sales",
    )


@blueprint.get("/<int:event_id>")
@requires(Permission.BOOKS_READ, personal=True)
def show(event_id: int) -> Response:
    """One event: totals, lots, sales, and after closing its entries and counts."""
    event = readable_event(event_id)
    reading = session()
    sold = queries.sales_of(reading, event_id)
    booked = queries.booked_lots(reading, event_id)
    numbers = [lot.entry_number for lot in booked]
    lots = queries.lots_of(reading, event_id)
    return page(
        "sales/show.html",
        event=event,
        totals=queries.totals_of(reading, event),
        lots=lots,
        has_auction=any(lot.mode == "auction" for lot in lots),
        recent=sold if "all" in request.args else sold[:RECENT],
        sold_count=len(sold),
        recorded=queries.recorded_by_method(reading, event),
        counts=queries.counts_of(reading, event_id),
        booked=booked,
        undone=ledger.reversed_among(reading, numbers) if numbers else set(),
        mode_names={mode: _(name) for mode, name in MODES.items()},
        method_names=method_names(),
        filing_missing=_(FILING_MISSING),
        may_run=actor().may(Permission.SALE_RUN, event.fund_id),
        may_issue=actor().may(Permission.DOCUMENT_ISSUE, event.fund_id),
        may_count=actor().may(Permission.SALE_COUNT, event.fund_id),
        may_correct=actor().may(Permission.BOOKS_CORRECT, event.fund_id),
        may_take_out=actor().may(Permission.PERSONAL_READ, event.fund_id),
        confirms_buyers=funds.fund(reading, event.fund_id).host.confirms_buyers,
        is_public=is_public(event.held_on, event.opened_at, clock.today()),
        is_to_come=event.held_on > clock.today(),
        collecting=queries.collection_accounts(reading, event_id),
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/change", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def change(event_id: int) -> Response:
    """Put right what an event says of itself, its filing number above all."""
    event = readable_event(event_id)
    form = EventDetailsForm(obj=event)
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.change_event(
            writing,
            actor(),
            event_id,
            name=form.name.data or "",
            place=form.place.data or "",
            filing_number=form.filing_number.data or "",
            held_on=form.held_on.data,
            hours=form.hours,
        ),
    ):
        return done(url_for("sales.show", event_id=event_id), _("已保存"))
    return page("sales/change.html", form=form, event=readable_event(event_id), nav_current="sales")


@blueprint.get("/<int:event_id>/lots/choose")
@requires(Permission.SALE_RUN)
def choose_goods(event_id: int) -> Response:
    """Goods in stock that a lot can be made of."""
    event = readable_event(event_id)
    after = asked_number("after")
    lines = goods.in_stock(session(), event.fund_id, after=after, limit=LINES + 1)
    free = goods.free_pieces_of(session(), lines[:LINES])
    return page(
        "sales/choose_goods.html",
        fragment="goods_list",
        event=event,
        goods=[(line, free[line.id]) for line in lines[:LINES]],
        **line_pages("sales.choose_goods", lines, after, event_id=event_id),
        nav_current="sales",
    )


@blueprint.route("/<int:event_id>/lots/add/<int:line_id>", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def add_lot(event_id: int, line_id: int) -> Response:
    """Put packs of one kind of goods on sale. What a pack holds is proposed from the name and confirmed by a person."""
    event = readable_event(event_id)
    line = goods.line(session(), line_id)
    if line.fund_id != event.fund_id:
        raise NotFound(N_("没有这批物资"))
    form = LotForm(
        number=queries.next_lot_number(session(), event_id),
        name=line.item,
        mode="fixed_price",
        units_per_item=proposed_units_per_item(line.item),
    )
    if form.validate_on_submit() and _units_are_confirmed(form):
        draft = LotDraft(
            number=form.number.data or "",
            name=form.name.data or "",
            mode=form.mode.data,
            goods_line_id=line_id,
            quantity=form.quantity.data or 0,
            price_minor=form.price.data or 0,
            units_per_item=form.units_per_item.data or 0,
            step_minor=form.step.data or (DEFAULT_STEP_MINOR if form.mode.data == "auction" else None),
            reserve_minor=form.reserve.data,
        )
        if attempt(form, lambda writing: operations.add_lot(writing, actor(), event_id, draft)):
            return done(
                url_for("sales.choose_goods", event_id=event_id),
                _("拍品 %(number)s 已添加", number=draft.number),
            )
    elif form.is_submitted():
        _propose_units(form)
    event, line = readable_event(event_id), goods.line(session(), line_id)
    return page(
        "sales/add_lot.html",
        form=form,
        event=event,
        line=line,
        free=goods.free_pieces(session(), line),
        nav_current="sales",
    )


def _units_are_confirmed(form: LotForm) -> bool:
    """A number of pieces that differs from what the name says is asked about once, never assumed."""
    proposed = proposed_units_per_item(form.name.data or "")
    typed = form.units_per_item.data
    if proposed is None or proposed == typed or form.units_confirmed.data == str(typed):
        return True
    form.add_error(
        "units_per_item",
        _(
            "名称看来是每份 %(proposed)s 件，这里写的是 %(typed)s。确认无误就再提交一次。",
            proposed=proposed,
            typed=typed,
        ),
    )
    form.units_confirmed.data = str(typed)
    return False


def _propose_units(form: LotForm) -> None:
    """When nothing was typed but the name says how many, say so beside the field."""
    proposed = proposed_units_per_item(form.name.data or "")
    if proposed is not None and not (form.units_per_item.raw_data or [""])[0].strip():
        form.add_error(
            "units_per_item", _("名称看来是每份 %(proposed)s 件，请填写并核对。", proposed=proposed)
        )


@blueprint.route("/<int:event_id>/lots/<int:lot_id>/remove", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def remove_lot(event_id: int, lot_id: int) -> Response:
    """Ask, then take a lot off an event."""
    event, lot = readable_event(event_id), queries.lot(session(), lot_id)
    if lot.event_id != event_id:
        raise NotFound(N_("没有这件拍品"))
    form = ConfirmForm()
    if form.validate_on_submit():
        if attempt(form, lambda writing: operations.remove_lot(writing, actor(), lot_id)):
            return done(url_for("sales.show", event_id=event_id), _("拍品已移除"))
        event, lot = readable_event(event_id), queries.lot(session(), lot_id)
    return page("sales/remove_lot.html", form=form, event=event, lot=lot, nav_current="sales")


@blueprint.route("/<int:event_id>/sales/<int:sale_id>/void", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def void(event_id: int, sale_id: int) -> Response:
    """Ask for the reason, then void a sale before the closing."""
    event = readable_event(event_id)
    sale, lot = queries.sale(session(), sale_id)
    if lot.event_id != event_id:
        raise NotFound(N_("没有这笔成交"))
    form = VoidForm()
    if form.validate_on_submit():
        if attempt(
            form, lambda writing: operations.void_sale(writing, actor(), sale_id, form.reason.data or "")
        ):
            return done(url_for("sales.show", event_id=event_id), _("成交已作废，拍品可以再卖"))
        event, (sale, lot) = readable_event(event_id), queries.sale(session(), sale_id)
    return page("sales/void.html", form=form, event=event, sale=sale, lot=lot, nav_current="sales")


@blueprint.route("/<int:event_id>/box", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def box(event_id: int) -> Response:
    """What the donation box of the event held."""
    event = readable_event(event_id)
    form = BoxForm(cash=event.box_cash_minor, wechat=event.box_wechat_minor)
    if form.validate_on_submit() and attempt(
        form,
        lambda writing: operations.set_box(
            writing,
            actor(),
            event_id,
            cash_minor=form.cash.data or 0,
            wechat_minor=form.wechat.data or 0,
        ),
    ):
        return done(url_for("sales.show", event_id=event_id), _("募捐箱已登记"))
    return page("sales/box.html", form=form, event=readable_event(event_id), nav_current="sales")
