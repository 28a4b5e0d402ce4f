"""`sunledger example load`: what it prints, and that it loads once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.example import rules
from app.example.operations import load_example
from app.example.pdf import paper
from app.ledger.models import JournalEntry
from app.people.models import TermOfOffice, User
from app.people.rules import password_matches
from app.settings import Settings
from app.shared.db import transaction
from app.shared.permissions import Role
from app.web.database import open_engine
from tests.workbooks import Run, commands

ROLES = {role.value for role in Role}


@pytest.fixture
def empty_session(empty_settings: Settings) -> Iterator[Session]:
    """A session on an installation that was only initialised."""
    engine = open_engine(empty_settings)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


@pytest.fixture
def run(
    empty_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return `run(*arguments)` on an installation that was only initialised."""
    with commands(empty_settings, monkeypatch, capsys) as given:
        yield given


def _entries(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def test_it_loads_once_and_prints_the_sign_ins(run: Run, empty_session: Session) -> None:
    status, out, err = run("example", "load")
    assert (status, err) == (0, "")
    assert "yimi-yangguang  23 entries" in out
    assert "示例数据：两笔单位捐赠、晚会总额与修路用途来自公开报道，其余均为演示所设" in out
    for person in rules.CAST:
        (line,) = [each for each in out.splitlines() if each.startswith(person.email)]
        assert rules.DEMO_PASSWORD in line
        assert person.seat is None or line.endswith(f"#{person.seat}")
    assert [name for name, _ in rules.ANSWERS] == [f"A{number}" for number in range(1, 13)]
    assert all(name in out for name, _ in rules.ANSWERS)
    assert _entries(empty_session) == 23
    status, out, err = run("example", "load")
    assert (status, out, err) == (1, "", "示例基金 yimi-yangguang 已经在这里了\n")
    assert _entries(empty_session) == 23


def test_every_office_is_held_from_the_first_day(empty_session: Session, empty_settings: Settings) -> None:
    with transaction(empty_session, books=True):
        load_example(empty_session, empty_settings.files_dir, in_production=False)
    terms = empty_session.scalars(select(TermOfOffice)).all()
    assert {term.role for term in terms} == ROLES
    assert {term.starts_on for term in terms} == {date(2023, 9, 1)}
    assert sorted(term.seat_number for term in terms if term.seat_number) == [1, 2, 3, 4, 5, 6, 7]
    users = empty_session.scalars(select(User)).all()
    assert len(users) == len(terms), "one person for each office"
    assert all(user.email.endswith(".example") for user in users)
    assert not any(user.must_change_password for user in users)
    assert password_matches(users[0].password_hash, rules.DEMO_PASSWORD)


def test_in_production_passwords_are_random_and_must_be_changed(
    empty_session: Session, empty_settings: Settings
) -> None:
    with transaction(empty_session, books=True):
        loaded = load_example(empty_session, empty_settings.files_dir, in_production=True)
    passwords = {one.password for one in loaded.sign_ins}
    assert len(passwords) == len(rules.CAST)
    assert rules.DEMO_PASSWORD not in passwords
    users = {user.email: user for user in empty_session.scalars(select(User))}
    assert all(user.must_change_password for user in users.values())
    for one in loaded.sign_ins[:2]:
        assert password_matches(users[one.person.email].password_hash, one.password)
        assert not password_matches(users[one.person.email].password_hash, rules.DEMO_PASSWORD)


def test_it_loads_all_or_nothing(
    run: Run, empty_session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in (rules.DONATIONS, rules.SALES, rules.TRANSFERS):
        (tmp_path / name).write_bytes((rules.WORKBOOKS / name).read_bytes())
    (tmp_path / rules.DISBURSEMENTS).write_bytes(b"no workbook at all \x00\x01")
    monkeypatch.setattr(rules, "WORKBOOKS", tmp_path)
    status, out, err = run("example", "load")
    assert (status, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert _entries(empty_session) == 0
    assert empty_session.scalar(select(func.count()).select_from(User)) == 0


def test_a_paper_of_the_example_is_a_pdf_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(paper("会议纪要", ["应到 7 人，实到 6 人", "金额：6,000.00 元"]))
    words = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True, text=True).stdout
    assert "示例" in words
    assert "应到 7 人，实到 6 人" in words
    assert "不是真实的会议纪要或银行凭证" in words
