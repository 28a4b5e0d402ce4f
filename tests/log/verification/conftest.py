"""Leaves of real books: the example fund, and a fund with something of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.log.queries import leaves
from app.web.database import open_engine
from tests import installation
from tests.example.loaded import migrate_and_load
from tests.house.furnishing import furnish

Clone = Callable[[str, Callable[[Engine], None]], str]


@pytest.fixture(scope="session")
def example_leaves(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Every leaf of the example fund."""
    folder = tmp_path_factory.mktemp("example")
    engine = open_engine(installation.settings_for(folder, clone("sqlite", migrate_and_load)))
    with Session(engine) as session:
        found = [leaf.body for leaf in leaves(session)]
    engine.dispose()
    return found


@pytest.fixture(scope="session")
def busy_books(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The books of a fund with gifts, sales, requests in every state, and corrections."""
    folder: Path = tmp_path_factory.mktemp("busy")
    settings = installation.settings_for(folder, clone("sqlite", installation.migrate_and_people))
    engine = open_engine(settings)
    furnish(engine, settings.files_dir)
    with Session(engine) as session:
        yield session
    engine.dispose()
