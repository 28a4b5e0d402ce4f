"""Members, interests, edits, votes at once, signatures, objections, holds and payments in any order, on both engines and on
connections of their own: whatever happens, no request is paid that was not approved, was objected to, held, overdrawn, or
decided by somebody with an interest."""

from __future__ import annotations

import contextvars
import os
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.council import operations as council
from app.council.checks import check_council
from app.council.interests.operations import InterestDraft, declare_interest
from app.council.notice import operations as notice
from app.council.notice.checks import check_notices
from app.council.notice.queries import notice_of, objections_to
from app.council.queries import matter_of
from app.disbursements import operations
from app.disbursements.checks import check_disbursements
from app.disbursements.models import Disbursement, Payment
from app.disbursements.payments import operations as payments
from app.disbursements.rules import DisbursementDraft
from app.disbursements.states import EDITABLE
from app.files.operations import attach_file
from app.ledger import queries as ledger
from app.ledger.checks import check_ledger
from app.ledger.treasury.operations import record_opening
from app.log.checks import check_log
from app.parties.operations import PartyDraft
from app.shared import clock, encryption, guards
from app.shared.db import transaction
from app.shared.errors import SunledgerError
from app.shared.permissions import Actor
from app.web import schema
from tests.council.judge import Tie, wrong_payments
from tests.factories import CAST, actor, make_cast
from tests.ledger.books import fresh_engine, open_engine

SEATED = [member.key for member in CAST if member.seat is not None]
PAYEES = ["社区超市", "某粮油店", "修路队"]
START = datetime(2023, 9, 18, 2, tzinfo=UTC)
choices = st.integers(0, 10_000)
members = st.sampled_from(SEATED)
amounts = st.one_of(st.integers(1, 900_000), st.integers(9_000_000, 12_000_000))
ballots = st.sampled_from(["approve", "approve", "approve", "reject", "abstain", "recuse"])


def prepare(url: str) -> None:
    """A fund with its cast and money, taken office in 2023."""
    schema.load_models()
    encryption.use_key(b"0" * 32)
    engine = open_engine(url)
    with clock.simulated(START):
        schema.upgrade(engine)
        with Session(engine, expire_on_commit=False) as session:
            with transaction(session, books=True):
                make_cast(session)
            with transaction(session, books=True):
                earmark = ledger.unrestricted_earmark(session, 1)
                account = ledger.money_account_of_kind(session, 1, "bank")
                record_opening(
                    session, actor(session, "accountant"), account, earmark, 20_000_000, date(2023, 9, 18)
                )
    engine.dispose()


class CouncilInAnyOrder(RuleBasedStateMachine):
    """Drives the real operations; ``judge`` proves every payment from the rows."""

    dialect: ClassVar[str] = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.engine = self.stack.enter_context(fresh_engine(self.dialect, prepare))
        self.session = self.stack.enter_context(Session(self.engine, expire_on_commit=False))
        self.now = self.stack.enter_context(clock.simulated(START))
        self.people = {member.key: actor(self.session, member.key) for member in CAST}
        self.session.rollback()
        self.requests: list[int] = []
        self.ties: list[Tie] = []

    def teardown(self) -> None:
        self.session.rollback()
        event(f"payments: {self.session.query(Payment).count()}")
        self.stack.close()

    def do(self, key: str | None, act: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """One transaction through the real operation; a refusal changes nothing, which the invariants prove."""
        self.now.advance(timedelta(minutes=1))
        who = (self.people[key],) if key is not None else ()
        try:
            with transaction(self.session, books=True):
                return act(self.session, *who, *arguments, **named)
        except SunledgerError:
            self.session.rollback()
            return None

    def at_once(self, acts: list[Callable[[Session], Any]]) -> int:
        """Each act in a thread, a connection and a transaction of its own, all at the same moment; how many were done."""
        self.now.advance(timedelta(minutes=1))
        self.session.rollback()
        start = threading.Barrier(len(acts))

        def run(act: Callable[[Session], Any]) -> bool:
            encryption.use_key(b"0" * 32)
            with Session(self.engine, expire_on_commit=False) as own:
                start.wait()
                try:
                    with transaction(own, books=True):
                        act(own)
                except SunledgerError:
                    return False
                return True

        with ThreadPoolExecutor(len(acts)) as threads:
            done = [threads.submit(contextvars.copy_context().run, run, act) for act in acts]
            return sum(each.result() for each in done)

    def pick(self, choice: int) -> Disbursement:
        self.session.rollback()
        self.session.expire_all()
        return self.session.get_one(Disbursement, self.requests[choice % len(self.requests)])

    def draft(self, minor: int, payee: str) -> DisbursementDraft:
        return DisbursementDraft(
            1,
            ledger.unrestricted_earmark(self.session, 1).id,
            "冬季慰问",
            PartyDraft("organisation", "金华社区居委会"),
            PartyDraft("organisation", payee),
            minor,
            "goods_purchase",
            "为 32 户老人购买米面油",
            clock.today(),
        )

    @initialize(minor=amounts, payee=st.sampled_from(PAYEES), by=st.sampled_from(["secretary", "chair"]))
    def first_request(self, minor: int, payee: str, by: str) -> None:
        self.ask(minor, payee, by)

    @rule(
        minor=amounts,
        payee=st.sampled_from(PAYEES),
        by=st.sampled_from(["secretary", "chair", "council", "council_2"]),
    )
    def ask(self, minor: int, payee: str, by: str) -> None:
        found = self.do(by, operations.draft_disbursement, self.draft(minor, payee))
        if found is not None:
            self.requests.append(found.id)
            self.do(by, operations.submit_disbursement, found.id)
            self.do("secretary", operations.put_to_vote, found.id)

    @rule(member=members, payee=st.sampled_from(PAYEES))
    def declare(self, member: str, payee: str) -> None:
        draft = InterestDraft(1, self.people[member].user_id or 0, "employer", payee)
        if self.do(member, declare_interest, draft) is not None:
            self.ties.append(Tie(draft.user_id, payee, str(clock.now().replace(tzinfo=None))))

    @precondition(lambda self: self.requests)
    @rule(choice=choices, minor=amounts, payee=st.sampled_from(PAYEES))
    def send_back_and_edit(self, choice: int, minor: int, payee: str) -> None:
        found = self.pick(choice)
        self.do("secretary", operations.return_disbursement, found.id, "请补充")
        if self.pick(choice).status in EDITABLE:
            self.do("secretary", operations.edit_disbursement, found.id, self.draft(minor, payee))
            self.do("secretary", operations.submit_disbursement, found.id)

    def ballot(self, choice: int, member: str, vote: str) -> Callable[[Session], Any] | None:
        found = self.pick(choice)
        matter = matter_of(self.session, "disbursement", found.id)
        if matter is None:
            return None
        who, request, read = self.people[member], found.id, matter.text_hash
        return lambda own: operations.vote(own, who, request, vote, "理由", read)

    @precondition(lambda self: self.requests)
    @rule(choice=choices, votes=st.lists(st.tuples(members, ballots), min_size=1, max_size=5))
    def vote(self, choice: int, votes: list[tuple[str, str]]) -> None:
        for member, ballot in votes:
            act = self.ballot(choice, member, ballot)
            if act is not None:
                self.do(None, act)

    @precondition(lambda self: self.requests)
    @rule(choice=choices, votes=st.lists(st.tuples(members, ballots), min_size=2, max_size=4))
    def vote_at_once(self, choice: int, votes: list[tuple[str, str]]) -> None:
        acts = [act for member, ballot in votes if (act := self.ballot(choice, member, ballot)) is not None]
        if len(acts) > 1:
            self.at_once(acts)

    @precondition(lambda self: self.requests)
    @rule(
        choice=choices,
        kind=st.sampled_from(["opinion", "host", "host_decision", "officer"]),
        says=st.sampled_from(["approve", "approve", "reject"]),
    )
    def sign(self, choice: int, kind: str, says: str) -> None:
        found = self.pick(choice)
        matter = matter_of(self.session, "disbursement", found.id)
        if matter is not None:
            key = {"opinion": "supervisor", "officer": "chair"}.get(kind, "host")
            self.do(key, council.endorse, matter, kind, says, "意见", matter.text_hash)

    @precondition(lambda self: self.requests)
    @rule(choice=choices, words=st.sampled_from(["价格太高", "有亲属关系"]))
    def object(self, choice: int, words: str) -> None:
        found = notice_of(self.session, "disbursement", self.pick(choice).id)
        if found is not None:
            self.do(None, notice.object_to, found, ground="price", words=words, contact="13900000000")
            self.do(None, operations.advance_due, Actor(None, ""))

    @precondition(lambda self: self.requests)
    @rule(choice=choices, how=st.sampled_from(["answer", "dismiss"]))
    def close_objections(self, choice: int, how: str) -> None:
        for objection in objections_to(self.session, "disbursement", self.pick(choice).id):
            if how == "answer":
                self.do("secretary", notice.answer_objection, objection.number, "已核对，价格与市价相符")
            else:
                for key in ("chair", "supervisor"):
                    self.do(key, notice.dismiss_objection, objection.number, "与本申请无关")

    @precondition(lambda self: self.requests)
    @rule(choice=choices, lift=st.booleans())
    def hold(self, choice: int, lift: bool) -> None:
        found = self.pick(choice)
        if lift:
            self.do("supervisor", notice.lift_hold, "disbursement", found.id, "已核对")
        else:
            self.do("supervisor", notice.place_hold, 1, "disbursement", found.id, "发票存疑")

    @rule(days=st.integers(1, 16), sweep=st.booleans())
    def wait(self, days: int, sweep: bool) -> None:
        self.now.advance(timedelta(days=days))
        if sweep:
            self.do(None, operations.advance_due, Actor(None, ""))

    def payment(self, choice: int, minor: int, by: str, back: int) -> Callable[[Session], Any]:
        found, who = self.pick(choice), self.people[by]
        left = found.amount_minor - found.paid_minor
        wanted = left if minor % 3 else max(left // 2, 1)
        request, on = found.id, clock.today() - timedelta(days=back)

        def act(own: Session) -> None:
            attach_file(
                own,
                who,
                self.folder,
                subject_type="disbursement",
                subject_id=request,
                purpose="bank_slip",
                name="回单.pdf",
                content=b"%PDF-1.4 slip",
            )
            account = ledger.money_account_of_kind(own, 1, "bank")
            payments.pay_disbursement(own, who, request, amount_minor=wanted, account=account, paid_on=on)

        return act

    @precondition(lambda self: self.requests)
    @rule(
        choice=choices,
        minor=choices,
        by=st.sampled_from(["cashier", "cashier", "cashier", "secretary", "chair"]),
        back=st.sampled_from([0, 0, 0, 5, 9]),
    )
    def pay(self, choice: int, minor: int, by: str, back: int) -> None:
        self.do(None, self.payment(choice, minor, by, back))

    @precondition(lambda self: self.requests)
    @rule(choice=choices, minor=choices)
    def pay_at_once(self, choice: int, minor: int) -> None:
        self.at_once([self.payment(choice, minor, "cashier", 0) for _ in range(2)])

    @precondition(lambda self: self.requests)
    @rule(choice=choices)
    def pay_and_hold_at_once(self, choice: int) -> None:
        found, who = self.pick(choice).id, self.people["supervisor"]
        pay = self.payment(choice, 1, "cashier", 0)
        self.at_once([pay, lambda own: notice.place_hold(own, who, 1, "disbursement", found, "发票存疑")])

    @precondition(lambda self: self.requests)
    @rule(
        choice=choices,
        end=st.sampled_from([operations.withdraw_disbursement, operations.cancel_disbursement]),
    )
    def give_up(self, choice: int, end: Callable[..., Any]) -> None:
        self.do("secretary", end, self.pick(choice).id, "不需要了")

    @precondition(lambda self: self.requests)
    @rule(choice=choices, minor=choices)
    def run_to_the_end(self, choice: int, minor: int) -> None:
        """A lawful way, so that payments are not rare: everybody free votes for it, the days pass, it is paid."""
        for member in SEATED:
            act = self.ballot(choice, member, "approve")
            if act is not None:
                self.do(None, act)
        for kind in ("opinion", "host", "host_decision"):
            self.sign(choice, kind, "approve")
        self.close_objections(choice, "answer")
        self.now.advance(timedelta(days=9))
        self.do(None, operations.advance_due, Actor(None, ""))
        self.do(None, self.payment(choice, minor, "cashier", 0))

    @rule(
        minor=st.integers(1, 900_000),
        payee=st.sampled_from(PAYEES),
        by=st.sampled_from(["secretary", "chair"]),
        disturbed=st.sampled_from(["", "", "", "object", "hold", "pay_at_once", "edit"]),
    )
    def whole_life(self, minor: int, payee: str, by: str, disturbed: str) -> None:
        """A request of its own from the first word to the payment, with or without something in between."""
        self.ask(minor, payee, by)
        newest = len(self.requests) - 1
        if disturbed == "edit":
            self.send_back_and_edit(newest, minor + 1, payee)
            self.do("secretary", operations.put_to_vote, self.requests[newest])
        for member in SEATED:
            act = self.ballot(newest, member, "approve")
            if act is not None:
                self.do(None, act)
        if disturbed == "object":
            self.object(newest, "价格太高")
        elif disturbed == "hold":
            self.hold(newest, False)
        self.now.advance(timedelta(days=9))
        self.do(None, operations.advance_due, Actor(None, ""))
        if disturbed == "pay_at_once":
            self.pay_at_once(newest, 1)
        else:
            self.do(None, self.payment(newest, 1, "cashier", 0))

    @invariant()
    def no_payment_was_wrong(self) -> None:
        self.session.rollback()
        assert wrong_payments(self.session, self.ties) == []

    @invariant()
    def every_invariant_holds(self) -> None:
        self.session.rollback()
        self.session.expire_all()
        for prove in (check_ledger, check_council, check_notices, check_disbursements, check_log):
            for check in prove(self.session):
                assert check.problems == [], check.name


class CouncilInAnyOrderOnPostgreSQL(CouncilInAnyOrder):
    """The same on PostgreSQL."""

    dialect = "postgresql"


_quick: dict[str, Any] = {
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "max_examples": int(os.environ.get("SUNLEDGER_EXAMPLES", "6")),
    "stateful_step_count": 25,
}
TestCouncilOnSQLite = CouncilInAnyOrder.TestCase
TestCouncilOnSQLite.settings = settings(**_quick)
TestCouncilOnPostgreSQL = CouncilInAnyOrderOnPostgreSQL.TestCase
TestCouncilOnPostgreSQL.settings = settings(**_quick)


def _payments(machine: CouncilInAnyOrder) -> int:
    machine.session.rollback()
    return machine.session.query(Payment).count()


@pytest.mark.parametrize("kind", [CouncilInAnyOrder, CouncilInAnyOrderOnPostgreSQL])
def test_machine_pays_what_may_be_paid_and_the_judge_sees_what_may_not(kind: type[CouncilInAnyOrder]) -> None:
    machine = kind()
    try:
        machine.whole_life(600_000, PAYEES[0], "secretary", "")
        assert _payments(machine) == 1
        for disturbed in ("object", "hold"):
            machine.whole_life(50_000, PAYEES[1], "secretary", disturbed)
            assert _payments(machine) == 1
        machine.whole_life(70_000, PAYEES[2], "chair", "pay_at_once")
        assert _payments(machine) == 2
        machine.no_payment_was_wrong()
        machine.every_invariant_holds()
        # Past the operations and with the guards off, the judge finds it.
        held = machine.requests[-2]
        machine.session.rollback()
        with machine.engine.connect().execution_options(sunledger_write=True) as connection:
            guards.remove(connection)
            connection.execute(
                text(
                    "INSERT INTO payment (disbursement_id, kind, amount_minor, is_accepted, occurred_on, "
                    "voucher_number, entry_number, recorded_by_id, recorded_at) "
                    "SELECT :request, kind, 1, is_accepted, occurred_on, '', 1, recorded_by_id, :now "
                    "FROM payment WHERE id = 1"
                ),
                {"request": held, "now": str(clock.now().replace(tzinfo=None))},
            )
            connection.commit()
        machine.session.rollback()
        (found,) = {
            each.split(": ")[1] for each in wrong_payments(machine.session, []) if "notice" not in each
        }
        assert found == "the supervisor held it"
    finally:
        machine.stack.close()


@pytest.mark.slow
@pytest.mark.parametrize("machine", [CouncilInAnyOrder, CouncilInAnyOrderOnPostgreSQL])
def test_council_holds_over_long_runs(machine: type[CouncilInAnyOrder]) -> None:
    """The long version: more histories, each longer."""
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(
            **{**_quick, "phases": tuple(Phase), "max_examples": 60, "stateful_step_count": 50}
        ),
    )
