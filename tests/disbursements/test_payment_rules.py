"""Paying, accepting, refunding, reversing: separation of duties in code and by trigger, and money to the fen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.disbursements import operations, queries
from app.disbursements.models import Payment
from app.disbursements.payments import operations as payments
from app.disbursements.payments import queries as paid
from app.ledger import queries as ledger
from app.ledger.tracing.queries import holds_of, uses_of_source
from app.people.queries import actor as actor_by_id
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, Refused
from app.shared.permissions import Role
from tests.disbursements import scenes
from tests.factories import actor, appoint, make_user


def _holds(session: Session, found: int) -> list[tuple[int, int]]:
    session.rollback()
    return holds_of(session, "disbursement", found)


def _uses(session: Session, found: int) -> list[tuple[int, int]]:
    session.rollback()
    return uses_of_source(session, "disbursement", found)


def _paid(session: Session, found: int) -> int:
    session.rollback()
    session.expire_all()
    return queries.disbursement(session, found).paid_minor


def _reverse(session: Session, number: int, reason: str = "记错了", key: str = "accountant") -> int:
    with transaction(session, books=True):
        payment = queries.payment_of_entry(session, number)
        assert payment is not None
        undo = (
            payments.reverse_payment if payment.kind == "payment" else payments.reverse_acceptance_or_refund
        )
        return undo(session, actor(session, key), number, reason).number


def _refund(session: Session, found: int, minor: int, *, accepted: bool = True) -> int:
    with transaction(session, books=True):
        return payments.record_refund(
            session,
            actor(session, "cashier"),
            found,
            amount_minor=minor,
            account=ledger.money_account_of_kind(session, scenes.fund_id(session), "bank"),
            received_on=clock.today(),
            accepted=accepted,
        ).number


def _accept(session: Session, found: int, minor: int) -> int:
    with transaction(session, books=True):
        return payments.accept_disbursement(
            session, actor(session, "accountant"), found, amount_minor=minor, accepted_on=clock.today()
        ).number


def test_whole_payment_uses_what_was_promised(session: Session, settings: Settings) -> None:
    first = scenes.give(session, 400_000, on=date(2023, 9, 18))
    second = scenes.give(session, 900_000, on=date(2023, 9, 20))
    found = scenes.approved(session)
    number = scenes.pay(session, settings.files_dir, found, 600_000)
    assert scenes.status_of(session, found) == "paid"
    assert scenes.pool(session) == (700_000, 0)
    assert _uses(session, found) == [(first, 400_000), (second, 200_000)]
    postings = {
        (each.account_code, each.debit_minor, each.credit_minor)
        for each in ledger.postings_of(session, number)
    }
    assert postings == {("510101", 600_000, 0), ("1002", 0, 600_000)}


def test_instalments_end_when_all_is_paid(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 250_000)
    assert (scenes.status_of(session, found), _paid(session, found)) == ("payable", 250_000)
    assert scenes.pool(session) == (750_000, 350_000)
    with pytest.raises(Refused, match=r"不能超过未付的 3,500.00 元"):
        scenes.pay(session, settings.files_dir, found, 350_001)
    scenes.pay(session, settings.files_dir, found, 350_000)
    assert (scenes.status_of(session, found), _paid(session, found)) == ("paid", 600_000)
    with pytest.raises(Conflict, match="现在不能付款"):
        scenes.pay(session, settings.files_dir, found, 1)


def test_second_click_pays_once(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    first = scenes.pay(session, settings.files_dir, found, 300_000, key="k" * 32)
    assert scenes.pay(session, settings.files_dir, found, 300_000, key="k" * 32) == first
    assert _paid(session, found) == 300_000


def test_payment_needs_a_slip(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    with pytest.raises(Refused) as refusal, transaction(session, books=True):
        payments.pay_disbursement(
            session,
            actor(session, "cashier"),
            found,
            amount_minor=1,
            account=ledger.money_account_of_kind(session, scenes.fund_id(session), "bank"),
            paid_on=clock.today(),
        )
    assert refusal.value.field == "slip"


@pytest.mark.parametrize("state", ["in_vote", "rejected", "withdrawn", "cancelled", "drafted"])
def test_only_approved_requests_are_paid(session: Session, settings: Settings, state: str) -> None:
    scenes.give(session, 1_000_000)
    if state == "drafted":
        found = scenes.drafted(session)
    elif state == "cancelled":
        found = scenes.approved(session)
        with transaction(session, books=True):
            operations.cancel_disbursement(session, actor(session, "secretary"), found, "取消")
    else:
        found = scenes.submitted(session)
        if state == "rejected":
            for member in scenes.MEMBERS[:4]:
                scenes.vote(session, found, member, "reject", "不同意")
        elif state == "withdrawn":
            with transaction(session, books=True):
                operations.withdraw_disbursement(session, actor(session, "secretary"), found, "撤回")
    assert scenes.status_of(session, found) == state
    with pytest.raises(Conflict):
        scenes.pay(session, settings.files_dir, found, 100)
    assert scenes.pool(session) == (1_000_000, 0)


def _cashier_who(session: Session, role: Role, seat: int | None) -> int:
    """A second cashier who also holds another office: the law allows it, paying an own matter it does not."""
    with transaction(session, books=True):
        user_id = make_user(session, "both@example.org", "两职")
        fund = scenes.fund_id(session)
        appoint(session, user_id, Role.CASHIER, fund)
        appoint(session, user_id, role, fund, seat=seat)
    return user_id


def _pay_as(session: Session, settings: Settings, user_id: int, found: int) -> None:
    with transaction(session, books=True):
        scenes.attach_slip(session, settings.files_dir, found)
        payments.pay_disbursement(
            session,
            actor_by_id(session, user_id),
            found,
            amount_minor=100,
            account=ledger.money_account_of_kind(session, scenes.fund_id(session), "bank"),
            paid_on=clock.today(),
        )


def _raw_payment(session: Session, found: int, user_id: int | None, number: int) -> None:
    with transaction(session):
        session.execute(
            insert(Payment),
            [
                {
                    "disbursement_id": found,
                    "kind": "payment",
                    "amount_minor": 100,
                    "is_accepted": True,
                    "money_account_id": None,
                    "occurred_on": clock.today(),
                    "voucher_number": "",
                    "entry_number": number,
                    "recorded_by_id": user_id,
                    "recorded_at": datetime.now(UTC),
                }
            ],
        )


def test_requester_does_not_pay(session: Session, settings: Settings) -> None:
    number = scenes.give(session, 1_000_000)
    user_id = _cashier_who(session, Role.SECRETARY, None)
    with transaction(session, books=True):
        who = actor_by_id(session, user_id)
        found = operations.draft_disbursement(session, who, scenes.a_draft(session, 600_000)).id
        operations.submit_disbursement(session, who, found)
    with scenes.before_the_notice():
        for member in scenes.MEMBERS[:4]:
            scenes.vote(session, found, member, "approve")
    scenes.advance(session, found)
    with pytest.raises(Forbidden, match="申请由您提交"):
        _pay_as(session, settings, user_id, found)
    with pytest.raises(DBAPIError, match="payer_is_not_requester"):
        _raw_payment(session, found, user_id, number)
    assert _paid(session, found) == 0


def test_voter_does_not_pay(session: Session, settings: Settings) -> None:
    number = scenes.give(session, 1_000_000)
    user_id = _cashier_who(session, Role.COUNCIL, 6)
    found = scenes.submitted(session)
    with scenes.before_the_notice():
        with transaction(session, books=True):
            matter = operations.matter_of(session, "disbursement", found)
            assert matter is not None
            operations.vote(
                session, actor_by_id(session, user_id), found, "recuse", "认识收款方", matter.text_hash
            )
        for member in scenes.MEMBERS:
            if scenes.status_of(session, found) == "in_vote":
                scenes.vote(session, found, member, "approve")
    assert scenes.advance(session, found) == "payable"
    with pytest.raises(Forbidden, match="参加过这笔申请的表决"):
        _pay_as(session, settings, user_id, found)
    with pytest.raises(DBAPIError, match="payer_did_not_vote"):
        _raw_payment(session, found, user_id, number)


def test_database_refuses_a_payment_of_what_was_not_approved(session: Session) -> None:
    number = scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    with pytest.raises(DBAPIError, match="payment_is_approved"):
        _raw_payment(session, found, actor(session, "cashier").user_id, number)


def test_database_keeps_payments_as_they_are(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 100)
    for statement in ("UPDATE payment SET amount_minor = 1", "DELETE FROM payment"):
        with pytest.raises(DBAPIError, match="payment_is_append_only"), transaction(session):
            session.execute(text(statement))
    with pytest.raises(DBAPIError, match="paid_within_approved"), transaction(session):
        session.execute(text("UPDATE disbursement SET paid_minor = amount_minor + 1"))


@pytest.mark.parametrize(
    "key", ["secretary", "accountant", "chair", "council", "supervisor", "auditor", "host"]
)
def test_only_the_cashier_pays(session: Session, settings: Settings, key: str) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    with pytest.raises(Forbidden):
        scenes.pay(session, settings.files_dir, found, 100, by=key)


def test_account_that_is_short_and_days_that_cannot_be_are_refused(
    session: Session, settings: Settings
) -> None:
    scenes.give(session, 1_000_000)
    scenes.give(session, 100_000, kind="cash")
    found = scenes.approved(session)
    with pytest.raises(Refused, match=r"只有 1,000.00 元，不够支付"):
        scenes.pay(session, settings.files_dir, found, 100_001, kind="cash")
    with pytest.raises(Refused, match="不能早于决议日期"):
        scenes.pay(session, settings.files_dir, found, 100, on=clock.today() - timedelta(days=10))
    with pytest.raises(Refused, match="付款日期要在它之后"):
        scenes.pay(session, settings.files_dir, found, 100, on=clock.today() - timedelta(days=2))
    with pytest.raises(Refused, match="在未来"):
        scenes.pay(session, settings.files_dir, found, 100, on=clock.today() + timedelta(days=1))
    assert scenes.pool(session) == (1_100_000, 600_000)


def test_prepayment_waits_for_acceptance(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session, spending_kind="project_works")
    number = scenes.pay(session, settings.files_dir, found, 600_000, accepted=False)
    assert {each.account_code for each in ledger.postings_of(session, number)} == {"1141", "1002"}
    assert queries.waiting_for_acceptance_in(session, scenes.fund_id(session)) == [
        (found, "孤寡老人冬季慰问", 600_000)
    ]
    with pytest.raises(Refused, match=r"待验收的金额是 6,000.00 元"):
        _accept(session, found, 600_001)
    with pytest.raises(Refused, match="不能早于付款日期"), transaction(session, books=True):
        payments.accept_disbursement(
            session,
            actor(session, "accountant"),
            found,
            amount_minor=1,
            accepted_on=clock.today() - timedelta(days=1),
        )
    accepted = _accept(session, found, 200_000)
    assert {each.account_code for each in ledger.postings_of(session, accepted)} == {"510101", "1141"}
    with pytest.raises(Refused, match="请先冲销"):
        _reverse(session, number)
    _accept(session, found, 400_000)
    assert queries.waiting_for_acceptance_in(session, scenes.fund_id(session)) == []
    _reverse(session, accepted)
    assert paid.waiting_for_acceptance(session, found)[0] == 200_000
    assert queries.waiting_for_acceptance_in(session, scenes.fund_id(session))[0][2] == 200_000


def test_refund_returns_the_newest_uses_first(session: Session, settings: Settings) -> None:
    first = scenes.give(session, 400_000, on=date(2023, 9, 18))
    second = scenes.give(session, 900_000, on=date(2023, 9, 20))
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 600_000)
    _refund(session, found, 250_000)
    assert _uses(session, found) == [(first, 350_000)]
    assert scenes.pool(session) == (950_000, 0)
    free = session.execute(text("SELECT remaining_minor FROM tranche ORDER BY number")).scalars().all()
    assert (second, free) == (2, [50_000, 900_000])
    with pytest.raises(Refused, match=r"最多可退 3,500.00 元"):
        _refund(session, found, 350_001)
    with pytest.raises(Refused, match=r"最多可退 0.00 元"):
        _refund(session, found, 1, accepted=False)


def test_reversed_payment_is_promised_and_paid_again(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    number = scenes.pay(session, settings.files_dir, found, 600_000)
    for key in ("cashier", "secretary", "chair"):
        with pytest.raises(Forbidden):
            _reverse(session, number, key=key)
    with pytest.raises(Refused) as refusal:
        _reverse(session, number, reason=" ")
    assert refusal.value.field == "reason"
    reversal = _reverse(session, number)
    assert ledger.entry(session, reversal).reverses_number == number
    assert (scenes.status_of(session, found), _paid(session, found)) == ("payable", 0)
    assert scenes.pool(session) == (1_000_000, 600_000)
    with pytest.raises(Conflict, match="已经冲销过"):
        _reverse(session, number)
    scenes.pay(session, settings.files_dir, found, 600_000)
    assert (scenes.status_of(session, found), _paid(session, found)) == ("paid", 600_000)
    assert scenes.pool(session) == (400_000, 0)


def test_payment_with_a_refund_is_not_reversed_before_the_refund(
    session: Session, settings: Settings
) -> None:
    """The second payment used the newest gift; the refund gave exactly that use back."""
    first = scenes.give(session, 350_000, on=date(2023, 9, 18))
    second = scenes.give(session, 900_000, on=date(2023, 9, 20))
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 300_000)
    number = scenes.pay(session, settings.files_dir, found, 300_000)
    refund = _refund(session, found, 250_000)
    assert _uses(session, found) == [(first, 350_000)]
    with pytest.raises(Refused, match="请先冲销"):
        _reverse(session, number)
    assert _uses(session, found) == [(first, 350_000)]
    _reverse(session, refund)
    assert _uses(session, found) == [(first, 350_000), (second, 250_000)]
    _reverse(session, number)
    assert _uses(session, found) == [(first, 300_000)]
    assert _holds(session, found) == [(first, 50_000), (second, 250_000)]
    assert scenes.pool(session) == (950_000, 300_000)


def test_reversing_after_the_rest_was_given_up_promises_all_again(
    session: Session, settings: Settings
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    number = scenes.pay(session, settings.files_dir, found, 200_000)
    with transaction(session, books=True):
        operations.cancel_disbursement(session, actor(session, "secretary"), found, "剩下的不用了")
    assert (scenes.status_of(session, found), _paid(session, found)) == ("paid", 200_000)
    assert scenes.pool(session) == (800_000, 0)
    _reverse(session, number)
    assert (scenes.status_of(session, found), _paid(session, found)) == ("payable", 0)
    assert scenes.pool(session) == (1_000_000, 600_000)
    assert sum(minor for _, minor in _holds(session, found)) == 600_000


def test_refund_to_another_funds_account_is_refused(session: Session, settings: Settings) -> None:
    from tests.factories import make_fund

    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 600_000)
    with transaction(session, books=True):
        other = make_fund(session, "other-fund", "另一个基金").id
    with pytest.raises(Refused, match="不属于本基金"), transaction(session, books=True):
        payments.record_refund(
            session,
            actor(session, "cashier"),
            found,
            amount_minor=100,
            account=ledger.money_account_of_kind(session, other, "bank"),
            received_on=clock.today(),
            accepted=True,
        )
