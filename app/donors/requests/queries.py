"""Reading donors' requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.disbursements.models import Disbursement
from app.donations.models import Donation
from app.donors.requests.models import DonorRequest
from app.donors.requests.rules import BUNDLE_KEPT
from app.shared import clock
from app.shared.encryption import decrypt
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as the donor who asked reads it: nobody's name. ``bundle_until``: the last moment that the bundle can be
    taken, None without one or when it is over."""

    number: str
    kind: str
    words: str
    received_at: datetime
    due_on: date
    status: str
    answer: str
    closed_at: datetime | None
    bundle_until: datetime | None


def request_numbered(session: Session, number: str) -> DonorRequest:
    """One request. Raises NotFound."""
    found = session.scalar(select(DonorRequest).where(DonorRequest.number == number))
    if found is None:
        raise NotFound(N_("没有这条请求"))
    return found


def request_of_key(session: Session, key: str | None) -> DonorRequest | None:
    """The request that a form with this idempotency key already made, if any."""
    if key is None:
        return None
    return session.scalar(select(DonorRequest).where(DonorRequest.idempotency_key == key))


def view(found: DonorRequest) -> RequestView:
    """A request for the donor."""
    return RequestView(
        found.number,
        found.kind,
        found.words,
        found.received_at,
        found.due_on,
        found.status,
        found.answer if found.status != "withdrawn" else "",
        found.closed_at,
        bundle_until(found),
    )


def bundle_until(found: DonorRequest) -> datetime | None:
    """Until when the bundle of an answer can be taken; None when there is none, or not any more."""
    if not found.parts or found.closed_at is None:
        return None
    until: datetime = found.closed_at + BUNDLE_KEPT
    return until if clock.now() < until else None


def requests_about(session: Session, donation_id: int, limit: int = 20) -> list[RequestView]:
    """What was asked about a gift, the latest first: for whoever holds its code."""
    found = select(DonorRequest).where(DonorRequest.donation_id == donation_id)
    return [view(each) for each in session.scalars(found.order_by(DonorRequest.id.desc()).limit(limit))]


def requests_about_code(session: Session, code: str) -> list[RequestView]:
    """What was asked about the gift with this receipt code."""
    donation_id = session.scalar(select(Donation.id).where(Donation.receipt_code == code))
    return [] if donation_id is None else requests_about(session, donation_id)


def requests_of(session: Session, party_ids: tuple[int, ...], limit: int = 20) -> list[RequestView]:
    """What was asked about these donors or their gifts, the latest first: for the donor's own page."""
    gifts = select(Donation.id).where(Donation.party_id.in_(party_ids))
    found = select(DonorRequest).where(
        or_(DonorRequest.party_id.in_(party_ids), DonorRequest.donation_id.in_(gifts))
    )
    return [view(each) for each in session.scalars(found.order_by(DonorRequest.id.desc()).limit(limit))]


def requests_in(
    session: Session, fund_id: int, *, before: int | None = None, limit: int = 50
) -> list[DonorRequest]:
    """A fund's requests, the latest first, by keyset on the id."""
    found = select(DonorRequest).where(DonorRequest.fund_id == fund_id)
    if before is not None:
        found = found.where(DonorRequest.id < before)
    return list(session.scalars(found.order_by(DonorRequest.id.desc()).limit(limit)))


def open_requests(session: Session, fund_id: int, limit: int = 100) -> list[DonorRequest]:
    """Requests that wait for an answer, those due first before the others."""
    return list(
        session.scalars(
            select(DonorRequest)
            .where(DonorRequest.fund_id == fund_id, DonorRequest.status == "open")
            .order_by(DonorRequest.due_on, DonorRequest.id)
            .limit(limit)
        )
    )


def open_count(session: Session, fund_id: int) -> int:
    """How many requests of a fund wait for an answer."""
    asked = select(func.count()).where(DonorRequest.fund_id == fund_id, DonorRequest.status == "open")
    return int(session.scalar(asked) or 0)


def gift_with_code(session: Session, code: str) -> Donation | None:
    """The gift with a receipt code, if there is one."""
    return session.scalar(select(Donation).where(Donation.receipt_code == code))


def donor_of(session: Session, found: DonorRequest) -> int:
    """The party whose request it is."""
    if found.party_id is not None:
        return found.party_id
    party_id = session.scalar(select(Donation.party_id).where(Donation.id == found.donation_id))
    assert party_id is not None
    return party_id


def contact_of(actor: Actor, found: DonorRequest) -> str:
    """How to reach whoever asked: for those who may read personal data, "" for everybody else or when none was left."""
    if found.contact is None or not actor.may(Permission.PERSONAL_READ, found.fund_id):
        return ""
    return decrypt(found.contact)


def latest_gifts(session: Session, found: DonorRequest, limit: int) -> list[int]:
    """The latest gifts of whoever asked to the request's fund, in the order of their recording."""
    latest = session.scalars(
        select(Donation.id)
        .where(Donation.party_id == donor_of(session, found), Donation.fund_id == found.fund_id)
        .order_by(Donation.id.desc())
        .limit(limit)
    )
    return sorted(latest)


def first_gift_on(session: Session, party_id: int, fund_id: int) -> date | None:
    """The day of a donor's first gift to a fund; None when there is none."""
    return session.scalar(
        select(Donation.received_on)
        .where(Donation.party_id == party_id, Donation.fund_id == fund_id)
        .order_by(Donation.received_on)
        .limit(1)
    )


def ids_of_payments(session: Session, numbers: list[str]) -> dict[int, str]:
    """The public numbers of requests for payment, by id."""
    rows = session.execute(
        select(Disbursement.id, Disbursement.number).where(Disbursement.number.in_(numbers))
    )
    return {row.id: row.number for row in rows if row.number is not None}
