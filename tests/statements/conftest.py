"""The worked example in the fund of the cast."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.funds.queries import fund_by_slug
from app.shared.db import transaction
from tests import factories
from tests.statements import worked_example


@pytest.fixture
def example(session: Session) -> worked_example.Example:
    """The fund with the example's 23 entries."""
    with transaction(session, books=True):
        return worked_example.load(session, fund_by_slug(session, factories.FUND_SLUG))


@pytest.fixture
def blank(session: Session) -> worked_example.Example:
    """The fund without any entry, and the earmark of the road."""
    with transaction(session, books=True):
        return worked_example.load(
            session, fund_by_slug(session, factories.FUND_SLUG), upto=factories.FOUNDED_ON
        )
