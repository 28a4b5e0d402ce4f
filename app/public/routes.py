"""What the routes of the public site share: names, read once for each state of the books."""

from __future__ import annotations

from app.ledger.listing.queries import EarmarkName
from app.public.queries import Names, names
from app.shared.errors import N_, NotFound
from app.web.caching import kept
from app.web.database import session

LONGEST_NAME = 200


def known_names() -> Names:
    """Funds and purposes."""
    return kept("names", lambda: names(session()))


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
