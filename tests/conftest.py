"""Every test that touches the database runs on SQLite and on PostgreSQL, each time in a copy of one prepared database.

`session` is for operations and queries; `visit("cashier")` is somebody of the cast in front of the site, `visit()` a
stranger.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.main import create_app
from app.settings import Settings
from app.shared import encryption
from app.web.database import open_engine
from tests import installation, postgres
from tests.visitor import Visitor

# How long an example takes says something about the machine, never about the code.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")


Prepare = Callable[[Engine], None]
Clone = Callable[[str, Prepare], str]


@pytest.fixture(scope="session", autouse=True)
def data_key() -> None:
    """Give the process the key by which contacts are encrypted."""
    encryption.use_key(installation.DATA_KEY)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return `clone("sqlite", prepare)`: the URL of a fresh copy of a database that `prepare` filled once."""
    folder = tmp_path_factory.mktemp("databases")
    files: dict[Prepare, Path] = {}
    fillers: dict[Prepare, Callable[[str], None]] = {}
    copies = iter(range(1_000_000))

    def fill(prepare: Prepare, url: str) -> None:
        engine = open_engine(installation.settings_for(folder / "filling", url))
        try:
            prepare(engine)
        finally:
            engine.dispose()

    def make(kind: str, prepare: Prepare) -> str:
        if kind == "postgresql":
            return postgres.create_database(fillers.setdefault(prepare, partial(fill, prepare)))
        if prepare not in files:
            path = folder / f"{prepare.__name__}.sqlite3"
            fill(prepare, f"sqlite:///{path}")
            files[prepare] = path
        copy = folder / f"copy-{next(copies)}.sqlite3"
        shutil.copyfile(files[prepare], copy)
        return f"sqlite:///{copy}"

    return make


def _drop(url: str) -> None:
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for each in path.parent.glob(path.name + "*"):
            each.unlink()
    else:
        postgres.drop_database(url)


@pytest.fixture(params=installation.ENGINES)
def engine_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that this run of the test is on."""
    kind: str = request.param
    return kind


@pytest.fixture
def settings(engine_kind: str, clone: Clone, tmp_path: Path) -> Iterator[Settings]:
    """An installation with the fund and the cast."""
    url = clone(engine_kind, installation.migrate_and_people)
    yield installation.settings_for(tmp_path / "data", url)
    _drop(url)


@pytest.fixture
def empty_settings(engine_kind: str, clone: Clone, tmp_path: Path) -> Iterator[Settings]:
    """An installation that was only initialised."""
    url = clone(engine_kind, installation.migrate)
    yield installation.settings_for(tmp_path / "empty", url)
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
    yield built
    installation.close(built)


@pytest.fixture
def visit(app: Flask, engine: Engine) -> Callable[..., Visitor]:
    """Return `visit(key=None)`: a browser of somebody of the cast, signed in, or of a stranger."""
    return partial(installation.visitor, app, engine)
