"""Reading motions, for the office and the public."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.council.issuing.models import GoodsIssue, GoodsIssueLine
from app.council.meetings.rules import Subject, describes
from app.council.models import Matter
from app.council.motions.models import Motion, MotionText
from app.council.repurposing.models import RepurposingAnswer
from app.files.rules import open_to_all, readable_by
from app.log.models import Leaf
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission

SUBJECT = "motion"
PAPER = "paper"


@dataclass(frozen=True, slots=True)
class MotionRow:
    """A motion in a list."""

    id: int
    number: str | None
    topic: str
    title: str
    amount_minor: int | None
    status: str
    created_at: datetime
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of purpose in ids: ``amount_minor`` fen from one earmark to another."""

    from_id: int
    to_id: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class LeafPlace:
    """A leaf of a motion or of its matters."""

    kind: str
    position: int


def motion(session: Session, motion_id: int) -> Motion:
    """One motion. Raises NotFound."""
    found = session.get(Motion, motion_id)
    if found is None:
        raise NotFound(N_("没有这份提案"))
    return found


def motion_of_key(session: Session, key: str | None) -> Motion | None:
    """The motion that a form with this idempotency key already made."""
    return session.scalar(select(Motion).where(Motion.idempotency_key == key)) if key else None


def published(session: Session, number: str) -> Motion:
    """A motion by its public number. Raises NotFound for drafts as for unknown ones."""
    found = session.scalar(select(Motion).where(Motion.number == number))
    if found is None:
        raise NotFound(N_("没有这份提案"))
    return found


def texts_of(session: Session, motion_id: int) -> list[MotionText]:
    """Every text that was submitted, the first one first."""
    return list(
        session.scalars(
            select(MotionText).where(MotionText.motion_id == motion_id).order_by(MotionText.version)
        )
    )


def details_of(found: Motion | MotionText) -> dict[str, Any]:
    """What a motion says beside its words."""
    return dict(json.loads(found.details))


def change_of(found: Motion | MotionText) -> Change:
    """The change of purpose that a motion proposes."""
    details = details_of(found)
    return Change(details["from"], details["to"], found.amount_minor or 0)


def motions(
    session: Session,
    fund_id: int,
    *,
    statuses: Collection[str] = (),
    before: int | None = None,
    limit: int = 50,
) -> list[MotionRow]:
    """The fund's motions, drafts included, the newest first, by keyset on the id."""
    query = select(
        Motion.id,
        Motion.number,
        Motion.topic,
        Motion.title,
        Motion.amount_minor,
        Motion.status,
        Motion.created_at,
        Motion.submitted_at,
    ).where(Motion.fund_id == fund_id)
    if statuses:
        query = query.where(Motion.status.in_(statuses))
    if before is not None:
        query = query.where(Motion.id < before)
    return [MotionRow(*row) for row in session.execute(query.order_by(Motion.id.desc()).limit(limit))]


def in_vote(session: Session, fund_id: int, topic: str) -> Motion | None:
    """A motion on this topic that is before the council now."""
    return session.scalars(
        select(Motion)
        .where(Motion.fund_id == fund_id, Motion.topic == topic, Motion.status == "in_vote")
        .limit(1)
    ).first()


def numbers_of(session: Session, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """(public number, title as last submitted) of motions, by id."""
    if not ids:
        return {}
    rows = session.execute(
        select(Motion.id, Motion.number, MotionText.title)
        .join(MotionText, and_(MotionText.motion_id == Motion.id, MotionText.version == Motion.version))
        .where(Motion.id.in_(ids), Motion.number.is_not(None))
    )
    return {row.id: (row.number, row.title) for row in rows}


def leaves_of(session: Session, motion_id: int) -> list[LeafPlace]:
    """The leaves of a motion and of everything that was decided about it, in their order."""
    matters = select(Matter.id).where(Matter.type == SUBJECT, Matter.subject_id == motion_id)
    handed_out = (
        select(GoodsIssueLine.id)
        .join(GoodsIssue, GoodsIssue.id == GoodsIssueLine.issue_id)
        .where(GoodsIssue.motion_id == motion_id)
    )
    answers = select(RepurposingAnswer.id).where(RepurposingAnswer.motion_id == motion_id)
    rows = session.execute(
        select(Leaf.kind, Leaf.position)
        .where(
            or_(
                and_(
                    Leaf.kind.in_(
                        (
                            "motion_submitted", "motion_returned", "motion_withdrawn",
                            "purpose_filed", "purpose_moved", "purpose_given_up",
                        )
                    ),
                    Leaf.subject_id == motion_id,
                ),
                and_(Leaf.kind == "purpose_answer", Leaf.subject_id.in_(answers)),
                and_(Leaf.kind == "goods_issued", Leaf.subject_id.in_(handed_out)),
                and_(
                    Leaf.kind.in_(
                        (
                            "matter_opened", "vote", "endorsement", "vote_carried", "matter_referred",
                            "resolution", "matter_withdrawn", "matter_voided",
                        )
                    ),
                    Leaf.subject_id.in_(matters),
                ),
            )
        )
        .order_by(Leaf.position)
    )  # fmt: skip
    return [LeafPlace(*row) for row in rows]


@readable_by(SUBJECT)
def may_read_files(session: Session, actor: Actor, motion_id: int) -> bool:
    """Who reads a fund's requests reads the papers of its motions."""
    found = session.get(Motion, motion_id)
    return found is not None and actor.may(Permission.DISBURSEMENT_READ, found.fund_id)


@open_to_all(SUBJECT)
def _is_public(session: Session, motion_id: int) -> bool:
    found = session.get(Motion, motion_id)
    return found is not None and found.number is not None


@describes(SUBJECT)
def agenda_words(session: Session, motion_id: int) -> Subject:
    """What a motion is called on an agenda and in minutes."""
    found = motion(session, motion_id)
    return Subject(
        f"提案 {found.number}：{found.title}",
        "motions.show",
        {"motion_id": motion_id},
        path=f"/office/council/motions/{motion_id}",
        public_path=f"/motions/{found.number}",
    )
