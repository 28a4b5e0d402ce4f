"""Home, a fund, a purpose."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.disbursements.states import STATUS_NAMES, STATUS_TAGS
from app.funds import queries as funds
from app.ledger.listing.queries import Listing
from app.ledger.listing.rules import Filter
from app.public.ledger.queries import Sums, ledger_page, sums
from app.public.overview import queries
from app.public.queries import FundName
from app.public.routes import in_address, known_earmark, known_names, table_rows
from app.shared import clock
from app.shared.money import yuan
from app.statements.events.queries import sales_line
from app.web.access import public
from app.web.caching import kept
from app.web.database import session
from app.web.i18n import locale, text
from app.web.pages import page

blueprint = Blueprint("public_overview", __name__)

PURPOSES_AT_HOME = 4
"""Cards of purposes on the first page; the fund's page shows all of them."""


@blueprint.get("/")
@public
def home() -> Response:
    """All money of the installation: where there is one fund, that fund's; else the totals and a list of funds."""
    known = known_names()
    fund = known.only_fund
    overview = _overview(fund)
    return page(
        "public/home.html",
        nav_current="home",
        fund=fund,
        figures_of_funds=[] if fund else queries.figures_by_fund(overview.purposes, known),
        **_shared(fund, overview),
    )


@blueprint.get("/funds/<slug>")
@public
def show_fund(slug: str) -> Response:
    """One fund: who holds it, what came and went, every purpose."""
    fund = funds.fund_by_slug(session(), in_address(slug))
    name = known_names().funds[fund.id]
    return page(
        "public/fund.html",
        nav_current="",
        about=fund,
        places=queries.places_of_money(session(), fund.id, clock.today()),
        sold=kept(("sales_line", fund.id), lambda: sales_line(session(), fund.id)),
        fund=name,
        **_shared(name, _overview(name)),
    )


@blueprint.get("/earmarks/<slug>")
@public
def show_earmark(slug: str) -> Response:
    """One purpose: received, spent, promised, left, and its entries."""
    known = known_names()
    name = known_earmark(slug)
    fund = known.funds[name.fund_id]
    listing, today = Listing(session(), Filter(earmark_id=name.id)), clock.today()
    of_all: Sums = kept(("ledger", listing.asked, today), lambda: sums(listing, today))
    return page(
        "public/earmark.html",
        nav_current="",
        fund=fund,
        figures_of=queries.earmark(session(), name.id),
        requests=queries.requests_of(session(), name.id),
        states={status: (STATUS_TAGS[status], _(word)) for status, word in STATUS_NAMES.items()},
        shown=ledger_page(listing, None, of_all, table_rows),
        ledger_url=url_for("public_ledger.ledger", earmark=name.slug),
    )


def _overview(fund: FundName | None) -> queries.Overview:
    known = known_names()
    fund_id = fund.id if fund else None
    return kept(("overview", fund_id, locale()), lambda: queries.overview(session(), fund_id, known, text))


def _shared(fund: FundName | None, overview: queries.Overview) -> dict[str, Any]:
    """What home and a fund's page have in common."""
    flow = None
    if fund is not None:
        flow = kept(
            ("flow", fund.id, locale()),
            lambda: queries.flow_figures(session(), fund.id, overview.purposes, text),
        )
    fund_id, today = fund.id if fund else None, clock.today()
    notices = kept(("in_notice", fund_id, today), lambda: queries.in_notice(session(), fund_id, today))
    standing = {each.number for each in notices}
    return {
        "notices": notices,
        "waiting": [each for each in overview.waiting if each.number not in standing],
        "overview": overview,
        "flow": flow,
        "sentence": _sentence(overview.latest),
        "in_note": _in_note(overview.counts),
        "out_note": _out_note(overview),
        "held_note": _held_note(overview),
        "purposes": sorted(
            overview.purposes,
            key=lambda each: (
                each.closed_on is not None,
                each.restriction == "unrestricted",
                -each.held_minor,
                -each.id,
            ),
        ),
        "states": {status: (STATUS_TAGS[status], _(name)) for status, name in STATUS_NAMES.items()},
        "purposes_shown": PURPOSES_AT_HOME,
        "ledger_url": url_for("public_ledger.ledger", fund=fund.slug if fund else None),
    }


def _sentence(latest: queries.Latest | None) -> str:
    """The last month with money in or out, as a neighbour would say it."""
    if latest is None:
        return ""
    year, number = latest.month.month.split("-")
    when = _("%(year)s 年 %(month)s 月", year=year, month=int(number))
    found = []
    if latest.month.in_minor > 0:
        values = {
            "when": when,
            "amount": yuan(latest.month.in_minor),
            "what": _("、").join(latest.received_for),
        }
        if latest.received_for:
            found.append(_("%(when)s收到 %(amount)s 元，来自%(what)s。", **values))
        else:
            found.append(_("%(when)s收到 %(amount)s 元。", **values))
    if latest.month.out_minor > 0:
        values = {"when": when, "amount": yuan(latest.month.out_minor), "what": _("、").join(latest.spent_on)}
        if latest.spent_on:
            found.append(_("%(when)s支出 %(amount)s 元，用于%(what)s。", **values))
        else:
            found.append(_("%(when)s支出 %(amount)s 元。", **values))
    return " ".join(found) if locale() == "en" else "".join(found)


def _in_note(counts: queries.Counts) -> str:
    parts = []
    if counts.gifts is None:
        parts.append(_("超过 10,000 笔捐款"))
    elif counts.gifts:
        parts.append(ngettext("%(num)s 笔捐款", "%(num)s 笔捐款", counts.gifts))
    if counts.events:
        parts.append(ngettext("%(num)s 场义卖义拍", "%(num)s 场义卖义拍", counts.events))
    return str(_("，").join(parts))


def _out_note(overview: queries.Overview) -> str:
    count = overview.counts.payments
    if count is None:
        return str(_("超过 10,000 笔拨付，均按议事规则批准"))
    if not count:
        return ""
    return str(ngettext("%(num)s 笔拨付，均按议事规则批准", "%(num)s 笔拨付，均按议事规则批准", count))


def _held_note(overview: queries.Overview) -> str:
    parts = []
    if overview.held_minor:
        if not overview.restricted_minor:
            parts.append(_("全部为非限定"))
        elif overview.restricted_minor == overview.held_minor:
            parts.append(_("全部为限定用途"))
        else:
            parts.append(_("其中限定用途 %(amount)s 元", amount=yuan(overview.restricted_minor)))
    if overview.reserved_minor:
        parts.append(_("已批准待付 %(amount)s 元", amount=yuan(overview.reserved_minor)))
    if overview.moved_minor:
        parts.append(_("含期初 %(amount)s 元", amount=yuan(overview.moved_minor)))
    if overview.goods.pieces:
        parts.append(
            _(
                "另有物资 %(pieces)s 件，估值 %(amount)s 元",
                pieces=f"{overview.goods.pieces:,}",
                amount=yuan(overview.goods.value_minor),
            )
        )
    return " · ".join(parts)
