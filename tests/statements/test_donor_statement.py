"""The statement of a donor: every fen of their gifts over a period, nobody else's name, the same figures on page and paper."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements.payments.operations import record_refund
from app.donations.models import Donation
from app.donations.operations import reverse_donation
from app.ledger import queries as ledger
from app.ledger.repurposing.operations import change_purpose
from app.ledger.repurposing.queries import free_parts
from app.ledger.tracing.models import Tranche
from app.parties.models import Party
from app.parties.operations import PartyDraft
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import NotFound
from app.shared.periods import Period, day_before
from app.statements.donors.queries import donor_statement
from app.statements.donors.rules import DonorStatement, differences
from app.statements.tracing.queries import trace_of
from tests.disbursements import scenes
from tests.donations import gifts
from tests.factories import actor
from tests.sales import scenes as sales

OTHER = PartyDraft("person", "别人机密")


def _of(session: Session, gift: int, first: date | None = None, last: date | None = None) -> DonorStatement:
    session.rollback()
    found = session.get_one(Donation, gift)
    period = Period(first or date(2023, 1, 1), last or clock.today())
    return donor_statement(session, [found.party_id], period, found.fund_id)


def _sums(found: DonorStatement) -> tuple[int, int, int, int, int]:
    sums = found.sums
    return (
        sums.opening_minor,
        sums.given_minor,
        sums.used_minor,
        sums.returned_minor,
        sums.closing_minor,
    )


def _paid(session: Session, folder: Path, minor: int) -> int:
    request = scenes.approved(session, minor)
    with clock.simulated(clock.now() + timedelta(days=10)):
        scenes.pay(session, folder, request, minor)
    return request


def test_what_is_left_is_what_the_books_hold(session: Session, tmp_path: Path) -> None:
    gifts.give(session, 20_000, OTHER)
    gift = gifts.give(session, 100_000)
    with clock.simulated(clock.now() + timedelta(days=1)):
        request = scenes.approved(session, 50_000)
        promised = _of(session, gift)
        assert _sums(promised) == (0, 100_000, 0, 0, 100_000)
        assert (promised.sums.promised_minor, promised.promises[0].amount_minor) == (30_000, 30_000)
    with clock.simulated(clock.now() + timedelta(days=11)):
        scenes.pay(session, tmp_path, request, 50_000)
        found = _of(session, gift)
        assert _sums(found) == (0, 100_000, 30_000, 0, 70_000)
        assert differences(found) == {}
        (use,) = found.uses
        assert (use.amount_minor, use.project, use.payee) == (30_000, "孤寡老人冬季慰问", "社区超市")
        assert use.resolution
        assert use.request
        assert use.status == "paid"
        tranche = session.scalars(select(Tranche).where(Tranche.amount_minor == 100_000)).one()
        assert found.sums.closing_minor == tranche.remaining_minor + tranche.held_minor


def test_periods_join_without_a_gap(session: Session, tmp_path: Path) -> None:
    gift = gifts.give(session, 100_000)
    request = _paid(session, tmp_path, 30_000)
    with clock.simulated(clock.now() + timedelta(days=12)):
        with transaction(session, books=True):
            record_refund(
                session,
                actor(session, "cashier"),
                request,
                amount_minor=4_500,
                account=ledger.money_account_of_kind(session, scenes.fund_id(session), "bank"),
                received_on=clock.today(),
                accepted=True,
            )
        whole = _of(session, gift)
        assert _sums(whole) == (0, 100_000, 25_500, 0, 74_500)
        cut = clock.today()
        early, late = _of(session, gift, last=day_before(cut)), _of(session, gift, first=cut)
        assert early.sums.closing_minor == late.sums.opening_minor == 70_000
        assert [use.amount_minor for use in early.uses] == [30_000]
        assert [use.amount_minor for use in late.uses] == [-4_500]
        assert late.sums.closing_minor == whole.sums.closing_minor
        assert late.gifts == ()
        assert differences(early) == differences(late) == differences(whole) == {}


def test_a_reversed_gift_went_back_and_goods_are_told_by_their_way(session: Session) -> None:
    mistaken = gifts.give(session, 1_000)
    with transaction(session, books=True):
        reverse_donation(session, actor(session, "accountant"), mistaken, "重复登记")
    found = _of(session, mistaken)
    assert _sums(found) == (0, 1_000, 0, 1_000, 0)
    assert found.gifts[0].is_reversed
    event = sales.make_event(session)
    line = sales.give_goods(session)
    sales.sell(session, sales.make_lot(session, event, line), 2, 600)
    sales.close(session, event)
    session.rollback()
    goods = session.scalars(select(Donation).where(Donation.kind == "goods")).one()
    stated = _of(session, goods.id)
    assert _sums(stated) == (0, 600, 0, 0, 600)
    assert stated.sums.goods_minor == goods.amount_minor
    sold = [each for each in stated.ways if each.way == "sold"]
    assert [(each.pieces, each.amount_minor) for each in sold] == [(2, 600)]
    assert any(each.way == "stock" for each in stated.ways)


def test_number_and_check_code_are_those_of_the_figures(session: Session) -> None:
    gift = gifts.give(session, 100_000)
    first = _of(session, gift)
    with clock.simulated(clock.now() + timedelta(days=3)):
        again = _of(session, gift, last=first.last)
    assert again.issued_on > first.issued_on
    assert (again.number, again.check_code, again.sha256) == (first.number, first.check_code, first.sha256)
    gifts.give(session, 1, OTHER)
    later = _of(session, gift, last=first.last)
    assert later.log_size > first.log_size
    assert (later.number, later.check_code) != (first.number, first.check_code)
    assert first.sha256.upper().startswith(first.check_code.replace("-", ""))


def test_only_the_donor_is_named(session: Session, tmp_path: Path) -> None:
    gifts.give(session, 10_000, OTHER)
    gift = gifts.give(session, 50_000)
    _paid(session, tmp_path, 20_000)
    with clock.simulated(clock.now() + timedelta(days=12)):
        found = _of(session, gift)
    assert found.donor_name == gifts.PERSON.name
    assert OTHER.name not in repr(found)
    nobody = session.scalars(select(Party.id).order_by(Party.id.desc()).limit(1)).one() + 100
    with pytest.raises(NotFound):
        donor_statement(session, [nobody], Period(date(2023, 1, 1), clock.today()), scenes.fund_id(session))


def test_a_part_under_another_purpose_is_followed(session: Session) -> None:
    gift = gifts.give(session, 100_000)
    road = scenes.make_road(session)
    for minor in (30_000, 20_000):
        with transaction(session, books=True):
            old = ledger.earmark(session, scenes.unrestricted(session))
            change_purpose(
                session,
                actor(session, "accountant"),
                old=old,
                new=ledger.earmark(session, road),
                parts=free_parts(session, old, minor),
                source_type="motion",
                source_id=1,
                description="改作修路",
                document="2023-05",
            )
    found = _of(session, gift)
    assert _sums(found) == (0, 100_000, 0, 0, 100_000)
    assert [(each.amount_minor, each.to_purpose, each.document) for each in found.changes] == [
        (30_000, "路面修缮", "2023-05"),
        (20_000, "路面修缮", "2023-05"),
    ]
    trace = trace_of(session, session.get_one(Donation, gift).receipt_code)
    assert (trace.money_minor, trace.left_minor, trace.returned_minor) == (100_000, 100_000, 0)
