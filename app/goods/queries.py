"""Reading stock."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.goods.models import GoodsLine, GoodsMovement
from app.shared.errors import N_, NotFound


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


def in_stock(session: Session, fund_id: int) -> list[GoodsLine]:
    """Lines with pieces left, oldest first."""
    return list(
        session.scalars(
            select(GoodsLine)
            .where(GoodsLine.fund_id == fund_id, GoodsLine.quantity_left > 0)
            .order_by(GoodsLine.received_on, GoodsLine.id)
        )
    )


def to_confirm(session: Session, fund_id: int) -> list[GoodsLine]:
    """Lines whose valuation basis is missing or unconfirmed (待确认), those of corrected or reversed gifts aside."""
    return list(
        session.scalars(
            select(GoodsLine)
            .where(GoodsLine.fund_id == fund_id, GoodsLine.basis_is_confirmed.is_(False), ~_withdrawn())
            .order_by(GoodsLine.received_on, GoodsLine.id)
        )
    )


def _withdrawn() -> ColumnElement[bool]:
    """Whether a line belongs to a gift that was corrected or reversed since."""
    return (
        select(GoodsMovement.id)
        .where(GoodsMovement.goods_line_id == GoodsLine.id, GoodsMovement.kind == "withdrawn")
        .exists()
    )
