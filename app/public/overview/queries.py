"""Figures of the whole installation, of a fund and of a purpose. None of them takes longer with a longer history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.council.notice.models import PublicNotice
from app.disbursements.models import Disbursement
from app.disbursements.queries import SUBJECT, listed
from app.goods.queries import StockTotals, stock_totals
from app.ledger import accounts as chart
from app.ledger.figures.queries import money_on
from app.ledger.listing.queries import Listing
from app.ledger.listing.rules import Filter
from app.ledger.listing.selects.queries import ListedRow
from app.ledger.totals.queries import (
    EarmarkFigures,
    MonthFigures,
    earmark_figures,
    flows,
    month_figures,
    project_names,
    totals,
)
from app.public.overview.rules import Picture, Share, folded, largest, picture, sums_by
from app.public.queries import Line, Names, Translate, lines, title_of
from app.sales.models import SaleEvent
from app.shared.errors import N_
from app.shared.periods import month_of

LATEST_ROWS = 8
WAITING_SHOWN = 3
REQUESTS_SHOWN = 10
NAMED_IN_SENTENCE = 2
WAITING = ("submitted", "in_vote", "held", "payable")
NOTICES_SHOWN = 5

OTHER_SOURCES, OTHER_USES = N_("其他收入"), N_("其他支出")
OTHER_PURPOSES, KEPT, BROUGHT_IN = N_("其他用途"), N_("结余"), N_("期初与用途变更转入")
MOVED_OUT = N_("用途变更转出")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for votes or for payment."""

    number: str
    project: str
    amount_minor: int
    status: str


@dataclass(frozen=True, slots=True)
class InNotice:
    """A request that stands in public notice: until when anyone can object to it."""

    number: str
    project: str
    amount_minor: int
    status: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class Counts:
    """How many gifts of money, sale events and payments; None: more than are counted."""

    gifts: int | None
    events: int
    payments: int | None


@dataclass(frozen=True, slots=True)
class Latest:
    """The last month in which money came or went, and what the first of it was about."""

    month: MonthFigures
    received_for: list[str]
    spent_on: list[str]


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the page of a fund (or of all funds) says. Amounts are fen."""

    in_minor: int
    out_minor: int
    held_minor: int
    restricted_minor: int
    reserved_minor: int
    moved_minor: int
    goods: StockTotals
    counts: Counts
    purposes: list[EarmarkFigures]
    waiting: list[Waiting]
    latest_lines: list[Line]
    latest: Latest | None


def overview(session: Session, fund_id: int | None, known: Names, translate: Translate) -> Overview:
    """Figures, purposes, what waits, what was last."""
    purposes = earmark_figures(session, fund_id)
    rows = _latest_rows(session, fund_id)
    return Overview(
        sum(each.in_minor for each in purposes),
        sum(each.out_minor for each in purposes),
        sum(each.held_minor for each in purposes),
        sum(each.held_minor for each in purposes if each.restriction == "restricted"),
        sum(each.reserved_minor for each in purposes),
        sum(each.moved_minor for each in purposes),
        stock_totals(session, fund_id),
        _counts(session, fund_id),
        purposes,
        waiting(session, fund_id),
        lines(session, rows, known, translate),
        _latest(session, fund_id, rows, translate),
    )


def _latest_rows(session: Session, fund_id: int | None) -> list[ListedRow]:
    """The newest rows that moved money in or out."""
    listings = [Listing(session, Filter(fund_id=fund_id, direction=direction)) for direction in ("in", "out")]
    numbers = [number for listing in listings for number in listing.page(limit=LATEST_ROWS).numbers]
    return listings[0].rows(sorted(numbers, reverse=True)[:LATEST_ROWS])


def _counts(session: Session, fund_id: int | None) -> Counts:
    events = select(func.count()).select_from(SaleEvent).where(SaleEvent.status == "closed")
    if fund_id is not None:
        events = events.where(SaleEvent.fund_id == fund_id)
    gifts, payments = (
        totals(session, Listing(session, Filter(fund_id=fund_id, kind=kind))).count
        for kind in ("donation", "payment")
    )
    return Counts(gifts, int(session.scalar(events) or 0), payments)


def waiting(session: Session, fund_id: int | None) -> list[Waiting]:
    """The newest requests that wait for votes or for payment."""
    rows = listed(session, fund_id=fund_id, statuses=WAITING, limit=WAITING_SHOWN)
    return [Waiting(row.number or "", row.project, row.amount_minor, row.status) for row in rows]


def in_notice(session: Session, fund_id: int | None, today: date) -> list[InNotice]:
    """Requests to which anyone can object now, those whose notice ends first before the others."""
    query = (
        select(
            Disbursement.number,
            Disbursement.project_id,
            Disbursement.amount_minor,
            Disbursement.status,
            PublicNotice.ends_on,
        )
        .join(Disbursement, Disbursement.id == PublicNotice.subject_id)
        .where(
            PublicNotice.subject_type == SUBJECT,
            PublicNotice.ended_at.is_(None),
            PublicNotice.ends_on >= today,
        )
    )
    if fund_id is not None:
        query = query.where(PublicNotice.fund_id == fund_id)
    rows = session.execute(query.order_by(PublicNotice.ends_on, PublicNotice.id).limit(NOTICES_SHOWN)).all()
    names = project_names(session, {row.project_id for row in rows})
    return [
        InNotice(row.number, names[row.project_id], row.amount_minor, row.status, row.ends_on) for row in rows
    ]


def _latest(
    session: Session, fund_id: int | None, rows: list[ListedRow], translate: Translate
) -> Latest | None:
    """What the sentence on top speaks of: the month of the newest row by date."""
    if not rows:
        return None
    month = month_of(max(row.occurred_on for row in rows))
    named: dict[str, list[str]] = {"in": [], "out": []}
    for row in rows:
        title = title_of(row, translate)
        if month_of(row.occurred_on) == month and row.sign > 0 and title not in named[row.direction]:
            named[row.direction].append(title)
    return Latest(
        month_figures(session, month, fund_id),
        named["in"][:NAMED_IN_SENTENCE],
        named["out"][:NAMED_IN_SENTENCE],
    )


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One row of the list under the picture: money from a source to a purpose, or from a purpose to what it paid for."""

    source: str
    purpose: str
    amount_minor: int
    kind: str


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """The picture and the same as a list: what it paid for, and what is kept."""

    picture: Picture | None
    rows: list[FlowRow]


def flow_figures(
    session: Session, fund_id: int, purposes: list[EarmarkFigures], translate: Translate
) -> FlowFigures:
    """Where a fund's money came from, for which purposes, and what it paid for."""
    names = {each.id: translate(each.name) for each in purposes}
    colours = {each.id: "out" if each.restriction == "restricted" else "in" for each in purposes}
    lines_in = {line: translate(name) for line, name in chart.RECEIPT_LINES.items()}
    lines_out = {line: translate(name) for line, name in chart.PAYMENT_LINES.items()}
    received, spent = [], []
    for flow in flows(session, fund_id):
        purpose, colour = names[flow.earmark_id], colours[flow.earmark_id]
        if flow.line in lines_in:
            received.append(Share(lines_in[flow.line], purpose, flow.amount_minor, colour))
        else:
            spent.append(Share(purpose, flow.project or lines_out[flow.line], flow.amount_minor, colour))
    for each in purposes:
        if each.moved_minor > 0:
            received.append(Share(translate(BROUGHT_IN), names[each.id], each.moved_minor, colours[each.id]))
        elif each.moved_minor < 0:
            spent.append(Share(names[each.id], translate(MOVED_OUT), -each.moved_minor, colours[each.id]))
        spent.append(Share(names[each.id], translate(KEPT), each.held_minor, "kept"))
    weights = {
        names[each.id]: max(each.in_minor + max(each.moved_minor, 0), each.out_minor + each.held_minor)
        for each in purposes
    }
    shown, other = largest(weights), translate(OTHER_PURPOSES)
    received = folded(received, "target", shown, other)
    received = folded(received, "source", largest(sums_by(received, "source")), translate(OTHER_SOURCES))
    spent = folded(spent, "source", shown, other)
    uses = largest(sums_by(spent, "target")) | {translate(KEPT)}
    spent = folded(spent, "target", uses, translate(OTHER_USES))
    # A purpose that is called like what it pays for is told once.
    rows = [
        FlowRow(each.source, each.target if each.target != each.source else "", each.amount_minor, each.kind)
        for each in spent
    ]
    rows.sort(key=lambda row: (row.kind == "kept", -row.amount_minor))
    return FlowFigures(picture(received, spent), rows)


@dataclass(frozen=True, slots=True)
class FundFigures:
    """One fund among several."""

    name: str
    slug: str
    in_minor: int
    out_minor: int
    held_minor: int
    closed_on: date | None


def figures_by_fund(purposes: list[EarmarkFigures], known: Names) -> list[FundFigures]:
    """What came, went and is held in each fund, from the figures of its purposes."""
    found = []
    for fund in known.funds.values():
        own = [each for each in purposes if each.fund_id == fund.id]
        found.append(
            FundFigures(
                fund.name,
                fund.slug,
                sum(each.in_minor for each in own),
                sum(each.out_minor for each in own),
                sum(each.held_minor for each in own),
                fund.closed_on,
            )
        )
    return found


def places_of_money(session: Session, fund_id: int, day: date) -> list[tuple[str, int]]:
    """(bank, cash, wechat or alipay; fen) at the end of ``day``. Names and numbers of accounts are the office's."""
    sums: dict[str, int] = {}
    for account in money_on(session, fund_id, day):
        sums[account.kind] = sums.get(account.kind, 0) + account.balance_minor
    return [(kind, amount) for kind, amount in sums.items() if amount]


def earmark(session: Session, earmark_id: int) -> EarmarkFigures:
    """Figures of one purpose."""
    return earmark_figures(session, earmark_id=earmark_id)[0]


def requests_of(session: Session, earmark_id: int) -> list[Waiting]:
    """The newest public requests on one purpose."""
    rows = session.execute(
        select(Disbursement.number, Disbursement.project_id, Disbursement.amount_minor, Disbursement.status)
        .where(
            Disbursement.earmark_id == earmark_id,
            Disbursement.status != "drafted",
            Disbursement.number.is_not(None),
        )
        .order_by(Disbursement.id.desc())
        .limit(REQUESTS_SHOWN)
    ).all()
    names = project_names(session, {row.project_id for row in rows})
    return [Waiting(row.number, names[row.project_id], row.amount_minor, row.status) for row in rows]
