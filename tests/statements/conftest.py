"""The worked example in the fund of the cast, posted once for each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.funds.queries import fund_by_slug
from app.settings import Settings
from app.shared.db import transaction
from tests import factories, installation
from tests.conftest import Clone, _drop
from tests.statements import worked_example
from tests.statements.worked_example import Example


def migrate_and_example(engine: Engine) -> None:
    """Set up a database with the cast and the example's 23 entries."""
    installation.migrate_and_people(engine)
    with Session(engine, expire_on_commit=False) as session, transaction(session, books=True):
        worked_example.load(session, fund_by_slug(session, factories.FUND_SLUG))


def migrate_and_purpose(engine: Engine) -> None:
    """Set up a database with the cast and the earmark of the road."""
    installation.migrate_and_people(engine)
    with Session(engine, expire_on_commit=False) as session, transaction(session, books=True):
        worked_example.load(session, fund_by_slug(session, factories.FUND_SLUG), upto=factories.FOUNDED_ON)


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, engine_kind: str, clone: Clone, tmp_path: Path
) -> Iterator[Settings]:
    """An installation with the cast, and with the example for tests that ask for it."""
    prepare = installation.migrate_and_people
    for name, other in (("example", migrate_and_example), ("blank", migrate_and_purpose)):
        if name in request.fixturenames:
            prepare = other
    url = clone(engine_kind, prepare)
    yield installation.settings_for(tmp_path / "data", url)
    _drop(url)


@pytest.fixture
def example(session: Session) -> Example:
    """The fund with the example's 23 entries."""
    return _in(session)


@pytest.fixture
def blank(session: Session) -> Example:
    """The fund without any entry, and the earmark of the road."""
    return _in(session)


def _in(session: Session) -> Example:
    example = Example(session, fund_by_slug(session, factories.FUND_SLUG))
    session.rollback()  # so that what the site writes next is seen
    return example
