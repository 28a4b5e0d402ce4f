"""Goods carry the office's number of their gift and the register it stands in: a sale's register points to them."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.donations.models import Donation, Register
from app.donations.operations import correct_money, correct_words, record_donation, reverse_donation
from app.donations.rules import DonationDraft
from app.funds.queries import only_fund
from app.goods.operations import GoodsDraft
from app.goods.queries import lines_numbered, registers_with_goods
from app.ledger.queries import unrestricted_earmark
from app.parties.operations import PartyDraft
from app.shared import clock
from app.shared.db import transaction
from tests import factories

TITLE = "捐赠登记表"


@pytest.fixture
def gift(session: Session) -> Donation:
    """300 naan, number 3 of the register."""
    fund = only_fund(session, None)
    with transaction(session, books=True):
        register = Register(fund_id=fund.id, kind="donations", title=TITLE, created_at=clock.now())
        session.add(register)
        session.flush()
        draft = DonationDraft(
            fund.id,
            factories.FOUNDED_ON,
            "goods",
            PartyDraft("unnamed", "爱心居民"),
            unrestricted_earmark(session, fund.id).id,
            goods=[GoodsDraft("馕", 300, "个", 90_000)],
            office_number="3",
            register_id=register.id,
        )
        return record_donation(session, factories.actor(session, "secretary"), draft)


def _numbered(session: Session, number: str) -> list[tuple[str, int, str]]:
    session.rollback()
    fund_id = only_fund(session, None).id
    return [
        (line.item, line.quantity, line.register_title) for line in lines_numbered(session, fund_id, number)
    ]


def test_goods_are_found_by_the_number_of_their_gift(session: Session, gift: Donation) -> None:
    assert _numbered(session, gift.office_number) == [("馕", 300, TITLE)]
    assert _numbered(session, "4") == []
    assert registers_with_goods(session, gift.fund_id) == [TITLE]


def test_a_number_that_was_put_right_is_followed(session: Session, gift: Donation) -> None:
    with transaction(session, books=True):
        actor = factories.actor(session, "secretary")
        correct_words(session, actor, gift.id, "写错了", office_number="13")
    assert _numbered(session, "3") == []
    assert _numbered(session, "13") == [("馕", 300, TITLE)]


def test_only_the_goods_that_count_now_are_found(session: Session, gift: Donation) -> None:
    with transaction(session, books=True):
        actor = factories.actor(session, "accountant")
        correct_money(session, actor, gift.id, "点错了", goods=[GoodsDraft("馕", 290, "个", 87_000)])
    assert _numbered(session, "3") == [("馕", 290, TITLE)]
    with transaction(session, books=True):
        reverse_donation(session, factories.actor(session, "accountant"), gift.id, "没有收到")
    assert _numbered(session, "3") == []
