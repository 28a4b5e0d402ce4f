"""`sunledger witness`: somebody else follows the log, keeps what they saw and says when it breaks its promise."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.cli import run
from app.log.checkpoint.operations import published_note
from app.log.checkpoint.queries import identity, read_key
from app.log.checkpoint.rules import BadNote, opened_checkpoint, verifier_of
from app.log.witness.operations import add_cosignature, add_witness
from app.log.witness.queries import FOLDER, KEYS, shown_cosignatures
from app.log.witness.rules import cosignatures_in, cosigned, new_cosigner, parse_cosigner, parse_witness
from app.settings import Settings
from app.shared.canonical import canonical_bytes
from app.shared.errors import Conflict, Refused
from tests.log.forging import KEY, ORIGIN, OTHER_KEY, changed, note_of, publish, served
from tests.visitor import Visitor

LEAVES = [canonical_bytes({"v": 1, "type": "party_words", "id": at, "version": 1}) for at in range(700)]
NOW = datetime(2023, 10, 1, tzinfo=UTC)


@pytest.fixture
def engine_kind() -> str:
    """What a witness does has nothing to do with the database."""
    return "sqlite"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    return folder


@pytest.fixture
def address(log: Path) -> Iterator[str]:
    with served(log) as found:
        yield found


Look = Callable[..., tuple[int, str]]


@pytest.fixture
def look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Look:
    def with_folder(*arguments: str) -> tuple[int, str]:
        status = run(["witness", *arguments, "--folder", str(tmp_path / "seen")])
        seen = capsys.readouterr()
        return status, seen.out + seen.err

    return with_folder


def evidence(tmp_path: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted(tmp_path.glob("seen/*/alarms/*"))]


def test_growing_log_is_followed_and_what_was_seen_is_kept(
    look: Look, log: Path, address: str, tmp_path: Path
) -> None:
    for size, said in (
        (3, "first time"),
        (3, "3 before, consistent"),
        (256, "3 before"),
        (700, "256 before"),
    ):
        publish(log, LEAVES[:size])
        status, words = look(address)
        assert (status, f"{ORIGIN}: {size} leaves" in words, said in words) == (0, True, True)
    (history,) = tmp_path.glob("seen/*/seen.jsonl")
    kept = [json.loads(line)["note"] for line in history.read_text().splitlines()]
    assert kept == [note_of(LEAVES[:size]) for size in (3, 256, 700)]
    assert evidence(tmp_path) == []


@pytest.mark.parametrize("size", [300, 700, 299])
def test_forked_log_raises_an_alarm_and_leaves_evidence(
    size: int, look: Look, log: Path, address: str, tmp_path: Path
) -> None:
    before = publish(log, LEAVES[:299])
    assert look(address)[0] == 0
    forked = publish(log, [*LEAVES[:100], changed(LEAVES[100], id=5), *LEAVES[101:size]])
    status, said = look(address)
    assert status == 2
    assert "ALARM forked" in said
    (kept,) = evidence(tmp_path)
    assert kept["notes"] == [before, forked]
    publish(log, LEAVES)
    assert look(address)[0] == 0  # what was believed before is still believed


def test_rewound_log_raises_an_alarm(look: Look, log: Path, address: str) -> None:
    publish(log, LEAVES[:299])
    assert look(address)[0] == 0
    publish(log, LEAVES[:298])
    status, said = look(address)
    assert (status, "ALARM rewound" in said, "had 299 leaves and now shows 298" in said) == (2, True, True)


def test_forged_checkpoint_and_changed_key_raise_alarms(look: Look, log: Path, address: str) -> None:
    publish(log, LEAVES[:10])
    assert look(address)[0] == 0
    publish(log, LEAVES[:11], OTHER_KEY)
    status, said = look(address)
    assert (status, "ALARM forged" in said) == (2, True)
    status, said = look(address, "--key", str(verifier_of(ORIGIN, OTHER_KEY)))
    assert (status, "ALARM key_changed" in said) == (2, True)


def test_two_addresses_of_one_log_must_show_the_same_log(
    look: Look, log: Path, address: str, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    publish(log, LEAVES[:400])
    publish(mirror, LEAVES[:300])
    with served(mirror) as other:
        status, said = look(address, other)
        assert (status, said.count("ok ")) == (0, 2)  # a mirror may lag behind
        publish(mirror, [changed(LEAVES[0], id=5), *LEAVES[1:310]])
        status, said = look(address, other)
    assert status == 2
    assert f"ALARM forked: {other}" in said


def test_silence_is_no_alarm(look: Look, log: Path, address: str, tmp_path: Path) -> None:
    assert look(address)[0] == 1
    (log / "checkpoint").write_text("hello")
    status, said = look(address)
    assert (status, "Not looked at" in said) == (1, True)
    publish(log, LEAVES[:300])
    assert look(address)[0] == 0
    publish(log, LEAVES[:600])
    for tile in log.glob("tile/0/*"):
        if tile.is_file():
            tile.unlink()
    status, said = look(address)
    assert (status, "does not serve tile" in said) == (1, True)
    assert evidence(tmp_path) == []


@pytest.mark.parametrize(
    "arguments", [[], ["ftp://example.org/log"], ["file:///etc"], ["https://example.org", "--key", "none"]]
)
def test_what_cannot_be_followed_is_refused(arguments: list[str], look: Look) -> None:
    status, said = look(*arguments)
    assert status == 2  # click's status of a wrong call
    assert "ALARM" not in said


# ---------------------------------------------------------------------------------------------------- cosignatures


def test_witness_cosigns_what_it_saw_consistent(look: Look, log: Path, address: str, tmp_path: Path) -> None:
    key = tmp_path / "witness.key"
    status, said = look("--new-key", "example.org/witness", "--cosign", str(key))
    assert status == 0
    witness = parse_witness(said)
    assert key.stat().st_mode & 0o077 == 0
    assert look("--new-key", "example.org/witness", "--cosign", str(key))[0] == 1  # never written over
    publish(log, LEAVES[:20])
    assert look(address, "--cosign", str(key))[0] == 0
    (path,) = tmp_path.glob("seen/*/cosigned-checkpoint")
    (found,) = cosignatures_in(path.read_text(), [witness])
    assert found.witness == witness
    assert opened_checkpoint(path.read_text(), verifier_of(ORIGIN, KEY)).size == 20
    publish(log, [changed(LEAVES[0], id=5), *LEAVES[1:30]])
    assert look(address, "--cosign", str(key))[0] == 2
    assert opened_checkpoint(path.read_text(), verifier_of(ORIGIN, KEY)).size == 20


def test_cosignature_has_the_bytes_of_the_specification() -> None:
    cosigner = new_cosigner("witness.example/w1")
    note = cosigned(note_of(LEAVES[:3]), cosigner, NOW)
    (line,) = [each for each in note.splitlines() if each.startswith("— witness.example/w1 ")]
    content = base64.b64decode(line.rpartition(" ")[2])
    assert content[:4] == cosigner.witness.key_id
    assert int.from_bytes(content[4:12], "big") == int(NOW.timestamp())
    body = note.rpartition("\n\n")[0] + "\n"
    message = f"cosignature/v1\ntime {int(NOW.timestamp())}\n{body}".encode()
    cosigner.key.public_key().verify(content[12:], message)  # raises unless it holds
    assert parse_cosigner(cosigner.secret_text()).witness == cosigner.witness
    assert cosigned(note, cosigner, NOW).count("witness.example/w1") == 1


@pytest.mark.parametrize("place", [5, 20])
def test_altered_cosignature_is_refused(place: int) -> None:
    cosigner = new_cosigner("example.org/witness")
    head, _, content = cosigned(note_of(LEAVES[:3]), cosigner, NOW).rpartition(" ")
    altered = bytearray(base64.b64decode(content))
    altered[place] ^= 1
    note = f"{head} {base64.b64encode(bytes(altered)).decode()}\n"
    with pytest.raises(BadNote, match="forged"):
        cosignatures_in(note, [cosigner.witness])
    assert cosignatures_in(note, [new_cosigner("example.org/witness").witness]) == []


def test_cosignature_sent_to_the_fund_is_shown_on_its_page(
    app: Flask, settings: Settings, session: Session, visit: Callable[..., Visitor]
) -> None:
    folder, cosigner = settings.data_dir / FOLDER, new_cosigner("example.org/witness")
    note = cosigned(published_note(session, settings.log_key_file), cosigner, NOW)
    with pytest.raises(Refused):
        add_cosignature(session, folder, note)  # nobody knows this witness yet
    assert add_witness(folder, str(cosigner.witness)) == cosigner.witness
    with pytest.raises(Conflict):
        add_witness(folder, str(cosigner.witness))
    assert "还没有见证人的签名" in visit().get("/verify").words
    assert add_cosignature(session, folder, note) == ["example.org/witness"]
    page = visit().get("/verify").words
    assert "example.org/witness" in page
    assert "2023-10-01 08:00" in page  # the fund's time


def test_what_a_witness_saw_elsewhere_is_refused(app: Flask, settings: Settings, session: Session) -> None:
    folder, cosigner = settings.data_dir / FOLDER, new_cosigner("example.org/witness")
    add_witness(folder, str(cosigner.witness))
    own = published_note(session, settings.log_key_file)
    log = identity(session)
    assert log is not None
    forked = note_of(LEAVES[:1], read_key(settings.log_key_file), log.name)
    for note in (
        cosigned(forked, cosigner, NOW),
        cosigned(note_of(LEAVES), cosigner, NOW),
        own,
        own.replace(log.name, "other.example"),
        "none",
    ):
        with pytest.raises(Refused):
            add_cosignature(session, folder, note)
    with pytest.raises(Refused):
        add_witness(folder, "no key")
    assert shown_cosignatures(folder, log) == []
    (folder / KEYS).write_text("damaged\n")
    assert shown_cosignatures(folder, log) == []
