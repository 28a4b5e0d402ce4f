"""Reading gifts as their donors' own papers say them: with true names, so only for the office and the donor."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.funds.models import Fund
from app.goods.models import GoodsLine
from app.ledger.structure.models import Earmark
from app.parties.models import Party
from app.people.queries import names_of
from app.shared import clock
from app.statements.receipts.rules import Receipt, ReceivedGoods, receipt_number

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
    names = names_of(session, [gift.recorded_by_id for gift, *_ in rows])
    found = {
        gift.id: _receipt(gift, party, earmark, fund, goods[gift.id], names.get(gift.recorded_by_id or 0, ""))
        for gift, party, earmark, fund in rows
    }
    return [found[gift_id] for gift_id in gift_ids if gift_id in found]


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
    gift: Donation, party: Party, earmark: Earmark, fund: Fund, goods: list[ReceivedGoods], handler: str
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
        fiscal_number=gift.receipt_number,
        fund_name=fund.name,
        host_name=fund.host.name,
        host_registration=fund.host.registration_number or "",
        phone=fund.phone or fund.host.phone or "",
        example_notice=fund.example_notice or "",
    )
