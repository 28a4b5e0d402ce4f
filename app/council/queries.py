"""Reading matters and votes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.council.models import Matter, Vote
from app.council.rules import Tally
from app.people.models import TermOfOffice, User
from app.shared import clock
from app.shared.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class VoteView:
    """One vote as the public may see it: the seat, never the member."""

    seat_number: int
    choice: str
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class MemberVote:
    """One vote with the member's name and reason: for the office alone."""

    seat_number: int
    name: str
    choice: str
    reason: str
    cast_at: datetime


def matter(session: Session, matter_id: int) -> Matter:
    """One matter. Raises NotFound."""
    found = session.get(Matter, matter_id)
    if found is None:
        raise NotFound(N_("没有这项议题"))
    return found


def matter_of(session: Session, type_: str, subject_id: int) -> Matter | None:
    """The latest matter about a subject, if any."""
    return session.scalars(
        select(Matter)
        .where(Matter.type == type_, Matter.subject_id == subject_id)
        .order_by(Matter.id.desc())
        .limit(1)
    ).first()


def tally(session: Session, found: Matter) -> Tally:
    """The counts of a matter: from its votes, or from the minutes of a decision made before this system."""
    if found.past_counts:
        return Tally(**json.loads(found.past_counts))
    counts = Counter(session.scalars(select(Vote.choice).where(Vote.matter_id == found.id)))
    return Tally(found.seats, found.quorum, **counts)


def votes_of(session: Session, matter_id: int) -> list[VoteView]:
    """Votes by seat, for the public."""
    rows = session.execute(
        select(Vote.seat_number, Vote.choice, Vote.cast_at)
        .where(Vote.matter_id == matter_id)
        .order_by(Vote.seat_number)
    )
    return [VoteView(*row) for row in rows]


def member_votes_of(session: Session, matter_id: int) -> list[MemberVote]:
    """Votes by name in the order cast, for the office."""
    rows = session.execute(
        select(Vote.seat_number, User.name, Vote.choice, Vote.reason, Vote.cast_at)
        .join(User, User.id == Vote.voter_id)
        .where(Vote.matter_id == matter_id)
        .order_by(Vote.id)
    )
    return [MemberVote(*row) for row in rows]


def has_voted(session: Session, matter_id: int, user_id: int) -> bool:
    """Whether this member took part in the matter."""
    return (
        session.scalar(select(Vote.id).where(Vote.matter_id == matter_id, Vote.voter_id == user_id))
        is not None
    )


def voting_seats(session: Session, fund_id: int) -> int:
    """Seats of the fund's council that are held today."""
    today = clock.today()
    return (
        session.scalar(
            select(func.count(func.distinct(TermOfOffice.seat_number)))
            .join(User, User.id == TermOfOffice.user_id)
            .where(
                TermOfOffice.fund_id == fund_id,
                TermOfOffice.role.in_(("chair", "council")),
                TermOfOffice.starts_on <= today,
                (TermOfOffice.ends_on.is_(None)) | (TermOfOffice.ends_on >= today),
                User.ended_at.is_(None),
            )
        )
        or 0
    )


def open_matters(session: Session, fund_id: int) -> list[Matter]:
    """Matters that wait for votes, oldest first."""
    return list(
        session.scalars(
            select(Matter).where(Matter.fund_id == fund_id, Matter.status == "open").order_by(Matter.id)
        )
    )


def waiting_for(session: Session, fund_id: int, user_id: int) -> list[Matter]:
    """Open matters that this member has not voted on."""
    voted = select(Vote.matter_id).where(Vote.voter_id == user_id)
    return [found for found in open_matters(session, fund_id) if found.id not in set(session.scalars(voted))]
