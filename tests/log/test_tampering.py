"""Somebody with the database in their hands: every change of a record or of the log is found, and named."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.log.checkpoint import operations
from app.log.merkle.rules import leaf_hash
from app.settings import Settings
from app.shared import guards
from app.shared.canonical import canonical_bytes
from app.web import schema
from app.web.database import open_engine
from tests.log.year import Year, every_breach

Clone = Callable[[str, Callable[[Engine], None]], str]


def a_year(engine: Engine) -> None:
    """The year, without guards: as an intruder finds the database who has removed them."""
    schema.upgrade(engine)
    with tempfile.TemporaryDirectory() as folder:
        year = Year(engine, Path(folder))
        year.play()
    year.session.close()
    with engine.connect().execution_options(sunledger_write=True) as connection:
        guards.remove(connection)
        connection.commit()


class Intruder:
    """Somebody who can write anything."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def write(self, *statements: str, **values: object) -> None:
        """Change rows behind the program's back; foreign keys do not stand in the way."""
        with self.engine.connect().execution_options(sunledger_write=True) as connection:
            if connection.dialect.name == "sqlite":
                connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            else:
                connection.execute(text("SET session_replication_role = replica"))
            for statement in statements:
                connection.execute(
                    text(statement).bindparams(**{k: v for k, v in values.items() if f":{k}" in statement})
                )
            connection.commit()

    def read(self, statement: str) -> list[tuple[object, ...]]:
        """Read rows."""
        with Session(self.engine) as session:
            return [tuple(row) for row in session.execute(text(statement))]

    def found(self) -> list[str]:
        """What check-books says."""
        with Session(self.engine) as session:
            return every_breach(session)


@pytest.fixture
def intruder(engine_kind: str, clone: Clone, empty_settings: Settings) -> Iterator[Intruder]:
    """An intruder in front of the year's database."""
    engine = open_engine(replace(empty_settings, database_url=clone(engine_kind, a_year)))
    yield Intruder(engine)
    engine.dispose()


def test_nothing_is_found_where_nothing_was_changed(intruder: Intruder) -> None:
    assert intruder.found() == []


# (what was done, statements, words that the finding must have)
CHANGES: dict[str, tuple[tuple[str, ...], str]] = {
    "an interest that ends earlier": (
        ("UPDATE interest SET ended_on = '2023-12-01' WHERE ended_on IS NOT NULL",),
        "interest_ended 1 is not what leaf",
    ),
    "an interest of another kind": (
        ("UPDATE interest SET kind = 'business' WHERE kind = 'family'",),
        "interest_declared 1 is not what leaf",
    ),
    "an interest of somebody else": (
        ("UPDATE interest SET user_id = user_id + 1",),
        "interest_declared 1 is not what leaf",
    ),
    "an interest that no search finds": (
        ("UPDATE interest SET name_hash = party_name WHERE kind = 'family'",),
        "interest 1 is kept under the hash of another name",
    ),
    "an interest that is gone": (
        ("DELETE FROM interest WHERE kind = 'none'",),
        "interest_declared 2 is in the log",
    ),
    "who came to a meeting": (
        ("UPDATE meeting SET present = 5",),
        "meeting 1 is not what leaf",
    ),
    "words of minutes": (("UPDATE meeting SET minutes = 'x'",), "are not those of meeting 2023-01"),
    "posting": (
        ("UPDATE posting SET debit_minor = 1 WHERE entry_number = 3 AND debit_minor > 0",),
        "entry 3 is not what its leaf",
    ),
    "two postings, so that it balances": (
        (
            "UPDATE posting SET debit_minor = 9 WHERE entry_number = 3 AND debit_minor > 0",
            "UPDATE posting SET credit_minor = 9 WHERE entry_number = 3 AND credit_minor > 0",
        ),
        "entry 3 is not what its leaf",
    ),
    "day of an entry": (
        ("UPDATE journal_entry SET occurred_on = '2023-09-19' WHERE number = 3",),
        "entry 3 is not what its leaf 18 says: occurred_on",
    ),
    "instant of an entry": (
        ("UPDATE journal_entry SET recorded_at = '2023-09-19 02:00:00' WHERE number = 3",),
        "says: recorded_at",
    ),
    "source of an entry": (
        ("UPDATE journal_entry SET source_id = 99 WHERE number = 3",),
        "entry 3 is not what its leaf 18 says: source",
    ),
    "entry deleted": (
        (
            "DELETE FROM posting WHERE entry_number = 19",
            "DELETE FROM entry_seal WHERE entry_number = 19",
            "DELETE FROM journal_entry WHERE number = 19",
        ),
        "entry 19 is in the log (leaf",
    ),
    "entry put in": (
        (
            "INSERT INTO journal_entry (number, fund_id, kind, occurred_on, recorded_at, source_type, source_id, memo, "
            "log_position) SELECT 99, fund_id, kind, occurred_on, recorded_at, source_type, source_id, memo, log_position "
            "FROM journal_entry WHERE number = 3",
        ),
        "entry 99 is in the books but not in the log",
    ),
    "two gifts swapped": (
        (
            "UPDATE posting SET entry_number = -3 WHERE entry_number = 3",
            "UPDATE posting SET entry_number = 3 WHERE entry_number = 4",
            "UPDATE posting SET entry_number = 4 WHERE entry_number = -3",
        ),
        "entry 4 is not what its leaf",
    ),
    "turn of a gift": (
        ("UPDATE tranche SET place = 77 WHERE number = 3",),
        "entry 3 is not what its leaf 18 says: tranche",
    ),
    "which gift paid": (
        ("UPDATE tranche_movement SET tranche_number = 4 WHERE id = (SELECT MIN(id) FROM tranche_movement)",),
        "movement 1 of gift 4 is not what leaf",
    ),
    "movement deleted": (
        ("DELETE FROM tranche_movement WHERE id = (SELECT MAX(id) FROM tranche_movement)",),
        "tells of a movement of gift",
    ),
    "stored balance": (
        ("UPDATE balance SET debit_minor = debit_minor + 1 WHERE debit_minor > 0",),
        "the stored balance differs",
    ),
    "pool": (("UPDATE pool SET held_minor = held_minor + 1",), "pool holds"),
    "shown amount": (
        ("UPDATE ledger_row SET amount_minor = 1 WHERE number = 3",),
        "entry 3 is shown to the public with other figures",
    ),
    "shown purpose": (
        ("UPDATE ledger_row SET earmark_id = 1 WHERE number = 3",),
        "entry 3 is shown to the public with other figures",
    ),
    "shown name": (
        ("UPDATE ledger_row SET party = '某富商' WHERE number = 4",),
        "entry 4: the party that is shown was never committed to",
    ),
    "shown words": (
        ("UPDATE ledger_row SET description = '会议餐费' WHERE number = 12",),
        "entry 12: the description that is shown",
    ),
    "shown receipt": (
        ("UPDATE ledger_row SET document = '9999' WHERE number = 3",),
        "entry 3: the document that is shown",
    ),
    "name of a purpose": (
        ("UPDATE earmark SET name = '装修办公室' WHERE id = 2",),
        "earmark 2 is not what leaf",
    ),
    "restriction of a purpose": (
        ("UPDATE earmark SET restriction = 'designated' WHERE id = 2",),
        "restriction is 'designated', the leaf says 'restricted'",
    ),
    "name of the fund": (("UPDATE fund SET name = '月光基金'",), "fund 1 is not what leaf"),
    "name of the host": (("UPDATE host SET name = '某公司'",), "host 1 is not what leaf"),
    "project": (("DELETE FROM project",), "project 1 is in the log"),
    "seat": (
        ("UPDATE term_of_office SET seat_number = 9 WHERE id = 3",),
        "term_of_office 3 is not what leaf",
    ),
    "closed month": (("DELETE FROM period",), "period_closed 1 is in the log"),
    "pieces given": (
        ("UPDATE goods_line SET quantity = 31, quantity_left = quantity_left + 1 WHERE id = 1",),
        "goods 1 is not what leaf",
    ),
    "what was given": (("UPDATE goods_line SET item = '面包' WHERE id = 1",), "goods 1 is not what leaf"),
    "ground of a value": (
        ("UPDATE goods_line SET valuation_basis = '估计' WHERE id = 2",),
        "valuation 2 is not what leaf",
    ),
    "pieces sold": (
        ("UPDATE goods_movement SET quantity = 1 WHERE kind = 'sold'",),
        "the goods that left the stock are not those",
    ),
    "proceeds of a lot": (
        ("UPDATE lot_result SET proceeds_minor = 1 WHERE entry_number = 7",),
        "lot_result 1 is not what leaf",
    ),
    "money counted": (("UPDATE sale_count SET counted_minor = 1",), "sale_closed 1 is not what leaf"),
    "name of a sale": (("UPDATE sale_event SET name = '别的义卖'",), "sale_closed 1 is not what leaf"),
    "amount of a request": (
        ("UPDATE disbursement SET amount_minor = amount_minor + 1 WHERE id = 1",),
        "submitted 1 is not what leaf",
    ),
    "reason of a request": (
        ("UPDATE disbursement SET reason = '聚餐' WHERE id = 1",),
        "says: its reason is not the one committed to",
    ),
    "payee of a request": (
        ("UPDATE disbursement SET payee_id = 1 WHERE id = 1",),
        "says: its payee is not the one committed to",
    ),
    "request deleted": (("DELETE FROM disbursement WHERE id = 3",), "submitted 3 is in the log"),
    "refusal of a request": (
        ("UPDATE disbursement SET status = 'rejected' WHERE id = 4",),
        "request_cancelled 4 is in the log",
    ),
    "payment": (
        ("UPDATE payment SET occurred_on = '2023-11-07' WHERE kind = 'payment'",),
        "payment 1 is not what leaf",
    ),
    "vote": (
        ("UPDATE vote SET choice = 'approve', conflict_kind = NULL WHERE choice = 'recuse'",),
        "choice is 'approve', the leaf says 'recuse'",
    ),
    "vote deleted": (("DELETE FROM vote WHERE choice = 'recuse'",), "vote 8 is in the log"),
    "result": (
        ("UPDATE matter SET status = 'rejected' WHERE id = 1",),
        "result is 'rejected', the leaf says 'approved'",
    ),
    "public file": (("UPDATE attachment SET sha256 = 'f' WHERE is_public",), "sha256 is 'f'"),
    "figures of a document": (
        ("UPDATE issued_document SET figures = replace(figures, '3', '4')",),
        "its figures are not those of its hash",
    ),
    "document put away": (("DELETE FROM issued_document WHERE version = 2",), "document"),
    "committed text": (
        ("UPDATE commitment SET text = '别的' WHERE leaf_position = 18 AND field = 'party'",),
        "leaf 18: its party is not the text committed to",
    ),
    "commitment deleted": (
        ("DELETE FROM commitment WHERE leaf_position = 18 AND field = 'party'",),
        "leaf 18: its party is gone, and no leaf says that it was erased",
    ),
    "erasure forged": (
        (
            "INSERT INTO erasure (leaf_position, field, log_position, erased_at) "
            "SELECT 18, 'party', log_position, erased_at FROM erasure",
            "DELETE FROM commitment WHERE leaf_position = 18 AND field = 'party'",
        ),
        "leaf 18: its party is gone, and no leaf says that it was erased",
    ),
    "leaf deleted": (
        ("DELETE FROM commitment WHERE leaf_position = 18", "DELETE FROM leaf WHERE position = 18"),
        "leaf 18 is missing",
    ),
    "last leaf deleted": (
        (
            "DELETE FROM erasure",
            "DELETE FROM commitment WHERE leaf_position = (SELECT MAX(position) FROM leaf)",
            "DELETE FROM leaf WHERE position = (SELECT MAX(position) FROM leaf)",
        ),
        "leaves, the log holds",
    ),
    "two leaves swapped": (
        (
            "UPDATE leaf SET position = -1 WHERE position = 17",
            "UPDATE leaf SET position = 17 WHERE position = 18",
            "UPDATE leaf SET position = 18 WHERE position = -1",
        ),
        "leaf 17 is of entry 3, not of 2",
    ),
    "digest": (
        ("UPDATE leaf SET digest = (SELECT digest FROM leaf WHERE position = 1) WHERE position = 18",),
        "leaf 18 (entry 3) does not have its digest",
    ),
    "label of a leaf": (
        ("UPDATE leaf SET subject_id = 4 WHERE position = 18",),
        "leaf 18 (entry 4) says that it is entry 3",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_found_and_named(intruder: Intruder, change: str) -> None:
    statements, words = CHANGES[change]
    intruder.write(*statements)
    found = intruder.found()
    assert any(words in sentence for sentence in found), found[:8] or "nothing was found"


def test_entry_and_leaf_changed_together_do_not_fit_what_was_signed(
    intruder: Intruder, tmp_path: Path
) -> None:
    """Whoever rewrites a leaf with everything that follows from it still meets the checkpoint that others hold."""
    key = tmp_path / "log.key"
    with Session(intruder.engine) as session:
        operations.establish(session, key, None)
        operations.published_note(session, key)
    assert intruder.found() == []
    ((content,),) = intruder.read("SELECT body FROM leaf WHERE position = 18")
    leaf = json.loads(bytes(content))  # type: ignore[call-overload]
    leaf["occurred_on"] = "2023-09-17"
    forged = canonical_bytes(leaf)
    intruder.write(
        "UPDATE leaf SET body = :body, digest = :digest WHERE position = 18",
        body=forged,
        digest=leaf_hash(forged),
    )
    intruder.write("UPDATE journal_entry SET occurred_on = '2023-09-17' WHERE number = 3")
    found = intruder.found()
    assert any("was signed with another root" in sentence for sentence in found), found
    with Session(intruder.engine) as session:
        assert "is not the one that was published" in (operations.start_problem(session, key, None) or "")
