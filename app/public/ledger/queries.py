"""The ledger's page: one page of lines, the totals of all that match, and what is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger.listing.queries import Listing
from app.ledger.listing.rules import Filter
from app.ledger.totals.queries import Totals, held, totals
from app.shared.db import BookHead


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Rows of one page as a table shows them, newest first.

    ``held_minor`` None: the filter is of single rows, and nothing is held by rows.
    ``is_cut``: so many rows were looked at that the search stopped; it goes on from ``next_after``.
    """

    rows: Markup
    totals: Totals
    held_minor: int | None
    next_after: int | None
    is_cut: bool
    has_newer: bool
    newer_after: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What all rows of a filter come to, and what is held; ``held_minor`` as in LedgerPage."""

    totals: Totals
    held_minor: int | None


def sums(listing: Listing, today: date) -> Sums:
    """The totals above the table: the same on each of its pages."""
    of_rows = listing.conditions - {"fund", "earmark", "day"}
    held_minor = None if of_rows else held_by(listing.session, listing.asked, today)
    return Sums(totals(listing.session, listing), held_minor)


def ledger_page(
    listing: Listing, after: int | None, of_all: Sums, show: Callable[[Listing, list[int]], Markup]
) -> LedgerPage:
    """One page of the rows that meet a filter. ``show`` makes of their numbers what the table shows."""
    found = listing.page(after)
    return LedgerPage(
        show(listing, found.numbers),
        of_all.totals,
        of_all.held_minor,
        found.next_after,
        found.is_cut,
        found.has_newer,
        found.newer_after,
    )


def held_by(session: Session, asked: Filter, today: date) -> int:
    """Money of the fund or purpose that the filter chooses (or of all), at its last day."""
    day = asked.last if asked.last is not None and asked.last < today else None
    return held(session, asked.fund_id, asked.earmark_id, day)


def log_size(session: Session) -> int:
    """How many leaves the log has."""
    return session.scalar(select(BookHead.leaf_count).where(BookHead.id == 1)) or 0
