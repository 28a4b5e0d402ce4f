"""`sunledger log …` on an installation, and on files that somebody kept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app import cli
from app.log import queries as log
from app.log.checkpoint import queries
from app.log.checkpoint.rules import Checkpoint, signed_note
from app.log.merkle.rules import Frontier, leaf_hash
from app.settings import ROOT, Settings
from app.shared.canonical import canonical_bytes
from app.web.database import open_engine
from tests.log.year import Year

Run = Callable[..., tuple[int, str, str]]
PROGRAM = ROOT / "static" / "verify" / "verify_sunledger.py"


@pytest.fixture
def run(
    empty_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Iterator[Run]:
    """Return `run(*arguments)`: exit status, standard output and standard error, on the year's installation."""
    cli.settings.cache_clear()
    monkeypatch.setattr(cli, "load", lambda: empty_settings)
    monkeypatch.setattr(sys, "stdin", None)
    engine = open_engine(empty_settings)
    year = Year(engine, tmp_path / "files")
    year.play()
    year.session.close()
    engine.dispose()

    def one(*arguments: str) -> tuple[int, str, str]:
        status = cli.run(list(arguments))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    yield one
    cli.settings.cache_clear()


@pytest.fixture
def file(run: Run, tmp_path: Path) -> Path:
    """The exported log."""
    path = tmp_path / "log.txt"
    status, out, _ = run("log", "export", str(path))
    assert status == 0
    assert "leaves written" in out
    return path


def test_own_log_is_verified(run: Run) -> None:
    status, out, err = run("log", "verify")
    assert (status, err) == (0, "")
    assert out.count("ok  ") == 6
    status, out, _ = run("check-books")
    assert status == 0
    assert "log_continues_what_was_published" in out


def test_exported_file_is_verified_with_nothing_else(run: Run, file: Path, empty_settings: Settings) -> None:
    status, out, _ = run("log", "verify", str(file))
    assert status == 0
    for name in (
        "checkpoint_is_signed",
        "leaves_follow_their_kind",
        "root_is_the_signed_one",
        "texts_are_those",
    ):
        assert f"ok   {name}" in out
    engine = open_engine(empty_settings)
    with Session(engine) as session:
        bodies = [leaf.body for leaf in log.leaves(session)]
        verifier = queries.identity(session)
    engine.dispose()
    lines = file.read_bytes().split(b"\n")
    heading = json.loads(lines[0])
    assert heading["leaves"] == len(bodies)
    assert lines[1 : len(bodies) + 1] == bodies
    assert run("log", "verify", str(file), "--public-key", str(verifier))[0] == 0
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    status, out, _ = run("log", "verify", str(file), "--public-key", other)
    assert status == 1
    assert "is not signed by PeterNeumann" in out
    assert run("log", "verify", str(file), "--public-key", "nonsense")[0] != 0


def test_every_change_of_an_exported_file_is_found(run: Run, file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    count = json.loads(lines[0])["leaves"]
    leaf = json.loads(lines[20])
    changes = {
        "a figure": ("not those that were signed", [*lines[:20], canonical_bytes({**leaf, "version": 9}) + b"\n", *lines[21:]]),
        "a leaf left out": ("are here", lines[: count] ),
        "two leaves swapped": ("not those that were signed", [*lines[:20], lines[21], lines[20], *lines[22:]]),
        "an unknown kind": ("knows no leaf", [*lines[:20], canonical_bytes({**leaf, "type": "gift"}) + b"\n", *lines[21:]]),
        "spaces": ("not in canonical form", [*lines[:20], json.dumps(leaf).encode() + b"\n", *lines[21:]]),
        "no JSON": ("cannot be read", [*lines[:20], b"[}\n", *lines[21:]]),
        "a published text": ("is not the text committed to", [*lines[:-1], lines[-1].replace(b'"text":"', b'"text":"x')]),
        "a text of another leaf": (
            "is not the text committed to",
            [*lines[:-1], json.dumps({**json.loads(lines[-1]), "position": 1}).encode() + b"\n"],
        ),
        "a text that cannot be read": ("cannot be read", [*lines, b"{}\n"]),
        "another format": ("not a log in the format", [lines[0].replace(b"sunledger-log/1", b"other"), *lines[1:]]),
        "the checkpoint": ("forged", [lines[0].replace(f"\\n{count}\\n".encode(), f"\\n{count - 1}\\n".encode()), *lines[1:]]),
        "nothing at all": ("does not begin as a log does", []),
    }  # fmt: skip
    for what, (words, changed) in changes.items():
        file.write_bytes(b"".join(changed))
        status, out, _ = run("log", "verify", str(file))
        assert status == 1, what
        assert words in out, (what, out)


def test_one_file_verifier_finds_changed_texts_of_an_export(run: Run, file: Path) -> None:
    def verified() -> tuple[int, str]:
        done = subprocess.run([sys.executable, PROGRAM, file], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    lines = file.read_bytes().splitlines(keepends=True)
    last = json.loads(lines[-1])
    named = f"Leaf {last['position']}: its {last['field']} is not the text"
    count = len(lines) - json.loads(lines[0])["leaves"] - 1
    status, said = verified()
    assert (status, f"{count} published texts are those" in said) == (0, True), said
    for words, line in (
        (named, {**last, "text": f"x{last['text']}"}),
        (named, {**last, "salt": "00" * 32}),
        ("Leaf 1: its", {**last, "position": 1}),
        ("cannot be read", {}),
    ):
        file.write_bytes(b"".join([*lines[:-1], json.dumps(line).encode() + b"\n"]))
        status, said = verified()
        assert (status, words in said) == (1, True), said


def test_published_folder_is_verified_and_every_change_found(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    assert run("log", "publish", str(folder))[0] == 0
    assert run("log", "verify", str(folder))[0] == 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        assert run("log", "verify", str(folder))[0] == 1, path
        path.unlink()
        assert run("log", "verify", str(folder))[0] == 1, path
        path.write_bytes(content)
    assert run("log", "verify", str(folder))[0] == 0


def test_folder_of_another_log_or_of_a_fork_is_not_overwritten(
    run: Run, tmp_path: Path, empty_settings: Settings
) -> None:
    folder = tmp_path / "published"
    assert run("log", "publish", str(folder))[0] == 0
    note = (folder / "checkpoint").read_text()
    (folder / "checkpoint").write_text(note.replace("— ", "— other"))
    status, _, err = run("log", "publish", str(folder))
    assert (status, "另一份存证日志" in err) == (1, True)
    origin = note.split("\n")[0]
    key = queries.read_key(empty_settings.log_key_file)
    frontier = Frontier()
    frontier.append(leaf_hash(b"another story"))
    forked = signed_note(Checkpoint(origin, 1, frontier.root()).text(), origin, key)
    (folder / "checkpoint").write_text(forked)
    status, _, err = run("log", "publish", str(folder))
    assert (status, "与现在的日志不一致" in err) == (1, True)
    assert (folder / "checkpoint").read_text() == forked


def test_erasing_by_command(run: Run, empty_settings: Settings) -> None:
    status, out, err = run("log", "erase", "18", "party", "--reason", "本人要求")
    assert (status, err) == (0, ""), err
    assert out.startswith("erased; leaf ")
    assert run("log", "verify")[0] == 0
    assert run("check-books")[0] == 0
    status, _, err = run("log", "erase", "18", "party", "--reason", "本人要求")
    assert (status, err) == (1, "这段文字已经删除\n")


def test_rewound_database_is_refused_by_commands_until_a_reason_stands(
    run: Run, empty_settings: Settings
) -> None:
    path = queries.published_file(empty_settings.log_key_file)
    assert run("log", "verify")[0] == 0
    assert run("init")[0] == 0
    assert run("log", "publish", str(path.parent / "out"))[0] == 0
    note = path.read_text()
    origin, size = note.split("\n")[:2]
    key = queries.read_key(empty_settings.log_key_file)
    # As if more had been published than this database has.
    path.write_text(signed_note(Checkpoint(origin, int(size) + 5, bytes(32)).text(), origin, key))
    for command in (
        ("init",),
        ("serve",),
        ("log", "publish", str(path.parent / "out")),
        ("fund", "add", "--slug", "new-fund", "--name", "新基金", "--host", "××慈善会"),
    ):
        status, _, err = run(*command)
        assert status == 1, command
        assert "older than what was published" in err
    status, out, _ = run("check-books")
    assert status == 1
    assert "FAIL log_continues_what_was_published" in out
    status, out, err = run("log", "accept-rewind", "--reason", "磁盘损坏")
    assert (status, err) == (0, ""), err
    assert out == path.read_text()
    assert run("init")[0] == 0
    assert run("check-books")[0] == 0
    assert run("log", "accept-rewind", "--reason", "磁盘损坏")[0] == 1
