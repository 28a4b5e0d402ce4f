"""Reading matters, votes and signatures."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from app.council.models import Endorsement, Matter, MatterConflict, Vote
from app.council.rulebook.queries import Rules, rules_numbered
from app.council.rules import Signature, Tally, Terms, past_decisions_until
from app.council.states import UNDECIDED
from app.funds.models import Fund
from app.people.models import TermOfOffice, User
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import COUNCIL_SEATS


@dataclass(frozen=True, slots=True)
class VoteView:
    """One vote as the public may see it: the seat, never the member. ``conflict_kind`` of a recusal."""

    seat_number: int
    choice: str
    cast_at: datetime
    conflict_kind: str | None


@dataclass(frozen=True, slots=True)
class MemberVote:
    """One version of a vote with the member's name and reason: for the office alone. ``is_current``: the one that counts."""

    vote_id: int
    voter_id: int
    seat_number: int
    name: str
    choice: str
    reason: str
    cast_at: datetime
    version: int
    source: str
    conflict_kind: str | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class EndorsementView:
    """A signature beside the vote. ``name`` is for the office alone; the public reads the kind."""

    kind: str
    role: str
    name: str
    choice: str
    reason: str
    signed_at: datetime


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


def matters_of(session: Session, type_: str, subject_id: int) -> list[Matter]:
    """Every matter about a subject, oldest first: each text that was put before the council, voided ones included."""
    return list(
        session.scalars(
            select(Matter).where(Matter.type == type_, Matter.subject_id == subject_id).order_by(Matter.id)
        )
    )


def rules_of(session: Session, found: Matter) -> Rules:
    """The rules that a matter is decided under: those in force when it was submitted."""
    return rules_numbered(session, found.fund_id, found.rules_number)


def terms_of(session: Session, found: Matter) -> Terms:
    """What the vote on a matter has to reach."""
    book = rules_of(session, found).book
    return Terms(found.majority, book.special_majority, book.least_votes)


def current_votes(matter_id: int | None = None) -> Select[Any]:
    """Votes that count: of each voter the latest version."""
    later = aliased(Vote)
    statement = select(Vote).where(
        ~select(later.id)
        .where(
            later.matter_id == Vote.matter_id, later.voter_id == Vote.voter_id, later.version > Vote.version
        )
        .exists()
    )
    return statement if matter_id is None else statement.where(Vote.matter_id == matter_id)


def tally(session: Session, found: Matter) -> Tally:
    """The counts of a matter: from its votes, or from the minutes of a decision made before this system."""
    if found.past_counts:
        return Tally(**json.loads(found.past_counts))
    counts = Counter(vote.choice for vote in session.scalars(current_votes(found.id)))
    return Tally(found.seats, found.quorum, **counts)


def votes_of(session: Session, matter_id: int) -> list[VoteView]:
    """Votes that count, by seat, for the public."""
    rows = session.scalars(current_votes(matter_id).order_by(Vote.seat_number))
    return [VoteView(vote.seat_number, vote.choice, vote.cast_at, vote.conflict_kind) for vote in rows]


def member_votes_of(session: Session, matter_id: int) -> list[MemberVote]:
    """Every version of every vote by name, in the order cast, for the office."""
    rows = session.execute(
        select(Vote, User.name)
        .join(User, User.id == Vote.voter_id)
        .where(Vote.matter_id == matter_id)
        .order_by(Vote.id)
    ).all()
    latest = {vote.voter_id: vote.version for vote, _ in rows}
    return [
        MemberVote(
            vote.id,
            vote.voter_id,
            vote.seat_number,
            name,
            vote.choice,
            vote.reason,
            vote.cast_at,
            vote.version,
            vote.source,
            vote.conflict_kind,
            latest[vote.voter_id] == vote.version,
        )
        for vote, name in rows
    ]


def vote_by(session: Session, matter_id: int, user_id: int) -> Vote | None:
    """The vote of this member that counts, if they took part."""
    return session.scalars(
        select(Vote)
        .where(Vote.matter_id == matter_id, Vote.voter_id == user_id)
        .order_by(Vote.version.desc())
        .limit(1)
    ).first()


def has_voted(session: Session, matter_id: int, user_id: int) -> bool:
    """Whether this member took part in the matter."""
    return vote_by(session, matter_id, user_id) is not None


def took_part(session: Session, found: Matter, user_id: int) -> bool:
    """Whether somebody voted on any text of the matter's subject, or signed for it."""
    of_subject = select(Matter.id).where(Matter.type == found.type, Matter.subject_id == found.subject_id)
    voted = select(Vote.id).where(Vote.matter_id.in_(of_subject), Vote.voter_id == user_id)
    signed = select(Endorsement.id).where(
        Endorsement.matter_id.in_(of_subject), Endorsement.user_id == user_id
    )
    return bool(session.scalar(select(voted.exists() | signed.exists())))


def conflict_of(session: Session, matter_id: int, user_id: int) -> str | None:
    """The kind of interest that keeps somebody out of a matter, if any."""
    return session.scalar(
        select(MatterConflict.kind).where(
            MatterConflict.matter_id == matter_id, MatterConflict.user_id == user_id
        )
    )


def endorsements_of(session: Session, matter_id: int) -> list[EndorsementView]:
    """The signatures beside the vote, in the order given."""
    rows = session.execute(
        select(
            Endorsement.kind,
            Endorsement.role,
            User.name,
            Endorsement.choice,
            Endorsement.reason,
            Endorsement.signed_at,
        )
        .join(User, User.id == Endorsement.user_id)
        .where(Endorsement.matter_id == matter_id)
        .order_by(Endorsement.id)
    )
    return [EndorsementView(*row) for row in rows]


def signatures_of(session: Session, matter_id: int) -> list[Signature]:
    """The signatures as far as they count."""
    return [Signature(each.kind, each.choice, each.role) for each in endorsements_of(session, matter_id)]


def signers_of(session: Session, matter_id: int) -> set[int]:
    """Who has signed a matter, in whatever quality."""
    return set(session.scalars(select(Endorsement.user_id).where(Endorsement.matter_id == matter_id)))


def holders(session: Session, fund_id: int) -> list[tuple[int, int]]:
    """(seat number, user) of the fund's council as it sits today, by seat."""
    today = clock.today()
    rows = session.execute(
        select(TermOfOffice.seat_number, TermOfOffice.user_id)
        .join(User, User.id == TermOfOffice.user_id)
        .where(
            TermOfOffice.fund_id == fund_id,
            TermOfOffice.role.in_([role.value for role in COUNCIL_SEATS]),
            TermOfOffice.starts_on <= today,
            (TermOfOffice.ends_on.is_(None)) | (TermOfOffice.ends_on >= today),
            User.ended_at.is_(None),
        )
        .order_by(TermOfOffice.seat_number, TermOfOffice.id)
    )
    return [(int(row.seat_number), row.user_id) for row in rows]


def open_matters(session: Session, fund_id: int) -> list[Matter]:
    """Matters that wait for votes or officers' signatures, oldest first."""
    return list(
        session.scalars(
            select(Matter).where(Matter.fund_id == fund_id, Matter.status == "open").order_by(Matter.id)
        )
    )


def undecided_matters(session: Session, fund_id: int) -> list[Matter]:
    """Matters that wait for anybody: votes, signatures, or the host."""
    return list(
        session.scalars(
            select(Matter).where(Matter.fund_id == fund_id, Matter.status.in_(UNDECIDED)).order_by(Matter.id)
        )
    )


def due_matters(session: Session, now: datetime) -> list[Matter]:
    """Open matters whose time is over."""
    return list(
        session.scalars(
            select(Matter).where(Matter.status == "open", Matter.closes_at <= now).order_by(Matter.id)
        )
    )


def closing_matters(session: Session, until: datetime, opened_before: datetime) -> list[Matter]:
    """Open matters that close at ``until`` or before, but not yet, and were opened before an instant."""
    return list(
        session.scalars(
            select(Matter)
            .where(
                Matter.status == "open",
                Matter.closes_at <= until,
                Matter.closes_at > clock.now(),
                Matter.opened_at < opened_before,
            )
            .order_by(Matter.id)
        )
    )


def waiting_for(session: Session, fund_id: int, user_id: int) -> list[Matter]:
    """Open votes of the council that this member has not taken part in."""
    voted = select(Vote.matter_id).where(Vote.voter_id == user_id)
    return list(
        session.scalars(
            select(Matter)
            .where(
                Matter.fund_id == fund_id,
                Matter.status == "open",
                Matter.decided_by == "council",
                Matter.id.not_in(voted),
            )
            .order_by(Matter.id)
        )
    )


def first_vote_at(session: Session, fund_id: int) -> datetime | None:
    """When a member of the fund's council first voted in this system; recusals by the register do not count."""
    return session.scalar(
        select(func.min(Vote.cast_at))
        .join(Matter, Matter.id == Vote.matter_id)
        .where(Matter.fund_id == fund_id, Vote.source != "matched")
    )


def past_decisions_end(session: Session, fund_id: int) -> date:
    """The last day of a decision that may still be entered from minutes, by the fund's own clock."""
    fund = session.get_one(Fund, fund_id)
    first = first_vote_at(session, fund_id)
    return past_decisions_until(
        clock.local(fund.created_at, fund.time_zone).date(),
        clock.local(first, fund.time_zone).date() if first is not None else None,
    )
