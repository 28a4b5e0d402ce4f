"""After the payment: the use is shown and judged, what is not accepted comes back, it arrives, and the request is closed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.disbursements.payments import operations as payments
from app.disbursements.proof import operations, queries
from app.disbursements.proof.models import ProofJudgement, ProofOfUse
from app.disbursements.proof.rules import Standing, missing_papers
from app.ledger import queries as ledger
from app.ledger.tracing.queries import uses_of_source
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests.disbursements import scenes
from tests.factories import actor

PAPERS = {"invoice": [("发票.pdf", scenes.PDF)], "sign_off": [("签收表.pdf", scenes.PDF + b" signed")]}


def _paid(session: Session, settings: Settings, minor: int = 600_000, **changes: object) -> int:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session, minor, **changes)
    scenes.pay(session, settings.files_dir, found, minor)
    return found


def _show(
    session: Session,
    settings: Settings,
    found: int,
    minor: int,
    *,
    papers: operations.Papers | None = None,
    key: str | None = None,
    by: str = "secretary",
) -> int:
    with transaction(session, books=True):
        return operations.submit_proof(
            session,
            actor(session, by),
            settings.files_dir,
            found,
            used_minor=minor,
            words="米 32 袋、面 32 袋，送到 32 户",
            papers=PAPERS if papers is None else papers,
            key=key,
        ).number


def _judge(
    session: Session, found: int, number: int, minor: int, reason: str = "", by: str = "accountant"
) -> str:
    with transaction(session, books=True):
        return operations.judge_proof(
            session, actor(session, by), found, number, accepted_minor=minor, reason=reason
        ).status


def _deliver(session: Session, settings: Settings, found: int) -> str:
    with transaction(session, books=True):
        return operations.record_delivery(
            session,
            actor(session, "secretary"),
            settings.files_dir,
            found,
            delivered_on=clock.today(),
            recipients=32,
            words="送到 32 户孤寡老人家里",
        ).status


def _close(session: Session, found: int, by: str = "secretary") -> str:
    with transaction(session, books=True):
        return operations.close_disbursement(session, actor(session, by), found).status


def test_use_is_shown_accepted_brought_and_closed(session: Session, settings: Settings) -> None:
    found = _paid(session, settings)
    number = _show(session, settings, found, 600_000)
    assert scenes.status_of(session, found) == "paid"
    assert _judge(session, found, number, 600_000) == "proven"
    with pytest.raises(Conflict, match="还不能结项"):
        _close(session, found)
    assert _deliver(session, settings, found) == "delivered"
    delivery = queries.delivery_of(session, found)
    assert delivery is not None
    assert (delivery.recipients, delivery.words) == (32, "送到 32 户孤寡老人家里")
    assert _close(session, found) == "closed"
    with pytest.raises(Conflict):
        _close(session, found)


def test_what_is_not_accepted_comes_back_to_the_gifts_it_came_from(
    session: Session, settings: Settings
) -> None:
    scenes.give(session, 100_000)
    found = _paid(session, settings)
    number = _show(session, settings, found, 600_000)
    with pytest.raises(Refused) as refusal:
        _judge(session, found, number, 450_000)
    assert refusal.value.field == "reason"
    assert _judge(session, found, number, 450_000, "发票 1,500 元与申请无关") == "paid"
    assert queries.standing(session, found) == Standing(600_000, 0, 450_000, 0)
    used = dict(uses_of_source(session, "disbursement", found))
    with transaction(session, books=True):
        payments.record_refund(
            session,
            actor(session, "cashier"),
            found,
            amount_minor=150_000,
            account=ledger.money_account_of_kind(session, scenes.fund_id(session), "bank"),
            received_on=clock.today(),
            accepted=True,
        )
    assert scenes.status_of(session, found) == "proven"
    left = dict(uses_of_source(session, "disbursement", found))
    assert sum(used.values()) - sum(left.values()) == 150_000
    # The newest use came back first, and that money is free again.
    assert scenes.pool(session) == (650_000, 0)


def test_judgement_is_changed_by_a_further_version_with_a_reason(
    session: Session, settings: Settings
) -> None:
    found = _paid(session, settings)
    number = _show(session, settings, found, 600_000)
    _judge(session, found, number, 600_000)
    with pytest.raises(Conflict, match="已经这样验收过"):
        _judge(session, found, number, 600_000)
    assert _judge(session, found, number, 500_000, "一张发票重复") == "paid"
    assert _judge(session, found, number, 600_000, "核对后不是重复") == "proven"
    session.rollback()
    assert session.query(ProofJudgement).count() == 3


def test_parts_are_shown_one_after_another_and_never_beyond_what_was_paid(
    session: Session, settings: Settings
) -> None:
    found = _paid(session, settings)
    first = _show(session, settings, found, 400_000)
    with pytest.raises(InputRefused, match=r"不能超过还没有凭证的 2,000.00 元"):
        _show(session, settings, found, 200_001)
    second = _show(session, settings, found, 200_000, papers={})
    assert _judge(session, found, first, 400_000) == "paid"
    assert _judge(session, found, second, 200_000) == "proven"


def test_second_click_shows_once(session: Session, settings: Settings) -> None:
    found = _paid(session, settings)
    first = _show(session, settings, found, 300_000, key="k" * 32)
    assert _show(session, settings, found, 300_000, key="k" * 32) == first
    assert queries.standing(session, found).unjudged_minor == 300_000


@pytest.mark.parametrize(
    ("kind", "kept", "missing"),
    [
        ("goods_purchase", set(), ["invoice", "sign_off"]),
        ("goods_purchase", {"invoice"}, ["sign_off"]),
        ("project_works", {"invoice", "photo"}, ["acceptance_report"]),
        ("individual_aid", {"sign_off"}, []),
        ("management", set(), ["invoice"]),
    ],
)
def test_each_kind_of_spending_needs_its_papers(kind: str, kept: set[str], missing: list[str]) -> None:
    assert missing_papers(kind, kept) == missing


def test_missing_paper_is_named_beside_its_field(session: Session, settings: Settings) -> None:
    found = _paid(session, settings, spending_kind="project_works")
    with pytest.raises(InputRefused) as refusal:
        _show(session, settings, found, 600_000, papers={"invoice": [("发票.pdf", scenes.PDF)]})
    assert [(each.field, str(each)) for each in refusal.value.refusals] == [
        ("acceptance_report", "工程要有竣工验收报告")
    ]
    session.rollback()
    assert session.query(ProofOfUse).count() == 0


def test_prepayment_is_proven_only_once_it_is_accepted_in_the_books(
    session: Session, settings: Settings
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 600_000, accepted=False)
    number = _show(session, settings, found, 600_000)
    assert _judge(session, found, number, 600_000) == "paid"
    with transaction(session, books=True):
        payments.accept_disbursement(
            session, actor(session, "accountant"), found, amount_minor=600_000, accepted_on=clock.today()
        )
    assert scenes.status_of(session, found) == "proven"


def test_nobody_judges_what_they_asked_for_showed_or_paid(session: Session, settings: Settings) -> None:
    found = _paid(session, settings)
    number = _show(session, settings, found, 600_000)
    for key in ("secretary", "cashier", "chair", "council", "supervisor"):
        with pytest.raises(Forbidden):
            _judge(session, found, number, 600_000, by=key)
    session.rollback()
    proof = queries.proof(session, found, number)
    for key, name in (
        ("secretary", "(judge_is_not_requester|nobody_judges_their_own_proof)"),
        ("cashier", "judge_is_not_payer"),
    ):
        row = {
            "proof_id": proof.id,
            "version": 1,
            "accepted_minor": 1,
            "reason": "",
            "judged_by_id": actor(session, key).user_id,
            "judged_at": datetime.now(UTC),
        }
        with pytest.raises(DBAPIError, match=name), transaction(session):
            session.execute(insert(ProofJudgement), [row])
    row = {**row, "judged_by_id": actor(session, "accountant").user_id, "accepted_minor": 600_001}
    with pytest.raises(DBAPIError, match="accepted_is_within_what_was_shown"), transaction(session):
        session.execute(insert(ProofJudgement), [row])


def test_proven_payment_is_not_reversed(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    entry = scenes.pay(session, settings.files_dir, found, 600_000)
    _judge(session, found, _show(session, settings, found, 600_000), 600_000)
    with pytest.raises(Refused, match="请先撤销验收"), transaction(session, books=True):
        payments.reverse_payment(session, actor(session, "accountant"), entry, "付错")


def test_arrival_by_mistake_is_taken_back_with_a_reason(session: Session, settings: Settings) -> None:
    found = _paid(session, settings)
    _judge(session, found, _show(session, settings, found, 600_000), 600_000)
    _deliver(session, settings, found)

    def take_back(reason: str) -> str:
        with transaction(session, books=True):
            return operations.take_back_delivery(session, actor(session, "secretary"), found, reason).status

    with pytest.raises(Refused):
        take_back(" ")
    assert take_back("还有两户没有送到") == "proven"
    assert queries.delivery_of(session, found) is None
    assert _deliver(session, settings, found) == "delivered"
    assert queries.delivery_versions(session, found) == 3


def test_cost_that_reaches_nobody_outside_is_closed_once_it_is_proven(
    session: Session, settings: Settings
) -> None:
    found = _paid(session, settings, spending_kind="management")
    assert _judge(session, found, _show(session, settings, found, 600_000), 600_000) == "proven"
    with pytest.raises(Forbidden):
        _close(session, found, by="council")
    assert _close(session, found) == "closed"


def test_request_whose_money_all_came_back_is_closed(session: Session, settings: Settings) -> None:
    found = _paid(session, settings)
    with pytest.raises(Conflict, match="还不能结项"):
        _close(session, found)
    with transaction(session, books=True):
        payments.record_refund(
            session,
            actor(session, "cashier"),
            found,
            amount_minor=600_000,
            account=ledger.money_account_of_kind(session, scenes.fund_id(session), "bank"),
            received_on=clock.today(),
            accepted=True,
        )
    assert _close(session, found) == "closed"
    assert scenes.pool(session) == (1_000_000, 0)
