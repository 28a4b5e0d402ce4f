"""Reading the register, and finding who is tied to the parties of a matter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.council.interests.models import Interest
from app.council.interests.rules import (
    DECLARERS,
    NONE,
    MatchedConflict,
    Standing,
    matched,
    must_declare,
    name_hash,
)
from app.people import queries as people
from app.people.queries import TermRow
from app.shared import clock
from app.shared.encryption import decrypt
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class DeclaredInterest:
    """A declaration with its words, for whoever may read it."""

    id: int
    fund_id: int
    user_id: int
    kind: str
    party_name: str
    relation: str
    note: str
    declared_on: date
    recorded_by_id: int
    ended_on: date | None

    @property
    def is_recorded_for(self) -> bool:
        """Whether somebody else recorded it."""
        return self.recorded_by_id != self.user_id

    @property
    def can_end(self) -> bool:
        """Whether there is something that can come to an end."""
        return self.kind != NONE and self.ended_on is None


@dataclass(frozen=True, slots=True)
class Declarer:
    """Somebody who must declare: offices held today in the fund, and when they last declared anything."""

    user_id: int
    name: str
    terms: tuple[TermRow, ...]
    last_on: date | None
    is_due: bool


def conflicts_of(
    session: Session, fund_id: int, names: Mapping[str, Collection[str]]
) -> list[MatchedConflict]:
    """Who of the fund's officers and members is tied to a party of a matter. ``names``: relation (a key of
    ``rules.RELATIONS``) to the true names it has there.

    Everyone who holds a declaring office today: their declared interests up to the last day of each, and their own name,
    which needs no declaration (kind "self"; two people may share a name, so whoever shows it lets it be explained).
    """
    hashes = {
        relation: frozenset(found for found in map(name_hash, given) if found is not None)
        for relation, given in names.items()
    }
    wanted = frozenset().union(*hashes.values())
    if not wanted:
        return []
    holders = _holders(session, fund_id)
    standing = [
        Standing(user_id, kind, found)
        for user_id, kind, found in session.execute(
            select(Interest.user_id, Interest.kind, Interest.name_hash).where(
                Interest.fund_id == fund_id,
                Interest.user_id.in_(holders),
                Interest.name_hash.in_(wanted),
                or_(Interest.ended_on.is_(None), Interest.ended_on >= clock.today()),
            )
        )
        if found is not None
    ]
    for user_id, terms in holders.items():
        own = name_hash(terms[0].user_name)
        if own is not None:
            standing.append(Standing(user_id, "self", own))
    return matched(standing, hashes)


def conflicted_beneficiaries(session: Session, fund_id: int, names: Collection[str]) -> list[MatchedConflict]:
    """Officers and members tied to one of these beneficiaries: a hard stop, not a matter of recusal.

    A charity may not choose interested persons of its managers as beneficiaries, nor a donor one of their own
    (Charity Law Art. 59, Art. 40).
    """
    return conflicts_of(session, fund_id, {"beneficiary": names})


def interests_of(session: Session, fund_id: int, user_id: int) -> list[DeclaredInterest]:
    """Everything that a person declared for a fund, newest first. The caller has asked who may read it."""
    rows = session.scalars(
        select(Interest)
        .where(Interest.fund_id == fund_id, Interest.user_id == user_id)
        .order_by(Interest.id.desc())
    )
    return [_told(row) for row in rows]


def register(session: Session, actor: Actor, fund_id: int) -> list[tuple[str, DeclaredInterest]]:
    """(name, declaration) of everyone, past holders of office too, newest first. For supervisor and auditor."""
    actor.require(Permission.INTEREST_READ, fund_id)
    rows = session.scalars(select(Interest).where(Interest.fund_id == fund_id).order_by(Interest.id.desc()))
    told = [_told(row) for row in rows]
    names = people.names_of(session, (each.user_id for each in told))
    return [(names[each.user_id], each) for each in told]


def recorded_by(session: Session, fund_id: int, user_id: int) -> list[tuple[str, DeclaredInterest]]:
    """(name, declaration) of what this person recorded for others, newest first."""
    rows = session.scalars(
        select(Interest)
        .where(Interest.fund_id == fund_id, Interest.recorded_by_id == user_id, Interest.user_id != user_id)
        .order_by(Interest.id.desc())
    )
    told = [_told(row) for row in rows]
    names = people.names_of(session, (each.user_id for each in told))
    return [(names[each.user_id], each) for each in told]


def own_or_recorded(session: Session, actor: Actor, interest_id: int) -> DeclaredInterest:
    """A declaration that the actor made or recorded, and so may end. NotFound for any other: nobody learns that it exists."""
    row = session.get(Interest, interest_id)
    if row is None or actor.user_id is None or actor.user_id not in (row.user_id, row.recorded_by_id):
        raise NotFound(N_("没有这条登记"))
    actor.require(Permission.INTEREST_DECLARE, row.fund_id)
    return _told(row)


def declarers(session: Session, fund_id: int) -> list[Declarer]:
    """Everyone who must declare in the fund today, those who are due first, then by name."""
    last = {
        row.user_id: clock.local(row.at).date()
        for row in session.execute(
            select(Interest.user_id, func.max(Interest.declared_at).label("at"))
            .where(Interest.fund_id == fund_id)
            .group_by(Interest.user_id)
        )
    }
    today = clock.today()
    found = [
        Declarer(
            user_id, terms[0].user_name, terms, last.get(user_id), must_declare(last.get(user_id), today)
        )
        for user_id, terms in _holders(session, fund_id).items()
    ]
    return sorted(found, key=lambda each: (not each.is_due, each.name, each.user_id))


def declarer(session: Session, fund_id: int, user_id: int | None) -> Declarer:
    """One person who must declare in the fund today. Raises NotFound for anybody else."""
    found = next((each for each in declarers(session, fund_id) if each.user_id == user_id), None)
    if found is None:
        raise NotFound(N_("这个人现在没有需要登记利害关系的岗位"))
    return found


def _holders(session: Session, fund_id: int) -> dict[int, tuple[TermRow, ...]]:
    """Who holds a declaring office today, with the terms: a council seat first."""
    held: dict[int, tuple[TermRow, ...]] = {}
    rows = people.terms_on(session, fund_id, clock.today(), *DECLARERS)
    for row in sorted(rows, key=lambda each: (each.seat_number is None, each.id)):
        held[row.user_id] = (*held.get(row.user_id, ()), row)
    return held


def _told(row: Interest) -> DeclaredInterest:
    return DeclaredInterest(
        row.id,
        row.fund_id,
        row.user_id,
        row.kind,
        _words(row.party_name),
        _words(row.relation),
        _words(row.note),
        clock.local(row.declared_at).date(),
        row.recorded_by_id,
        row.ended_on,
    )


def _words(encrypted: bytes | None) -> str:
    return decrypt(encrypted) if encrypted is not None else ""
