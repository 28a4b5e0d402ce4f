"""What the routes of the public site share: names, read once for each state of the books."""

from __future__ import annotations

from app.ledger.listing.queries import EarmarkName
from app.public.queries import Names, names
from app.shared.errors import N_, NotFound
from app.web.caching import kept
from app.web.database import session


def known_names() -> Names:
    """Funds and purposes."""
    return kept("names", lambda: names(session()))


def known_earmark(slug: str) -> EarmarkName:
    """The purpose with this slug. Raises NotFound."""
    found = known_names().earmark_called(slug)
    if found is None:
        raise NotFound(N_("没有“%(slug)s”这个用途"), slug=slug[:40])
    return found
