"""Who can sign in, what they hold, and where they are signed in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.funds.models import Fund
from app.jobs.registry import Recipient, address_book
from app.people.models import SignInSession, TermOfOffice, User
from app.people.rules import Term, secret_hash, session_is_over
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Office, Role


@dataclass(frozen=True, slots=True)
class TermRow:
    """A term of office as the office reads it."""

    id: int
    user_id: int
    user_name: str
    role: Role
    fund_id: int | None
    fund_name: str | None
    seat_number: int | None
    starts_on: date
    ends_on: date | None

    def runs_on(self, day: date) -> bool:
        """Whether the office is held on ``day``."""
        return self.starts_on <= day and (self.ends_on is None or self.ends_on >= day)


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in the list: with the offices held today."""

    id: int
    name: str
    email: str
    ended_at: datetime | None
    terms: tuple[TermRow, ...]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A signed-in browser, as its owner sees it."""

    id: int
    browser: str
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person and the session behind a secret."""

    session_id: int
    last_seen_at: datetime
    user_id: int
    name: str
    email: str
    locale: str | None
    must_change_password: bool


@address_book
def recipients(session: Session, user_ids: Collection[int]) -> dict[int, Recipient]:
    """Who gets a notice; nothing is mailed to a user who has left."""
    rows = session.execute(select(User.id, User.name, User.email, User.ended_at).where(User.id.in_(user_ids)))
    return {user_id: Recipient(name, None if ended_at else email) for user_id, name, email, ended_at in rows}


def user(session: Session, user_id: int) -> User:
    """The user, or NotFound."""
    found = session.get(User, user_id)
    if found is None:
        raise NotFound(N_("没有这位用户"))
    return found


def user_by_email(session: Session, email: str) -> User | None:
    """The user with this address (lower case)."""
    return session.scalars(select(User).where(User.email == email)).one_or_none()


def signed_in(session: Session, secret: str) -> SignedIn | None:
    """Who holds the session with this secret; None when there is none, it is over, or the user was ended."""
    found = session.execute(
        select(SignInSession, User)
        .join(User, User.id == SignInSession.user_id)
        .where(SignInSession.secret_hash == secret_hash(secret))
    ).one_or_none()
    if found is None:
        return None
    row, person = found
    if person.ended_at is not None or session_is_over(
        row.created_at, row.last_seen_at, row.ended_at, clock.now()
    ):
        return None
    return SignedIn(
        row.id,
        row.last_seen_at,
        person.id,
        person.name,
        person.email,
        person.locale,
        person.must_change_password,
    )


def offices(session: Session, user_id: int) -> tuple[Office, ...]:
    """The offices that the user holds today."""
    rows = session.execute(
        select(TermOfOffice.role, TermOfOffice.fund_id, TermOfOffice.id, TermOfOffice.seat_number)
        .where(TermOfOffice.user_id == user_id, _runs_on(clock.today()))
        .order_by(TermOfOffice.id)
    )
    return tuple(Office(Role(role), fund_id, term_id, seat) for role, fund_id, term_id, seat in rows)


def actor(session: Session, user_id: int) -> Actor:
    """The user as an actor with today's offices; for commands with ``--actor`` and for jobs. NotFound, also when ended."""
    person = user(session, user_id)
    if person.ended_at is not None:
        raise NotFound(N_("没有这位用户"))
    return Actor(person.id, person.name, offices(session, user_id))


def actor_by_email(session: Session, email: str) -> Actor:
    """The actor with this address, or NotFound."""
    person = user_by_email(session, email.strip().lower())
    if person is None:
        raise NotFound(N_("没有使用邮箱 %(email)s 的用户"), email=email)
    return actor(session, person.id)


def _runs_on(day: date) -> ColumnElement[bool]:
    return and_(
        TermOfOffice.starts_on <= day, or_(TermOfOffice.ends_on.is_(None), TermOfOffice.ends_on >= day)
    )


def _term_rows(session: Session, *conditions: ColumnElement[bool]) -> list[TermRow]:
    rows = session.execute(
        select(
            TermOfOffice.id,
            TermOfOffice.user_id,
            User.name,
            TermOfOffice.role,
            TermOfOffice.fund_id,
            Fund.name,
            TermOfOffice.seat_number,
            TermOfOffice.starts_on,
            TermOfOffice.ends_on,
        )
        .join(User, User.id == TermOfOffice.user_id)
        .outerjoin(Fund, Fund.id == TermOfOffice.fund_id)
        .where(*conditions)
        .order_by(TermOfOffice.starts_on, TermOfOffice.id)
    )
    return [
        TermRow(term_id, user_id, name, Role(role), fund_id, fund_name, seat, starts_on, ends_on)
        for term_id, user_id, name, role, fund_id, fund_name, seat, starts_on, ends_on in rows
    ]


def terms_of(session: Session, user_id: int) -> list[TermRow]:
    """Every term of the user, past ones too, oldest first."""
    return _term_rows(session, TermOfOffice.user_id == user_id)


def term(session: Session, term_id: int) -> TermRow:
    """One term, or NotFound."""
    found = _term_rows(session, TermOfOffice.id == term_id)
    if not found:
        raise NotFound(N_("没有这个任期"))
    return found[0]


def terms_on(session: Session, fund_id: int, day: date, *roles: Role) -> list[TermRow]:
    """Who holds ``roles`` (any, if none is given) in the fund on ``day``, by seat and then by start."""
    conditions = [TermOfOffice.fund_id == fund_id, _runs_on(day)]
    if roles:
        conditions.append(TermOfOffice.role.in_([role.value for role in roles]))
    rows = _term_rows(session, *conditions)
    return sorted(rows, key=lambda row: (row.seat_number or 0, row.starts_on, row.id))


def users_with(session: Session, fund_id: int, *roles: Role) -> list[int]:
    """Users who hold one of ``roles`` today in the fund or in the whole installation, and can sign in."""
    held = select(TermOfOffice.user_id).where(
        or_(TermOfOffice.fund_id == fund_id, TermOfOffice.fund_id.is_(None)),
        TermOfOffice.role.in_([role.value for role in roles]),
        _runs_on(clock.today()),
    )
    return list(
        session.scalars(select(User.id).where(User.id.in_(held), User.ended_at.is_(None)).order_by(User.id))
    )


def terms_beside(session: Session, fund_id: int | None) -> list[Term]:
    """All terms of a fund (or those of the whole installation), for the rules."""
    rows = session.scalars(
        select(TermOfOffice).where(
            TermOfOffice.fund_id.is_(None) if fund_id is None else TermOfOffice.fund_id == fund_id
        )
    )
    return [
        Term(row.user_id, row.fund_id, Role(row.role), row.seat_number, row.starts_on, row.ends_on)
        for row in rows
    ]


def users(session: Session, *, ended: bool = False) -> list[UserRow]:
    """Everyone who can sign in (or, with ``ended``, who could), by name, with today's offices."""
    day = clock.today()
    held: dict[int, list[TermRow]] = {}
    for row in _term_rows(session, _runs_on(day)):
        held.setdefault(row.user_id, []).append(row)
    people = session.scalars(
        select(User)
        .where(User.ended_at.is_not(None) if ended else User.ended_at.is_(None))
        .order_by(User.name, User.id)
    )
    return [
        UserRow(each.id, each.name, each.email, each.ended_at, tuple(held.get(each.id, ())))
        for each in people
    ]


def names_of(session: Session, user_ids: Iterable[int | None]) -> dict[int, str]:
    """The names of users by their id."""
    rows = session.execute(select(User.id, User.name).where(User.id.in_({each for each in user_ids if each})))
    return {row.id: row.name for row in rows}


def users_who_can_sign_in(session: Session) -> Sequence[User]:
    """Every user who was not ended, by name."""
    return session.scalars(select(User).where(User.ended_at.is_(None)).order_by(User.name, User.id)).all()


def sessions_of(session: Session, user_id: int) -> list[SessionRow]:
    """The user's signed-in browsers, the latest first."""
    now = clock.now()
    rows = session.scalars(
        select(SignInSession)
        .where(SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
    )
    return [
        SessionRow(row.id, row.browser, row.created_at, row.last_seen_at)
        for row in rows
        if not session_is_over(row.created_at, row.last_seen_at, row.ended_at, now)
    ]


def has_users(session: Session) -> bool:
    """Whether anybody can sign in at all."""
    return bool(session.scalar(select(func.count()).select_from(User).where(User.ended_at.is_(None))))
