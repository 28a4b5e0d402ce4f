"""Decided matters of every kind, the latest first."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.models import Endorsement, Matter, Vote
from app.council.motions import queries as motions
from app.council.rulebook.queries import Rules, rules_numbered
from app.council.rules import Signature, Tally, Terms
from app.disbursements import queries as requests
from app.disbursements.models import Disbursement
from app.ledger.structure.models import Project
from app.shared import clock
from app.shared.errors import N_, NotFound

PAGE_ROWS = 50
RESULTS = ("approved", "rejected", "lapsed")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to; None and "" leave a condition out."""

    fund_id: int | None = None
    year: int | None = None
    topic: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decided matter with what its arithmetic needs. ``url`` None where nothing public can be opened; ``title`` "" where
    the topic is all that can be said. ``on``: the day of the decision, of the minutes for one made before this system."""

    matter: Matter
    on: date
    title: str
    url: str | None
    tally: Tally
    terms: Terms
    signatures: list[Signature] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Some decisions; ``next_after`` is the matter after which the next page starts."""

    rows: list[DecisionRow]
    next_after: int | None


def decisions(session: Session, asked: Asked, after: int | None, limit: int = PAGE_ROWS) -> DecisionPage:
    """Decided matters that meet the conditions, by keyset on the moment of decision. Raises NotFound for an unknown ``after``."""
    query = select(Matter).where(
        Matter.status.in_(RESULTS), Matter.decided_at.is_not(None), *_conditions(asked)
    )
    if after is not None:
        last = session.get(Matter, after)
        if last is None or last.decided_at is None:
            raise NotFound(N_("没有这个页面"))
        query = query.where(
            or_(
                Matter.decided_at < last.decided_at,
                and_(Matter.decided_at == last.decided_at, Matter.id < last.id),
            )
        )
    query = query.order_by(Matter.decided_at.desc(), Matter.id.desc()).limit(limit + 1)
    found = list(session.scalars(query))
    more = len(found) > limit
    found = found[:limit]
    return DecisionPage(_rows(session, found), found[-1].id if more else None)


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.fund_id is not None:
        conditions.append(Matter.fund_id == asked.fund_id)
    if asked.topic:
        conditions.append(Matter.topic == asked.topic)
    if asked.result:
        conditions.append(Matter.status == asked.result)
    if asked.year is not None:
        first, last = date(asked.year, 1, 1), date(asked.year, 12, 31)
        start = (clock.end_of(first - timedelta(days=1))).astimezone(UTC)
        conditions.append(
            or_(
                Matter.decided_before_on.between(first, last),
                and_(
                    Matter.decided_before_on.is_(None),
                    Matter.decided_at >= start,
                    Matter.decided_at < clock.end_of(last).astimezone(UTC),
                ),
            )
        )
    return conditions


def years(session: Session) -> list[int]:
    """The years in which something was decided, the latest first."""
    first, last, before, latest = session.execute(
        select(
            func.min(Matter.decided_at),
            func.max(Matter.decided_at),
            func.min(Matter.decided_before_on),
            func.max(Matter.decided_before_on),
        ).where(Matter.status.in_(RESULTS))
    ).one()
    days = [each for each in (before, latest) if each is not None]
    days += [clock.local(each).date() for each in (first, last) if each is not None]
    if not days:
        return []
    return list(range(max(days).year, min(days).year - 1, -1))


def day_of(matter: Matter) -> date:
    """The day on which a decided matter was decided."""
    moment: datetime | None = matter.decided_at
    assert moment is not None
    return matter.decided_before_on or clock.local(moment).date()


def _rows(session: Session, found: list[Matter]) -> list[DecisionRow]:
    titles = _titles(session, found)
    counts = _counts(session, found)
    signatures = _signatures(session, found)
    rules: dict[tuple[int, int], Rules] = {}
    rows = []
    for each in found:
        key = (each.fund_id, each.rules_number)
        book = rules.setdefault(key, rules.get(key) or rules_numbered(session, *key)).book
        tally = (
            Tally(**json.loads(each.past_counts))
            if each.past_counts
            else Tally(each.seats, each.quorum, **counts[each.id])
        )
        title, url = titles.get((each.type, each.subject_id), ("", None))
        terms = Terms(each.majority, book.special_majority, book.least_votes)
        rows.append(DecisionRow(each, day_of(each), title, url, tally, terms, signatures[each.id]))
    return rows


def _counts(session: Session, found: list[Matter]) -> dict[int, Counter[str]]:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    votes = council.current_votes().where(Vote.matter_id.in_([each.id for each in found]))
    for vote in session.scalars(votes):
        counts[vote.matter_id][vote.choice] += 1
    return counts


def _signatures(session: Session, found: list[Matter]) -> dict[int, list[Signature]]:
    signatures: dict[int, list[Signature]] = defaultdict(list)
    rows = session.execute(
        select(Endorsement.matter_id, Endorsement.kind, Endorsement.choice, Endorsement.role)
        .where(Endorsement.matter_id.in_([each.id for each in found]))
        .order_by(Endorsement.id)
    )
    for matter_id, kind, choice, role in rows:
        signatures[matter_id].append(Signature(kind, choice, role))
    return signatures


def _titles(session: Session, found: list[Matter]) -> dict[tuple[str, int], tuple[str, str]]:
    """(title, address) of what was decided, by type and subject."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for each in found:
        wanted[each.type].append(each.subject_id)
    titles: dict[tuple[str, int], tuple[str, str]] = {}
    about_requests = [*wanted[requests.SUBJECT], *wanted[requests.RATIFICATION]]
    rows = session.execute(
        select(Disbursement.id, Disbursement.number, Project.name)
        .join(Project, Project.id == Disbursement.project_id)
        .where(
            Disbursement.id.in_(about_requests),
            Disbursement.number.is_not(None),
            Disbursement.status != "drafted",
        )
    )
    for subject_id, number, name in rows:
        for type_ in (requests.SUBJECT, requests.RATIFICATION):
            titles[type_, subject_id] = (name, f"/disbursements/{number}")
    for subject_id, (number, title) in motions.numbers_of(session, wanted[motions.SUBJECT]).items():
        titles[motions.SUBJECT, subject_id] = (title, f"/motions/{number}")
    return titles
