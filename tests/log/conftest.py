"""Logs to look at: a year played with fixed salts, and fresh installations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.settings import Settings
from app.web.database import open_engine
from tests.log.year import Year, fixed_salts


@pytest.fixture
def played(empty_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Year]:
    """The year on a database of its own, with salts that are the same each time."""
    engine = open_engine(empty_settings)
    year = Year(engine, empty_settings.files_dir)
    with fixed_salts(monkeypatch):
        year.play()
    yield year
    year.session.close()
    engine.dispose()


@pytest.fixture
def engine_year(settings: Settings) -> Iterator[Engine]:
    """The fund and the cast, with real salts."""
    engine = open_engine(settings)
    yield engine
    engine.dispose()
