"""Signed notes, checkpoints and proofs as text: what is written can be read, what is forged or bent is refused."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.log.checkpoint.rules import (
    BadNote,
    Checkpoint,
    Proof,
    Verifier,
    checked_proof,
    opened_checkpoint,
    opened_note,
    parse_checkpoint,
    parse_proof,
    parse_verifier,
    require_origin,
    signed_note,
    verifier_of,
)
from app.log.merkle.rules import leaf_hash, node_hash

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ORIGIN = "log.example/fund"
VERIFIER = verifier_of(ORIGIN, KEY)
LEAVES = (leaf_hash(b"one"), leaf_hash(b"two"))
CHECKPOINT = Checkpoint(ORIGIN, 2, node_hash(*LEAVES))
NOTE = signed_note(CHECKPOINT.text(), ORIGIN, KEY)

# The example of the package golang.org/x/mod/sumdb/note, whose format C2SP signed-note is.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_NOTE = (
    f"{GO_TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_note_of_another_implementation_opens() -> None:
    verifier = parse_verifier(GO_KEY)
    assert str(verifier) == GO_KEY
    assert opened_note(GO_NOTE, verifier) == GO_TEXT
    with pytest.raises(BadNote, match="forged"):
        opened_note(GO_NOTE.replace("answer", "Answer"), verifier)


def test_checkpoint_is_written_as_the_specification_says() -> None:
    text, _, signature = NOTE.partition("\n\n")
    assert text.split("\n") == [ORIGIN, "2", b64encode(CHECKPOINT.root).decode()]
    assert signature.startswith(f"— {ORIGIN} ")
    assert NOTE.endswith("=\n")
    assert opened_checkpoint(NOTE, VERIFIER) == CHECKPOINT
    assert parse_verifier(str(VERIFIER)) == VERIFIER
    assert signed_note(CHECKPOINT.text(), ORIGIN, KEY) == NOTE


def test_signatures_of_others_are_let_be() -> None:
    theirs = signed_note(CHECKPOINT.text(), "witness.example/w", OTHER).rpartition("\n\n")[2]
    assert opened_checkpoint(NOTE + theirs, VERIFIER) == CHECKPOINT
    text, _, own = NOTE.rpartition("\n\n")
    assert opened_checkpoint(f"{text}\n\n{theirs}{own}", VERIFIER) == CHECKPOINT


def test_extension_lines_are_let_be() -> None:
    assert opened_checkpoint(signed_note(CHECKPOINT.text() + "more\n", ORIGIN, KEY), VERIFIER) == CHECKPOINT


FORGED = {
    "signed by another key": signed_note(CHECKPOINT.text(), ORIGIN, OTHER),
    "signed under another name": signed_note(CHECKPOINT.text(), "log.example/other", KEY),
    "another size": NOTE.replace("\n2\n", "\n3\n"),
    "another root": NOTE.replace(b64encode(CHECKPOINT.root).decode(), b64encode(LEAVES[0]).decode()),
    "another log's": signed_note(Checkpoint("log.example/other", 2, CHECKPOINT.root).text(), ORIGIN, KEY),
    "no signature": NOTE.rpartition("— ")[0],
    "no empty line": NOTE.replace("\n\n", "\n"),
    "no last newline": NOTE.rstrip("\n"),
    "a bent signature": NOTE[:-8] + ("A" if NOTE[-8] != "A" else "B") + NOTE[-7:],
    "a control character": NOTE.replace("\n2\n", "\n2\r\n"),
    "a size with a zero before it": signed_note(CHECKPOINT.text().replace("\n2\n", "\n02\n"), ORIGIN, KEY),
    "a size that is none": signed_note(CHECKPOINT.text().replace("\n2\n", "\n-2\n"), ORIGIN, KEY),
    "a short root": signed_note(f"{ORIGIN}\n2\nAAAA\n", ORIGIN, KEY),
    "two lines": signed_note(f"{ORIGIN}\n2\n", ORIGIN, KEY),
    "an empty extension line": signed_note(CHECKPOINT.text() + "\nmore\n", ORIGIN, KEY),
    "a signature that is no base64": f"{CHECKPOINT.text()}\n— {ORIGIN} ====\n",
    "too many signatures": NOTE + NOTE.rpartition("\n\n")[2] * 100,
    "nothing": "",
}


@pytest.mark.parametrize("note", FORGED.values(), ids=FORGED)
def test_forged_or_malformed_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        opened_checkpoint(note, VERIFIER)


@given(st.text())
def test_whatever_comes_in_gives_a_refusal_and_nothing_else(text: str) -> None:
    for read in (
        lambda: opened_checkpoint(text, VERIFIER),
        lambda: parse_proof(text),
        lambda: parse_verifier(text),
    ):
        with pytest.raises(BadNote):
            read()


@pytest.mark.parametrize(
    "key",
    [
        "", "name", "name+00000000", str(VERIFIER)[:-4], str(VERIFIER).replace("+", " "),
        f"other{VERIFIER}", str(Verifier("a", b"\x02" * 32)).replace("+A", "+B"),
    ],
)  # fmt: skip
def test_malformed_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(BadNote):
        parse_verifier(key)


def test_proof_is_written_and_read_as_the_specification_says() -> None:
    proof = Proof(1, (LEAVES[0],), NOTE)
    assert proof.text() == f"c2sp.org/tlog-proof@v1\nindex 1\n{b64encode(LEAVES[0]).decode()}\n\n{NOTE}"
    assert parse_proof(proof.text()) == proof
    extra = Proof(1, (LEAVES[0],), NOTE, b"receipt")
    assert extra.text().split("\n")[1] == "extra cmVjZWlwdA=="
    assert parse_proof(extra.text()) == extra
    alone = Proof(0, (), signed_note(Checkpoint(ORIGIN, 1, LEAVES[0]).text(), ORIGIN, KEY))
    assert checked_proof(parse_proof(alone.text()), LEAVES[0], VERIFIER).size == 1
    assert checked_proof(proof, LEAVES[1], VERIFIER) == CHECKPOINT


@pytest.mark.parametrize(
    "proof",
    [
        Proof(0, (LEAVES[0],), NOTE),
        Proof(1, (LEAVES[1],), NOTE),
        Proof(1, (), NOTE),
        Proof(1, (LEAVES[0], LEAVES[0]), NOTE),
        Proof(2, (LEAVES[0],), NOTE),
        Proof(1, (LEAVES[0],), FORGED["signed by another key"]),
        Proof(1, (LEAVES[0],), FORGED["another root"]),
    ],
)
def test_proof_of_something_else_is_refused(proof: Proof) -> None:
    with pytest.raises(BadNote):
        checked_proof(proof, LEAVES[1], VERIFIER)


def test_origin_is_printable_and_of_one_word() -> None:
    assert require_origin(ORIGIN) == ORIGIN
    for wrong in ("", "a b", "a+b", "基金", "a\n", "x" * 201):
        with pytest.raises(ValueError, match="an origin is"):
            require_origin(wrong)


def test_size_of_an_empty_log_is_read() -> None:
    assert parse_checkpoint(f"{ORIGIN}\n0\n{b64encode(bytes(32)).decode()}\n").size == 0
