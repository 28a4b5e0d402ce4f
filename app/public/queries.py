"""What public pages share: names of funds and purposes, and rows of the ledger as lines with a title and an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.funds.models import Fund
from app.ledger import accounts as chart
from app.ledger.listing.queries import EarmarkName, earmark_names
from app.ledger.listing.selects.queries import ListedRow
from app.sales.models import SaleEvent
from app.shared.errors import N_

Translate = Callable[[str], str]
"""From a sentence of the source language to the visitor's."""

BY_GIVER = frozenset({"donation", "goods_received", "gift_returned"})
"""Kinds of entry that are told by who gave, as displayed; the others by what happened."""

# Texts that gifts carry in the ledger, so that they are translated.
FIXED_TEXTS = (N_("捐款"), N_("募捐箱"), N_("非限定"))


@dataclass(frozen=True, slots=True)
class FundName:
    """A fund as lists name it."""

    id: int
    slug: str
    name: str
    currency: str
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class Names:
    """Every fund and purpose by id: what turns a row's ids into words and addresses."""

    funds: dict[int, FundName]
    earmarks: dict[int, EarmarkName]

    def fund_called(self, slug: str) -> FundName | None:
        """The fund with this slug."""
        return next((each for each in self.funds.values() if each.slug == slug), None)

    def earmark_called(self, slug: str) -> EarmarkName | None:
        """The purpose with this slug."""
        return next((each for each in self.earmarks.values() if each.slug == slug), None)

    @property
    def only_fund(self) -> FundName | None:
        """The fund, where there is exactly one."""
        return next(iter(self.funds.values())) if len(self.funds) == 1 else None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the ledger as a table shows it."""

    number: int
    occurred_on: date
    direction: str
    sign: int
    amount_minor: int
    description: str
    url: str
    details: tuple[str]
    reverses: int | None
    reversed_by: int | None


def names(session: Session) -> Names:
    """All funds and purposes."""
    funds = session.execute(
        select(Fund.id, Fund.slug, Fund.name, Fund.currency, Fund.closed_on).order_by(Fund.id)
    )
    return Names(
        {row.id: FundName(*row) for row in funds}, {each.id: each for each in earmark_names(session)}
    )


def event_slugs(session: Session, rows: Iterable[ListedRow] | None = None) -> dict[int, str]:
    """Slugs of the sale events among ``rows`` (or of all), by id."""
    statement = select(SaleEvent.id, SaleEvent.slug)
    if rows is not None:
        ids = {row.source_id for row in rows if row.is_event}
        if not ids:
            return {}
        statement = statement.where(SaleEvent.id.in_(ids))
    return {row.id: row.slug for row in session.execute(statement)}


def path_of(row: ListedRow, events: dict[int, str]) -> str:
    """Where a row leads: its entry, or the event that it stands for."""
    slug = events.get(row.source_id) if row.is_event else None
    return f"/sales/{slug}" if slug else f"/entries/{row.number}"


def title_of(row: ListedRow, translate: Translate) -> str:
    """What a row is called: the giver as displayed, or what happened."""
    return row.party if row.party and row.kind in BY_GIVER else translate(row.description)


def lines(session: Session, rows: list[ListedRow], known: Names, translate: Translate) -> list[Line]:
    """Rows as a table shows them."""
    events = event_slugs(session, rows)
    said: dict[str, str] = {}

    def words(text: str) -> str:
        if text not in said:
            said[text] = translate(text)
        return said[text]

    found = []
    for row in rows:
        title, purpose = words(row.description), words(known.earmarks[row.earmark_id].name)
        by_giver = bool(row.party) and row.kind in BY_GIVER
        if by_giver:
            details: tuple[str, ...] = (title, "" if purpose in title else purpose)
            title = row.party
        else:
            kind = words(chart.ENTRY_KINDS[row.kind])
            about = (kind if kind not in title else "", purpose if purpose not in title else "", row.party)
            details = (*about, row.document)
        found.append(
            Line(
                row.number,
                row.occurred_on,
                row.direction,
                row.sign,
                row.amount_minor,
                title,
                path_of(row, events),
                (" · ".join(each for each in details if each),),
                row.reverses_number,
                row.reversed_by_number,
            )
        )
    return found
