"""The example fund, as loaded from its workbooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests import installation
from tests.conftest import Clone, _drop
from tests.example.loaded import migrate_and_load


@pytest.fixture
def settings(engine_kind: str, clone: Clone, tmp_path: Path) -> Iterator[Settings]:
    """An installation with the example fund instead of the cast's."""
    url = clone(engine_kind, migrate_and_load)
    yield installation.settings_for(tmp_path / "data", url)
    _drop(url)
