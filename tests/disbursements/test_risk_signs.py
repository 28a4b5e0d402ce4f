"""The signs of one request, found in what was recorded before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.disbursements import operations
from app.disbursements.budget.operations import write_budget
from app.disbursements.budget.rules import BudgetDraft, LineDraft, QuotationDraft
from app.disbursements.models import Disbursement
from app.disbursements.payees.models import PayeeAccount
from app.disbursements.payees.operations import record_account
from app.disbursements.payees.queries import accounts_of
from app.disbursements.risks.queries import signs, window_sum
from app.disbursements.risks.rules import Limits, Sign
from app.parties.operations import PartyDraft
from app.settings import Settings
from app.shared import clock
from app.shared.clock import SimulatedClock
from app.shared.db import transaction
from app.shared.errors import Forbidden, Refused
from app.shared.money import Money
from tests.disbursements import scenes
from tests.factories import actor

TIERS = Limits(tiers_minor=(200_000, 1_000_000))
CARD = "6222021234567894"


@pytest.fixture(autouse=True)
def moment() -> Iterator[SimulatedClock]:
    with clock.simulated(datetime(2023, 11, 6, 2, tzinfo=UTC)) as simulated:
        yield simulated


def _found(session: Session, disbursement_id: int, limits: Limits = TIERS) -> dict[str, Sign]:
    session.rollback()
    session.expire_all()
    return {
        each.kind: each for each in signs(session, session.get_one(Disbursement, disbursement_id), limits)
    }


def _budgeted(
    session: Session, settings: Settings, budget: BudgetDraft, minor: int = 400_000, **changes: Any
) -> int:
    found = scenes.drafted(session, minor, **changes)
    with transaction(session, books=True):
        write_budget(session, actor(session, "secretary"), settings.files_dir, found, budget)
        operations.submit_disbursement(session, actor(session, "secretary"), found)
    return found


def _approve(session: Session, found: int) -> None:
    for member in scenes.MEMBERS[1:]:
        scenes.vote(session, found, member, "approve")


def _account(session: Session, found: int, number: str = CARD, bank: str = "某银行某支行") -> None:
    with transaction(session):
        record_account(session, actor(session, "secretary"), found, number, bank)


def _rice(price: int) -> BudgetDraft:
    return BudgetDraft(
        [LineDraft("大米 25kg", quantity_milli=400_000_000 // price, unit="袋", unit_price_minor=price)]
    )


def test_first_payee_is_a_sign_until_it_was_paid(session: Session, settings: Settings) -> None:
    scenes.give(session, 3_000_000)
    first = scenes.approved(session)
    second = scenes.submitted(session)
    assert _found(session, second)["first_payee"].values == {"payee": "社区超市"}
    scenes.pay(session, settings.files_dir, first, 600_000)
    assert "first_payee" not in _found(session, second)


def test_person_is_known_again_by_the_account_not_by_the_name(session: Session, settings: Settings) -> None:
    scenes.give(session, 3_000_000)
    first = scenes.approved(session, payee=PartyDraft("person", "张三"))
    _account(session, first)
    scenes.pay(session, settings.files_dir, first, 600_000)
    second = scenes.submitted(session, payee=PartyDraft("person", "张三"))
    assert "first_payee" in _found(session, second)
    _account(session, second)
    assert "first_payee" not in _found(session, second)


def test_same_file_on_another_request_is_named_with_its_number(session: Session, settings: Settings) -> None:
    scenes.give(session, 3_000_000)
    ids = []
    for name in ("发票.pdf", "发票（扫描）.pdf"):
        found = scenes.drafted(session)
        with transaction(session, books=True):
            operations.attach_papers(
                session, actor(session, "secretary"), settings.files_dir, found, [(name, scenes.PDF)]
            )
            operations.submit_disbursement(session, actor(session, "secretary"), found)
        ids.append(found)
    sign = _found(session, ids[1])["same_file"]
    assert sign.values == {"file": "发票（扫描）.pdf", "number": session.get_one(Disbursement, ids[0]).number}
    assert sign.request_id == ids[0]
    assert "same_file" not in _found(session, scenes.submitted(session))


def test_file_on_a_mere_draft_of_somebody_is_no_sign(session: Session, settings: Settings) -> None:
    draft, found = scenes.drafted(session), scenes.drafted(session)
    for each in (draft, found):
        with transaction(session, books=True):
            operations.attach_papers(
                session, actor(session, "secretary"), settings.files_dir, each, [("报价.pdf", scenes.PDF)]
            )
    assert "same_file" not in _found(session, found)


def _decide(session: Session, count: int, minor: int) -> None:
    """Requests that the council refused long ago."""
    like = session.get_one(Disbursement, scenes.drafted(session))
    columns = [each.name for each in Disbursement.__table__.columns]
    row = {name: getattr(like, name) for name in columns if name not in ("id", "number")}
    row |= {"status": "rejected", "amount_minor": minor, "decided_at": datetime(2023, 10, 1, tzinfo=UTC)}
    with transaction(session):
        session.execute(
            insert(Disbursement), [{**row, "number": f"2022-{minor}-{each}"} for each in range(count)]
        )


def test_amount_larger_than_all_of_twenty_decided_requests_is_a_sign(session: Session) -> None:
    scenes.give(session, 3_000_000)
    found = scenes.submitted(session, 600_000)
    _decide(session, 19, 100_000)
    assert "large_amount" not in _found(session, found)
    _decide(session, 1, 599_999)
    assert _found(session, found)["large_amount"].values == {"of": 20, "larger": 0}
    _decide(session, 1, 600_000)
    assert _found(session, found)["large_amount"].values == {"of": 21, "larger": 1}
    _decide(session, 1, 700_000)
    assert "large_amount" not in _found(session, found)


def test_comparison_of_amounts_uses_its_index(session: Session, engine_kind: str) -> None:
    query = (
        "SELECT amount_minor FROM disbursement WHERE fund_id = 1 AND decided_at IS NOT NULL "
        "ORDER BY decided_at DESC LIMIT 400"
    )
    if engine_kind == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        session.execute(text("SET LOCAL enable_sort = off"))
    prefix = "EXPLAIN QUERY PLAN" if engine_kind == "sqlite" else "EXPLAIN"
    plan = str(session.execute(text(f"{prefix} {query}")).all())
    assert "ix_disbursement_decided" in plan
    assert "SORT" not in plan.upper().replace("ENABLE_SORT", "")


def test_account_is_a_sign_only_when_it_replaced_another_lately(
    session: Session, moment: SimulatedClock
) -> None:
    scenes.give(session, 3_000_000)
    found = scenes.submitted(session)
    _account(session, found)
    _account(session, found)
    assert "account_changed" not in _found(session, found)
    moment.set_local(date(2023, 11, 10))
    _account(session, found, "1042001188")
    assert _found(session, found)["account_changed"].values == {"on": date(2023, 11, 10)}
    moment.set_local(date(2024, 2, 8))
    assert "account_changed" in _found(session, found)
    moment.set_local(date(2024, 2, 9))
    assert "account_changed" not in _found(session, found)


def test_split_request_is_counted_with_what_it_was_split_from(
    session: Session, moment: SimulatedClock
) -> None:
    scenes.give(session, 3_000_000)
    first = scenes.submitted(session, 150_000)
    assert "split" not in _found(session, first)
    moment.set_local(date(2024, 2, 4))  # ninety days later
    second = scenes.submitted(session, 100_000)
    other_project = scenes.submitted(session, 100_000, project_name="助学")
    other_payee = scenes.submitted(session, 100_000, payee=PartyDraft("organisation", "某粮油店"))
    sign = _found(session, second)["split"]
    assert sign.values == {"days": 90, "count": 1, "total": Money(250_000), "limit": Money(200_000)}
    assert sign.request_id == first
    assert "split" in _found(session, first)  # it is still open, so those who vote on it learn of the second
    for each in (other_project, other_payee):
        assert "split" not in _found(session, each)
    for days, total in ((90, 250_000), (89, 100_000)):
        assert window_sum(session, session.get_one(Disbursement, second), days) == total
    with transaction(session, books=True):
        operations.withdraw_disbursement(session, actor(session, "secretary"), first, "不需要了")
    assert "split" not in _found(session, second)
    assert window_sum(session, session.get_one(Disbursement, second), 90) == 100_000


def test_second_name_with_the_same_account_does_not_hide_a_split(session: Session) -> None:
    scenes.give(session, 3_000_000)
    first = scenes.submitted(session, 150_000)
    second = scenes.submitted(session, 100_000, payee=PartyDraft("sole_trader", "社区超市二店"))
    for each in (first, second):
        _account(session, each)
    assert _found(session, second)["split"].values["total"] == Money(250_000)


def test_old_and_single_quotations_are_signs(session: Session, settings: Settings) -> None:
    scenes.give(session, 9_000_000)
    old = QuotationDraft("甲粮油店", 1_200_000, date(2023, 5, 5))
    new = QuotationDraft("乙粮油店", 1_300_000, date(2023, 11, 1))
    same = QuotationDraft("甲 粮油店".replace(" ", ""), 1_250_000, date(2023, 11, 1))
    both = _found(session, _budgeted(session, settings, BudgetDraft([], [old, new]), 1_200_000))
    assert both["old_quotation"].values == {"supplier": "甲粮油店", "on": date(2023, 5, 5), "months": 6}
    assert not {"one_quotation", "no_quotation"} & both.keys()
    one = _found(session, _budgeted(session, settings, BudgetDraft([], [same, old]), 1_200_000))
    assert one["one_quotation"].values == {"above": Money(1_000_000)}
    assert "no_quotation" in _found(session, scenes.submitted(session, 1_200_000))
    assert "no_quotation" not in _found(session, scenes.submitted(session, 1_000_000))


def test_last_price_paid_for_the_same_thing(
    session: Session, settings: Settings, moment: SimulatedClock
) -> None:
    scenes.give(session, 9_000_000)
    earlier = _budgeted(session, settings, _rice(10_000))
    _approve(session, earlier)
    assert "last_price" not in _found(session, _budgeted(session, settings, _rice(12_500)))  # not paid yet
    moment.set_local(date(2023, 11, 15))
    scenes.pay(session, settings.files_dir, earlier, 400_000)
    dearer = _budgeted(session, settings, _rice(12_500))
    sign = _found(session, dearer)["last_price"]
    assert sign.values == {
        "item": "大米 25kg",
        "before": Money(10_000),
        "now": Money(12_500),
        "on": date(2023, 11, 15),
        "number": session.get_one(Disbursement, earlier).number,
    }
    assert sign.request_id == earlier
    assert "same_price" in _found(session, _budgeted(session, settings, _rice(10_000)))
    tonnes = BudgetDraft([LineDraft("大米 25kg", quantity_milli=1000, unit="吨", unit_price_minor=400_000)])
    assert not {"same_price", "last_price"} & _found(session, _budgeted(session, settings, tonnes)).keys()


def test_nothing_to_note_gives_no_sign(session: Session, settings: Settings, moment: SimulatedClock) -> None:
    scenes.give(session, 3_000_000)
    scenes.pay(session, settings.files_dir, scenes.approved(session, 100_000), 100_000)
    moment.set_local(date(2024, 6, 1))
    assert _found(session, scenes.submitted(session, 100_000)) == {}


def test_account_is_encrypted_append_only_and_whole_only_for_those_who_pay(session: Session) -> None:
    found = scenes.drafted(session)
    _account(session, found)
    row = session.scalars(select(PayeeAccount)).one()
    assert CARD.encode() not in row.number + row.bank + row.number_hash
    fund, payee = scenes.fund_id(session), session.get_one(Disbursement, found).payee_id
    shown = {
        who: accounts_of(session, actor(session, who), fund, payee)[0].number
        for who in ("cashier", "secretary", "council", "supervisor")
    }
    assert shown == {
        "cashier": "6222 0212 3456 7894",
        "secretary": "•••• 7894",
        "council": "•••• 7894",
        "supervisor": "•••• 7894",
    }
    for statement in ("UPDATE payee_account SET party_id = party_id", "DELETE FROM payee_account"):
        with pytest.raises(DBAPIError, match="payee_account_is_append_only"), transaction(session):
            session.execute(text(statement))


def test_cashier_cannot_record_the_account_that_is_paid_into(session: Session) -> None:
    found = scenes.drafted(session)
    with pytest.raises(Forbidden), transaction(session):
        record_account(session, actor(session, "cashier"), found, CARD, "某银行")
    with pytest.raises(Refused, match="开户银行"):
        _account(session, found, bank=" ")
