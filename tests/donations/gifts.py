"""Gifts for the tests of the gift pages, and a count of everything that a refused form must leave alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donations.operations import record_donation
from app.donations.rules import DonationDraft
from app.funds.queries import only_fund
from app.goods.models import GoodsLine
from app.goods.operations import GoodsDraft
from app.ledger.models import Balance, JournalEntry, MoneyAccountDay, PeriodState, Pool
from app.ledger.queries import unrestricted_earmark
from app.ledger.structure.models import Earmark, Project
from app.log.models import Leaf
from app.parties.models import Consent, Party
from app.parties.operations import PartyDraft
from app.shared.db import transaction
from tests.factories import actor

PLACE = "/office/donations"
MONEY = {
    "amount": "1,234.50",
    "received_on": "2023-09-20",
    "method": "bank",
    "donor": "新疆三为",
    "donor_kind": "organisation",
}
GOODS = {
    "goods-0-item": "馕",
    "goods-0-quantity": "300",
    "goods-0-unit": "个",
    "goods-0-value": "900",
    "received_on": "2023-09-27",
    "donor": "老马馕店",
    "donor_kind": "sole_trader",
}
PERSON = PartyDraft("person", "古丽·买买提")

BAD_AMOUNTS = {
    "over-long": ("9" * 300, "金额太大，最多 99,999,999,999.99 元"),
    "negative": ("-5.00", "金额不能是负数"),
    "zero": ("0.00", "金额不能是零"),
    "words": ("十二块", "“十二块”不是金额，请写成 1234.50 这样的数字"),
    "three decimals": ("12.345", "金额只能精确到分，最多两位小数"),
    "10^18": ("1000000000000000000", "金额太大，最多 99,999,999,999.99 元"),
    "nothing": ("", "请填写这一项"),
    "spaces": ("  ", "请填写这一项"),
}
BAD_DAYS = {
    "future": ("2999-12-31", "日期 2999-12-31 在未来，请核对"),
    "year 0203": ("0203-09-20", "日期 0203-09-20 太早，请核对年份"),
    "no day": ("2023-02-30", "请填写日期，例如 2023-09-20"),
    "nothing": ("", "请填写这一项"),
}


def give(session: Session, amount_minor: int = 123_450, donor: PartyDraft | int = PERSON, **more: Any) -> int:
    """Record a gift of money (or, with ``goods=``, in kind) as the secretary; returns its id."""
    fund = only_fund(session, None).id
    values: dict[str, Any] = {"method": "bank", "received_on": date(2023, 9, 20)} | more
    if "goods" in more:
        values["method"] = "goods"
    with transaction(session, books=True):
        values.setdefault("earmark_id", unrestricted_earmark(session, fund).id)
        draft = DonationDraft(fund_id=fund, donor=donor, amount_minor=amount_minor, **values)
        return record_donation(session, actor(session, "secretary"), draft).id


def give_goods(session: Session, basis: str = "") -> int:
    """Record 300 naan and 40 books of a sole trader; the books' basis is unconfirmed."""
    lines = [
        GoodsDraft("馕", 300, "个", 90_000, "店里售价", True),
        GoodsDraft("儿童图书", 40, "册", 20_000, basis, False),
    ]
    return give(session, 0, PartyDraft("sole_trader", "老马馕店"), goods=lines)


def gift(session: Session, gift_id: int) -> Donation:
    """A gift as it is now."""
    session.rollback()
    return session.get_one(Donation, gift_id)


def books(session: Session) -> dict[str, Any]:
    """Everything that a refused form must leave as it is."""
    session.rollback()
    counted = (Donation, Party, Consent, GoodsLine, JournalEntry, Leaf, Earmark, Project, PeriodState)
    state: dict[str, Any] = {
        model.__tablename__: session.scalar(select(func.count()).select_from(model)) for model in counted
    }
    state["turnover"] = session.execute(
        select(func.sum(Balance.debit_minor), func.sum(Balance.credit_minor))
    ).one()
    state["pools"] = [
        tuple(row)
        for row in session.execute(select(Pool.held_minor, Pool.reserved_minor).order_by(Pool.earmark_id))
    ]
    state["days"] = [
        tuple(row)
        for row in session.execute(
            select(
                MoneyAccountDay.money_account_id, MoneyAccountDay.on_date, MoneyAccountDay.balance_minor
            ).order_by(MoneyAccountDay.money_account_id, MoneyAccountDay.on_date)
        )
    ]
    state["stock"] = session.scalar(select(func.sum(GoodsLine.quantity_left)))
    session.rollback()
    return state
