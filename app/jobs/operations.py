"""Enqueueing, leasing, finishing and failing jobs; posting notices.

``enqueue`` and ``post_notice`` run in the caller's transaction: what they promise exists if and only if the caller's own
change does.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Update, delete, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.jobs import queries, registry
from app.jobs.models import Job, OutboxMessage
from app.jobs.rules import LEASE, MOST_ATTEMPTS, WORKER_DIED, LeaseLost, delay, slot_key
from app.shared import clock
from app.shared.audit import record
from app.shared.db import Base
from app.shared.encryption import encrypt
from app.shared.errors import N_, Conflict, NotFound, Refused
from app.shared.permissions import Actor, Permission

SEND_NOTICE = "send_notice"


@dataclass(frozen=True, slots=True)
class Leased:
    """A job that this worker has until its lease is over. ``token`` is the proof."""

    id: int
    kind: str
    payload: dict[str, Any]
    token: str
    attempts: int


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    run_at: datetime | None = None,
    *,
    key: str,
    fund_id: int | None = None,
) -> int:
    """Have ``kind`` done at ``run_at`` (now, if left out) or soon after, and return the job's id.

    ``key`` says what makes it the same job: enqueued twice under one key, at once or years apart, it is done once.
    ``payload`` holds ids, never anything personal.
    """
    _insert_unless_there(
        session,
        Job,
        kind=kind,
        key=key,
        payload=json.dumps(payload, sort_keys=True),
        fund_id=fund_id,
        state="waiting",
        run_at=run_at or clock.now(),
        attempts=0,
        last_error="",
        created_at=clock.now(),
    )
    found = queries.job_with_key(session, key)
    assert found is not None
    return found


def enqueue_recurring(session: Session) -> None:
    """Enqueue what ``registry.every`` asks for and has no run in its present slot, nor an earlier one still open."""
    now = clock.now()
    for kind, key in missing_recurring(session):
        enqueue(session, kind, {}, now, key=key)


def missing_recurring(session: Session) -> list[tuple[str, str]]:
    """Recurring kinds whose run of the present slot is to be enqueued, with its key."""
    now = clock.now()
    still_open = queries.open_recurring(session, registry.recurring())
    keys = [
        (kind, slot_key(kind, seconds, now))
        for kind, seconds in registry.recurring().items()
        if kind not in still_open
    ]
    return [(kind, key) for kind, key in keys if queries.job_with_key(session, key) is None]


def forget_recurring(session: Session, older_than: timedelta) -> None:
    """Delete the rows of recurring runs that ended long ago."""
    ended = Job.key.startswith("every/"), Job.finished_at < clock.now() - older_than
    session.execute(delete(Job).where(*ended).execution_options(synchronize_session=False))


def lease(session: Session, kinds: Collection[str], length: timedelta = LEASE) -> Leased | None:
    """Take the job that has been due longest, or None when there is none. In a transaction of its own.

    No two workers get the same one: on SQLite writers come one after another, on PostgreSQL locked rows are skipped. A job
    whose worker died at every attempt is failed here.
    """
    while True:
        now = clock.now()
        asked = select(Job).where(queries.due(now, kinds)).order_by(Job.run_at, Job.id).limit(1)
        job = session.scalars(
            asked.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        ).first()
        if job is None:
            return None
        if job.attempts < MOST_ATTEMPTS:
            break
        _end(job, "failed", WORKER_DIED)
        session.flush()
    job.state, job.attempts = "leased", job.attempts + 1
    job.lease_token, job.lease_until = secrets.token_hex(16), now + length
    session.flush()
    return Leased(job.id, job.kind, json.loads(job.payload), job.lease_token, job.attempts)


def hold(session: Session, leased: Leased) -> Job:
    """Lock the row of a leased job for the rest of this transaction. Raises LeaseLost when another worker has it."""
    job = session.scalars(
        select(Job)
        .where(Job.id == leased.id, Job.state == "leased", Job.lease_token == leased.token)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if job is None:
        raise LeaseLost(N_("这项任务已由另一个后台程序接手"))
    return job


def finish(session: Session, leased: Leased) -> None:
    """The job is done: in the transaction of its effect. Raises LeaseLost, so that the effect is undone with it."""
    _end(hold(session, leased), "done", "")
    session.flush()


def fail(session: Session, leased: Leased, sentence: str, *, for_good: bool = False) -> None:
    """The attempt failed: try again later, or give up after the last one (at once with ``for_good``). ``sentence`` is one of
    ours (N_). Raises LeaseLost."""
    job = hold(session, leased)
    if for_good or job.attempts >= MOST_ATTEMPTS:
        _end(job, "failed", sentence)
    else:
        job.state, job.lease_token, job.lease_until = "waiting", None, None
        job.run_at, job.last_error = clock.now() + delay(job.attempts), sentence
    session.flush()


def retry_job(session: Session, actor: Actor, job_id: int) -> None:
    """Try a job again that was given up, as often as a new one."""
    actor.require(Permission.JOB_MANAGE)
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NotFound(N_("没有这项后台任务"))
    if job.state != "failed":
        raise Conflict(N_("这项任务已经重新开始了"))
    job.state, job.finished_at, job.attempts, job.run_at = "waiting", None, 0, clock.now()
    session.flush()
    record(session, actor.user_id, "retry_job", "job", job_id, kind=job.kind)


def post_notice(
    session: Session,
    *,
    fund_id: int,
    user_id: int | None,
    kind: str,
    subject_type: str,
    subject_id: int,
    title: str,
    text: str,
    path: str,
    key: str,
) -> int:
    """Put a notice into the outbox and return its id; for the same ``key`` and person there is only one.

    ``user_id`` None is the chat group. The text can always be copied in the office; it is also mailed when the user has an
    address and the installation a mail server. ``path`` is of the page it speaks of. Title and text leave this site: what
    may not be public does not belong in them.
    """
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("a notice links into this site")
    recipient = None if user_id is None else registry.recipients(session, [user_id]).get(user_id)
    mailed_to = recipient.address if recipient else None
    own_key = f"{key}/{user_id or 'group'}"
    _insert_unless_there(
        session,
        OutboxMessage,
        fund_id=fund_id,
        recipient_id=user_id,
        address=encrypt(mailed_to) if mailed_to else None,
        purpose=kind,
        subject_type=subject_type,
        subject_id=subject_id,
        title=" ".join(title.split())[:200],
        text=text.strip(),
        path=path,
        key=own_key,
        state="waiting",
        attempts=0,
        last_error="",
        created_at=clock.now(),
    )
    message_id = session.scalars(select(OutboxMessage.id).where(OutboxMessage.key == own_key)).one()
    if mailed_to:
        _enqueue_sending(session, message_id, fund_id, 0)
    return message_id


def withdraw_notices(
    session: Session, subject_type: str, subject_id: int, *, kind: str, user_id: int | None = None
) -> None:
    """Nobody needs these notices any more, or with ``user_id`` that person does not: what was not sent yet is not sent."""
    unneeded = update(OutboxMessage).where(
        OutboxMessage.subject_type == subject_type,
        OutboxMessage.subject_id == subject_id,
        OutboxMessage.purpose == kind,
        OutboxMessage.state.in_(("waiting", "failed")),
    )
    if user_id is not None:
        unneeded = unneeded.where(OutboxMessage.recipient_id == user_id)
    session.execute(unneeded.values(state="withdrawn").execution_options(synchronize_session=False))


def retry_notice(session: Session, actor: Actor, message_id: int) -> None:
    """Send a notice again whose e-mail failed."""
    message = queries.notice(session, actor, message_id)
    if message.address is None:
        raise Refused(N_("这条通知没有邮箱地址，请复制文字发送"))
    again = update(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.state == "failed")
    if changed_rows(session, again.values(state="waiting", handed_over_at=None, last_error="")) != 1:
        raise Conflict(N_("这条通知已经重新发送了"))
    _enqueue_sending(session, message_id, message.fund_id, message.attempts)
    record(session, actor.user_id, "retry_notice", "outbox_message", message_id)


def changed_rows(session: Session, statement: Update) -> int:
    """Run an update that compares before it sets, and return how many rows it found."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    return cast(CursorResult[Any], result).rowcount


def _enqueue_sending(session: Session, message_id: int, fund_id: int, attempts: int) -> None:
    key = f"{SEND_NOTICE}/{message_id}/{attempts}"
    enqueue(session, SEND_NOTICE, {"message_id": message_id}, key=key, fund_id=fund_id)


def _end(job: Job, state: str, sentence: str) -> None:
    job.state, job.last_error, job.finished_at = state, sentence, clock.now()
    job.lease_token, job.lease_until = None, None


def _insert_unless_there(session: Session, mapped: type[Base], **values: object) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    table = inspect(mapped).local_table
    session.execute(insert(table).values(**values).on_conflict_do_nothing(index_elements=["key"]))  # type: ignore[arg-type]
