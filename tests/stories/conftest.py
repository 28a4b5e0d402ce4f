"""The example fund, as loaded from its workbooks: once for each module and kind of database, for it is only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.settings import Settings
from tests import installation
from tests.conftest import Clone, _drop
from tests.example.loaded import migrate_and_load


@pytest.fixture(scope="module", params=installation.ENGINES)
def engine_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that this run of the module is on."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="module")
def settings(engine_kind: str, clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation with the example fund instead of the cast's."""
    url = clone(engine_kind, migrate_and_load)
    yield installation.settings_for(tmp_path_factory.mktemp("data"), url)
    _drop(url)


@pytest.fixture
def spoilt(engine_kind: str, clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation of its own, for a test that spoils it."""
    url = clone(engine_kind, migrate_and_load)
    yield installation.settings_for(tmp_path_factory.mktemp("spoilt"), url)
    _drop(url)
