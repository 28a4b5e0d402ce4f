"""Running what is due."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.jobs import queries, registry
from app.jobs.operations import (
    Leased,
    enqueue_recurring,
    fail,
    finish,
    forget_recurring,
    hold,
    lease,
    missing_recurring,
)
from app.jobs.registry import Work, every, job
from app.jobs.rules import MOST_ATTEMPTS, GiveUp, LeaseLost, told
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction

log = logging.getLogger(__name__)

FORGET = "forget_recurring_jobs"
_KEPT = timedelta(days=30)


@dataclass
class RunningJob:
    """``registry.Work`` of one leased job."""

    settings: Settings
    session: Session
    leased: Leased
    is_finished: bool = False

    @property
    def is_last_attempt(self) -> bool:
        """Whether the job is not tried again after this."""
        return self.leased.attempts >= MOST_ATTEMPTS

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A write on the way, committed at its end."""
        with transaction(self.session):
            hold(self.session, self.leased)
            yield self.session

    @contextmanager
    def finishing(self, *, books: bool = False) -> Iterator[Session]:
        """The job's effect and its end in one transaction."""
        with transaction(self.session, books=books):
            hold(self.session, self.leased)
            yield self.session
            finish(self.session, self.leased)
        self.is_finished = True


def run_next(engine: Engine, settings: Settings) -> bool:
    """Do the job that has been due longest. False when nothing is due."""
    kinds = tuple(registry.handlers())
    with Session(engine, expire_on_commit=False) as session:
        if not queries.is_due(session, clock.now(), kinds):
            return False
        with transaction(session):
            leased = lease(session, kinds)
        if leased is None:
            return False
        _run(RunningJob(settings, session, leased))
        return True


def run_due(engine: Engine, settings: Settings, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Enqueue what recurs, do everything that is due, and return how many jobs were run."""
    with Session(engine, expire_on_commit=False) as session:
        if missing_recurring(session):
            with transaction(session):
                enqueue_recurring(session)
    count = 0
    while not is_stopping() and run_next(engine, settings):
        count += 1
    return count


def _run(work: RunningJob) -> None:
    leased = work.leased
    try:
        registry.handlers()[leased.kind](work, leased.payload)
        if not work.is_finished:
            with work.finishing():
                pass
    except LeaseLost:
        log.warning("job %s (%s) was taken over by another worker", leased.id, leased.kind)
    except Exception as error:
        log.warning("job %s (%s) failed: %s", leased.id, leased.kind, _place(error))
        if work.is_finished:
            return
        try:
            with transaction(work.session):
                fail(work.session, leased, told(error), for_good=isinstance(error, GiveUp))
        except LeaseLost:
            log.warning("job %s (%s) was taken over by another worker", leased.id, leased.kind)


def _place(error: BaseException) -> str:
    """What kind of error where. Its words may hold names and numbers of people, so they stay out of the log."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(
        f"{frame.filename.rpartition('/app/')[2]}:{frame.lineno}" for frame in reversed(frames)
    )
    return f"{type(error).__name__} at {where}"


@job(FORGET)
def forget_recurring_jobs(work: Work, _payload: dict[str, Any]) -> None:
    """Delete the rows of recurring runs of long ago."""
    with work.finishing() as session:
        forget_recurring(session, _KEPT)


every(FORGET, 24 * 3600)
