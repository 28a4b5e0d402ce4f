"""Whatever happens in the books, a stranger recomputes the same figures from the leaves alone."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.log.queries import leaves
from app.settings import ROOT
from tests.ledger.test_books_hold_in_any_order import BooksInAnyOrder


def load_program() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "verify_sunledger", ROOT / "static" / "verify" / "verify_sunledger.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROGRAM = load_program()


class RecomputedFromLeaves(BooksInAnyOrder):
    """The same operations in any order; at the end the leaves are handed to verify_sunledger.py."""

    def every_invariant_holds(self) -> None:
        """Not asked at every step: the program's answer at the end is the subject."""

    def teardown(self) -> None:
        try:
            with Session(self.books.engine) as session:
                books = PROGRAM.recompute([leaf.body for leaf in leaves(session)])
                gifts = session.execute(
                    text(
                        "SELECT number, remaining_minor, held_minor, used_minor, withdrawn_minor FROM tranche"
                    )
                )
                assert {row[0]: tuple(row[1:]) for row in gifts} == {
                    number: (each.remaining, each.held, each.used, each.withdrawn)
                    for number, each in books.tranches.items()
                }
                pools = session.execute(text("SELECT earmark_id, held_minor FROM pool"))
                assert {row[0]: row[1] for row in pools} == {
                    earmark: books.pools.get(earmark, 0) for earmark in books.fund_of_earmark
                }
        finally:
            super().teardown()


def test_leaves_give_the_figures_of_the_books() -> None:
    run_state_machine_as_test(
        RecomputedFromLeaves,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
