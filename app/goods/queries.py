"""Reading stock."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from app.files.queries import FileRow, files_of_many
from app.files.rules import open_to_all, readable_by
from app.goods.models import GoodsLine, GoodsMovement, GoodsPlace
from app.goods.rules import SOON, SUBJECT, holders
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class PlaceTotals:
    """What one place holds now: kinds of goods, pieces, carrying value in fen. ``id`` 0 is no place."""

    id: int
    name: str
    kinds: int
    pieces: int
    value_minor: int


@dataclass(frozen=True, slots=True)
class StockTotals:
    """Pieces in stock and their carrying value in fen."""

    pieces: int
    value_minor: int


def line(session: Session, line_id: int) -> GoodsLine:
    """One goods line. Raises NotFound."""
    found = session.get(GoodsLine, line_id)
    if found is None:
        raise NotFound(N_("没有这批物资"))
    return found


def lines_of(session: Session, source_type: str, source_id: int) -> list[GoodsLine]:
    """The goods lines of one gift, in the order given."""
    return list(
        session.scalars(
            select(GoodsLine)
            .where(GoodsLine.source_type == source_type, GoodsLine.source_id == source_id)
            .order_by(GoodsLine.id)
        )
    )


def lines_of_many(session: Session, source_type: str, source_ids: Collection[int]) -> list[GoodsLine]:
    """The goods lines of several gifts, in the order given."""
    return list(
        session.scalars(
            select(GoodsLine)
            .where(GoodsLine.source_type == source_type, GoodsLine.source_id.in_(source_ids))
            .order_by(GoodsLine.id)
        )
    )


def lines_numbered(session: Session, fund_id: int, office_number: str) -> list[GoodsLine]:
    """The goods of the gifts with this number of the office's, in every register, those of corrected gifts aside."""
    return list(
        session.scalars(
            select(GoodsLine)
            .where(GoodsLine.fund_id == fund_id, GoodsLine.office_number == office_number, ~_withdrawn())
            .order_by(GoodsLine.id)
        )
    )


def registers_with_goods(session: Session, fund_id: int) -> list[str]:
    """The titles of the registers that goods of a fund came by."""
    return list(
        session.scalars(
            select(GoodsLine.register_title)
            .where(GoodsLine.fund_id == fund_id, GoodsLine.register_title != "")
            .distinct()
            .order_by(GoodsLine.register_title)
        )
    )


def stock_totals(session: Session, fund_id: int | None = None) -> StockTotals:
    """What is in stock now, of one fund or all."""
    query = select(
        func.coalesce(func.sum(GoodsLine.quantity_left), 0),
        func.coalesce(func.sum(GoodsLine.value_left_minor), 0),
    ).where(GoodsLine.quantity_left > 0)
    if fund_id is not None:
        query = query.where(GoodsLine.fund_id == fund_id)
    pieces, value = session.execute(query).one()
    return StockTotals(int(pieces), int(value))


def in_stock(
    session: Session,
    fund_id: int,
    *,
    place_id: int | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[GoodsLine]:
    """Lines with pieces left, oldest first; ``after`` (a line) and ``limit`` page through them.

    ``place_id``: those that are kept there; 0, those of which nobody said where they are.
    """
    found = select(GoodsLine).where(GoodsLine.fund_id == fund_id, GoodsLine.quantity_left > 0)
    if place_id is not None:
        found = found.where(GoodsLine.place_id == place_id if place_id else GoodsLine.place_id.is_(None))
    return list(session.scalars(_part_of(found, after, limit)))


def to_confirm(
    session: Session, fund_id: int, *, after: int | None = None, limit: int | None = None
) -> list[GoodsLine]:
    """Lines whose valuation basis is missing or unconfirmed (待确认), those of corrected or reversed gifts aside.

    The oldest first; ``after`` (a line) and ``limit`` page through them.
    """
    return list(
        session.scalars(_part_of(select(GoodsLine).where(*_is_to_be_confirmed(fund_id)), after, limit))
    )


def count_to_confirm(session: Session, fund_id: int) -> int:
    """How many lines wait for a valuation basis."""
    return session.scalar(select(func.count(GoodsLine.id)).where(*_is_to_be_confirmed(fund_id))) or 0


def held_pieces(session: Session, line_ids: Collection[int]) -> dict[int, int]:
    """Pieces of each line that sales and motions count on, though they are still in stock."""
    held = dict.fromkeys(line_ids, 0)
    for holder in holders().values() if held else ():
        for line_id, pieces in holder(session, line_ids).items():
            held[line_id] += pieces
    return held


def free_pieces_of(session: Session, lines: Collection[GoodsLine]) -> dict[int, int]:
    """The pieces of each line that nothing counts on yet: what a sale or an issue may still take. Never below zero."""
    held = held_pieces(session, [line.id for line in lines])
    return {line.id: max(line.quantity_left - held[line.id], 0) for line in lines}


def free_pieces(session: Session, found: GoodsLine) -> int:
    """``free_pieces_of`` one line."""
    return free_pieces_of(session, [found])[found.id]


def movements_of(session: Session, line_id: int) -> list[GoodsMovement]:
    """What came and went of one line, the latest first."""
    return list(
        session.scalars(
            select(GoodsMovement)
            .where(GoodsMovement.goods_line_id == line_id)
            .order_by(GoodsMovement.id.desc())
        )
    )


def place_named(session: Session, fund_id: int, name: str) -> GoodsPlace | None:
    """The fund's place of this name."""
    return session.scalar(select(GoodsPlace).where(GoodsPlace.fund_id == fund_id, GoodsPlace.name == name))


def place_name(session: Session, place_id: int | None) -> str:
    """What a place is called; "" where there is none."""
    found = session.get(GoodsPlace, place_id) if place_id else None
    return found.name if found is not None else ""


def places_of(session: Session, fund_id: int) -> list[GoodsPlace]:
    """The fund's places by name."""
    return list(
        session.scalars(select(GoodsPlace).where(GoodsPlace.fund_id == fund_id).order_by(GoodsPlace.name))
    )


def stock_by_place(session: Session, fund_id: int) -> list[PlaceTotals]:
    """What each place holds, by name, and last what has none. Empty places are left out."""
    rows = session.execute(
        select(
            GoodsPlace.id,
            GoodsPlace.name,
            func.count(GoodsLine.id),
            func.sum(GoodsLine.quantity_left),
            func.sum(GoodsLine.value_left_minor),
        )
        .select_from(GoodsLine)
        .join(GoodsPlace, GoodsPlace.id == GoodsLine.place_id, isouter=True)
        .where(GoodsLine.fund_id == fund_id, GoodsLine.quantity_left > 0)
        .group_by(GoodsPlace.id, GoodsPlace.name)
    )
    found = [
        PlaceTotals(place_id or 0, name or "", kinds, int(pieces), int(value))
        for place_id, name, kinds, pieces, value in rows
    ]
    return sorted(found, key=lambda each: (each.id == 0, each.name))


def count_expiring(session: Session, fund_id: int, today: date) -> int:
    """How many lines in stock have expired or will within thirty days."""
    return (
        session.scalar(
            select(func.count(GoodsLine.id)).where(
                GoodsLine.fund_id == fund_id,
                GoodsLine.quantity_left > 0,
                GoodsLine.expires_on <= today + SOON,
            )
        )
        or 0
    )


def _is_to_be_confirmed(fund_id: int) -> tuple[ColumnElement[bool], ...]:
    return GoodsLine.fund_id == fund_id, GoodsLine.basis_is_confirmed.is_(False), ~_withdrawn()


def _part_of(found: Select[GoodsLine], after: int | None, limit: int | None) -> Select[GoodsLine]:
    """Lines by the day they came, from behind the line ``after``."""
    if after is not None:
        last = select(GoodsLine.received_on, GoodsLine.id).where(GoodsLine.id == after).subquery()
        found = found.join(
            last, tuple_(GoodsLine.received_on, GoodsLine.id) > tuple_(last.c.received_on, last.c.id)
        )
    return found.order_by(GoodsLine.received_on, GoodsLine.id).limit(limit)


def _withdrawn() -> ColumnElement[bool]:
    """Whether a line belongs to a gift that was corrected or reversed since."""
    return (
        select(GoodsMovement.id)
        .where(GoodsMovement.goods_line_id == GoodsLine.id, GoodsMovement.kind == "withdrawn")
        .exists()
    )


def photos_of(session: Session, line_ids: Iterable[int]) -> dict[int, FileRow]:
    """The photograph that stands for each line: the latest one. A line without any is not in it."""
    found = files_of_many(session, SUBJECT, line_ids, only_public=True)
    return {line_id: files[-1] for line_id, files in found.items()}


@readable_by(SUBJECT)
def _may_read(session: Session, actor: Actor, line_id: int) -> bool:
    found = session.get(GoodsLine, line_id)
    return found is not None and actor.may(Permission.BOOKS_READ, found.fund_id)


@open_to_all(SUBJECT)
def _is_public(session: Session, line_id: int) -> bool:
    return session.get(GoodsLine, line_id) is not None
