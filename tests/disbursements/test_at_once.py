"""Two people press at the same moment, on both engines: money is promised and paid once, and never beyond what there is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.council.queries import matter_of
from app.disbursements import operations
from app.disbursements.payments import operations as payments
from app.ledger import queries as ledger
from app.settings import Settings
from app.shared import clock, encryption
from app.shared.db import transaction
from app.shared.errors import Conflict, Refused
from app.shared.permissions import Actor
from tests import installation
from tests.disbursements import scenes
from tests.factories import actor

Act = Callable[[Session], object]


def _at_once(engine: Engine, acts: list[Act]) -> list[str]:
    """Run each act in a thread and a transaction of its own, all starting together; "done" or the refusal of each."""
    start = threading.Barrier(len(acts))

    def run(act: Act) -> str:
        encryption.use_key(installation.DATA_KEY)
        with Session(engine, expire_on_commit=False) as own:
            start.wait()
            try:
                with transaction(own, books=True):
                    act(own)
            except (Refused, Conflict) as error:
                return type(error).__name__
            return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def _vote(found: int, who: Actor) -> Act:
    def act(own: Session) -> None:
        matter = matter_of(own, "disbursement", found)
        assert matter is not None
        operations.vote(own, who, found, "approve", "", matter.text_hash)

    return act


def _pay(found: int, who: Actor, minor: int, key: str | None = None) -> Act:
    def act(own: Session) -> None:
        payments.pay_disbursement(
            own,
            who,
            found,
            amount_minor=minor,
            account=ledger.money_account_of_kind(own, scenes.fund_id(own), "bank"),
            paid_on=clock.today(),
            key=key,
        )

    return act


def test_approvals_at_once_never_promise_more_than_there_is(session: Session, engine: Engine) -> None:
    scenes.give(session, 1_000_000)
    requests = [scenes.submitted(session, 300_000, project_name=f"项目 {each}") for each in range(6)]
    for found in requests:
        for member in scenes.MEMBERS[1:4]:
            scenes.vote(session, found, member, "approve")
    last = actor(session, "council_4")
    session.rollback()
    results = _at_once(engine, [_vote(found, last) for found in requests])
    assert sorted(results) == ["Refused"] * 3 + ["done"] * 3
    assert scenes.pool(session) == (1_000_000, 900_000)
    states = sorted(scenes.status_of(session, found) for found in requests)
    assert states == ["in_notice"] * 3 + ["in_vote"] * 3
    held, remaining = session.execute(text("SELECT SUM(held_minor), SUM(remaining_minor) FROM tranche")).one()
    assert (held, remaining) == (900_000, 100_000)


def test_votes_of_one_member_at_once_count_once(session: Session, engine: Engine) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    who = actor(session, "council")
    session.rollback()
    results = _at_once(engine, [_vote(found, who)] * 5)
    assert sorted(results) == ["Conflict"] * 4 + ["done"]
    session.rollback()
    assert session.execute(text("SELECT COUNT(*) FROM vote")).scalar() == 1


def test_payments_at_once_never_pay_more_than_was_approved(
    session: Session, engine: Engine, settings: Settings
) -> None:
    scenes.give(session, 2_000_000)
    found = scenes.approved(session, 600_000)
    with transaction(session):
        scenes.attach_slip(session, settings.files_dir, found)
    who = actor(session, "cashier")
    session.rollback()
    results = _at_once(engine, [_pay(found, who, 200_000)] * 6)
    assert results.count("done") == 3
    assert scenes.status_of(session, found) == "paid"
    assert scenes.pool(session) == (1_400_000, 0)
    numbers = session.execute(text("SELECT number FROM journal_entry ORDER BY number")).scalars().all()
    assert numbers == [1, 2, 3, 4]


def test_same_form_at_once_pays_once(session: Session, engine: Engine, settings: Settings) -> None:
    scenes.give(session, 2_000_000)
    found = scenes.approved(session, 600_000)
    with transaction(session):
        scenes.attach_slip(session, settings.files_dir, found)
    who = actor(session, "cashier")
    session.rollback()
    results = _at_once(engine, [_pay(found, who, 100_000, key="f" * 32)] * 5)
    assert results == ["done"] * 5
    assert scenes.pool(session) == (1_900_000, 500_000)


def test_payments_at_once_never_overdraw_the_account(
    session: Session, engine: Engine, settings: Settings
) -> None:
    """Enough in the pool, too little at the bank: the rest lies in cash."""
    scenes.give(session, 500_000)
    scenes.give(session, 500_000, kind="cash")
    requests = [scenes.approved(session, 300_000, project_name=f"项目 {each}") for each in range(3)]
    with transaction(session):
        for found in requests:
            scenes.attach_slip(session, settings.files_dir, found)
    who = actor(session, "cashier")
    session.rollback()
    results = _at_once(engine, [_pay(found, who, 300_000) for found in requests])
    assert sorted(results) == ["Refused", "Refused", "done"]
    bank = ledger.money_account_of_kind(session, scenes.fund_id(session), "bank")
    assert ledger.balance_on(session, bank.id, clock.today()) == 200_000
    assert scenes.pool(session) == (700_000, 600_000)


def test_payment_and_cancellation_at_once_leave_one_truth(
    session: Session, engine: Engine, settings: Settings
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session, 600_000)
    with transaction(session):
        scenes.attach_slip(session, settings.files_dir, found)
    cashier, secretary = actor(session, "cashier"), actor(session, "secretary")
    session.rollback()

    def cancel(own: Session) -> None:
        operations.cancel_disbursement(own, secretary, found, "不需要了")

    results = _at_once(engine, [_pay(found, cashier, 600_000), cancel])
    assert sorted(results) == ["Conflict", "done"]
    expected = {"paid": (400_000, 0), "cancelled": (1_000_000, 0)}
    assert scenes.pool(session) == expected[scenes.status_of(session, found)]
