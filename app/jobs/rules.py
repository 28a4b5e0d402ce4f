"""When a job is tried again, and what is said of what went wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.jobs.models import OutboxMessage
from app.shared.errors import N_, Conflict, SunledgerError
from app.shared.permissions import Actor, Permission

LEASE = timedelta(minutes=5)
"""How long a worker may keep a job. One that was killed gives it back after this time."""
MOST_ATTEMPTS = 10
_FIRST_DELAY = timedelta(minutes=1)
_LONGEST_DELAY = timedelta(hours=6)

UNEXPECTED = N_("程序出错，详情在服务器日志里")
WORKER_DIED = N_("后台程序每次做到一半都中断了")
STATES = {
    "waiting": ("wait", N_("等待")),
    "leased": ("wait", N_("进行中")),
    "done": ("ok", N_("完成")),
    "failed": ("stop", N_("失败")),
}


class LeaseLost(Conflict):
    """Another worker has the job by now; whatever this one was doing is undone."""


class GiveUp(SunledgerError):
    """Raised by a handler when trying again is of no use. The sentence has no places for values."""


class TryLater(SunledgerError):
    """Raised by a handler that met a passing obstacle. The sentence has no places for values."""


def delay(attempts: int) -> timedelta:
    """How long to wait after that many attempts have failed: a minute, then twice as long each time, at most six hours."""
    return min(_FIRST_DELAY * (1 << min(attempts - 1, 20)), _LONGEST_DELAY)


def told(error: BaseException) -> str:
    """One of our own sentences about ``error``. Values and an exception's own words may hold names, so they are left out."""
    if isinstance(error, SunledgerError) and not error.values:
        return error.sentence[:200]
    return UNEXPECTED


def slot_key(kind: str, seconds: int, now: datetime) -> str:
    """The key of the run of a recurring job that belongs to this instant."""
    return f"every/{kind}/{int(now.timestamp()) // seconds}"


def may_read(actor: Actor, message: OutboxMessage) -> bool:
    """Whether a notice is shown to ``actor``: the own ones, and those of a fund whose notices one looks after."""
    own = message.recipient_id is not None and message.recipient_id == actor.user_id
    return own or actor.may(Permission.NOTICE_READ, message.fund_id)


def copy_text(title: str, text: str, address: str) -> str:
    """A notice as it is pasted into a chat group: title, text, link."""
    return "\n".join(part for part in (f"【{title}】", text.strip(), address) if part)
