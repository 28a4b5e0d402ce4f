"""A donor follows one gift by the code on its receipt: every fen of it, nobody else's name, and no way to try codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements.payments.operations import record_refund
from app.donations.models import Donation
from app.donations.operations import correct_money, reverse_donation
from app.goods.models import GoodsLine
from app.ledger import queries as ledger
from app.parties.models import Party
from app.shared import clock
from app.shared.codes import new_receipt_code
from app.shared.db import transaction
from app.statements.tracing.queries import Trace, trace_of
from tests.disbursements import scenes
from tests.donations import gifts
from tests.factories import actor
from tests.public.conftest import Town
from tests.visitor import Visitor


def _code_of_goods(session: Session, item: str) -> str:
    return session.scalars(
        select(Donation.receipt_code)
        .join(GoodsLine, (GoodsLine.source_id == Donation.id) & (GoodsLine.source_type == "donation"))
        .where(GoodsLine.item == item)
        .limit(1)
    ).one()


def _money(found: Trace) -> tuple[int, int, int, int]:
    return found.money_minor, found.used_minor, found.promised_minor, found.left_minor


def test_the_road_ends_at_the_road(town: Town) -> None:
    code = town.session.scalars(
        select(Donation.receipt_code).where(Donation.amount_minor == 35_000_000)
    ).one()
    found = trace_of(town.session, code)
    assert _money(found) == (35_000_000, 35_000_000, 0, 0)
    page = town.get(f"/trace/{code}")
    assert "您的 350,000.00 元：已用 350,000.00 元，还剩 0.00 元" in page.heading
    assert "您的 350,000.00 元计入这笔 350,000.00 元" in page.words
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.response.headers["X-Robots-Tag"] == "noindex"


def test_the_naan_became_bread_of_others(town: Town) -> None:
    code = _code_of_goods(town.session, "馕")
    found = trace_of(town.session, code)
    (naan,) = found.goods
    assert [(lot.pieces, lot.amount_minor) for lot in naan.sold] == [(180, 54_000), (120, 30_000)]
    assert (naan.quantity_left, naan.lost, naan.given) == (0, 0, [])
    assert _money(found) == (84_000, 84_000, 0, 0)
    (part,) = found.parts
    assert (part.amount_minor, part.total_minor, part.request) == (84_000, 600_000, "2023-02")
    page = town.get(f"/trace/{code}")
    assert "您捐的物资卖得 840.00 元：已用 840.00 元，还剩 0.00 元" in page.heading
    assert "您的 840.00 元计入这笔 6,000.00 元" in page.words
    assert "卖出 180 个" in page.words


def test_the_childrens_books_are_used_in_part(town: Town) -> None:
    found = trace_of(town.session, _code_of_goods(town.session, "儿童图书"))
    assert [sum(lot.amount_minor for lot in each.sold) for each in found.goods] == [22_000]
    assert _money(found) == (22_000, 16_000, 0, 6_000)


def test_the_page_names_nobody(town: Town) -> None:
    names = set(town.session.scalars(select(Party.name).where(Party.kind.in_(["person", "sole_trader"]))))
    assert names
    for code in town.session.scalars(select(Donation.receipt_code)).all():
        page = town.get(f"/trace/{code}")
        assert page.status == 200
        for name in names:
            assert name not in page.html, (code, name)


def test_a_promise_is_no_use_and_a_reversed_gift_says_so(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    gift = gifts.give(session, 100_000)
    scenes.approved(session, 30_000)
    session.rollback()
    code = session.get_one(Donation, gift).receipt_code
    found = trace_of(session, code)
    assert _money(found) == (100_000, 0, 30_000, 70_000)
    (promise,) = found.promises
    page = visit().get(f"/trace/{code}")
    assert "您的 1,000.00 元：已用 0.00 元，还剩 1,000.00 元" in page.heading
    assert "其中 300.00 元已批准、还没有付" in page.words
    assert promise.request in page.words
    mistaken = gifts.give(session, 10)
    with transaction(session, books=True):
        reverse_donation(session, actor(session, "accountant"), mistaken, "重复登记")
    session.rollback()
    seen = visit().get(f"/trace/{session.get_one(Donation, mistaken).receipt_code}")
    assert "您的 0.10 元" in seen.heading
    assert "已经冲销" in seen.words
    assert "另有 0.10 元已退还、转出或冲销" in seen.words


def test_codes_that_lead_nowhere_all_look_the_same(session: Session, visit: Callable[..., Visitor]) -> None:
    gifts.give(session, 1_000)
    stranger = visit()
    pages = {stranger.get(f"/trace/{code}").words for code in (new_receipt_code(), "ABCD", "x" * 300)}
    assert len(pages) == 1
    assert "没有找到这个追踪码" in pages.pop()
    code = session.scalars(select(Donation.receipt_code)).one()
    assert stranger.get(f"/trace?code={code.lower().replace('-', '%20')}").location == f"/trace/{code}"
    wrong = stranger.get("/trace?code=1234")
    assert (wrong.status, wrong.tree.xpath("//input[@name='code']/@value")) == (422, ["1234"])
    assert "六组" in wrong.words
    codes = [stranger.get(f"/trace/{new_receipt_code()}").status for _ in range(130)]
    assert codes[0] == 404
    assert codes[-1] == 429


def test_what_a_payee_gives_back_can_be_used_again(
    session: Session, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    gift = gifts.give(session, 100_000)
    request = scenes.approved(session, 30_000)
    with clock.simulated(clock.now() + timedelta(days=10)):
        scenes.pay(session, tmp_path, request, 30_000)
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
        session.rollback()
        code = session.get_one(Donation, gift).receipt_code
        assert _money(trace_of(session, code)) == (100_000, 25_500, 0, 74_500)
        page = visit().get(f"/trace/{code}")
    assert "您的 1,000.00 元：已用 255.00 元，还剩 745.00 元" in page.heading
    assert "您的 300.00 元计入这笔 300.00 元" in page.words
    assert "退回来了：您的 45.00 元又可以使用" in page.words


def test_a_replaced_gift_keeps_its_code_and_its_uses(
    session: Session, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    gift = gifts.give(session, 100_000)
    request = scenes.approved(session, 30_000)
    with clock.simulated(clock.now() + timedelta(days=10)):
        scenes.pay(session, tmp_path, request, 30_000)
        with transaction(session, books=True):
            correct_money(session, actor(session, "accountant"), gift, "少写了一百元", amount_minor=110_000)
        session.rollback()
        code = session.get_one(Donation, gift).receipt_code
        assert _money(trace_of(session, code)) == (110_000, 30_000, 0, 80_000)
        page = visit().get(f"/trace/{code}")
    assert "您的 1,100.00 元：已用 300.00 元，还剩 800.00 元" in page.heading
    assert "这笔捐赠的登记更正过" in page.words
    assert "您的 300.00 元计入这笔 300.00 元" in page.words


def test_ten_fen_and_a_part_of_them(session: Session, visit: Callable[..., Visitor], tmp_path: Path) -> None:
    first, second = gifts.give(session, 10), gifts.give(session, 10)
    request = scenes.approved(session, 13)
    with clock.simulated(clock.now() + timedelta(days=10)):
        scenes.pay(session, tmp_path, request, 13)
        session.rollback()
        codes = [session.get_one(Donation, each).receipt_code for each in (first, second)]
        pages = [visit().get(f"/trace/{code}") for code in codes]
    assert "您的 0.10 元：已用 0.10 元，还剩 0.00 元" in pages[0].heading
    assert "您的 0.10 元计入这笔 0.13 元" in pages[0].words
    assert "您的 0.10 元：已用 0.03 元，还剩 0.07 元" in pages[1].heading
    assert "您的 0.03 元计入这笔 0.13 元" in pages[1].words
