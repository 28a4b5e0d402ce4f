"""The figures of a sale event's report, and the one net line of all the fund's sales."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.documents.queries import DocumentRow, latest_of_period
from app.donations.models import Donation
from app.funds.queries import fund as fund_by_id
from app.goods.models import GoodsLine, GoodsMovement
from app.ledger.entry.queries import Use, amounts_of_events, proceeds_of_event
from app.ledger.listing.queries import Listing
from app.ledger.listing.rules import Filter
from app.ledger.queries import reversed_among
from app.parties.models import Party
from app.parties.rules import MASKS
from app.sales import queries as sales
from app.sales.models import SaleEvent
from app.shared.periods import Period
from app.statements.events.rules import KIND, ReportCount, ReportLot, ReportUse, SaleReport
from app.statements.queries import masked_parties


def report_of(session: Session, event: SaleEvent) -> SaleReport:
    """The report of a closed event as the books are now."""
    fund = fund_by_id(session, event.fund_id)
    lots = _lots(session, event)
    proceeds = proceeds_of_event(session, event.id)
    return SaleReport(
        fund_name=fund.name,
        host_name=fund.host.name,
        example_notice=fund.example_notice,
        event_name=event.name,
        slug=event.slug,
        held_on=event.held_on,
        hours=event.hours,
        place=event.place,
        qualification=event.qualification,
        filing_number=event.filing_number,
        is_counted_by_two=int(event.is_counted_by_two),
        lots=lots,
        box_minor=event.box_cash_minor + event.box_wechat_minor,
        counts=tuple(
            ReportCount(each.method, each.recorded_minor, each.counted_minor)
            for each in sales.counts_of(session, event.id)
        ),
        amount_minor=proceeds.amount_minor,
        cost_minor=sum(lot.cost_minor for lot in lots),
        used_minor=proceeds.amount_minor - proceeds.left_minor,
        left_minor=proceeds.left_minor,
        uses=_uses(session, proceeds.uses),
    )


def _lots(session: Session, event: SaleEvent) -> tuple[ReportLot, ...]:
    booked = sales.booked_lots(session, event.id)
    undone = reversed_among(session, [each.entry_number for each in booked])
    results: dict[str, list[sales.BookedLot]] = {}
    for each in booked:
        if each.entry_number not in undone:
            results.setdefault(each.lot_number, []).append(each)
    lots = sales.lots_of(session, event.id)
    givers = _givers(session, lots)
    return tuple(
        ReportLot(
            number=lot.number,
            name=lot.name,
            mode=lot.mode,
            giver=givers.get(lot.id, ""),
            pieces=sum(each.pieces for each in results.get(lot.number, ())),
            unit=lot.unit,
            proceeds_minor=sum(each.proceeds_minor for each in results.get(lot.number, ())),
            cost_minor=sum(each.cost_minor for each in results.get(lot.number, ())),
            entry_number=next((each.entry_number for each in results.get(lot.number, ())), None),
        )
        for lot in lots
    )


def _givers(session: Session, of: list[sales.LotView]) -> dict[int, str]:
    """Who gave each lot, by lot: an organisation as it is displayed, a person or sole trader by kind alone."""
    lots = {lot.id: lot.source_id for lot in of if lot.source_type == "donation"}
    rows = session.execute(
        select(Donation.id, Party.kind, Party.public_name)
        .join(Party, Party.id == Donation.party_id)
        .where(Donation.id.in_(set(lots.values())))
    )
    names = {
        row.id: row.public_name if row.kind == "organisation" else MASKS.get(row.kind, row.public_name)
        for row in rows
    }
    return {lot_id: names[gift] for lot_id, gift in lots.items() if gift in names}


def _uses(session: Session, uses: list[Use]) -> tuple[ReportUse, ...]:
    masks = _masks(session)
    rows = {row.number: row for row in Listing(session, Filter()).rows([each.number for each in uses])}

    def said(number: int, description: str) -> str:
        party = rows[number].party if number in rows else ""
        return description.replace(party, masks[party]) if party in masks else description

    return tuple(
        ReportUse(
            each.number,
            each.occurred_on,
            said(each.number, each.description),
            each.document,
            each.amount_minor,
        )
        for each in uses
    )


def _masks(session: Session) -> dict[str, str]:
    """What the report calls persons and sole traders who are named on the live site, by the name shown there."""
    named = masked_parties(session)
    rows = session.execute(select(Party.id, Party.public_name).where(Party.id.in_(named)))
    return {row.public_name: named[row.id] for row in rows}


def issued_report(session: Session, event: SaleEvent) -> DocumentRow | None:
    """The latest version of an event's report, if one was issued."""
    return latest_of_period(session, KIND, event.fund_id, days_of(event), event.id)


def days_of(event: SaleEvent) -> Period:
    """The days that the report of an event is of: its own."""
    return Period(event.held_on, event.held_on)


@dataclass(frozen=True, slots=True)
class SalesLine:
    """All closed sale events of a fund as one line, in fen: what lots and boxes brought, at what the goods stood in the books.

    Differences found when counting are gifts or charges of their own.
    """

    events: int
    amount_minor: int
    cost_minor: int

    @property
    def net_minor(self) -> int:
        """The net of it."""
        return self.amount_minor - self.cost_minor


def sales_line(session: Session, fund_id: int) -> SalesLine:
    """The one net line of a fund's sales; its drill-down are the events."""
    events = list(
        session.scalars(
            select(SaleEvent.id).where(SaleEvent.fund_id == fund_id, SaleEvent.status == "closed")
        )
    )
    # What was put back into stock, because the entry of a lot was undone, cost nothing.
    cost = (
        select(
            func.coalesce(
                func.sum(
                    case(
                        (GoodsMovement.kind == "sold", GoodsMovement.value_minor),
                        else_=-GoodsMovement.value_minor,
                    )
                ),
                0,
            )
        )
        .join(GoodsLine, GoodsLine.id == GoodsMovement.goods_line_id)
        .where(GoodsLine.fund_id == fund_id, GoodsMovement.source_type == "lot")
    )
    return SalesLine(
        len(events), sum(amounts_of_events(session, events).values()), int(session.scalar(cost) or 0)
    )
