"""One journal entry: /entries/<number>."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext as _

from app.ledger import accounts as chart
from app.public.entries.queries import entry_page
from app.public.ledger.forms import DIRECTIONS
from app.public.queries import title_of
from app.public.routes import known_names
from app.shared.errors import N_, NotFound
from app.web.access import public
from app.web.caching import kept
from app.web.database import session
from app.web.i18n import text
from app.web.pages import asked_number, page

blueprint = Blueprint("public_entries", __name__)

_HIGHEST = 2**53


@blueprint.get("/entries/<int:number>")
@public
def show_entry(number: int) -> Response:
    """What was recorded, and what became of the money."""
    if number > _HIGHEST:
        raise NotFound(N_("没有第 %(number)s 号分录"), number=number)
    after = asked_number("gifts_after") or 0
    found = kept(("entry", number, after), lambda: entry_page(session(), number, after))
    row = found.entry.row
    known = known_names()
    return page(
        "public/entry.html",
        fragment="givers",
        nav_current="ledger",
        found=found,
        row=row,
        heading=title_of(row, text),
        words=text(row.description),
        kind=text(chart.ENTRY_KINDS[row.kind]),
        direction=text(DIRECTIONS[row.direction]),
        fund=known.funds[row.fund_id],
        purpose=known.earmarks[row.earmark_id],
        account_names={code: text(name) for code, name in chart.ACCOUNT_NAMES.items()},
        place_names={place: text(name) for place, name in chart.MONEY_ACCOUNT_NAMES.items()},
        request_number=row.document if row.source_type == "disbursement" else "",
        motion_number=row.document if row.source_type == "goods_issue" else "",
        several_funds=len(known.funds) > 1,
        title=_("第 %(number)s 号：%(words)s", number=number, words=title_of(row, text)),
    )
