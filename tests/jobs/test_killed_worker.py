"""A worker that is killed in the middle loses nothing and repeats nothing; one that is stopped finishes what it does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.jobs.mail import rules
from app.jobs.models import Job, OutboxMessage
from app.jobs.operations import enqueue
from app.jobs.registry import job
from app.jobs.rules import LEASE
from app.settings import Settings
from app.shared import clock
from app.shared.audit import AuditEvent, record
from app.shared.db import transaction
from tests.jobs.conftest import Post, Work
from tests.jobs.mailbox import mail_server, with_mail
from tests.running import PROGRAM, Site, free_port

SECONDS = 60

# A worker whose job says in a file how far it came, and goes on when another file is there.
WORKER = """
import sys, time
from pathlib import Path
from app.cli import run
from app.cli.jobs import load_handlers
from app.jobs.registry import job
from app.shared.audit import record
folder = Path(sys.argv[1])

@job("slow")
def slow(work, payload):
    with work.finishing() as session:
        record(session, None, "reminded", "matter", payload["matter_id"])
        session.flush()
        (folder / "in the middle").touch()
        while not (folder / "go on").exists():
            time.sleep(0.02)

sys.exit(run(["jobs", "run", *sys.argv[2:]]))
"""


def until(condition: Callable[[], Any]) -> None:
    """Wait for what has to come."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def environment(settings: Settings) -> dict[str, str]:
    site = Site(settings.data_dir, settings.database_url)
    given = {"SUNLEDGER_SMTP_URL": settings.smtp_url or "", "SUNLEDGER_PUBLIC_URL": settings.public_url or ""}
    return site.environment | given


@contextmanager
def worker(settings: Settings, *command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment(settings), stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def slow_worker(settings: Settings, folder: Path) -> Any:
    return worker(settings, sys.executable, "-c", WORKER, folder)


def put(session: Session) -> None:
    with transaction(session):
        enqueue(session, "slow", {"matter_id": 1}, key="slow/1")


def effects(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).where(AuditEvent.action == "reminded")) or 0


def state_of(session: Session, kind: str) -> str:
    session.rollback()
    return session.scalars(select(Job.state).where(Job.kind == kind)).one()


def test_killed_in_the_middle_of_a_job(
    session: Session, settings: Settings, work: Work, tmp_path: Path
) -> None:
    put(session)
    with slow_worker(settings, tmp_path) as process:
        until((tmp_path / "in the middle").exists)
        process.kill()
        process.wait()
    assert (state_of(session, "slow"), effects(session)) == ("leased", 0)

    @job("slow")
    def slow(work: Any, payload: dict[str, Any]) -> None:
        with work.finishing() as writing:
            record(writing, None, "reminded", "matter", payload["matter_id"])

    work()
    assert (state_of(session, "slow"), effects(session)) == ("leased", 0)  # until its lease is over
    with clock.simulated(clock.now() + LEASE):
        work()
        work()
    assert (state_of(session, "slow"), effects(session)) == ("done", 1)


def test_asked_to_stop_it_finishes_the_job_that_it_does(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    put(session)
    with slow_worker(settings, tmp_path) as process:
        until((tmp_path / "in the middle").exists)
        process.send_signal(signal.SIGTERM)
        (tmp_path / "go on").touch()
        assert process.wait(SECONDS) == 0
    assert (state_of(session, "slow"), effects(session)) == ("done", 1)


def test_killed_while_the_mail_server_takes_the_text(
    session: Session, settings: Settings, work: Work, post: Post
) -> None:
    message_id = post("council")
    with mail_server(holds_text=True) as box:
        installation = with_mail(settings, box)
        with worker(installation, PROGRAM, "jobs", "run") as process:
            until(lambda: box.arrived)  # taken, but the worker has no answer yet
            process.kill()
            process.wait()
        box.go_on.set()
        with clock.simulated(clock.now() + LEASE):
            work(installation)
            work(installation)
        assert len(box.arrived) == 1
    session.rollback()
    row = session.get(OutboxMessage, message_id)
    assert row is not None
    assert (row.state, row.last_error) == ("failed", rules.IN_DOUBT)


def test_command_does_what_is_due_and_ends(session: Session, settings: Settings, post: Post) -> None:
    message_id = post("council")
    with mail_server() as box:
        done = subprocess.run(
            [PROGRAM, "jobs", "run", "--once"],
            env=environment(with_mail(settings, box)),
            capture_output=True,
            text=True,
            check=True,
        )
        assert [each["To"] for each in box.arrived] == ["council@example.org"]
    # The message, and whatever recurs.
    assert re.fullmatch(r"[2-9] jobs done\n", done.stdout)
    assert done.stderr == ""
    session.rollback()
    row = session.get(OutboxMessage, message_id)
    assert row is not None
    assert row.state == "sent"


def test_server_has_a_worker_that_comes_back_and_ends_with_it(
    session: Session, settings: Settings, post: Post
) -> None:
    with mail_server() as box:
        installation = with_mail(settings, box)
        port = str(free_port())
        with worker(installation, PROGRAM, "serve", "--port", port, "--workers", "1") as server:
            post("council")
            until(lambda: len(box.arrived) == 1)
            (first,) = _workers_of(server.pid)
            os.kill(first, signal.SIGKILL)
            post("chair")
            until(lambda: len(box.arrived) == 2)
            (second,) = _workers_of(server.pid)
            server.terminate()
            server.wait(SECONDS)
            until(lambda: not Path(f"/proc/{second}").exists())
        with worker(installation, PROGRAM, "serve", "--port", port, "--workers", "1") as server:
            until(lambda: _workers_of(server.pid))
            (third,) = _workers_of(server.pid)
            children = _children_of(server.pid)
            server.kill()
            server.wait()
            until(lambda: not Path(f"/proc/{third}").exists())
            for child in children:
                if Path(f"/proc/{child}").exists():
                    os.kill(child, signal.SIGKILL)


def _children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(each) for each in (task / "children").read_text().split()]
    return found


def _workers_of(pid: int) -> list[int]:
    """The server's children that run jobs."""
    return [
        each for each in _children_of(pid) if b"\0jobs\0run\0" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]
