"""Reading what motions ask for and what was handed out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.council.issuing.models import GoodsIssue, GoodsIssueLine, MotionGoods
from app.council.issuing.rules import SUBJECT, Wanted, wanted_of
from app.council.motions.models import Motion
from app.council.motions.queries import details_of
from app.files.rules import readable_by
from app.goods.models import GoodsLine
from app.goods.rules import holds_goods
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission

HOLDING = ("submitted", "in_vote", "approved")
"""States of a motion in which nobody else may count on its pieces."""


@dataclass(frozen=True, slots=True)
class WantedGoods:
    """Goods that a motion asks for, and how many pieces of them were handed out."""

    line_id: int
    item: str
    unit: str
    pieces: int
    handed_out: int


@dataclass(frozen=True, slots=True)
class IssueView:
    """What was handed out of a motion, or why nothing was. Names nobody."""

    id: int
    handed_on: date
    recorded_at: datetime
    recipients: int
    reason: str
    undo_reason: str
    is_undone: bool
    entries: tuple[int, ...]
    lines: tuple[tuple[str, int, str, int], ...]
    """(item, pieces, unit, cost in fen)"""

    @property
    def cost_minor(self) -> int:
        """What all of it cost, in fen."""
        return sum(cost for _item, _pieces, _unit, cost in self.lines)


def wanted(found: Motion) -> Wanted:
    """Whom a motion's goods are for and which they are."""
    return wanted_of(details_of(found))


def goods_wanted(session: Session, found: Motion) -> list[WantedGoods]:
    """The goods that a motion asks for as it stands now, a draft's included."""
    return goods_of(session, wanted(found), found.id)


def goods_of(session: Session, asked: Wanted, motion_id: int) -> list[WantedGoods]:
    """The goods that one text of a motion asks for, in the order in which they came into stock."""
    issue = standing_issue(session, motion_id)
    out: dict[int, int] = {}
    if issue is not None:
        out = {line.goods_line_id: line.pieces for line in lines_of_issue(session, issue.id)}
    pieces = dict(asked.lines)
    lines = session.scalars(select(GoodsLine).where(GoodsLine.id.in_(pieces)).order_by(GoodsLine.id))
    return [
        WantedGoods(line.id, line.item, line.unit, pieces[line.id], out.get(line.id, 0)) for line in lines
    ]


def issue(session: Session, issue_id: int) -> GoodsIssue:
    """One issue. Raises NotFound."""
    found = session.get(GoodsIssue, issue_id)
    if found is None:
        raise NotFound(N_("没有这次发放"))
    return found


def issue_of_key(session: Session, key: str | None) -> GoodsIssue | None:
    """The issue that a form with this idempotency key already made."""
    return session.scalar(select(GoodsIssue).where(GoodsIssue.idempotency_key == key)) if key else None


def standing_issue(session: Session, motion_id: int) -> GoodsIssue | None:
    """What was handed out of a motion and was not undone."""
    return session.scalar(
        select(GoodsIssue).where(GoodsIssue.motion_id == motion_id, GoodsIssue.undone_at.is_(None))
    )


def lines_of_issue(session: Session, issue_id: int) -> list[GoodsIssueLine]:
    """What one issue handed out."""
    return list(
        session.scalars(
            select(GoodsIssueLine).where(GoodsIssueLine.issue_id == issue_id).order_by(GoodsIssueLine.id)
        )
    )


def issues_of(session: Session, motion_id: int) -> list[IssueView]:
    """Everything that was handed out of a motion, what was undone included, the first one first."""
    found = session.scalars(
        select(GoodsIssue).where(GoodsIssue.motion_id == motion_id).order_by(GoodsIssue.id)
    ).all()
    views = []
    for each in found:
        rows = session.execute(
            select(GoodsIssueLine, GoodsLine.item, GoodsLine.unit)
            .join(GoodsLine, GoodsLine.id == GoodsIssueLine.goods_line_id)
            .where(GoodsIssueLine.issue_id == each.id)
            .order_by(GoodsIssueLine.id)
        ).all()
        views.append(
            IssueView(
                each.id,
                each.handed_on,
                each.recorded_at,
                each.recipients,
                each.reason,
                each.undo_reason,
                each.undone_at is not None,
                tuple(sorted({line.entry_number for line, _item, _unit in rows})),
                tuple((item, line.pieces, unit, line.cost_minor) for line, item, unit in rows),
            )
        )
    return views


def to_hand_out(session: Session, fund_id: int) -> list[Motion]:
    """Passed motions whose goods were not handed out yet, the oldest decision first."""
    return list(
        session.scalars(
            select(Motion)
            .where(
                Motion.fund_id == fund_id,
                Motion.topic == "goods",
                Motion.status == "approved",
                select(MotionGoods.motion_id).where(MotionGoods.motion_id == Motion.id).exists(),
                ~_is_handed_out(),
            )
            .order_by(Motion.decided_at, Motion.id)
            .limit(50)
        )
    )


def waits_for_hand_out(session: Session, found: Motion) -> bool:
    """Whether a motion passed and its goods were not handed out yet, whatever still stands in the way."""
    return (
        found.topic == "goods"
        and found.status == "approved"
        and bool(wanted(found).lines)
        and standing_issue(session, found.id) is None
    )


def pieces_held_by(session: Session, motion_id: int) -> dict[int, int]:
    """Pieces by goods line that this motion holds now."""
    found = session.get(Motion, motion_id)
    if found is None or found.status not in HOLDING or standing_issue(session, motion_id) is not None:
        return {}
    asked = session.scalars(select(MotionGoods).where(MotionGoods.motion_id == motion_id))
    return {each.goods_line_id: each.pieces for each in asked}


def _is_handed_out() -> ColumnElement[bool]:
    return (
        select(GoodsIssue.id)
        .where(GoodsIssue.motion_id == Motion.id, GoodsIssue.undone_at.is_(None))
        .exists()
    )


@holds_goods("motions")
def _pieces_promised(session: Session, goods_line_ids: Collection[int]) -> dict[int, int]:
    """Pieces that motions before the council, or passed and not handed out yet, count on."""
    rows = session.execute(
        select(MotionGoods.goods_line_id, func.sum(MotionGoods.pieces))
        .join(Motion, Motion.id == MotionGoods.motion_id)
        .where(MotionGoods.goods_line_id.in_(goods_line_ids), Motion.status.in_(HOLDING), ~_is_handed_out())
        .group_by(MotionGoods.goods_line_id)
    )
    return {line_id: int(pieces) for line_id, pieces in rows}


@readable_by(SUBJECT)
def _may_read(session: Session, actor: Actor, issue_id: int) -> bool:
    """The signed list names receivers: for those who may read personal data of the fund."""
    found = session.get(GoodsIssue, issue_id)
    return found is not None and actor.may(Permission.PERSONAL_READ, found.fund_id)
