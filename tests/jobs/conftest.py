"""Jobs that a test may register, and a worker that does what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.cli.jobs import load_handlers
from app.funds.queries import only_fund
from app.jobs import registry
from app.jobs.operations import post_notice
from app.jobs.work.operations import run_due
from app.people.queries import user_by_email
from app.settings import Settings
from app.shared.db import transaction
from tests.installation import EMAILS

Work = Callable[..., int]
Post = Callable[..., int]


@pytest.fixture(autouse=True)
def own_registry() -> Iterator[None]:
    """Take back what a test registers."""
    load_handlers()
    handlers, recurring = dict(registry._handlers), dict(registry._recurring)
    yield
    for known, before in ((registry._handlers, handlers), (registry._recurring, recurring)):
        known.clear()
        known.update(before)


@pytest.fixture
def work(engine: Engine, settings: Settings) -> Work:
    """Return `work(settings=…)`: does what is due and says how many jobs were run; nothing that recurs."""

    def run(with_settings: Settings | None = None) -> int:
        registry._recurring.clear()
        return run_due(engine, with_settings or settings)

    return run


@pytest.fixture
def post(session: Session) -> Post:
    """Return `post("council")`: a notice to somebody of the cast, or to the chat group for None; the id."""

    def put(key: str | None, *, event: str = "vote/1", title: str = "有一项表决等您", text: str = "") -> int:
        user = user_by_email(session, EMAILS[key]) if key else None
        with transaction(session):
            return post_notice(
                session,
                fund_id=only_fund(session, None).id,
                user_id=user.id if user else None,
                kind="vote_waits",
                subject_type="matter",
                subject_id=1,
                title=title,
                text=text or "文化路修路款 350,000.00 元，请在周五前表决。",
                path="/office/disbursements/",
                key=event,
            )

    return put
