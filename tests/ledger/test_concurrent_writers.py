"""Many writers at once, each on a connection of its own: nothing acknowledged is lost, nothing is overspent."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from app.disbursements.payments import operations as payments
from app.donations import operations as donations
from app.ledger.models import JournalEntry
from app.shared import clock
from app.shared.errors import SunledgerError
from tests.ledger.books import Books, fresh_books

DIALECTS = ["sqlite", "postgresql"]


def at_once(books: Books, count: int, act: Callable[[Books, int], object]) -> tuple[int, list[BaseException]]:
    """Run ``act`` in ``count`` threads that start together. Returns (how many went through, what others met)."""
    start = threading.Barrier(count)
    done: list[object] = []
    met: list[BaseException] = []

    def run(index: int) -> None:
        mine = Books(books.engine)
        start.wait()
        try:
            done.append(act(mine, index))
        except BaseException as error:
            met.append(error)
        finally:
            mine.session.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done), met


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_gift_is_lost_and_numbers_stay_gapless(dialect: str) -> None:
    with fresh_books(dialect) as books:
        done, met = at_once(
            books, 12, lambda mine, index: [mine.gift(100 + index, name=f"单位{index}") for _ in range(5)]
        )
        assert (done, met) == (12, [])
        assert books.pool(1)[0] == sum(5 * (100 + index) for index in range(12))
        numbers = [
            number for (number,) in books.session.query(JournalEntry.number).order_by(JournalEntry.number)
        ]
        assert numbers == list(range(1, 61))
        assert books.broken() == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_simultaneous_approvals_never_promise_more_than_is_there(dialect: str) -> None:
    with fresh_books(dialect) as books:
        books.gift(1_000)
        requests = [books.request(300) for _ in range(8)]
        done, met = at_once(books, 8, lambda mine, index: mine.approve(requests[index]))
        assert done == 3
        assert all(isinstance(error, SunledgerError) for error in met), met
        assert books.pool(1) == (1_000, 900)
        assert books.broken() == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_simultaneous_payments_never_pay_twice(dialect: str) -> None:
    with fresh_books(dialect) as books:
        books.gift(1_000)
        request = books.approved(900)
        done, met = at_once(books, 6, lambda mine, index: mine.pay(request, 400))
        assert done == 2
        assert all(isinstance(error, SunledgerError) for error in met), met
        assert books.disbursement(request).paid_minor == 800
        assert books.pool(1) == (200, 100)
        assert books.broken() == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_gifts_corrections_and_payments_at_once_leave_the_books_whole(dialect: str) -> None:
    with fresh_books(dialect) as books:
        for _ in range(4):
            books.gift(500)
        request = books.approved(1_500)
        acts: list[Callable[[Books], object]] = [
            lambda mine: mine.gift(250),
            lambda mine: mine.pay(request, 500),
            lambda mine: mine.approved(200),
        ]
        _, met = at_once(books, 12, lambda mine, index: acts[index % 3](mine))
        assert all(isinstance(error, SunledgerError) for error in met), met
        assert books.broken() == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_gift_can_be_corrected_after_its_payment_came_back(dialect: str) -> None:
    with fresh_books(dialect) as books:
        gift = books.gift(500)
        request = books.approved(200)
        books.pay(request, 200)
        books.do(
            payments.record_refund,
            request,
            amount_minor=150,
            account=books.account("bank"),
            received_on=clock.today(),
            accepted=True,
        )
        books.do(donations.correct_money, gift, "录错", amount_minor=300)
        assert books.pool(1) == (250, 0)
        assert books.broken() == []
