"""The log's name and key, and a database that is older than what people already hold."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.log import queries as log
from app.log.checkpoint import operations, queries
from app.log.checkpoint.rules import opened_checkpoint
from app.log.checks import check_log, check_published
from app.log.models import Leaf, PublishedCheckpoint
from app.log.operations import LeafDraft, append
from app.main import create_app
from app.people.rules import OPERATOR
from app.settings import NotReady, Settings
from app.shared.db import transaction
from app.shared.errors import Conflict, Refused
from app.shared.permissions import Actor
from app.web import schema
from app.web.database import open_engine
from tests import installation
from tests.visitor import Visitor

Clone = Callable[[str, Callable[[Engine], None]], str]


def record(session: Session, count: int, first: int = 500) -> None:
    """Something happens."""
    with transaction(session, books=True):
        append(session, [LeafDraft("project", number, {"fund": 1}) for number in range(first, first + count)])


@pytest.fixture
def twins(
    engine_kind: str, clone: Clone, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, Settings]:
    """An installation with a history, and its backup: two databases with one log, one key, one data folder."""
    folder = tmp_path_factory.mktemp("twins")
    here = installation.settings_for(folder, "sqlite:///unused")

    def with_history(engine: Engine) -> None:
        schema.upgrade(engine)
        with Session(engine, expire_on_commit=False) as session:
            operations.establish(session, here.log_key_file, None)
            record(session, 300)
            operations.published_note(session, here.log_key_file)

    with_history.__name__ = folder.name  # each test has a history of its own
    urls = [clone(engine_kind, with_history) for _ in range(2)]
    return replace(here, database_url=urls[0]), replace(here, database_url=urls[1])


@contextmanager
def session_on(settings: Settings) -> Iterator[Session]:
    """A session on an installation's database."""
    engine = open_engine(settings)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


def start(settings: Settings) -> None:
    """Start the site, and stop it again."""
    installation.close(create_app(settings))


def test_first_start_makes_key_and_name(empty_settings: Settings) -> None:
    start(empty_settings)
    key = empty_settings.log_key_file
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with session_on(empty_settings) as session:
        first = queries.identity(session)
        assert first is not None
        assert first.name.startswith("sunledger.invalid/")
        content = key.read_bytes()
        start(empty_settings)
        assert queries.identity(session) == first
        assert key.read_bytes() == content


def test_origin_is_the_one_that_was_set_first(empty_settings: Settings) -> None:
    start(replace(empty_settings, log_origin="fund.example/log"))
    with session_on(empty_settings) as session:
        found = queries.identity(session)
        assert found is not None
        assert found.name == "fund.example/log"
    start(empty_settings)
    with pytest.raises(NotReady, match=r"called fund\.example/log for ever"):
        start(replace(empty_settings, log_origin="fund.example/other"))


def test_origin_that_is_none_is_refused_before_anything_is_made(empty_settings: Settings) -> None:
    with pytest.raises(NotReady, match="SUNLEDGER_LOG_ORIGIN cannot be used"):
        start(replace(empty_settings, log_origin="阳光 基金"))
    assert not empty_settings.log_key_file.exists()


def test_key_of_another_log_lost_or_open_to_others_is_refused(
    empty_settings: Settings, tmp_path: Path
) -> None:
    start(empty_settings)
    key = empty_settings.log_key_file
    content = key.read_bytes()
    key.chmod(0o644)
    with pytest.raises(NotReady, match="can be read by others"):
        start(empty_settings)
    key.unlink()
    with pytest.raises(NotReady, match="put it back from the backup"):
        start(empty_settings)
    assert not key.exists(), "a lost key is never replaced by a new one"
    for wrong in (b"", b"no key", content[:-40]):
        key.write_bytes(wrong)
        key.chmod(0o600)
        with pytest.raises(NotReady, match="is not the log's key"):
            start(empty_settings)
    operations._kept_key(tmp_path / "other.key").private_bytes_raw()
    with pytest.raises(NotReady, match="is not the one of this log"):
        start(replace(empty_settings, log_key_file=tmp_path / "other.key"))
    key.write_bytes(content)
    start(empty_settings)


def test_every_checkpoint_is_remembered_before_it_is_served(
    visit: Callable[..., Visitor], settings: Settings, session: Session
) -> None:
    for count in (1, 2):
        record(session, count, first=600 + count)
        note = visit().get("/log/checkpoint").content.decode()
        assert queries.published_file(settings.log_key_file).read_text() == note
        stored = queries.latest_checkpoint(session)
        assert stored is not None
        assert stored.note == note
        session.rollback()


def test_restored_backup_is_refused_everywhere(twins: tuple[Settings, Settings]) -> None:
    current, backup = twins
    with session_on(current) as session:
        record(session, 10)
        operations.published_note(session, current.log_key_file)
        size = log.size(session)
    with pytest.raises(NotReady, match=rf"older than what was published.*has 300 leaves.*{size}"):
        start(backup)
    with session_on(backup) as session:
        with pytest.raises(operations.LogRewound, match="older"):
            operations.published_note(session, backup.log_key_file)
        assert not check_published(session, backup.log_key_file).holds
        record(session, 10, first=900)  # as long as the other, but another story
        assert log.size(session) == size
        with pytest.raises(operations.LogRewound, match="is not the one that was published"):
            operations.published_note(session, backup.log_key_file)
    with pytest.raises(NotReady, match=f"first {size} leaves differs"):
        start(backup)
    start(current)


def test_database_put_back_under_a_running_site_is_not_signed(twins: tuple[Settings, Settings]) -> None:
    current, backup = twins
    app = create_app(backup)
    with session_on(current) as session:
        record(session, 10)
        operations.published_note(session, current.log_key_file)
    visitor = Visitor(app.test_client())
    answer = visitor.get("/log/checkpoint")
    assert answer.status == 503
    assert "older than what was published" in answer.html
    assert answer.headers["Cache-Control"] == "no-store"
    assert visitor.get("/readyz").status == 503
    installation.close(app)


def test_accepted_rewind_is_public_and_the_log_goes_on(twins: tuple[Settings, Settings]) -> None:
    current, backup = twins
    with session_on(current) as session:
        record(session, 10)
        given_up = operations.published_note(session, current.log_key_file)
    with session_on(backup) as session:
        with pytest.raises(Refused):
            operations.accept_rewind(session, OPERATOR, backup.log_key_file, "  ")
        with pytest.raises(Exception, match="权限"):
            operations.accept_rewind(session, Actor(1, "x"), backup.log_key_file, "磁盘损坏")
        note = operations.accept_rewind(session, OPERATOR, backup.log_key_file, "磁盘损坏，只剩昨天的备份")
        verifier = queries.identity(session)
        assert verifier is not None
        lost, found = opened_checkpoint(given_up, verifier), opened_checkpoint(note, verifier)
        assert (lost.size, found.size) == (310, 301)
        leaf = session.scalars(select(Leaf).where(Leaf.kind == "rewind")).one()
        body = json.loads(leaf.body)
        assert (body["published_size"], body["published_root"], body["size"]) == (310, lost.root.hex(), 300)
        (opening,) = log.official_openings(session, leaf.position, leaf.position + 1)
        assert opening.text == "磁盘损坏，只剩昨天的备份"
        kept = queries.published_file(backup.log_key_file)
        assert kept.with_name(f"{kept.name}.given-up-310").read_text() == given_up
        assert [check.name for check in check_log(session) if not check.holds] == []
        with pytest.raises(Conflict):
            operations.accept_rewind(session, OPERATOR, backup.log_key_file, "再来一次")
    start(backup)
    with pytest.raises(NotReady, match="is not the one that was published"):
        start(current)


def test_damaged_memory_of_what_was_published_is_refused(twins: tuple[Settings, Settings]) -> None:
    current, _ = twins
    path = queries.published_file(current.log_key_file)
    note = path.read_text()
    for wrong in ("", note.replace("\n300\n", "\n200\n"), note[:-10]):
        path.write_text(wrong)
        with pytest.raises(NotReady, match="does not hold the last published checkpoint"):
            start(current)
    path.write_text(note)
    start(current)


def test_signed_checkpoints_cannot_be_rewritten(twins: tuple[Settings, Settings]) -> None:
    with session_on(twins[0]) as session:
        for wrong in (
            lambda: session.execute(PublishedCheckpoint.__table__.delete()),
            lambda: session.execute(PublishedCheckpoint.__table__.update().values(size=1)),  # type: ignore[attr-defined]
        ):
            with pytest.raises(Exception, match="published_checkpoint_is_append_only"), transaction(session):
                wrong()
