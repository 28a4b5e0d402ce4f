"""Giving out paddles, new PINs, blocking, and who holds which: the office's affair alone."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.people.operations import count_tries
from app.people.rules import counter_key
from app.sales import queries as sales
from app.sales.auction import queries
from app.sales.auction.models import Paddle
from app.sales.models import SaleEvent
from app.shared import clock
from app.shared.audit import record
from app.shared.encryption import encrypt, keyed_hash
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission

MOST_AT_ONCE = 40
LAST_NUMBER = 9999
PIN_DIGITS = 6
NAME_MAX, CONTACT_MAX = 60, 60
# One hall shares one address: many phones come from it, but each tries one paddle, and few times.
TRIES_FOR_PADDLE_HERE, TRIES_FOR_PADDLE, TRIES_FOR_ADDRESS = 10, 60, 600


def issue_paddles(session: Session, actor: Actor, event_id: int, *, count: int, key: str) -> dict[int, str]:
    """Give out the next ``count`` numbers of an open event. Returns PIN by number: shown once, never kept.

    Raises Refused for a count out of range, Conflict when the same form (``key``) was sent before.
    """
    _open_event(session, actor, event_id)
    if not 1 <= count <= MOST_AT_ONCE:
        raise Refused(N_("一次发 1 到 %(most)s 个号牌"), field="count", most=MOST_AT_ONCE)
    if session.scalar(select(Paddle.id).where(Paddle.issue_key == key).limit(1)) is not None:
        raise Conflict(N_("这批号牌已经发过了，PIN 只显示一次。没有抄下的，请给那个号牌换一个新 PIN"))
    last = session.scalar(select(func.max(Paddle.number)).where(Paddle.event_id == event_id)) or 0
    if last + count > LAST_NUMBER:
        raise Refused(N_("号牌最多到 %(most)s 号"), field="count", most=LAST_NUMBER)
    pins = {number: _new_pin() for number in range(last + 1, last + count + 1)}
    session.add_all(
        Paddle(
            event_id=event_id,
            number=number,
            pin_hash=_pin_hash(event_id, number, pin),
            issued_at=clock.now(),
            issued_by_id=actor.user_id,
            issue_key=key,
        )
        for number, pin in pins.items()
    )
    session.flush()
    record(session, actor.user_id, "issue_paddles", "sale_event", event_id, first=last + 1, count=count)
    return pins


def renew_pin(session: Session, actor: Actor, paddle_id: int, *, version: int) -> tuple[int, str]:
    """Give a paddle a new PIN, in place of that of ``version``, and sign its phones out. Returns its number and the PIN.

    Raises Conflict when it was renewed meanwhile.
    """
    paddle = queries.paddle(session, paddle_id)
    _open_event(session, actor, paddle.event_id)
    if paddle.pin_version != version:
        raise Conflict(N_("这个号牌刚换过 PIN，新 PIN 只显示一次。没有抄下的，请再换一个"))
    pin = _new_pin()
    paddle.pin_hash = _pin_hash(paddle.event_id, paddle.number, pin)
    paddle.pin_version += 1
    session.flush()
    record(session, actor.user_id, "renew_pin", "paddle", paddle_id)
    return paddle.number, pin


def change_paddle(
    session: Session, actor: Actor, paddle_id: int, *, name: str, contact: str, blocked: bool
) -> Paddle:
    """Note who holds a paddle (kept encrypted, shown to the office alone), and block it or let it bid again.

    Raises Refused for a text that is too long.
    """
    paddle = queries.paddle(session, paddle_id)
    _open_event(session, actor, paddle.event_id)
    for text, field, most in ((name, "name", NAME_MAX), (contact, "contact", CONTACT_MAX)):
        if len(text.strip()) > most:
            raise Refused(N_("最多 %(most)s 个字"), field=field, most=most)
    paddle.name = encrypt(name.strip()) if name.strip() else None
    paddle.contact = encrypt(contact.strip()) if contact.strip() else None
    if blocked != (paddle.blocked_at is not None):
        paddle.blocked_at = clock.now() if blocked else None
    session.flush()
    record(session, actor.user_id, "change_paddle", "paddle", paddle_id, blocked=blocked)
    return paddle


def count_try(session: Session, event_id: int, number: int, address: str) -> None:
    """Count an attempt to come in with a paddle before it is made. Raises TooManyAttempts; the caller commits first."""
    event, paddle = str(event_id), str(number)
    limits: Mapping[str, int] = {
        counter_key("paddle-here", event, paddle, address): TRIES_FOR_PADDLE_HERE,
        counter_key("paddle", event, paddle): TRIES_FOR_PADDLE,
        counter_key("paddles", address): TRIES_FOR_ADDRESS,
    }
    count_tries(session, limits, N_("试了太多次，请 %(minutes)s 分钟后再试，或到工作台换一个新 PIN"))


def opened_by(session: Session, event_id: int, number: int, pin: str) -> Paddle | None:
    """The paddle of an event that this PIN belongs to; None for a wrong PIN, an unknown number or a blocked paddle."""
    paddle = queries.paddle_numbered(session, event_id, number)
    wanted = _pin_hash(event_id, number, pin.strip())
    if paddle is None or paddle.blocked_at is not None:
        return None
    return paddle if secrets.compare_digest(paddle.pin_hash, wanted) else None


def _new_pin() -> str:
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"


def _pin_hash(event_id: int, number: int, pin: str) -> bytes:
    return keyed_hash("paddle", f"{event_id}/{number}/{pin}")


def _open_event(session: Session, actor: Actor, event_id: int) -> SaleEvent:
    event = sales.event(session, event_id)
    actor.require(Permission.SALE_RUN, event.fund_id)
    if event.status != "open":
        raise Conflict(N_("这场义卖已经结束"))
    return event
