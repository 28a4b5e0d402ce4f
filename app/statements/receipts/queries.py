"""Reading gifts as their donors' own papers say them: with true names, so only for the office and the donor."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from app.donations.fiscal.queries import fiscals_of
from app.donations.fiscal.rules import Fiscal
from app.donations.models import Donation
from app.funds.models import Fund
from app.goods.models import GoodsLine
from app.ledger.structure.models import Earmark
from app.parties.models import Party
from app.people.queries import names_of
from app.sales.models import Lot, SaleEvent
from app.shared import clock
from app.statements.receipts.rules import Receipt, ReceiptFilter, ReceivedGoods, receipt_number

SUBJECT = "donation"


def receipts_of(session: Session, gift_ids: list[int]) -> list[Receipt]:
    """The papers of these gifts, in the order given; what is no gift is left out. A few statements, however many gifts."""
    rows = session.execute(
        select(Donation, Party, Earmark, Fund)
        .join(Party, Party.id == Donation.party_id)
        .join(Earmark, Earmark.id == Donation.earmark_id)
        .join(Fund, Fund.id == Donation.fund_id)
        .where(Donation.id.in_(gift_ids))
    ).all()
    goods = _goods_of(session, [gift.id for gift, *_ in rows if gift.kind == "goods"])
    fiscal = fiscals_of(session, [gift for gift, *_ in rows])
    names = names_of(session, [gift.recorded_by_id for gift, *_ in rows])
    found = {
        gift.id: _receipt(
            gift,
            party,
            earmark,
            fund,
            goods[gift.id],
            names.get(gift.recorded_by_id or 0, ""),
            fiscal[gift.id],
        )
        for gift, party, earmark, fund in rows
    }
    return [found[gift_id] for gift_id in gift_ids if gift_id in found]


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A gift among those to be printed. Holds the true name: never for a public page."""

    id: int
    received_on: date
    donor: str
    is_unnamed: bool
    kind: str
    method: str
    amount_minor: int


def chosen_rows(
    session: Session, filters: ReceiptFilter, *, before: int | None = None, limit: int = 50
) -> list[ReceiptRow]:
    """The gifts that the filter finds, the latest recorded first, by keyset."""
    found = (
        _chosen(
            select(
                Donation.id,
                Donation.received_on,
                Party.name,
                Party.kind == "unnamed",
                Donation.kind,
                Donation.method,
                Donation.amount_minor,
            ).join(Party, Party.id == Donation.party_id),
            filters,
        )
        .order_by(Donation.id.desc())
        .limit(limit)
    )
    if before is not None:
        found = found.where(Donation.id < before)
    return [ReceiptRow(*row) for row in session.execute(found)]


def chosen_ids(session: Session, filters: ReceiptFilter, limit: int) -> list[int]:
    """The ids of the gifts that the filter finds in the order recorded, no more than ``limit``."""
    return list(session.scalars(_chosen(select(Donation.id), filters).order_by(Donation.id).limit(limit)))


def ids_of_fund(session: Session, fund_id: int, gift_ids: list[int]) -> list[int]:
    """Those of these gifts that are the fund's, in the order recorded."""
    mine = select(Donation.id).where(Donation.fund_id == fund_id, Donation.id.in_(gift_ids))
    return list(session.scalars(mine.order_by(Donation.id)))


def _chosen(found: Select[*tuple[Any, ...]], filters: ReceiptFilter) -> Select[*tuple[Any, ...]]:
    found = found.where(Donation.fund_id == filters.fund_id, Donation.status == "recorded")
    if filters.first:
        found = found.where(Donation.received_on >= filters.first)
    if filters.last:
        found = found.where(Donation.received_on <= filters.last)
    if filters.kind:
        found = found.where(Donation.kind == filters.kind)
    if filters.register_id is not None:
        found = found.where(Donation.register_id == filters.register_id)
    if filters.event_id is not None:
        day = select(SaleEvent.held_on).where(SaleEvent.id == filters.event_id).scalar_subquery()
        given = (
            select(GoodsLine.source_id)
            .join(Lot, Lot.goods_line_id == GoodsLine.id)
            .where(Lot.event_id == filters.event_id, GoodsLine.source_type == SUBJECT)
        )
        found = found.where(or_(Donation.received_on == day, Donation.id.in_(given)))
    return found


def _goods_of(session: Session, gift_ids: list[int]) -> defaultdict[int, list[ReceivedGoods]]:
    """The goods of each gift as it stands now, those of its corrected entries aside."""
    found: defaultdict[int, list[ReceivedGoods]] = defaultdict(list)
    if not gift_ids:
        return found
    lines = session.scalars(
        select(GoodsLine)
        .join(
            Donation,
            and_(Donation.id == GoodsLine.source_id, Donation.entry_number == GoodsLine.entry_number),
        )
        .where(GoodsLine.source_type == SUBJECT, GoodsLine.source_id.in_(gift_ids))
        .order_by(GoodsLine.id)
    )
    for line in lines:
        found[line.source_id].append(
            ReceivedGoods(
                line.item,
                line.unit,
                line.quantity,
                line.value_minor,
                line.valuation_basis,
                line.basis_is_confirmed,
            )
        )
    return found


def _receipt(
    gift: Donation,
    party: Party,
    earmark: Earmark,
    fund: Fund,
    goods: list[ReceivedGoods],
    handler: str,
    fiscal: Fiscal,
) -> Receipt:
    return Receipt(
        gift_id=gift.id,
        number=receipt_number(clock.local(gift.recorded_at, fund.time_zone).year, gift.id),
        version=gift.version,
        is_reversed=gift.status == "reversed",
        is_unnamed=party.kind == "unnamed",
        donor=party.name,
        donor_kind=party.kind,
        received_on=gift.received_on,
        kind=gift.kind,
        method=gift.method,
        amount_minor=gift.amount_minor,
        goods=tuple(goods),
        purpose=earmark.name,
        restriction=earmark.restriction,
        wish=gift.wish,
        handler=handler,
        entry_number=gift.entry_number,
        code=gift.receipt_code,
        agreement_number=gift.agreement_number,
        fiscal=fiscal,
        fund_name=fund.name,
        host_name=fund.host.name,
        host_registration=fund.host.registration_number or "",
        phone=fund.phone or fund.host.phone or "",
        example_notice=fund.example_notice or "",
    )
