"""Money moves to another purpose gift by gift: what each gift became can be told, and every invariant holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.ledger.correction.operations import reverse_entry
from app.ledger.operations import Posted
from app.ledger.tracing.models import Tranche
from app.shared.errors import Refused
from tests.ledger.books import DAY, Books, fresh_books, move_oldest


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    with fresh_books(request.param) as found:
        yield found


def _move(books: Books, minor: int, old: int = 2, new: int = 1) -> list[Posted]:
    return books.do(move_oldest, minor, old, new)


def test_money_moves_oldest_gift_first_and_keeps_its_turn(books: Books) -> None:
    books.gift(30_000, earmark=2, on=DAY + timedelta(days=1))
    books.gift(50_000, earmark=2, on=DAY)
    moved = _move(books, 60_000)
    assert (books.pool(2), books.pool(1)) == ((20_000, 0), (60_000, 0))
    books.session.rollback()
    old = books.session.scalars(
        select(Tranche).where(Tranche.earmark_id == 2).order_by(Tranche.received_on)
    ).all()
    assert [(each.amount_minor, each.withdrawn_minor, each.remaining_minor) for each in old] == [
        (50_000, 50_000, 0),
        (30_000, 10_000, 20_000),
    ]
    new = books.session.scalars(
        select(Tranche).where(Tranche.earmark_id == 1).order_by(Tranche.received_on)
    ).all()
    assert [(each.number, each.amount_minor, each.received_on) for each in new] == [
        (moved[0].number, 50_000, DAY),
        (moved[1].number, 10_000, DAY + timedelta(days=1)),
    ]
    assert books.broken() == []


def test_what_was_moved_is_spent_for_its_new_purpose(books: Books) -> None:
    books.gift(50_000, earmark=2)
    _move(books, 50_000)
    request = books.approved(50_000, earmark=1)
    books.pay(request, 50_000, on=DAY + timedelta(days=60))
    assert (books.pool(1), books.pool(2)) == ((0, 0), (0, 0))
    assert books.broken() == []


def test_promised_money_does_not_move(books: Books) -> None:
    books.gift(50_000, earmark=2)
    books.approved(30_000, earmark=2)
    with pytest.raises(Refused, match=r"未被预留的余额只有 200.00 元，不够 200.01 元"):
        _move(books, 20_001)
    _move(books, 20_000)
    assert (books.pool(2), books.pool(1)) == ((30_000, 30_000), (20_000, 0))
    assert books.broken() == []


def test_same_purpose_is_no_change_and_a_change_is_not_reversed(books: Books) -> None:
    books.gift(50_000, earmark=2)
    with pytest.raises(Refused, match="不能和原用途相同"):
        _move(books, 1, old=2, new=2)
    (moved,) = _move(books, 50_000)
    with pytest.raises(Refused, match="不能冲销"):
        books.do(reverse_entry, moved.number, "改错了")
    assert books.broken() == []
