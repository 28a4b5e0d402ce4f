"""Confirmations of buyers' payments: three to a page. Made when asked for and kept nowhere. Needs an application context."""

from __future__ import annotations

from pathlib import Path

from flask import current_app

from app.sales.models import SaleEvent
from app.sales.rules import METHOD_NAMES
from app.settings import Settings
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.money import capitals
from app.statements.buyers import queries, rules
from app.statements.receipts.pdf import print_private
from app.web.database import session
from app.web.i18n import HTML_LANGUAGES, speaking, text


def buyers_file(event: SaleEvent, sale_ids: list[int] | None, locale: str) -> Path:
    """One PDF with the confirmation of these sales of an event, or of all. To be sent like ``receipts_file``.

    Raises Conflict while the host does not allow it or the event is open, NotFound where no such sale was paid.
    """
    sold = queries.sold_at(session(), event)
    rows = queries.purchases(session(), event.id, limit=rules.MOST_AT_ONCE, only=sale_ids)
    found = [row for row in rows if not row.is_reversed]
    if not found:
        raise NotFound(N_("没有写明买受人的已付成交"))
    settings: Settings = current_app.extensions["sunledger_settings"]
    with speaking(locale):
        html = current_app.jinja_env.get_template("pdf/buyers.html").render(
            lang=HTML_LANGUAGES[locale],
            title=text(rules.TITLE),
            no_gift=rules.NO_GIFT,
            sold=sold,
            purchases=found,
            capitals=capitals,
            methods=METHOD_NAMES,
            printed_on=clock.today(),
        )
    return print_private(iter([html]), "", settings)
