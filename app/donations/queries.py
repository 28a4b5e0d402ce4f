"""Reading gifts, for the office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.models import Donation, DonationVersion
from app.parties.models import Party
from app.parties.queries import OFFICE_SEARCH
from app.shared.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class DonationFilter:
    """What the office's list of gifts shows; ``before`` pages by id."""

    fund_id: int
    words: str = ""
    kind: str = ""
    method: str = ""
    first: date | None = None
    last: date | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class DonationRow:
    """One row of the office's list. Holds the true name: never for a public page."""

    id: int
    received_on: date
    donor: str
    donor_kind: str
    public_name: str
    kind: str
    method: str
    amount_minor: int
    earmark_id: int
    office_number: str
    status: str
    entry_number: int


def donation(session: Session, donation_id: int) -> Donation:
    """One gift. Raises NotFound."""
    found = session.get(Donation, donation_id)
    if found is None:
        raise NotFound(N_("没有这笔捐赠"))
    return found


def donation_of_entry(session: Session, number: int) -> Donation | None:
    """The gift that an entry booked, if any (the current entry of a corrected gift)."""
    return session.scalar(select(Donation).where(Donation.entry_number == number))


def listed(session: Session, filters: DonationFilter, limit: int = 50) -> list[DonationRow]:
    """Gifts newest first, by keyset; one more than ``limit`` is never read."""
    query = (
        select(
            Donation.id,
            Donation.received_on,
            Party.name,
            Party.kind,
            Party.public_name,
            Donation.kind,
            Donation.method,
            Donation.amount_minor,
            Donation.earmark_id,
            Donation.office_number,
            Donation.status,
            Donation.entry_number,
        )
        .join(Party, Party.id == Donation.party_id)
        .where(Donation.fund_id == filters.fund_id)
    )
    if filters.words:
        matching = OFFICE_SEARCH.matching(session, filters.words)
        if matching is None:
            return []
        query = query.where(Donation.party_id.in_(matching))
    if filters.kind:
        query = query.where(Donation.kind == filters.kind)
    if filters.method:
        query = query.where(Donation.method == filters.method)
    if filters.first:
        query = query.where(Donation.received_on >= filters.first)
    if filters.last:
        query = query.where(Donation.received_on <= filters.last)
    if filters.before is not None:
        query = query.where(Donation.id < filters.before)
    return [DonationRow(*row) for row in session.execute(query.order_by(Donation.id.desc()).limit(limit))]


def versions_of(session: Session, donation_id: int) -> list[DonationVersion]:
    """Earlier words of a gift, newest first."""
    return list(
        session.scalars(
            select(DonationVersion)
            .where(DonationVersion.donation_id == donation_id)
            .order_by(DonationVersion.version.desc())
        )
    )
