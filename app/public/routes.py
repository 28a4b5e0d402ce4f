"""What the routes of the public site share: names, read once for each state of the books."""

from __future__ import annotations

from functools import lru_cache, partial

from markupsafe import Markup

from app.ledger.listing.queries import EarmarkName
from app.ledger.listing.selects.queries import ListedRow
from app.public.queries import Names, Show, line, names
from app.shared.errors import N_, NotFound
from app.web.caching import kept
from app.web.database import session
from app.web.i18n import locale, text
from app.web.jinja import component

LONGEST_NAME = 200

KEPT_ROWS = 8_000
"""Rows of the ledger that each process keeps as markup, some 2 KB each."""


def known_names() -> Names:
    """Funds and purposes."""
    return kept("names", lambda: names(session()))


def table_row() -> Show:
    """How tables of public pages show a row of the ledger in the visitor's language: as markup that may be kept."""
    return partial(_table_row, locale())


@lru_cache(maxsize=KEPT_ROWS)
def _table_row(_language: str, row: ListedRow, purpose: str, url: str) -> Markup:
    """The row's markup. It depends on nothing but the arguments, so none of it is ever stale: whoever withdraws a consent
    is gone from ``row.party``, and the old markup is not asked for again."""
    return component("ledger_row")(line(row, purpose, url, text))


def in_address(value: str) -> str:
    """A slug or number out of an address. Raises NotFound for what no record is called and PostgreSQL cannot even look up."""
    if not value.isprintable() or len(value) > LONGEST_NAME:
        raise NotFound(N_("没有这个页面"))
    return value


def known_earmark(slug: str) -> EarmarkName:
    """The purpose with this slug. Raises NotFound."""
    found = known_names().earmark_called(slug)
    if found is None:
        raise NotFound(N_("没有“%(slug)s”这个用途"), slug=slug[:40])
    return found
