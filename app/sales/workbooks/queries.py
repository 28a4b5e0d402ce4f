"""What the books hold already for a sale register: files sent before, events, goods in stock."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.files.models import Attachment
from app.files.rules import readable_by
from app.goods import queries as goods
from app.goods.models import GoodsLine
from app.sales.models import Lot, Sale, SaleEvent
from app.sales.workbooks.rules import SourceGoods
from app.shared.permissions import Actor, Permission

FILE_SUBJECT = "sale_workbook"


def imported_at(session: Session, fund_id: int, sha256: str) -> datetime | None:
    """When the very same file was imported into this fund; None when it was not."""
    return session.scalar(
        select(Attachment.uploaded_at)
        .join(SaleEvent, SaleEvent.id == Attachment.subject_id)
        .where(
            Attachment.subject_type == FILE_SUBJECT,
            Attachment.sha256 == sha256,
            SaleEvent.fund_id == fund_id,
        )
        .limit(1)
    )


def event_of_file(session: Session, fund_id: int, sha256: str) -> int | None:
    """The event that the very same file became; None when it is not in."""
    return session.scalar(
        select(SaleEvent.id)
        .join(Attachment, Attachment.subject_id == SaleEvent.id)
        .where(
            Attachment.subject_type == FILE_SUBJECT,
            Attachment.sha256 == sha256,
            SaleEvent.fund_id == fund_id,
        )
        .limit(1)
    )


def same_event(session: Session, fund_id: int, name: str, held_on: date) -> tuple[int, bool] | None:
    """The fund's event of this name and day, and whether it is open without a lot yet."""
    found = session.scalars(
        select(SaleEvent)
        .where(SaleEvent.fund_id == fund_id, SaleEvent.name == name, SaleEvent.held_on == held_on)
        .order_by(SaleEvent.id)
        .limit(1)
    ).first()
    if found is None:
        return None
    has_lots = session.scalar(select(Lot.id).where(Lot.event_id == found.id).limit(1)) is not None
    return found.id, found.status == "open" and not has_lots


def goods_numbered(session: Session, fund_id: int, office_number: str) -> list[SourceGoods]:
    """The goods of the gifts with this number of the office's, in every register."""
    return [
        SourceGoods(
            line.id,
            line.item,
            line.unit,
            goods.free_pieces(session, line),
            line.office_number,
            line.register_title,
            line.received_on,
        )
        for line in goods.lines_numbered(session, fund_id, office_number)
    ]


def standing_sales(session: Session, event_id: int) -> list[tuple[Lot, Sale, str]]:
    """(lot, sale, office's number of the gift) of every sale that was not voided, in the order of the lots. It holds buyers."""
    rows = session.execute(
        select(Lot, Sale, GoodsLine.office_number)
        .join(Sale, Sale.lot_id == Lot.id)
        .join(GoodsLine, GoodsLine.id == Lot.goods_line_id)
        .where(Lot.event_id == event_id, Sale.voided_at.is_(None))
        .order_by(Lot.position, Lot.id, Sale.id)
    )
    return [(lot, sale, office_number) for lot, sale, office_number in rows]


@readable_by(FILE_SUBJECT)
def _may_read(session: Session, actor: Actor, event_id: int) -> bool:
    """A sale register names buyers: only for those who may read personal data of its fund."""
    event = session.get(SaleEvent, event_id)
    return event is not None and actor.may(Permission.PERSONAL_READ, event.fund_id)
