"""What is due, what failed, which notices there are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.jobs import registry
from app.jobs.models import Job, OutboxMessage
from app.jobs.rules import may_read
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission

PAGE = 30


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice in the list."""

    id: int
    title: str
    text: str
    path: str
    created_at: datetime
    sent_at: datetime | None
    state: str
    last_error: str
    recipient: str | None
    is_mailed: bool


def due(now: datetime, kinds: Collection[str]) -> ColumnElement[bool]:
    """Jobs that a worker who knows ``kinds`` can take: waiting ones whose time has come, and those whose lease is over."""
    return and_(
        Job.kind.in_(kinds),
        or_(
            and_(Job.state == "waiting", Job.run_at <= now),
            and_(Job.state == "leased", Job.lease_until <= now),
        ),
    )


def is_due(session: Session, now: datetime, kinds: Collection[str]) -> bool:
    """Whether there is anything to do."""
    return session.scalar(select(Job.id).where(due(now, kinds)).limit(1)) is not None


def job_with_key(session: Session, key: str) -> int | None:
    """The id of the job that was enqueued under ``key``."""
    return session.scalar(select(Job.id).where(Job.key == key))


def open_recurring(session: Session, kinds: Collection[str]) -> set[str]:
    """Those recurring kinds of which a run has not ended."""
    open_ones = Job.state.in_(("waiting", "leased")), Job.key.startswith("every/")
    return set(session.scalars(select(Job.kind).where(Job.kind.in_(kinds), *open_ones)))


def failed_jobs(session: Session) -> list[Job]:
    """Jobs that were given up, the newest first."""
    asked = select(Job).where(Job.state == "failed").order_by(Job.finished_at.desc(), Job.id.desc())
    return list(session.scalars(asked.limit(200)))


def job_counts(session: Session) -> dict[str, int]:
    """How many jobs there are in each state."""
    rows = session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {state: count for state, count in rows}  # noqa: C416 - rows are not pairs to the type checker


def notices(
    session: Session, actor: Actor, fund_id: int, *, failed: bool = False, before: int | None = None
) -> list[NoticeRow]:
    """The notices of a fund that ``actor`` may read, the newest first; one more than a page when there are older ones."""
    asked = select(OutboxMessage).where(OutboxMessage.fund_id == fund_id)
    if not actor.may(Permission.NOTICE_READ, fund_id):
        asked = asked.where(OutboxMessage.recipient_id == actor.user_id)
    if failed:
        asked = asked.where(OutboxMessage.state == "failed")
    if before is not None:
        asked = asked.where(OutboxMessage.id < before)
    found = session.scalars(asked.order_by(OutboxMessage.id.desc()).limit(PAGE + 1))
    return as_rows(session, list(found))


def notice(session: Session, actor: Actor, message_id: int) -> OutboxMessage:
    """One notice, or NotFound when there is none that ``actor`` may read."""
    found = session.get(OutboxMessage, message_id)
    if found is None or not may_read(actor, found):
        raise NotFound(N_("没有这条通知"))
    return found


def as_rows(session: Session, messages: list[OutboxMessage]) -> list[NoticeRow]:
    """Notices as pages show them, with the name of the person (none for the chat group); the address stays behind."""
    ids = {each.recipient_id for each in messages if each.recipient_id is not None}
    known = registry.recipients(session, ids)
    return [
        NoticeRow(
            each.id,
            each.title,
            each.text,
            each.path,
            each.created_at,
            each.sent_at,
            each.state,
            each.last_error,
            known[each.recipient_id].name if each.recipient_id is not None else None,
            each.address is not None,
        )
        for each in messages
    ]
