"""The public site in front of the example fund, and in front of a fund that a test fills itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.main import create_app
from app.settings import Settings
from app.web.database import open_engine
from tests import installation
from tests.conftest import Clone, _drop
from tests.example.loaded import migrate_and_load
from tests.visitor import Seen, Visitor


@dataclass
class Town:
    """The example fund's site as a stranger meets it."""

    app: Flask
    session: Session
    settings: Settings

    def get(self, path: str, **headers: str) -> Seen:
        """Open a page."""
        return Visitor(self.app.test_client()).get(path, **headers)


@pytest.fixture
def town(engine_kind: str, clone: Clone, tmp_path: Path) -> Iterator[Town]:
    """The example fund, loaded from its workbooks."""
    url = clone(engine_kind, migrate_and_load)
    settings = installation.settings_for(tmp_path / "town", url)
    app = create_app(settings)
    engine: Engine = open_engine(settings)
    with Session(engine, expire_on_commit=False) as session:
        yield Town(app, session, settings)
    engine.dispose()
    installation.close(app)
    _drop(url)


@pytest.fixture
def empty_town(empty_settings: Settings) -> Iterator[Town]:
    """An installation without any fund."""
    app = create_app(empty_settings)
    engine = open_engine(empty_settings)
    with Session(engine, expire_on_commit=False) as session:
        yield Town(app, session, empty_settings)
    engine.dispose()
    installation.close(app)
