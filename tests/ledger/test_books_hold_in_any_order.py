"""Gifts, goods, sales, approvals, payments, prepayments, refunds, replacements and reversals in any order: after every
step each invariant is proved anew from the postings, and a tiny model in plain Python agrees on the money."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.disbursements import operations as disbursements
from app.disbursements.payments import operations as payments
from app.donations import operations as donations
from app.goods.operations import GoodsDraft
from app.goods.queries import lines_of
from app.ledger.correction.operations import reverse_entry
from app.ledger.treasury import operations as treasury
from app.sales.closing.operations import reverse_lot_entry
from app.shared import clock
from app.shared.errors import SunledgerError
from tests.ledger.books import DAY, fresh_books, move_oldest

amounts = st.one_of(st.integers(1, 50), st.integers(1, 500_000))
choices = st.integers(0, 10_000)
days = st.integers(0, 40)
purposes = st.sampled_from([1, 2])


class BooksInAnyOrder(RuleBasedStateMachine):
    """Drives the real operations; ``held`` is the model: fen by purpose as plain sums."""

    dialect: ClassVar[str] = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.books = self.stack.enter_context(fresh_books(self.dialect))
        self.held: dict[int, int] = defaultdict(int)
        self.gifts: dict[int, tuple[int, int]] = {}
        self.kinds: list[tuple[int, int]] = []
        self.lines: list[int] = []
        self.lot_entries: dict[int, int] = {}
        self.requests: dict[int, tuple[int, int]] = {}
        self.paid: dict[int, tuple[int, int, int]] = {}
        self.simple: dict[int, tuple[int, int]] = {}
        self.others: list[int] = []

    def teardown(self) -> None:
        self.stack.close()

    @initialize(minor=st.integers(1_000, 500_000))
    def first_gift(self, minor: int) -> None:
        self.give(minor, 1, 0, "bank")

    def attempt(self, act: Any, *arguments: Any, **named: Any) -> Any:
        """Run an operation that may be refused; a refusal leaves the books as they were (the invariants prove it)."""
        before = self.books.pool(1), self.books.pool(2)
        try:
            return act(*arguments, **named)
        except SunledgerError:
            assert (self.books.pool(1), self.books.pool(2)) == before
            return None

    @staticmethod
    def pick(found: Any, choice: int) -> Any:
        listed = list(found)
        return listed[choice % len(listed)]

    @rule(
        minor=amounts, earmark=purposes, late=days, method=st.sampled_from(["bank", "cash", "wechat", "box"])
    )
    def give(self, minor: int, earmark: int, late: int, method: str) -> None:
        gift = self.books.gift(minor, earmark=earmark, on=DAY + timedelta(days=late), method=method)
        self.gifts[gift] = (earmark, minor)
        self.held[earmark] += minor

    @rule(pieces=st.integers(1, 40), minor=amounts)
    def give_goods(self, pieces: int, minor: int) -> None:
        line = self.books.goods(pieces, minor)
        self.lines.append(line)

    @precondition(lambda self: self.lines)
    @rule(choice=choices, more=choices, pieces=st.integers(1, 20), minor=amounts, box=st.integers(0, 300))
    def sell(self, choice: int, more: int, pieces: int, minor: int, box: int) -> None:
        lots = [(self.pick(self.lines, choice), pieces, minor), (self.pick(self.lines, more), 1, 7)]
        posted = self.attempt(self.books.sell, lots, box_minor=box)
        if posted is not None:
            self.held[1] += minor + 7 + box
            self.lot_entries |= {posted[0].number: minor, posted[1].number: 7}

    @precondition(lambda self: self.lot_entries)
    @rule(choice=choices)
    def reverse_lot(self, choice: int) -> None:
        number = self.pick(self.lot_entries, choice)
        if self.attempt(self.books.do, reverse_lot_entry, number, "录错") is not None:
            self.held[1] -= self.lot_entries.pop(number)

    @rule(
        minor=amounts,
        earmark=purposes,
        kind=st.sampled_from(["project_works", "goods_purchase", "management"]),
    )
    def approve(self, minor: int, earmark: int, kind: str) -> None:
        request = self.attempt(self.books.approved, minor, earmark=earmark, kind=kind)
        if request is not None:
            self.requests[request] = (earmark, minor)

    @precondition(lambda self: self.requests)
    @rule(choice=choices, minor=amounts, whole=st.booleans(), accepted=st.booleans(), late=days)
    def pay(self, choice: int, minor: int, whole: bool, accepted: bool, late: int) -> None:
        request = self.pick(self.requests, choice)
        earmark, approved = self.requests[request]
        minor = approved - self.books.disbursement(request).paid_minor if whole else minor
        on = DAY + timedelta(days=40 + late)
        number = self.attempt(self.books.pay, request, minor, on=on, accepted=accepted)
        if number is not None:
            self.paid[number] = (request, earmark, minor)
            self.held[earmark] -= minor

    @precondition(lambda self: self.requests)
    @rule(choice=choices, minor=amounts, late=days)
    def accept(self, choice: int, minor: int, late: int) -> None:
        request = self.pick(self.requests, choice)
        on = DAY + timedelta(days=90 + late)
        posted = self.attempt(
            self.books.do, payments.accept_disbursement, request, amount_minor=minor, accepted_on=on
        )
        if posted is not None:
            self.others.append(posted.number)

    @precondition(lambda self: self.requests)
    @rule(choice=choices, minor=amounts, accepted=st.booleans())
    def refund(self, choice: int, minor: int, accepted: bool) -> None:
        request = self.pick(self.requests, choice)
        earmark = self.requests[request][0]
        posted = self.attempt(
            self.books.do,
            payments.record_refund,
            request,
            amount_minor=minor,
            account=self.books.account("bank"),
            received_on=clock.today(),
            accepted=accepted,
        )
        if posted is not None:
            self.held[earmark] += minor
            self.simple[posted.number] = (earmark, minor)

    @precondition(lambda self: self.paid)
    @rule(choice=choices)
    def reverse_payment(self, choice: int) -> None:
        number = self.pick(self.paid, choice)
        if self.attempt(self.books.do, payments.reverse_payment, number, "付错") is not None:
            _, earmark, minor = self.paid.pop(number)
            self.held[earmark] += minor

    @precondition(lambda self: self.simple)
    @rule(choice=choices)
    def reverse_refund(self, choice: int) -> None:
        number = self.pick(self.simple, choice)
        if self.attempt(self.books.do, payments.reverse_acceptance_or_refund, number, "录错") is not None:
            earmark, minor = self.simple.pop(number)
            self.held[earmark] -= minor

    @precondition(lambda self: self.others)
    @rule(choice=choices)
    def reverse_acceptance(self, choice: int) -> None:
        number = self.pick(self.others, choice)
        if self.attempt(self.books.do, payments.reverse_acceptance_or_refund, number, "录错") is not None:
            self.others.remove(number)

    @precondition(lambda self: self.requests)
    @rule(choice=choices)
    def cancel(self, choice: int) -> None:
        request = self.pick(self.requests, choice)
        self.attempt(self.books.do, disbursements.cancel_disbursement, request, "不再需要")

    @precondition(lambda self: self.gifts)
    @rule(choice=choices, minor=amounts, earmark=purposes)
    def replace_gift(self, choice: int, minor: int, earmark: int) -> None:
        gift = self.pick(self.gifts, choice)
        changed = self.attempt(
            self.books.do, donations.correct_money, gift, "录错", amount_minor=minor, earmark_id=earmark
        )
        if changed is not None:
            before_earmark, before = self.gifts[gift]
            self.held[before_earmark] -= before
            self.held[earmark] += minor
            self.gifts[gift] = (earmark, minor)

    @precondition(lambda self: self.gifts)
    @rule(choice=choices)
    def reverse_gift(self, choice: int) -> None:
        gift = self.pick(self.gifts, choice)
        if self.attempt(self.books.do, donations.reverse_donation, gift, "录错") is not None:
            earmark, minor = self.gifts.pop(gift)
            self.held[earmark] -= minor

    @precondition(lambda self: self.lines)
    @rule(choice=choices, pieces=st.integers(1, 30), minor=amounts)
    def replace_goods(self, choice: int, pieces: int, minor: int) -> None:
        line = self.pick(self.lines, choice)
        gift = (
            self.books.session.connection()
            .exec_driver_sql(f"SELECT source_id FROM goods_line WHERE id = {line}")
            .scalar_one()
        )
        drafts = [GoodsDraft("馕", pieces, "个", minor)]
        if self.attempt(self.books.do, donations.correct_money, gift, "数错", goods=drafts) is not None:
            self.lines.remove(line)
            self.lines.append(lines_of(self.books.session, "donation", gift)[-1].id)

    @rule(
        minor=amounts,
        from_kind=st.sampled_from(["cash", "wechat", "bank"]),
        to_kind=st.sampled_from(["bank", "cash"]),
    )
    def transfer(self, minor: int, from_kind: str, to_kind: str) -> None:
        accounts = self.books.account(from_kind), self.books.account(to_kind)
        self.attempt(self.books.do, treasury.transfer_money, *accounts, minor, DAY + timedelta(days=41))

    @rule(minor=st.integers(1, 3_000))
    def fee(self, minor: int) -> None:
        posted = self.attempt(
            self.books.do, treasury.record_fee, self.books.account("bank"), minor, DAY + timedelta(days=50)
        )
        if posted is not None:
            self.held[1] -= minor

    @rule(minor=amounts, to_road=st.booleans())
    def change_purpose(self, minor: int, to_road: bool) -> None:
        old, new = (1, 2) if to_road else (2, 1)
        moved = self.attempt(self.books.do, move_oldest, minor, old, new)
        if moved is not None:
            self.held[old] -= minor
            self.held[new] += minor

    @rule(minor=st.integers(1, 3_000))
    def interest_then_reversal(self, minor: int) -> None:
        posted = self.books.do(treasury.record_interest, self.books.account("bank"), minor, DAY)
        self.held[1] += minor
        if self.attempt(self.books.do, reverse_entry, posted.number, "录错") is not None:
            self.held[1] -= minor

    @invariant()
    def every_invariant_holds(self) -> None:
        assert self.books.broken() == []

    @invariant()
    def the_model_agrees(self) -> None:
        assert (self.books.pool(1)[0], self.books.pool(2)[0]) == (self.held[1], self.held[2])


class BooksInAnyOrderOnPostgreSQL(BooksInAnyOrder):
    """The same on PostgreSQL."""

    dialect = "postgresql"


# Shrinking takes minutes and helps only a person at work on a failure: run the long test for that.
_quick: dict[str, Any] = {
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "max_examples": int(os.environ.get("SUNLEDGER_EXAMPLES", "12")),
    "stateful_step_count": 30,
}
TestBooksOnSQLite = BooksInAnyOrder.TestCase
TestBooksOnSQLite.settings = settings(**_quick)
TestBooksOnPostgreSQL = BooksInAnyOrderOnPostgreSQL.TestCase
TestBooksOnPostgreSQL.settings = settings(**_quick)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [BooksInAnyOrder, BooksInAnyOrderOnPostgreSQL])
def test_books_hold_over_long_runs(machine: type[BooksInAnyOrder]) -> None:
    """The long version: more histories, each longer."""
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(
            **{**_quick, "phases": tuple(Phase), "max_examples": 120, "stateful_step_count": 60}
        ),
    )
