"""Who may be named: votes as the public reads them, and the council as it sits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.consents.models import CouncilConsent
from app.council.models import Matter
from app.council.rulebook.queries import rules_in_force
from app.people.models import User
from app.people.queries import terms_on
from app.shared import clock
from app.shared.permissions import COUNCIL_SEATS, Role


@dataclass(frozen=True, slots=True)
class PublicVote:
    """One vote that counts, as anyone may read it. ``name`` only by the rules of the matter and the member's consent."""

    seat_number: int
    name: str | None
    choice: str
    cast_at: datetime
    conflict_kind: str | None


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of the council as it is held today; ``name`` as of ``PublicVote``."""

    number: int
    is_chair: bool
    name: str | None


def consent_of(session: Session, fund_id: int, user_id: int) -> CouncilConsent | None:
    """The latest word of a member, if they ever gave one."""
    return session.scalars(
        select(CouncilConsent)
        .where(CouncilConsent.fund_id == fund_id, CouncilConsent.user_id == user_id)
        .order_by(CouncilConsent.id.desc())
        .limit(1)
    ).first()


def consents_of(session: Session, fund_id: int, user_id: int) -> list[CouncilConsent]:
    """Everything that a member said, the latest first."""
    return list(
        session.scalars(
            select(CouncilConsent)
            .where(CouncilConsent.fund_id == fund_id, CouncilConsent.user_id == user_id)
            .order_by(CouncilConsent.id.desc())
        )
    )


def names_allowed(session: Session, fund_id: int) -> dict[int, str]:
    """Names by user of everyone whose latest word for the fund is yes. The rules must allow it too."""
    latest = (
        select(func.max(CouncilConsent.id))
        .where(CouncilConsent.fund_id == fund_id)
        .group_by(CouncilConsent.user_id)
    )
    rows = session.execute(
        select(CouncilConsent.user_id, User.name)
        .join(User, User.id == CouncilConsent.user_id)
        .where(CouncilConsent.id.in_(latest), CouncilConsent.is_given)
    )
    return {row.user_id: row.name for row in rows}


def public_votes(session: Session, matter: Matter) -> list[PublicVote]:
    """The votes that count, by seat: with names where the rules of the matter and the members themselves allow it."""
    allowed = (
        names_allowed(session, matter.fund_id)
        if council.rules_of(session, matter).book.names_published
        else {}
    )
    votes = session.scalars(council.current_votes(matter.id))
    return sorted(
        (
            PublicVote(
                vote.seat_number, allowed.get(vote.voter_id), vote.choice, vote.cast_at, vote.conflict_kind
            )
            for vote in votes
        ),
        key=lambda each: each.seat_number,
    )


def public_seats(session: Session, fund_id: int) -> list[Seat]:
    """The fund's council as it sits today, by seat; names by the rules in force and the members' consent."""
    is_named = rules_in_force(session, fund_id).book.names_published
    allowed = names_allowed(session, fund_id) if is_named else {}
    terms = terms_on(session, fund_id, clock.today(), *COUNCIL_SEATS)
    found = {
        term.seat_number: Seat(term.seat_number, term.role is Role.CHAIR, allowed.get(term.user_id))
        for term in terms
        if term.seat_number is not None
    }
    return [found[number] for number in sorted(found)]
