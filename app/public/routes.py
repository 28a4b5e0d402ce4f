"""What the routes of the public site share: names, read once for each state of the books."""

from __future__ import annotations

from markupsafe import Markup

from app.ledger.listing.queries import EarmarkName, Listing
from app.public.queries import Names, lines, names
from app.shared.errors import N_, NotFound
from app.web.caching import kept, kept_each
from app.web.database import session
from app.web.i18n import locale, text
from app.web.jinja import component

LONGEST_NAME = 200


def known_names() -> Names:
    """Funds and purposes."""
    return kept("names", lambda: names(session()))


def table_rows(listing: Listing, numbers: list[int]) -> Markup:
    """The rows with these numbers, newest first, as ``ledger_table`` takes them. Each is read and rendered once for each
    state of the books and language, whatever the filter."""

    def rendered(missing: list[int]) -> dict[int, Markup]:
        row = component("ledger_row")
        found = lines(listing.session, listing.rows(missing), known_names(), text)
        return {each.number: row(each) for each in found}

    rows: list[Markup] = kept_each(("row", locale()), numbers, rendered)
    return Markup("").join(rows)


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
