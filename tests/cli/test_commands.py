"""The console script: what it does, what it prints, how it ends."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app import cli
from app.people import queries
from app.people.rules import password_matches
from app.settings import ROOT, Settings
from app.shared.permissions import Permission
from app.web import schema
from app.web.database import open_session

PROGRAM = Path(sys.executable).with_name("sunledger")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    empty_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return `run(*arguments, text="")`: exit status, standard output and standard error on an initialised database."""
    cli.settings.cache_clear()
    monkeypatch.setattr(cli, "load", lambda: empty_settings)

    def one(*arguments: str, text: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        status = cli.run(list(arguments))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    yield one
    cli.settings.cache_clear()


def test_first_administrator_gets_the_password_from_standard_input(
    run: Run, empty_settings: Settings
) -> None:
    status, out, err = run(
        "user",
        "add",
        "--email",
        "A@example.org",
        "--name",
        "甲",
        "--role",
        "administrator",
        text="correct-horse\n",
    )
    assert (status, out, err) == (0, "a@example.org  administrator\n", "")
    with open_session(empty_settings) as session:
        person = queries.user_by_email(session, "a@example.org")
        assert person is not None
        assert password_matches(person.password_hash, "correct-horse")
        assert not person.must_change_password
        assert queries.actor(session, person.id).may(Permission.PEOPLE_MANAGE)


def test_password_is_made_and_printed_once_when_none_is_given(run: Run, empty_settings: Settings) -> None:
    status, out, _ = run("user", "add", "--email", "a@example.org", "--name", "甲", "--role", "administrator")
    assert status == 0
    password = out.rpartition("password: ")[2].strip()
    with open_session(empty_settings) as session:
        person = queries.user_by_email(session, "a@example.org")
        assert person is not None
        assert password_matches(person.password_hash, password)
        assert person.must_change_password


def test_fund_comes_with_its_books_and_council_with_seats(run: Run, empty_settings: Settings) -> None:
    assert run("fund", "add", "--slug", "road", "--name", "道路基金", "--host", "慈善会")[0] == 0
    for number in (1, 2):
        status, _, err = run(
            "user", "add", "--email", f"c{number}@example.org", "--name", "理事", "--role", "council"
        )
        assert (status, err) == (0, "")
    with open_session(empty_settings) as session:
        seats = [
            office.seat_number
            for number in (1, 2)
            for office in queries.actor_by_email(session, f"c{number}@example.org").offices
        ]
    assert seats == [1, 2]


def test_appoint_and_end(run: Run, empty_settings: Settings) -> None:
    run("fund", "add", "--slug", "road", "--name", "道路基金", "--host", "慈善会")
    run("user", "add", "--email", "x@example.org", "--name", "丙", "--role", "cashier")
    status, _, err = run("user", "appoint", "--email", "x@example.org", "--role", "accountant")
    assert (status, err) == (1, "同一基金的出纳和会计不能是同一个人\n")
    assert run("user", "appoint", "--email", "x@example.org", "--role", "secretary")[0] == 0
    run("user", "add", "--email", "a@example.org", "--name", "甲", "--role", "administrator")
    assert run("user", "end", "--email", "x@example.org")[0] == 0
    with open_session(empty_settings) as session:
        person = queries.user_by_email(session, "x@example.org")
        assert person is not None
        assert person.ended_at is not None


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["user", "add", "--email", "x", "--name", "x", "--role", "auditor"], 1, "这不是有效的电子邮箱地址"),
        (
            ["user", "add", "--email", "x@y.org", "--name", "x", "--role", "cashier"],
            1,
            "还没有任何基金，请先由系统管理员建立基金",
        ),
        (["user", "end", "--email", "x@example.org"], 1, "没有使用邮箱 x@example.org 的用户"),
        (["user", "add", "--email", "x@y.org", "--name", "x"], 2, "Missing option '--role'."),
        (["no-such-command"], 2, "No such command 'no-such-command'."),
    ],
)
def test_failure_is_one_sentence_and_a_status(
    run: Run, arguments: list[str], status: int, sentence: str
) -> None:
    found, out, err = run(*arguments)
    assert found == status
    assert out == ""
    assert err.startswith(sentence)
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("what", "wanted"), [("disbursements", "申请日期 → date"), ("transfers", "转出账户 → from_account")]
)
def test_a_workbook_of_another_kind_is_refused_with_the_columns_that_are_wanted(
    run: Run, what: str, wanted: str
) -> None:
    run("fund", "add", "--slug", "road", "--name", "道路基金", "--host", "慈善会")
    gala = next((ROOT / "app" / "example" / "jinlong-2023").glob("慈善晚会*.xlsx"))
    status, out, err = run("import", what, str(gala))
    assert (status, out) == (1, "")
    assert err.startswith("还不知道每一列是什么，请先对应表头：")
    assert wanted in err


def test_the_books_of_a_database_that_was_never_set_up(
    run: Run, tmp_path: Path, empty_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = replace(empty_settings, database_url=f"sqlite:///{tmp_path / 'bare.sqlite3'}")
    monkeypatch.setattr(cli, "load", lambda: bare)
    assert run("check-books") == (1, "", "The database is not set up; run `sunledger init`.\n")


def test_failed_command_leaves_nothing_behind(run: Run, empty_settings: Settings) -> None:
    run("user", "add", "--email", "x@y.org", "--name", "x", "--role", "cashier")
    with open_session(empty_settings) as session:
        assert not queries.has_users(session)


def test_every_command_explains_itself(run: Run) -> None:
    status, listed, _ = run("--help")
    assert status == 0
    for name in cli.COMMANDS:
        assert name in listed
        status, out, _ = run(name, "--help")
        assert status == 0
        assert "Usage: sunledger" in out


def _environment(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SUNLEDGER_")}
    return {**kept, "SUNLEDGER_DATA_DIR": str(tmp_path / "data"), "SUNLEDGER_DATABASE_URL": "", **more}


def _program(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def test_init_makes_the_database_once(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    first, second = _program(environment, "init"), _program(environment, "init")
    assert (first.returncode, first.stdout) == (0, "The database is set up.\n")
    assert (second.returncode, second.stdout) == (0, "The database was up to date.\n")
    assert (tmp_path / "data" / "sunledger.sqlite3").is_file()
    assert (tmp_path / "data" / "data.key").stat().st_mode & 0o777 == 0o600


def test_serving_without_a_database_is_one_sentence(tmp_path: Path) -> None:
    done = _program(_environment(tmp_path), "serve")
    assert done.returncode == 1
    assert done.stderr == "The database is not set up for this version; run `sunledger init`.\n"


def test_production_without_a_secret_is_one_sentence(tmp_path: Path) -> None:
    done = _program(_environment(tmp_path, SUNLEDGER_ENV="production"), "init")
    assert done.returncode == 1
    assert done.stderr.startswith("In production SUNLEDGER_SECRET_KEY must be set")
    assert done.stderr.count("\n") == 1


def test_unreachable_database_is_one_sentence(tmp_path: Path) -> None:
    environment = _environment(tmp_path, SUNLEDGER_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    done = _program(environment, "init")
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be")
    assert "Traceback" not in done.stderr


def test_init_sees_to_both_databases(empty_settings: Settings, engine_kind: str, run: Run) -> None:
    status, out, _ = run("init")
    assert (status, out) == (0, "The database was up to date.\n")
    engine: Engine
    from app.web.database import open_engine

    engine = open_engine(empty_settings)
    assert schema.problem(engine) is None
    assert engine.dialect.name == engine_kind
    engine.dispose()


def test_an_installation_serves_one_host(run: Run) -> None:
    assert run("fund", "add", "--slug", "road", "--name", "道路基金", "--host", "慈善会")[0] == 0
    assert run("fund", "add", "--slug", "school", "--name", "助学基金", "--host", " 慈善会 ")[0] == 0
    assert run("fund", "add", "--slug", "winter", "--name", "冬季基金", "--host", "另一个慈善会") == (
        1,
        "",
        "本站的托管机构是“慈善会”，一个安装只服务一个托管机构\n",
    )


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for command in ("serve", "start"):
            status, out, err = run(command, "--port", str(port))
            assert (status, out) == (1, "")
            assert err.startswith(f"Something listens on port {port} already")
