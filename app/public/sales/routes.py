"""Sale events: /sales, /sales/<slug>, /sales/<slug>/lots/<number>, /sales/<slug>/board."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext as _

from app.public.routes import in_address, known_names
from app.public.sales.queries import board_of, event_list, event_page
from app.sales.rules import FILING_MISSING, METHOD_NAMES, MODES
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.web.access import public
from app.web.database import session
from app.web.i18n import text
from app.web.pages import page

blueprint = Blueprint("public_sales", __name__)


@blueprint.get("/sales")
@public
def listing() -> Response:
    """Every sale event, newest first."""
    return page("public/sales.html", nav_current="sales", events=event_list(session(), clock.today()))


@blueprint.get("/sales/<slug>")
@public
def show(slug: str) -> Response:
    """One event: its lots, what they brought, what that paid for."""
    found = event_page(session(), in_address(slug), clock.today())
    known = known_names()
    return page(
        "public/sale.html",
        nav_current="sales",
        found=found,
        modes=_modes(),
        methods={method: text(name) for method, name in METHOD_NAMES.items()},
        fund=known.funds[found.fund_id],
        several_funds=len(known.funds) > 1,
        filing_missing=text(FILING_MISSING),
    )


def _modes() -> dict[str, str]:
    return {**{mode: text(name) for mode, name in MODES.items()}, "box": _("募捐箱")}


@blueprint.get("/sales/<slug>/lots/<number>")
@public
def lot(slug: str, number: str) -> Response:
    """One lot: what its label's code opens."""
    found = event_page(session(), in_address(slug), clock.today())
    wanted = in_address(number)
    shown = next((each for each in found.lots if each.number == wanted), None)
    if shown is None:
        raise NotFound(N_("没有这件拍品"))
    return page("public/lot.html", nav_current="sales", found=found, lot=shown, modes=_modes())


@blueprint.get("/sales/<slug>/board")
@public
def board(slug: str) -> Response:
    """The big screen of the evening; its middle is polled, and kept until the next sale."""
    found = board_of(session(), in_address(slug), clock.today())
    return page(
        "public/board.html",
        fragment="board_now",
        found=found,
        fund=known_names().funds[found.fund_id],
        filing_missing=text(FILING_MISSING),
    )
