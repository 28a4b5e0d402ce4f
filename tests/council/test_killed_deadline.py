"""A worker that is killed while it ends a notice leaves everything as it was; the next one ends it, once."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.cli.jobs import load_handlers
from app.council.notice import queries
from app.disbursements.deadlines.operations import MEET_DEADLINES
from app.jobs.models import Job, OutboxMessage
from app.jobs.rules import LEASE
from app.jobs.work.operations import run_due
from app.log.models import Leaf
from app.settings import Settings
from app.shared import clock
from tests.disbursements import scenes
from tests.jobs.test_killed_worker import until, worker

# A worker that has ended the notice, but not committed it, when it is killed.
WORKER = """
import sys, time
from pathlib import Path
from app.cli import run
from app.cli.jobs import load_handlers
from app.disbursements.deadlines import operations
load_handlers()
advance_due = operations.advance_due

def slow(session, actor):
    advance_due(session, actor)
    session.flush()
    (Path(sys.argv[1]) / "in the middle").touch()
    time.sleep(600)

operations.advance_due = slow
sys.exit(run(["jobs", "run"]))
"""


def _counts(session: Session) -> tuple[int, int]:
    session.rollback()
    leaves = select(func.count()).select_from(Leaf).where(Leaf.kind == "notice_ended")
    told = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.purpose == "notice_ended")
    return session.scalar(leaves) or 0, session.scalar(told) or 0


def test_killed_while_it_ends_a_notice(
    session: Session, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    scenes.give(session, 1_000_000, on=date(2023, 9, 18))
    with scenes.before_the_notice():
        found = scenes.in_notice(session)
    session.rollback()
    with worker(settings, sys.executable, "-c", WORKER, tmp_path) as process:
        until((tmp_path / "in the middle").exists)
        process.kill()
        process.wait()
    assert scenes.status_of(session, found) == "in_notice"
    assert session.scalar(select(Job.state).where(Job.kind == MEET_DEADLINES)) == "leased"
    notice = queries.notice_of(session, "disbursement", found)
    assert notice is not None
    assert notice.ended_at is None
    assert _counts(session) == (0, 0)
    load_handlers()
    with clock.simulated(clock.now() + LEASE):
        run_due(engine, settings)
        run_due(engine, settings)
    assert scenes.status_of(session, found) == "payable"
    assert _counts(session) == (1, 3)
