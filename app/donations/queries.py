"""Reading gifts, for the office."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.donations.models import Donation, DonationVersion, Register
from app.goods.models import GoodsLine
from app.goods.queries import lines_of
from app.parties.models import Consent, Party
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


def register_titles(session: Session, register_ids: Iterable[int | None]) -> dict[int | None, str]:
    """The titles of registers by their id."""
    wanted = {each for each in register_ids if each is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Register.id, Register.title).where(Register.id.in_(wanted)))
    return {row.id: row.title for row in rows}


def donation_of_key(session: Session, key: str | None) -> Donation | None:
    """The gift that a form with this idempotency key already recorded, if any."""
    if key is None:
        return None
    return session.scalar(select(Donation).where(Donation.idempotency_key == key))


def donation_of_entry(session: Session, number: int) -> Donation | None:
    """The gift that an entry booked, if any (the current entry of a corrected gift)."""
    return session.scalar(select(Donation).where(Donation.entry_number == number))


def listed(session: Session, filters: DonationFilter, limit: int = 50) -> list[DonationRow]:
    """Gifts newest first, by keyset; one more than ``limit`` is never read."""
    query: Select[*tuple[Any, ...]] = (
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


@dataclass(frozen=True, slots=True)
class KnownDonor:
    """A donor of a fund, as the office tells people of one name apart: by their gifts. Never for a public page."""

    id: int
    kind: str
    name: str
    public_name: str
    gift_count: int
    last_gift_id: int | None
    last_gift_on: date | None


def _donors(fund_id: int) -> Select[*tuple[Any, ...]]:
    """Whoever gave to the fund, and every organisation: those are known by their name in the whole installation."""
    return (
        select(
            Party.id,
            Party.kind,
            Party.name,
            Party.public_name,
            func.count(Donation.id),
            func.max(Donation.id),
            func.max(Donation.received_on),
        )
        .join(Donation, and_(Donation.party_id == Party.id, Donation.fund_id == fund_id), isouter=True)
        .group_by(Party.id, Party.kind, Party.name, Party.public_name)
        .having(or_(func.count(Donation.id) > 0, Party.kind == "organisation"))
    )


def donors_named(session: Session, fund_id: int, words: str, limit: int = 20) -> list[KnownDonor]:
    """Donors whose true name holds the words, the latest giver first. One without a name is nobody to give again."""
    matching = OFFICE_SEARCH.matching(session, words)
    if matching is None:
        return []
    found = _donors(fund_id).where(Party.id.in_(matching), Party.kind != "unnamed")
    latest = func.coalesce(func.max(Donation.id), 0).desc()
    return [KnownDonor(*row) for row in session.execute(found.order_by(latest, Party.id).limit(limit))]


def known_donor(session: Session, fund_id: int, party_id: int) -> KnownDonor | None:
    """One donor of a fund; None for a person who gave it nothing."""
    row = session.execute(_donors(fund_id).where(Party.id == party_id)).one_or_none()
    return None if row is None else KnownDonor(*row)


def waiting_for_evidence(session: Session, fund_id: int, limit: int = 100) -> list[KnownDonor]:
    """Persons and sole traders who wish to be named, but whose consent has no evidence yet: their names stay masked."""
    later = aliased(Consent)
    newest = select(func.max(later.id)).where(later.party_id == Party.id).scalar_subquery()
    gave = select(Donation.id).where(Donation.party_id == Party.id, Donation.fund_id == fund_id).exists()
    waiting = (
        select(Party.id)
        .join(
            Consent, and_(Consent.party_id == Party.id, Consent.wish != "not_named", Consent.evidence == "")
        )
        .where(Party.kind.in_(("person", "sole_trader")), Consent.id == newest, gave)
        .order_by(Party.id)
        .limit(limit)
    )
    # First who it is, then their gifts: on every visit of the office's first page, however many gifts there are.
    ids = list(session.scalars(waiting))
    found = _donors(fund_id).where(Party.id.in_(ids)).order_by(Party.id)
    return [KnownDonor(*row) for row in session.execute(found)] if ids else []


def funds_of_donor(session: Session, party_id: int) -> list[int]:
    """The funds that a party gave to."""
    return list(session.scalars(select(Donation.fund_id).where(Donation.party_id == party_id).distinct()))


def goods_of(session: Session, found: Donation) -> list[GoodsLine]:
    """The goods of a gift as it stands now, those of its corrected entries aside."""
    lines = lines_of(session, "donation", found.id)
    return [line for line in lines if line.entry_number == found.entry_number]
