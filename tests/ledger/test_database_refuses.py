"""What the database itself refuses, whatever the code above it does: raw SQL on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app.shared import guards
from tests.ledger.books import Books, fresh_books


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    with fresh_books(request.param) as found:
        found.gift(10_000)
        yield found


def refused(books: Books, *statements: str) -> str:
    """Run raw statements in one committed transaction; return what the database said, or fail."""
    with books.engine.connect().execution_options(sunledger_write=True) as connection:
        try:
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()
        except DatabaseError as error:
            said = str(error.orig)
        else:
            pytest.fail("the database accepted it")
        connection.rollback()
    assert books.broken() == []
    return said


ENTRY = (
    "INSERT INTO journal_entry (number, fund_id, kind, occurred_on, recorded_at, source_type, source_id, memo, "
    "log_position) VALUES (2, 1, '{kind}', '2023-10-01', '2023-10-01 00:00:00', 'x', 1, '', 1)"
)
POSTING = (
    "INSERT INTO posting (entry_number, line, account_code, earmark_id, money_account_id, debit_minor, credit_minor) "
    "VALUES ({number}, {line}, '{account}', {earmark}, {money}, {debit}, {credit})"
)
SEAL = "INSERT INTO entry_seal (entry_number) VALUES (2)"


def posting(
    line: int,
    account: str,
    debit: int,
    credit: int,
    *,
    money: str = "NULL",
    earmark: int = 1,
    number: int = 2,
) -> str:
    return POSTING.format(
        number=number, line=line, account=account, earmark=earmark, money=money, debit=debit, credit=credit
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET debit_minor = debit_minor + 1 WHERE debit_minor > 0",
        "DELETE FROM posting",
        "UPDATE journal_entry SET occurred_on = '2023-01-01'",
        "DELETE FROM journal_entry",
        "DELETE FROM entry_seal",
        "UPDATE leaf SET kind = 'x'",
        "DELETE FROM leaf",
        "UPDATE audit_event SET action = 'x'",
        "DELETE FROM tranche_movement WHERE id > 0 OR id < 0",
    ],
)
def test_what_is_sealed_is_never_changed(books: Books, statement: str) -> None:
    if "tranche_movement" in statement:
        books.approved(100)
    assert "append_only" in refused(books, statement)


def test_replacing_a_posting_is_refused(books: Books) -> None:
    if books.engine.dialect.name == "sqlite":
        said = refused(
            books, posting(1, "1002", 5, 0, money="1", number=1).replace("INSERT", "INSERT OR REPLACE")
        )
        assert "append_only" in said or "posting_is_not_sealed" in said
    else:
        assert "append_only" in refused(books, "TRUNCATE posting CASCADE")


def test_a_sealed_entry_takes_no_further_posting(books: Books) -> None:
    assert "posting_is_not_sealed" in refused(books, posting(9, "4101", 0, 5, number=1))


def test_an_unbalanced_entry_cannot_be_sealed(books: Books) -> None:
    said = refused(
        books,
        ENTRY.format(kind="interest"),
        posting(1, "1002", 7, 0, money="1"),
        posting(2, "4901", 0, 6),
        SEAL,
    )
    assert "entry_is_balanced" in said


def test_an_entry_of_two_earmarks_cannot_be_sealed(books: Books) -> None:
    said = refused(
        books,
        ENTRY.format(kind="interest"),
        posting(1, "1002", 7, 0, money="1"),
        posting(2, "4901", 0, 7),
        posting(3, "1002", 7, 0, money="1", earmark=2),
        posting(4, "4901", 0, 7, earmark=2),
        SEAL,
    )
    assert "entry_has_one_earmark" in said


def test_an_unsealed_entry_cannot_be_committed(books: Books) -> None:
    said = refused(
        books, ENTRY.format(kind="interest"), posting(1, "1002", 7, 0, money="1"), posting(2, "4901", 0, 7)
    )
    assert "FOREIGN KEY" in said.upper() or "entry_is_sealed" in said


def test_a_closed_month_takes_no_entry(books: Books) -> None:
    said = refused(
        books,
        "INSERT INTO period (fund_id, month, state, changed_at) VALUES (1, '2023-10', 'closed', '2023-11-01 00:00:00')",
        ENTRY.format(kind="interest"),
    )
    assert "period_is_open" in said


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (posting(9, "1002", 5, 0), "money_account_only_on_money"),
        (posting(9, "4101", 5, 0, money="1"), "money_account_only_on_money"),
        (posting(9, "4101", 5, 5), "one_side_only"),
        (posting(9, "4101", 0, 0), "one_side_only"),
        (posting(9, "4101", -5, 0), "one_side_only"),
        ("UPDATE pool SET held_minor = -1 WHERE earmark_id = 1", "held_is_not_negative"),
        ("UPDATE pool SET reserved_minor = held_minor + 1 WHERE earmark_id = 1", "reserved_within_held"),
        ("UPDATE money_account_day SET balance_minor = -1", "money_account_is_not_overdrawn"),
        ("UPDATE tranche SET remaining_minor = remaining_minor - 1", "tranche_is_accounted_for"),
    ],
)
def test_wrong_amounts_are_refused_by_named_constraints(
    books: Books, statement: str, constraint: str
) -> None:
    found = refused(books, ENTRY.format(kind="interest"), statement)
    assert constraint in found


def test_amounts_that_are_not_whole_fen_are_refused(books: Books) -> None:
    if books.engine.dialect.name == "sqlite":
        for value in ("1.5", "'abc'"):
            assert "pool_amounts_are_whole" in refused(
                books, f"UPDATE pool SET held_minor = {value} WHERE earmark_id = 1"
            )
    else:
        assert "bigint" in refused(books, "UPDATE pool SET held_minor = 'abc' WHERE earmark_id = 1")


def test_every_declared_guard_is_installed_and_a_missing_one_is_named(books: Books) -> None:
    with books.engine.connect().execution_options(sunledger_write=True) as connection:
        assert guards.missing(connection) == []
        table = " ON posting" if books.engine.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER posting_is_not_sealed{table}"))
        assert guards.missing(connection) == ["posting_is_not_sealed"]
        connection.rollback()


def test_one_person_is_never_cashier_and_accountant_of_a_fund(books: Books) -> None:
    term = (
        "INSERT INTO term_of_office (user_id, fund_id, role, starts_on, recorded_at) "
        "VALUES (1, 1, '{role}', '{day}', '2023-01-01 00:00:00')"
    )
    said = refused(
        books, term.format(role="cashier", day="2023-01-01"), term.format(role="accountant", day="2024-01-01")
    )
    assert "cashier_is_not_accountant" in said
