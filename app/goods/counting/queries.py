"""Reading counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.goods.counting.models import GoodsCount, GoodsCountLine
from app.goods.models import GoodsLine, GoodsPlace
from app.shared.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class CountRow:
    """One line of a count: pieces in the books and on the shelf, why they differ, and the entry that booked it."""

    line_id: int
    item: str
    unit: str
    place: str
    expected: int
    counted: int
    explanation: str
    entry_number: int | None


def count(session: Session, count_id: int) -> GoodsCount:
    """One count. Raises NotFound."""
    found = session.get(GoodsCount, count_id)
    if found is None:
        raise NotFound(N_("没有这次盘点"))
    return found


def count_of_key(session: Session, key: str | None) -> GoodsCount | None:
    """The count that a form with this idempotency key already made."""
    return session.scalar(select(GoodsCount).where(GoodsCount.idempotency_key == key)) if key else None


def waiting_count(session: Session, fund_id: int) -> GoodsCount | None:
    """The count of a fund that waits for a second person."""
    return session.scalar(
        select(GoodsCount).where(GoodsCount.fund_id == fund_id, GoodsCount.status == "counted")
    )


def counts_of(session: Session, fund_id: int, limit: int = 50) -> list[GoodsCount]:
    """The fund's counts, the latest first."""
    return list(
        session.scalars(
            select(GoodsCount)
            .where(GoodsCount.fund_id == fund_id)
            .order_by(GoodsCount.id.desc())
            .limit(limit)
        )
    )


def rows_of(session: Session, count_id: int) -> list[CountRow]:
    """What was counted, by place and in the order in which it came."""
    rows = session.execute(
        select(GoodsCountLine, GoodsLine, GoodsPlace.name)
        .join(GoodsLine, GoodsLine.id == GoodsCountLine.goods_line_id)
        .join(GoodsPlace, GoodsPlace.id == GoodsLine.place_id, isouter=True)
        .where(GoodsCountLine.count_id == count_id)
        .order_by(func.coalesce(GoodsPlace.name, ""), GoodsLine.received_on, GoodsLine.id)
    )
    return [
        CountRow(
            line.id,
            line.item,
            line.unit,
            place or "",
            each.expected,
            each.counted,
            each.explanation,
            each.entry_number,
        )
        for each, line, place in rows
    ]


def count_lines(session: Session, count_id: int) -> list[GoodsCountLine]:
    """The lines of a count as they are kept."""
    return list(
        session.scalars(
            select(GoodsCountLine)
            .where(GoodsCountLine.count_id == count_id)
            .order_by(GoodsCountLine.goods_line_id)
        )
    )


def stock_to_count(session: Session, fund_id: int) -> list[tuple[GoodsLine, str]]:
    """Every line in stock with the name of its place, in the order in which somebody walks along the shelves."""
    rows = session.execute(
        select(GoodsLine, GoodsPlace.name)
        .join(GoodsPlace, GoodsPlace.id == GoodsLine.place_id, isouter=True)
        .where(GoodsLine.fund_id == fund_id, GoodsLine.quantity_left > 0)
        .order_by(func.coalesce(GoodsPlace.name, ""), GoodsLine.received_on, GoodsLine.id)
    )
    return [(line, place or "") for line, place in rows]


def uncounted_since(session: Session, fund_id: int) -> date | None:
    """Since when a fund's stock has not been counted: the last count, else the day of the first goods. None without stock."""
    first, pieces = session.execute(
        select(func.min(GoodsLine.received_on), func.sum(GoodsLine.quantity_left)).where(
            GoodsLine.fund_id == fund_id
        )
    ).one()
    if not pieces:
        return None
    last = session.scalar(
        select(func.max(GoodsCount.counted_on)).where(
            GoodsCount.fund_id == fund_id, GoodsCount.status == "confirmed"
        )
    )
    since: date = last or first
    return since
