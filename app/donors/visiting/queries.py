"""Who is visiting, and the gifts that they see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donors.requests.models import DonorRequest
from app.donors.visiting.models import DonorLink, DonorVisit, DonorVisitParty
from app.parties.models import Party
from app.people.rules import secret_hash
from app.shared import clock


@dataclass(frozen=True, slots=True)
class Visitor:
    """A donor who came in: ``how`` is "code" or "mail"; the ids of the parties that they are."""

    visit_id: int
    how: str
    party_ids: tuple[int, ...]


def visitor(session: Session, secret: str) -> Visitor | None:
    """Who holds this secret; None when it leads to no visit that still lasts."""
    found = session.scalar(
        select(DonorVisit).where(
            DonorVisit.secret_hash == secret_hash(secret), DonorVisit.ends_at > clock.now()
        )
    )
    if found is None:
        return None
    parties = session.scalars(
        select(DonorVisitParty.party_id)
        .where(DonorVisitParty.visit_id == found.id)
        .order_by(DonorVisitParty.party_id)
    )
    return Visitor(found.id, found.how, tuple(parties))


def open_link(session: Session, secret: str) -> DonorLink | None:
    """The link with this secret, while it can still be used."""
    return session.scalar(
        select(DonorLink).where(
            DonorLink.secret_hash == secret_hash(secret),
            DonorLink.used_at.is_(None),
            DonorLink.expires_at > clock.now(),
        )
    )


@dataclass(frozen=True, slots=True)
class GivenGift:
    """One gift as its donor lists it. Fen; of goods their value."""

    id: int
    fund_id: int
    earmark_id: int
    party_id: int
    received_on: date
    kind: str
    amount_minor: int
    receipt_code: str
    is_reversed: bool


def gifts_of(
    session: Session, party_ids: tuple[int, ...], *, before: int | None = None, limit: int = 20
) -> list[GivenGift]:
    """The gifts of these donors, the latest recorded first; ``before`` pages by id."""
    query = select(Donation).where(Donation.party_id.in_(party_ids))
    if before is not None:
        query = query.where(Donation.id < before)
    return [
        GivenGift(
            each.id,
            each.fund_id,
            each.earmark_id,
            each.party_id,
            each.received_on,
            each.kind,
            each.amount_minor,
            each.receipt_code,
            each.status == "reversed",
        )
        for each in session.scalars(query.order_by(Donation.id.desc()).limit(limit))
    ]


@dataclass(frozen=True, slots=True)
class Given:
    """What these donors gave in all, in fen; reversed gifts aside."""

    count: int
    money_minor: int
    goods_minor: int


def given_by(session: Session, party_ids: tuple[int, ...]) -> Given:
    """The sums of a donor's own gifts."""
    rows = session.execute(
        select(Donation.kind, func.count().label("gifts"), func.sum(Donation.amount_minor).label("minor"))
        .where(Donation.party_id.in_(party_ids), Donation.status == "recorded")
        .group_by(Donation.kind)
    ).all()
    minor = {row.kind: int(row.minor) for row in rows}
    return Given(sum(row.gifts for row in rows), minor.get("money", 0), minor.get("goods", 0))


def parties_of(session: Session, party_ids: tuple[int, ...]) -> list[Party]:
    """The donors themselves, in the order of their ids."""
    return list(session.scalars(select(Party).where(Party.id.in_(party_ids)).order_by(Party.id)))


def gift_for_visitor(session: Session, party_ids: tuple[int, ...], gift_id: int) -> Donation | None:
    """A gift of these donors; None for anybody else's."""
    found = session.get(Donation, gift_id)
    return found if found is not None and found.party_id in party_ids else None


def codes_of_requests(session: Session, numbers: list[str]) -> dict[str, str]:
    """Under the code of which gift each of these requests stands, by its number; those about no gift are left out."""
    rows = session.execute(
        select(DonorRequest.number, Donation.receipt_code)
        .join(Donation, Donation.id == DonorRequest.donation_id)
        .where(DonorRequest.number.in_(numbers))
    )
    return {row.number: row.receipt_code for row in rows}
