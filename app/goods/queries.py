"""Reading stock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from app.files.queries import FileRow, files_of_many
from app.files.rules import open_to_all, readable_by
from app.goods.models import GoodsLine, GoodsMovement
from app.goods.rules import SUBJECT
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission


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
    session: Session, fund_id: int, *, after: int | None = None, limit: int | None = None
) -> list[GoodsLine]:
    """Lines with pieces left, oldest first; ``after`` (a line) and ``limit`` page through them."""
    found = select(GoodsLine).where(GoodsLine.fund_id == fund_id, GoodsLine.quantity_left > 0)
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
