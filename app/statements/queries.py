"""The figures of a statement, read in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.council.models import Matter
from app.disbursements.models import Disbursement, Payment
from app.funds.models import Fund
from app.goods.models import GoodsLine as StoredGoods
from app.goods.models import GoodsMovement
from app.ledger import queries as ledger
from app.ledger.accounts import MONEY_ACCOUNTS
from app.ledger.figures import queries as figures
from app.parties.models import Party
from app.parties.rules import MASKS
from app.shared import clock
from app.shared.periods import Period
from app.statements import rules

KIND = "receipts_and_payments"
VERSION = 1
_PUT_IN = ("received", "returned")
_DISBURSEMENT = "disbursement"


def books_of(session: Session, fund_id: int, period: Period) -> rules.Books:
    """What every figure of the period is computed from."""

    def of_kind(kind: str) -> tuple[figures.Turnover, ...]:
        numbers = figures.numbers_of_kind(session, fund_id, kind, period)
        return tuple(figures.turnover_of(session, numbers))

    return rules.Books(
        earmarks=tuple(
            rules.EarmarkFacts(earmark.id, earmark.name, earmark.restriction)
            for earmark in ledger.earmarks_of(session, fund_id)
        ),
        before=tuple(figures.turnover_before(session, fund_id, period)),
        during=tuple(figures.turnover(session, fund_id, period)),
        closings=of_kind("closing"),
        goods_received=of_kind("goods_received"),
        goods_issued=of_kind("stock_out"),
    )


def statement_figures(session: Session, fund: Fund, period: Period) -> rules.StatementFigures:
    """Everything the statement of this fund and period says now."""
    books = books_of(session, fund.id, period)
    cash = rules.receipts_and_payments(books)
    held = rules.position(
        books,
        figures.money_on(session, fund.id, period.last),
        goods_on(session, fund.id, period.last),
        approved_unpaid_on(session, fund.id, period.last),
    )
    crossing = rules.bridge(books, cash)
    annex = tuple(annex_rows(session, fund.id, period))
    totals = rules.AnnexTotals(
        count=len(annex),
        in_minor=sum(row.in_minor for row in annex),
        out_minor=sum(row.out_minor for row in annex),
    )
    kept = kept_on(session, fund.id, period.last)
    return rules.StatementFigures(
        v=VERSION,
        kind=KIND,
        host_name=fund.host.name,
        host_registration=fund.host.registration_number or "",
        fund_name=fund.name,
        currency=fund.currency,
        example_notice=fund.example_notice or "",
        period_from=period.first,
        period_to=period.last,
        cash=cash,
        position=held,
        bridge=crossing,
        checks=rules.checks(books, cash, held, crossing, totals, kept),
        earmarks=books.earmarks,
        annex_totals=totals,
        annex=annex,
    )


def kept_on(session: Session, fund_id: int, day: date) -> figures.Kept:
    """What pools and tranches hold at the end of ``day``: what they hold now, less what later entries changed."""
    now = figures.kept_now(session, fund_id)
    latest = figures.latest_day(session, fund_id)
    if latest is None or latest <= day:
        return now
    after = figures.turnover(session, fund_id, Period(date.fromordinal(day.toordinal() + 1), latest))
    later = sum(row.net_minor for row in after if row.account_code in MONEY_ACCOUNTS)
    return figures.Kept(now.pool_minor - later, now.tranche_minor - later)


def goods_on(session: Session, fund_id: int, day: date) -> tuple[rules.GoodsLine, ...]:
    """Donated goods in stock at the end of ``day``: pieces and carrying value by item, from their movements."""
    sign = case((GoodsMovement.kind.in_(_PUT_IN), 1), else_=-1)
    pieces = func.sum(sign * GoodsMovement.quantity)
    rows = session.execute(
        select(
            StoredGoods.item,
            StoredGoods.unit,
            pieces.label("pieces"),
            func.sum(sign * GoodsMovement.value_minor).label("value"),
        )
        .join(StoredGoods, StoredGoods.id == GoodsMovement.goods_line_id)
        .where(
            StoredGoods.fund_id == fund_id,
            figures.is_dated_until(GoodsMovement.entry_number, day),
        )
        .group_by(StoredGoods.item, StoredGoods.unit)
        .having(pieces != 0)
        .order_by(func.min(StoredGoods.id))
    )
    return tuple(rules.GoodsLine(row.item, row.unit, int(row.pieces), int(row.value)) for row in rows)


def approved_unpaid_on(session: Session, fund_id: int, day: date) -> int:
    """Fen of requests that the council had approved and that were neither paid nor given up at the end of ``day``."""
    approved = session.execute(
        select(
            Disbursement.id,
            Disbursement.amount_minor,
            Disbursement.closed_at,
            Matter.decided_at,
            Matter.decided_before_on,
        )
        .join(Matter, (Matter.type == _DISBURSEMENT) & (Matter.subject_id == Disbursement.id))
        .where(Disbursement.fund_id == fund_id, Matter.status == "approved")
    ).all()
    open_then = {
        row.id: row.amount_minor
        for row in approved
        if (row.decided_before_on or clock.local(row.decided_at).date()) <= day
        and (row.closed_at is None or clock.local(row.closed_at).date() > day)
    }
    payments = session.execute(
        select(Payment.disbursement_id, Payment.amount_minor, Payment.entry_number)
        .join(Disbursement, Disbursement.id == Payment.disbursement_id)
        .where(Disbursement.fund_id == fund_id, Payment.kind == "payment", Payment.occurred_on <= day)
    ).all()
    undone = figures.reversed_until(session, [payment.entry_number for payment in payments], day)
    for payment in payments:
        if payment.disbursement_id in open_then and payment.entry_number not in undone:
            open_then[payment.disbursement_id] -= payment.amount_minor
    return sum(open_then.values())


def annex_rows(session: Session, fund_id: int, period: Period) -> Iterator[rules.AnnexRow]:
    """Every entry of the period. An issued document names no natural person: persons and traders appear as 爱心居民, 爱心商户."""
    masked = masked_parties(session)
    for entry in figures.entries_in(session, fund_id, period):
        mask = masked.get(entry.party_id) if entry.party_id is not None else None
        yield rules.AnnexRow(
            number=entry.number,
            occurred_on=entry.occurred_on,
            kind=entry.kind,
            description=entry.description.replace(entry.party, mask)
            if mask and entry.party
            else entry.description,
            party=mask or entry.party,
            document=entry.document,
            earmark_id=entry.earmark_id,
            in_minor=entry.in_minor,
            out_minor=entry.out_minor,
            other_minor=entry.other_minor,
            reverses_number=entry.reverses_number,
            reversed_by_number=entry.reversed_by_number,
        )


def masked_parties(session: Session) -> dict[int, str]:
    """What an issued document calls each person and sole trader whom the live site shows by name, alias or surname."""
    rows = session.execute(
        select(Party.id, Party.kind).where(
            Party.kind.in_(MASKS), Party.kind != "organisation", Party.public_name.not_in(MASKS.values())
        )
    )
    return {party_id: MASKS[kind] for party_id, kind in rows}
