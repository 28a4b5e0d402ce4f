"""verify_sunledger.py: what a stranger finds with one file and a folder, an address or an export."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.log.checkpoint.rules import verifier_of
from app.log.queries import leaves
from app.settings import ROOT
from app.shared.canonical import canonical_bytes
from tests.log.forging import (
    KEY,
    ORIGIN,
    OTHER_KEY,
    changed,
    entries_in,
    note_of,
    publish,
    replace_bundle,
    served,
)

PROGRAM = ROOT / "static" / "verify" / "verify_sunledger.py"
OWN_KEY = str(verifier_of(ORIGIN, KEY))
Leaves = list[bytes]


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_sunledger", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(program: ModuleType, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def verify(*arguments: object) -> tuple[int, str]:
        status = program.main([str(each) for each in arguments])
        seen = capsys.readouterr()
        return status, seen.out + seen.err

    return verify


Run = Callable[..., tuple[int, str]]


def test_honest_log_verifies_and_its_totals_are_those_of_the_worked_example(
    run: Run, tmp_path: Path, example_leaves: Leaves
) -> None:
    publish(tmp_path, example_leaves)
    status, said = run(tmp_path, "--key", OWN_KEY)
    assert status == 0
    assert "23 entries" in said
    assert "自登记以来未被改动（不证明登记本身属实）" in said
    assert "356,000.00 used, 0.00 promised, 675.00 left. Held in all: 675.00" in said


def test_it_runs_alone_without_anything_of_this_project(tmp_path: Path, example_leaves: Leaves) -> None:
    publish(tmp_path / "log", example_leaves)
    alone = tmp_path / "verify.py"
    alone.write_bytes(PROGRAM.read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", alone, "log"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Compare it with the one printed on receipts" in done.stdout


def test_every_figure_equals_the_books(run: Run, tmp_path: Path, busy_books: Session) -> None:
    publish(tmp_path, [leaf.body for leaf in leaves(busy_books)])
    status, said = run(tmp_path, "--json")
    assert status == 0, said
    found = json.loads(said)

    def rows(question: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(row) for row in busy_books.execute(text(question)))

    def told(name: str, *fields: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(each[field] for field in fields) for each in found[name])

    assert found["entries"] == rows("SELECT COUNT(*) FROM journal_entry")[0][0] > 0
    assert told("trial_balance", "fund", "account", "earmark", "debit_minor", "credit_minor") == rows(
        "SELECT fund_id, account_code, earmark_id, SUM(debit_minor), SUM(credit_minor) FROM balance "
        "GROUP BY fund_id, account_code, earmark_id HAVING SUM(debit_minor) + SUM(credit_minor) > 0"
    )
    touched = "earmark_id IN (SELECT earmark_id FROM posting WHERE money_account_id IS NOT NULL)"
    assert told("pools", "earmark", "held_minor", "reserved_minor") == rows(
        f"SELECT earmark_id, held_minor, reserved_minor FROM pool WHERE {touched}"
    )
    assert told(
        "gifts", "entry", "amount_minor", "remaining_minor", "held_minor", "used_minor", "withdrawn_minor"
    ) == rows(
        "SELECT number, amount_minor, remaining_minor, held_minor, used_minor, withdrawn_minor FROM tranche"
    )
    assert any(each["held_minor"] for each in found["gifts"])
    assert any(each["used_minor"] for each in found["gifts"])


# ------------------------------------------------------------------------------------ somebody touched the files


TOUCHED: dict[str, tuple[Callable[[Leaves], Leaves], str]] = {
    "a tampered row": (
        lambda rows: [*rows[:30], rows[30].replace(b"}", b" }", 1), *rows[31:]],
        "Leaf 30 has been altered",
    ),
    "a deleted row": (lambda rows: [*rows[:30], *rows[31:]], "Leaf 30 has been deleted"),
    "the last row deleted": (lambda rows: rows[:-1], "is missing, and all that follow"),
    "a swapped pair": (
        lambda rows: [*rows[:30], rows[40], *rows[31:40], rows[30], *rows[41:]],
        "Leaf 30 and leaf 40 have been swapped",
    ),
    "an added row": (lambda rows: [*rows[:30], rows[3] + b" ", *rows[30:]], "Leaf 30 has been added"),
}


@pytest.mark.parametrize("name", TOUCHED)
def test_touched_row_is_found_and_named(name: str, run: Run, tmp_path: Path, example_leaves: Leaves) -> None:
    touch, sentence = TOUCHED[name]
    publish(tmp_path, example_leaves)
    replace_bundle(tmp_path, touch(example_leaves))
    status, said = run(tmp_path)
    assert status == 1
    assert sentence in said


def test_rows_and_hashes_changed_alike_do_not_have_the_signed_root(
    run: Run, tmp_path: Path, example_leaves: Leaves
) -> None:
    note = publish(tmp_path, example_leaves)
    place = entries_in(example_leaves)[4]
    body = json.loads(example_leaves[place])
    body["postings"][0]["debit"] += 100
    publish(tmp_path, [*example_leaves[:place], canonical_bytes(body), *example_leaves[place + 1 :]])
    (tmp_path / "checkpoint").write_text(note)
    status, said = run(tmp_path)
    assert status == 1
    assert "do not have the root that was signed" in said
    assert f"Leaf {place} (entry) is wrong" in said


def test_missing_and_cut_files_are_named(run: Run, tmp_path: Path, example_leaves: Leaves) -> None:
    publish(tmp_path, example_leaves)
    (path,) = tmp_path.glob("tile/entries/*.p/*")
    path.write_bytes(path.read_bytes()[:-1])
    assert "ends in the middle of a record" in run(tmp_path)[1]
    path.unlink()
    assert "is missing: records from leaf 0 on" in run(tmp_path)[1]


# ----------------------------------------------------------------------------------------- the signature, the past


def test_forged_checkpoint_is_named(run: Run, tmp_path: Path, example_leaves: Leaves) -> None:
    note = publish(tmp_path, example_leaves)
    other = note_of(example_leaves[:-1])
    forged = note.rpartition("\n\n")[0] + "\n\n" + other.rpartition("\n\n")[2]
    (tmp_path / "checkpoint").write_text(forged)
    assert run(tmp_path, "--key", OWN_KEY) == (
        1,
        f"BROKEN: The checkpoint is forged: its signature is not that of the key of {ORIGIN}.\n",
    )
    publish(tmp_path, example_leaves, OTHER_KEY)
    assert run(tmp_path, "--key", OWN_KEY)[1].startswith("BROKEN: The checkpoint is not signed by")
    assert run(tmp_path)[0] == 0  # which is why one brings the key from elsewhere


def test_rewound_log_is_named_by_whoever_kept_a_checkpoint(
    run: Run, tmp_path: Path, example_leaves: Leaves
) -> None:
    kept = tmp_path / "kept"
    kept.write_text(note_of(example_leaves))
    publish(tmp_path / "log", example_leaves[:40])
    status, said = run(tmp_path / "log", "--against", kept)
    assert (status, "wound back: it had 75 leaves when the checkpoint was kept, and has 40" in said) == (
        1,
        True,
    )


def test_forked_log_is_named_by_whoever_kept_a_checkpoint(
    run: Run, tmp_path: Path, example_leaves: Leaves
) -> None:
    kept = tmp_path / "kept"
    other = [changed(example_leaves[0], id=99), *example_leaves[1:40]]
    kept.write_text(note_of(other))
    publish(tmp_path / "log", example_leaves)
    status, said = run(tmp_path / "log", "--against", kept)
    assert status == 1
    assert "forked: its first 40 leaves are not those" in said
    kept.write_text(note_of(example_leaves[:40]))
    status, said = run(tmp_path / "log", "--against", kept)
    assert status == 0
    assert "continues the checkpoint of 40 leaves" in said
    kept.write_text(note_of(example_leaves[:40], OTHER_KEY))
    assert "that was kept is not signed by" in run(tmp_path / "log", "--against", kept)[1]


# ------------------------------------------------------------------------ the fund itself signs books that cannot be


def edited(rows: Leaves, kind: str, edit: Callable[[dict[str, Any]], None], which: int = 0) -> Leaves:
    """Books in which one entry of a kind says something else, signed all the same."""
    places = [at for at in entries_in(rows) if json.loads(rows[at])["kind"] == kind]
    body = json.loads(rows[places[which]])
    edit(body)
    return [*rows[: places[which]], canonical_bytes(body), *rows[places[which] + 1 :]]


def _unbalance(body: dict[str, Any]) -> None:
    body["postings"][0]["debit"] += 1


def _inflate(body: dict[str, Any]) -> None:
    body["postings"][0]["debit"] += 100
    body["postings"][1]["credit"] += 100


def _unexplain(body: dict[str, Any]) -> None:
    body["movements"] = body["movements"][:-1]


def _overuse(body: dict[str, Any]) -> None:
    body["movements"][0][2] += 10**9


def _backdate(body: dict[str, Any]) -> None:
    body["occurred_on"] = "2023-09-01"


def _elsewhere(body: dict[str, Any]) -> None:
    for posting in body["postings"]:
        posting["earmark"] = 77


def _nameless(body: dict[str, Any]) -> None:
    del body["postings"]


IMPOSSIBLE: dict[str, tuple[Callable[[Leaves], Leaves], str]] = {
    "unbalanced": (lambda rows: edited(rows, "donation", _unbalance), "does not balance"),
    "a gift larger than its tranche": (
        lambda rows: edited(rows, "donation", _inflate),
        "opens a gift of another amount than it brings",
    ),
    "a payment without gifts": (
        lambda rows: edited(rows, "payment", _unexplain),
        "moves money that no gift explains",
    ),
    "a gift used twice": (
        lambda rows: edited(rows, "payment", _overuse),
        "is used beyond its amount",
    ),
    "a payment before its money": (
        lambda rows: edited(rows, "payment", _backdate),
        "is overdrawn on 2023-09-01",
    ),
    "a purpose of nobody": (
        lambda rows: edited(rows, "donation", _elsewhere),
        "posts to purpose 77, which is not of its fund",
    ),
    "a missing number": (
        lambda rows: [leaf for at, leaf in enumerate(rows) if at != entries_in(rows)[3]],
        "it is entry 5 where entry 4 is due",
    ),
    "not in canonical form": (
        lambda rows: [*rows[:7], rows[7].replace(b":", b": ", 1), *rows[8:]],
        "Leaf 7 is not a record in canonical form",
    ),
    "not whole numbers": (
        lambda rows: [*rows[:7], rows[7].replace(b'"v":1', b'"v":1.0'), *rows[8:]],
        "Leaf 7 is not a record in canonical form",
    ),
    "a continuation that is missing": (
        lambda rows: edited(rows, "payment", lambda body: body.update(continued=1)),
        "does not continue as it says",
    ),
    "without postings": (
        lambda rows: edited(rows, "donation", _nameless),
        "is not as its kind has to be",
    ),
    "in a closed month": (
        lambda rows: [
            *rows[: entries_in(rows)[0]],
            canonical_bytes(
                {
                    "v": 1,
                    "type": "period_closed",
                    "id": 1,
                    "version": 1,
                    "fund": 1,
                    "month": json.loads(rows[entries_in(rows)[0]])["occurred_on"][:7],
                }
            ),
            *rows[entries_in(rows)[0] :],
        ],
        "in a month that was closed",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_books_that_cannot_be_are_named_though_they_are_signed(
    name: str, run: Run, tmp_path: Path, example_leaves: Leaves
) -> None:
    make, sentence = IMPOSSIBLE[name]
    publish(tmp_path, make(example_leaves))
    status, said = run(tmp_path)
    assert status == 1
    assert sentence in said


def test_long_record_is_continued(run: Run, tmp_path: Path, example_leaves: Leaves) -> None:
    payments = [
        at for at in entries_in(example_leaves) if json.loads(example_leaves[at])["kind"] == "payment"
    ]
    body = json.loads(example_leaves[payments[0]])
    moves = body["movements"]
    rest = {"v": 1, "type": "continued", "id": body["id"], "version": 1, "part": 1, "movements": moves[1:]}
    rest["of"] = ["entry", body["id"], 1]
    body.update(movements=moves[:1], continued=1)
    parts = [canonical_bytes(body), canonical_bytes(rest)]
    publish(tmp_path, [*example_leaves[: payments[0]], *parts, *example_leaves[payments[0] + 1 :]])
    status, said = run(tmp_path)
    assert status == 0, said
    parts.append(parts[1])
    publish(tmp_path, [*example_leaves[: payments[0]], *parts, *example_leaves[payments[0] + 1 :]])
    assert "it continues a record that it does not follow" in run(tmp_path)[1]


# --------------------------------------------------------------------------------------------- other ways to read it


def test_log_is_read_from_an_address_in_several_tiles(
    run: Run, tmp_path: Path, example_leaves: Leaves
) -> None:
    spare = [canonical_bytes({"v": 1, "type": "party_words", "id": at, "version": 1}) for at in range(1, 500)]
    publish(tmp_path, [*example_leaves, *spare])
    with served(tmp_path) as address:
        status, said = run(address)
    assert status == 0
    assert f"{len(example_leaves) + 499} leaves, 23 entries" in said
    assert run(address)[0] == 2


def test_exported_file_is_verified(run: Run, tmp_path: Path, example_leaves: Leaves) -> None:
    note, path = note_of(example_leaves), tmp_path / "log.jsonl"
    heading = {"leaves": len(example_leaves), "public_key": OWN_KEY, "checkpoint": note}

    def write(rows: Leaves) -> None:
        path.write_bytes(b"\n".join([json.dumps(heading).encode(), *rows, b""]))

    write(example_leaves)
    assert run(path, "--key", OWN_KEY)[0] == 0
    place = entries_in(example_leaves)[2]
    write([*example_leaves[:place], changed(example_leaves[place], number=99), *example_leaves[place + 1 :]])
    status, said = run(path)
    assert status == 1
    assert f"Leaf {place} (entry) is wrong" in said
    write(example_leaves[:-1])
    assert run(path)[0] == 1
    path.write_text("something else")
    assert run(path)[0] == 2


def test_a_key_that_is_none_is_refused(run: Run, tmp_path: Path, example_leaves: Leaves) -> None:
    publish(tmp_path, example_leaves)
    wrong_id = OWN_KEY.replace(OWN_KEY.split("+")[1], "00000000")
    for key in ("nothing", wrong_id):
        assert run(tmp_path, "--key", key)[0] == 2
    assert run(tmp_path / "nowhere")[0] == 2
