"""Every test that touches the database runs on SQLite and on PostgreSQL, each time in a copy of one prepared database.

`session` is for operations and queries; `visit("cashier")` is somebody of the cast in front of the site, `visit()` a
stranger.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.main import create_app
from app.people import operations, queries
from app.settings import Settings, load
from app.shared import clock, encryption
from app.shared.db import transaction
from app.web import schema
from app.web.database import open_engine
from tests import factories, postgres
from tests.visitor import Visitor

ENGINES = ("sqlite", "postgresql")
DATA_KEY = bytes(range(32))


def settings_for(folder: Path, database_url: str) -> Settings:
    """The settings of an installation whose data lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.key").write_text(DATA_KEY.hex())
    return load(
        {
            "SUNLEDGER_ENV": "development",
            "SUNLEDGER_DATA_DIR": str(folder),
            "SUNLEDGER_DATABASE_URL": database_url,
            "SUNLEDGER_SECRET_KEY": "for tests only, never for a site",
        }
    )


@pytest.fixture(scope="session", autouse=True)
def data_key() -> None:
    """Give the process the key by which contacts are encrypted."""
    encryption.use_key(DATA_KEY)


def _migrate(engine: Engine) -> None:
    schema.upgrade(engine)


def _migrate_and_people(engine: Engine) -> None:
    schema.upgrade(engine)
    with (
        clock.simulated(factories.simulated_start()),
        Session(engine, expire_on_commit=False) as session,
        transaction(session, books=True),
    ):
        factories.make_cast(session)


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Engine], None]], str]:
    """Return `clone(engine, prepare)`: the URL of a fresh copy of a database that `prepare` filled once."""
    folder = tmp_path_factory.mktemp("databases")
    files: dict[Callable[[Engine], None], Path] = {}
    fillers: dict[Callable[[Engine], None], Callable[[str], None]] = {}
    copies = iter(range(1_000_000))

    def fill(prepare: Callable[[Engine], None], url: str) -> None:
        engine = open_engine(settings_for(folder / "filling", url))
        try:
            prepare(engine)
        finally:
            engine.dispose()

    def clone(kind: str, prepare: Callable[[Engine], None]) -> str:
        if kind == "postgresql":
            return postgres.create_database(
                fillers.setdefault(prepare, lambda url: fill(prepare, url))
            )
        if prepare not in files:
            path = folder / f"{prepare.__name__}.sqlite3"
            fill(prepare, f"sqlite:///{path}")
            files[prepare] = path
        copy = folder / f"copy-{next(copies)}.sqlite3"
        shutil.copyfile(files[prepare], copy)
        return f"sqlite:///{copy}"

    return clone


def _drop(url: str) -> None:
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for each in path.parent.glob(path.name + "*"):
            each.unlink()
    else:
        postgres.drop_database(url)


@pytest.fixture(params=ENGINES)
def engine_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that this run of the test is on."""
    kind: str = request.param
    return kind


@pytest.fixture
def settings(
    engine_kind: str, _prepared: Callable[[str, Callable[[Engine], None]], str], tmp_path: Path
) -> Iterator[Settings]:
    """An installation with the fund and the cast."""
    url = _prepared(engine_kind, _migrate_and_people)
    yield settings_for(tmp_path / "data", url)
    _drop(url)


@pytest.fixture
def empty_settings(
    engine_kind: str, _prepared: Callable[[str, Callable[[Engine], None]], str], tmp_path: Path
) -> Iterator[Settings]:
    """An installation that was only initialised."""
    url = _prepared(engine_kind, _migrate)
    yield settings_for(tmp_path / "empty", url)
    _drop(url)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """An engine on the installation's database."""
    opened = open_engine(settings)
    yield opened
    opened.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session beside the site's own; write in `with transaction(session, books=True):`."""
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The site."""
    built = create_app(settings)
    built.testing = True
    yield built
    close(built)


def close(app: Flask) -> None:
    """Close the connections of a site."""
    from app.web.database import db

    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def visit(app: Flask, engine: Engine) -> Callable[..., Visitor]:
    """Return `visit(key=None)`: a browser of somebody of the cast, signed in, or of a stranger."""
    emails = {member.key: member.email for member in factories.CAST}

    def come(key: str | None = None, *, email: str | None = None) -> Visitor:
        visitor = Visitor(app.test_client())
        address = emails[key] if key else email
        if address:
            with Session(engine, expire_on_commit=False) as session:
                person = queries.user_by_email(session, address)
                assert person is not None
                with transaction(session):
                    secret = operations.start_session(session, person.id, browser="test")
            visitor.carry(secret)
        return visitor

    return come
