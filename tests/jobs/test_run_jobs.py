"""A job is done once: tried again when it fails, taken over when its worker dies."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.jobs.models import Job
from app.jobs.operations import Leased, enqueue, enqueue_recurring, finish, lease, retry_job
from app.jobs.registry import Work, every, job
from app.jobs.rules import LEASE, MOST_ATTEMPTS, UNEXPECTED, WORKER_DIED, GiveUp, LeaseLost
from app.jobs.work.operations import run_due
from app.settings import Settings
from app.shared import clock
from app.shared.audit import AuditEvent, record
from app.shared.db import transaction
from app.shared.errors import N_, Forbidden
from tests.factories import actor
from tests.jobs.conftest import Work as Worker


def effects(session: Session) -> int:
    """How often the job of these tests had its effect."""
    session.rollback()
    return session.scalar(select(func.count()).where(AuditEvent.action == "reminded")) or 0


def one(session: Session) -> Job:
    """The only job there is, as it is now."""
    session.rollback()
    return session.scalars(select(Job).execution_options(populate_existing=True)).one()


@pytest.fixture(autouse=True)
def remind() -> None:
    """Register a job that leaves a trace."""

    @job("remind")
    def remind(work: Work, payload: dict[str, Any]) -> None:
        with work.finishing() as session:
            record(session, None, "reminded", "matter", payload["matter_id"])


def remind_and_finish(session: Session, leased: Leased) -> None:
    with transaction(session):
        record(session, None, "reminded", "matter", 1)
        finish(session, leased)


def put(session: Session, *, key: str = "remind/1", **more: Any) -> int:
    with transaction(session):
        return enqueue(session, "remind", {"matter_id": 1}, key=key, **more)


def test_job_is_done_once_however_often_it_is_enqueued(session: Session, work: Worker) -> None:
    assert put(session) == put(session)
    assert work() == 1
    put(session)
    assert work() == 0
    assert effects(session) == 1
    assert one(session).state == "done"


def test_job_of_a_change_that_was_undone_does_not_exist(session: Session, work: Worker) -> None:
    def change() -> None:
        with transaction(session):
            enqueue(session, "remind", {"matter_id": 1}, key="remind/1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert work() == 0


def test_job_waits_for_its_time(session: Session, work: Worker) -> None:
    now = clock.now()
    put(session, run_at=now + timedelta(days=3))
    assert work() == 0
    with clock.simulated(now + timedelta(days=3)):
        assert work() == 1


def test_failed_attempt_leaves_nothing_and_is_repeated_later_each_time(
    session: Session, work: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    @job("stumble")
    def stumble(work: Work, _payload: dict[str, Any]) -> None:
        with work.finishing() as writing:
            record(writing, None, "reminded", "matter", 1)
            raise ValueError("阿依古丽 13999990000")

    with transaction(session):
        enqueue(session, "stumble", {}, key="stumble")
    with clock.simulated(clock.now()) as moment:
        waits = []
        for _ in range(MOST_ATTEMPTS):
            assert (work(), work()) == (1, 0)
            found = one(session)
            waits.append(found.run_at - clock.now())
            moment.set(max(found.run_at, clock.now()))
        assert waits[:-1] == sorted(set(waits[:-1]))
        assert (found.state, found.last_error) == ("failed", UNEXPECTED)
        moment.advance(timedelta(days=9))
        assert work() == 0
    assert effects(session) == 0
    assert "阿依古丽" not in caplog.text
    assert "ValueError at tests/" in caplog.text.replace("\n", " ") or "ValueError at " in caplog.text


def test_job_that_gives_up_is_not_repeated_until_the_administrator_asks(
    session: Session, work: Worker
) -> None:
    obstacle = [True]

    @job("blocked")
    def blocked(work: Work, _payload: dict[str, Any]) -> None:
        if obstacle:
            raise GiveUp(N_("邮件服务器拒收这封邮件"))
        with work.finishing() as writing:
            record(writing, None, "reminded", "matter", 1)

    with transaction(session):
        job_id = enqueue(session, "blocked", {}, key="blocked")
    assert (work(), work()) == (1, 0)
    assert one(session).last_error == "邮件服务器拒收这封邮件"
    obstacle.clear()
    with pytest.raises(Forbidden), transaction(session):
        retry_job(session, actor(session, "secretary"), job_id)
    administrator = actor(session, "administrator")
    with transaction(session):
        retry_job(session, administrator, job_id)
    assert work() == 1
    assert (one(session).state, effects(session)) == ("done", 1)


def test_worker_whose_lease_is_over_changes_nothing_any_more(session: Session, engine: Engine) -> None:
    put(session)
    with transaction(session):
        first = lease(session, ["remind"])
    assert first is not None
    with Session(engine) as other, clock.simulated(clock.now() + LEASE):
        with transaction(other):
            second = lease(other, ["remind"])
        assert second is not None
        assert second.id == first.id
        with pytest.raises(LeaseLost):
            remind_and_finish(session, first)
        remind_and_finish(other, second)
    assert effects(session) == 1


def test_job_that_kills_every_worker_is_given_up(session: Session, work: Worker) -> None:
    put(session)
    with clock.simulated(clock.now()) as moment:
        for _ in range(MOST_ATTEMPTS):
            with transaction(session):
                assert lease(session, ["remind"]) is not None
            moment.advance(LEASE)
        assert work() == 0
    assert (one(session).state, one(session).last_error) == ("failed", WORKER_DIED)
    assert effects(session) == 0


def test_several_workers_share_the_jobs_and_do_none_twice(
    session: Session, engine: Engine, settings: Settings
) -> None:
    with transaction(session):
        for number in range(40):
            enqueue(session, "remind", {"matter_id": number}, key=f"remind/{number}")
    begin = threading.Barrier(4)
    counts: list[int] = []

    def run() -> None:
        begin.wait()
        counts.append(run_due(engine, settings))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.rollback()
    done = session.scalars(select(AuditEvent.subject_id).where(AuditEvent.action == "reminded")).all()
    assert sorted(done) == list(range(40))


def test_recurring_job_runs_once_in_each_interval_and_makes_up_for_nothing(
    session: Session, engine: Engine, settings: Settings
) -> None:
    every("remind_daily", 86400)

    @job("remind_daily")
    def remind_daily(work: Work, _payload: dict[str, Any]) -> None:
        with work.finishing() as writing:
            record(writing, None, "reminded", "fund", 1)

    with clock.simulated(clock.now()) as moment:
        for _ in range(3):
            run_due(engine, settings)
        assert effects(session) == 1
        moment.advance(timedelta(days=5))
        for _ in range(3):
            run_due(engine, settings)
        assert effects(session) == 2
        moment.advance(timedelta(days=40))
        for _ in range(2):
            run_due(engine, settings)
        assert effects(session) == 3
    session.rollback()
    kept = session.scalar(select(func.count()).where(Job.kind == "remind_daily"))
    assert kept == 1


def test_recurring_job_is_not_enqueued_while_one_is_open(session: Session) -> None:
    with clock.simulated(clock.now()) as moment:
        every("remind", 3600)
        for _ in range(3):
            with transaction(session):
                enqueue_recurring(session)
            moment.advance(timedelta(hours=1))
    session.rollback()
    assert session.scalar(select(func.count()).where(Job.kind == "remind")) == 1


def test_job_of_a_kind_that_this_version_does_not_know_waits(session: Session, work: Worker) -> None:
    with transaction(session):
        enqueue(session, "from_a_newer_version", {}, key="new")
    assert work() == 0
    assert one(session).state == "waiting"
