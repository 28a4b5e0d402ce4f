"""A sale event with donated goods, made through the operations, for tests."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy.orm import Session

from app.donations.operations import record_donation
from app.donations.rules import DonationDraft
from app.funds.operations import change_host
from app.funds.queries import fund
from app.goods import queries as goods
from app.goods.operations import GoodsDraft
from app.ledger.queries import collecting_accounts
from app.parties.operations import PartyDraft
from app.people.rules import OPERATOR
from app.sales import operations, queries
from app.sales.campaign.operations import announce_event
from app.sales.closing.operations import Count, close_event
from app.sales.rules import LotDraft
from app.shared.db import transaction
from tests.disbursements.scenes import fund_id, pool, unrestricted
from tests.factories import actor

__all__ = [
    "announce",
    "close",
    "fund_id",
    "give_goods",
    "make_event",
    "make_lot",
    "pool",
    "sell",
    "stock",
    "unrestricted",
]

DAY = date(2023, 9, 28)


def give_goods(
    session: Session,
    item: str = "馕",
    pieces: int = 300,
    value_minor: int = 90_000,
    *,
    earmark_id: int | None = None,
) -> int:
    """Goods in stock, without a purpose unless told; returns the id of their line."""
    with transaction(session, books=True):
        gift = record_donation(
            session,
            actor(session, "secretary"),
            DonationDraft(
                fund_id=fund_id(session),
                received_on=date(2023, 9, 27),
                method="goods",
                donor=PartyDraft("organisation", "幸福馕店"),
                earmark_id=earmark_id or unrestricted(session),
                goods=[GoodsDraft(item, pieces, "个", value_minor)],
            ),
        )
        return goods.lines_of(session, "donation", gift.id)[0].id


def make_event(session: Session, slug: str = "gala-2023", day: date = DAY) -> int:
    """An open event; returns its id."""
    with transaction(session, books=True):
        return operations.create_event(
            session,
            actor(session, "secretary"),
            fund_id=fund_id(session),
            slug=slug,
            name="一米阳光慈善晚会",
            held_on=day,
            place="金龙体育馆",
        ).id


def announce(session: Session, event_id: int, *kinds: str) -> None:
    """Open an event to the public, with what it needs; ``kinds``: bank, wechat, alipay (all of them if left out)."""
    with transaction(session, books=True):
        event = queries.event(session, event_id)
        host = fund(session, event.fund_id).host
        change_host(session, OPERATOR, host.id, fundraising_certificate="公募字 5165000001")
        secretary = actor(session, "secretary")
        operations.change_event(
            session,
            secretary,
            event_id,
            name=event.name,
            place=event.place or "金龙体育馆",
            filing_number="5165000000-2026-01",
            hours=(time(19, 30), time(22, 0)),
        )
        accounts = {
            account.id: "" if account.kind == "bank" else f"商户 {account.kind}"
            for account in collecting_accounts(session, event.fund_id)
            if not kinds or account.kind in kinds
        }
        announce_event(session, secretary, event_id, accounts)


def make_lot(
    session: Session,
    event_id: int,
    line_id: int,
    *,
    number: str = "A01",
    name: str = "馕",
    mode: str = "fixed_price",
    quantity: int = 100,
    units: int = 1,
    price_minor: int = 300,
) -> int:
    """A lot of an event; returns its id."""
    with transaction(session, books=True):
        draft = LotDraft(number, name, mode, line_id, quantity, price_minor, units)
        return operations.add_lot(session, actor(session, "secretary"), event_id, draft).id


def sell(session: Session, lot_id: int, packs: int, minor: int, method: str = "cash") -> int:
    """One sale; returns its id."""
    with transaction(session, books=True):
        return operations.record_sale(
            session,
            actor(session, "secretary"),
            lot_id,
            quantity=packs,
            amount_minor=minor,
            method=method,
        ).id


def close(session: Session, event_id: int, *counts: Count) -> list[int]:
    """Close an event; without counts, with exactly what was recorded. Returns the numbers of the entries."""
    with transaction(session, books=True):
        recorded = queries.recorded_by_method(session, queries.event(session, event_id))
        given = list(counts) or [Count(method, minor) for method, minor in recorded.items()]
        return [each.number for each in close_event(session, actor(session, "secretary"), event_id, given)]


def stock(session: Session, line_id: int) -> tuple[int, int]:
    """(pieces, value in fen) left of a line."""
    session.rollback()
    session.expire_all()
    line = goods.line(session, line_id)
    return line.quantity_left, line.value_left_minor
