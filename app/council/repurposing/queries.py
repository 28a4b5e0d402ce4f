"""Reading changes of purpose: the gifts behind them, the donors' answers, what still stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.motions.models import Motion
from app.council.notice import queries as notices
from app.council.repurposing.models import Repurposing, RepurposingAnswer, RepurposingPart
from app.council.repurposing.rules import FILING_DAYS, SUBJECT, Part, moves, total, waits
from app.files.rules import readable_by
from app.ledger.repurposing.queries import Origin, entries_of_change, origins_of
from app.parties.models import Party
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission

MOTION = "motion"


@dataclass(frozen=True, slots=True)
class Donor:
    """A donor behind a change, for the office: fen and gifts of theirs, and their latest word. ``party`` None: nobody is
    recorded as the donor of these gifts."""

    party: Party | None
    parts: list[tuple[Part, Origin]]
    answer: RepurposingAnswer | None

    @property
    def amount_minor(self) -> int:
        """Fen of this donor that the change is about."""
        return total(part for part, _origin in self.parts)


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of purpose as anyone may read it: fen, days and counts, nobody's name.

    ``consented``, ``refused``, ``unreachable``, ``silent`` count donors; ``unknown`` counts gifts without a recorded donor.
    ``waits_for`` is what stands in the way now: "answer", "notice", "no_notice", "filing", "objection", "hold".
    """

    motion_id: int
    from_id: int
    to_id: int
    amount_minor: int
    is_bound: bool
    frees: bool
    needs_filing: bool
    filing_number: str | None
    filed_on: date | None
    filing_due_on: date
    moved_on: date | None
    moved_minor: int
    reason: str
    given_up_on: date | None
    gifts: int
    consented: int
    refused: int
    unreachable: int
    silent: int
    unknown: int
    movable_minor: int
    refused_minor: int
    waits_for: tuple[str, ...]
    entries: tuple[int, ...]

    @property
    def is_over(self) -> bool:
        """Whether it was moved or given up."""
        return self.moved_on is not None or self.given_up_on is not None

    @property
    def is_ready(self) -> bool:
        """Whether the money may move now."""
        return not self.is_over and not self.waits_for and self.movable_minor > 0


def change(session: Session, motion_id: int) -> Repurposing:
    """The change that a passed motion resolved. Raises NotFound before that."""
    found = session.get(Repurposing, motion_id)
    if found is None:
        raise NotFound(N_("这份提案还没有通过，或者不是变更用途"))
    return found


def change_of_motion(session: Session, motion_id: int) -> Repurposing | None:
    """The change that a motion resolved, if it did."""
    return session.get(Repurposing, motion_id)


def answer_of_key(session: Session, key: str | None) -> RepurposingAnswer | None:
    """The answer that a form with this idempotency key already recorded."""
    if not key:
        return None
    return session.scalar(select(RepurposingAnswer).where(RepurposingAnswer.idempotency_key == key))


def latest_answers(session: Session, motion_id: int) -> dict[int, RepurposingAnswer]:
    """The latest word of each donor, by party."""
    rows = session.scalars(
        select(RepurposingAnswer)
        .where(RepurposingAnswer.motion_id == motion_id)
        .order_by(RepurposingAnswer.id)
    )
    return {each.party_id: each for each in rows}


def answers_of(session: Session, motion_id: int, party_id: int) -> list[RepurposingAnswer]:
    """Everything that a donor said to one change, the first word first."""
    return list(
        session.scalars(
            select(RepurposingAnswer)
            .where(RepurposingAnswer.motion_id == motion_id, RepurposingAnswer.party_id == party_id)
            .order_by(RepurposingAnswer.id)
        )
    )


def parts_of(session: Session, motion_id: int) -> list[Part]:
    """The gifts behind a change, oldest first, with the latest word of each donor."""
    said = latest_answers(session, motion_id)
    rows = session.scalars(
        select(RepurposingPart).where(RepurposingPart.motion_id == motion_id).order_by(RepurposingPart.id)
    )
    parts = []
    for row in rows:
        word = said.get(row.party_id) if row.party_id is not None else None
        parts.append(Part(row.tranche_number, row.party_id, row.amount_minor, word.answer if word else None))
    return parts


def donors_of(session: Session, motion_id: int, *, limit: int | None = None) -> list[Donor]:
    """The donors behind a change, those without an answer first, then whoever gave first; gifts of nobody recorded come last.

    At most ``limit`` of them: an answer lets the next one up.
    """
    said = latest_answers(session, motion_id)
    grouped: dict[int | None, list[Part]] = {}
    for part in parts_of(session, motion_id):
        grouped.setdefault(part.party_id, []).append(part)
    keys = sorted(grouped, key=lambda key: 2 if key is None else 1 if key in said else 0)[:limit]
    origins = origins_of(session, [part.tranche_number for key in keys for part in grouped[key]])
    ids = [key for key in keys if key is not None]
    parties = {each.id: each for each in session.scalars(select(Party).where(Party.id.in_(ids)))}
    return [
        Donor(
            parties[key] if key is not None else None,
            [(part, origins[part.tranche_number]) for part in grouped[key]],
            said.get(key) if key is not None else None,
        )
        for key in keys
    ]


def donor_of(session: Session, motion_id: int, party_id: int) -> Donor:
    """One donor behind a change. Raises NotFound."""
    parts = [part for part in parts_of(session, motion_id) if part.party_id == party_id]
    if not parts:
        raise NotFound(N_("这次变更没有这位捐赠人的钱"))
    origins = origins_of(session, [part.tranche_number for part in parts])
    answer = latest_answers(session, motion_id).get(party_id)
    rows = [(part, origins[part.tranche_number]) for part in parts]
    return Donor(session.get_one(Party, party_id), rows, answer)


def notice_is_over(session: Session, motion_id: int) -> bool:
    """Whether the notice that stands in for donors ran its whole course."""
    stood = notices.notice_of(session, MOTION, motion_id)
    return stood is not None and stood.ends_on < clock.today()


def movable_parts(session: Session, found: Repurposing) -> list[Part]:
    """The parts that may move now."""
    over = notice_is_over(session, found.motion_id)
    return _movable(found, parts_of(session, found.motion_id), over)


def _movable(found: Repurposing, parts: list[Part], over: bool) -> list[Part]:
    return [
        part for part in parts if moves(part, is_bound=found.is_bound, frees=found.frees, notice_is_over=over)
    ]


def needs_notice(session: Session, found: Repurposing) -> bool:
    """Whether some of the money can only move by a notice, and none was opened."""
    return _needs_notice(session, found, parts_of(session, found.motion_id))


def _needs_notice(session: Session, found: Repurposing, parts: list[Part]) -> bool:
    if not found.is_bound or found.frees or not any(part.is_for_notice for part in parts):
        return False
    return notices.notice_of(session, MOTION, found.motion_id) is None


def view_of(session: Session, found: Repurposing) -> ChangeView:
    """One change for the public."""
    parts = parts_of(session, found.motion_id)
    donors = {part.party_id: part.answer for part in parts if part.party_id is not None}
    said = list(donors.values())
    movable = _movable(found, parts, notice_is_over(session, found.motion_id))
    return ChangeView(
        motion_id=found.motion_id,
        from_id=found.from_id,
        to_id=found.to_id,
        amount_minor=found.amount_minor,
        is_bound=found.is_bound,
        frees=found.frees,
        needs_filing=found.needs_filing,
        filing_number=found.filing_number,
        filed_on=found.filed_on,
        filing_due_on=filing_due_on(found),
        moved_on=found.moved_on,
        moved_minor=found.moved_minor or 0,
        reason=found.reason,
        given_up_on=clock.local(found.given_up_at).date() if found.given_up_at else None,
        gifts=len(parts),
        consented=said.count("consented"),
        refused=said.count("refused"),
        unreachable=said.count("unreachable"),
        silent=said.count(None),
        unknown=sum(part.party_id is None for part in parts),
        movable_minor=total(movable),
        refused_minor=total(part for part in parts if part.answer == "refused"),
        waits_for=tuple(_waits_for(session, found, parts)),
        entries=tuple(entries_of_change(session, MOTION, found.motion_id)) if found.moved_on else (),
    )


def _waits_for(session: Session, found: Repurposing, parts: list[Part]) -> list[str]:
    if found.moved_at is not None or found.given_up_at is not None:
        return []
    over = notice_is_over(session, found.motion_id)
    missing = {waits(part, is_bound=found.is_bound, frees=found.frees, notice_is_over=over) for part in parts}
    stops = notices.obstacles(session, MOTION, found.motion_id)
    said = []
    if "answer" in missing:
        said.append("answer")
    if _needs_notice(session, found, parts):
        said.append("no_notice")
    elif "notice" in missing:
        said.append("notice")
    if found.needs_filing and found.filed_on is None:
        said.append("filing")
    return said + [each for each in stops if each != "notice"]


def filing_due_on(found: Repurposing) -> date:
    """The day by which the changed plan is to be filed."""
    return clock.local(found.resolved_at).date() + timedelta(days=FILING_DAYS)


def under_way(session: Session, fund_id: int) -> list[tuple[Motion, Repurposing]]:
    """Changes that were resolved and neither moved nor given up, the oldest decision first."""
    rows = session.execute(
        select(Motion, Repurposing)
        .join(Motion, Motion.id == Repurposing.motion_id)
        .where(
            Repurposing.fund_id == fund_id,
            Repurposing.moved_at.is_(None),
            Repurposing.given_up_at.is_(None),
        )
        .order_by(Repurposing.resolved_at, Repurposing.motion_id)
        .limit(50)
    )
    return [(row[0], row[1]) for row in rows]


@readable_by(SUBJECT)
def _may_read(session: Session, actor: Actor, answer_id: int) -> bool:
    """A donor's letter names the donor: for those who may read personal data of the fund."""
    said = session.get(RepurposingAnswer, answer_id)
    found = session.get(Repurposing, said.motion_id) if said is not None else None
    return found is not None and actor.may(Permission.PERSONAL_READ, found.fund_id)
