"""Users, their terms of office, their passwords and their signed-in browsers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.funds.models import Fund
from app.log.operations import LeafDraft, append
from app.log.queries import latest_version
from app.people import queries, rules
from app.people.models import SignInAttempt, SignInSession, TermOfOffice, User
from app.shared import audit, clock
from app.shared.errors import N_, Conflict, Forbidden, Refused
from app.shared.permissions import ROLE_PERMISSIONS, Actor, Permission, Role

_BROWSER_MAX = 200
LEAF = "term_of_office"


def create_user(
    session: Session, actor: Actor, *, email: str, name: str, password: str, must_change_password: bool = True
) -> User:
    """Let a person sign in. Raises Refused for a bad e-mail, name or password and Conflict for a known e-mail."""
    actor.require(Permission.PEOPLE_MANAGE)
    address = rules.normal_email(email)
    if queries.user_by_email(session, address) is not None:
        raise Conflict(N_("邮箱 %(email)s 已经有用户"), field="email", email=address)
    person = User(
        email=address,
        name=rules.require_name(name),
        password_hash=rules.hash_password(rules.require_password(password, address)),
        must_change_password=must_change_password,
        created_at=clock.now(),
    )
    session.add(person)
    session.flush()
    audit.record(session, actor.user_id, "create_user", "user", person.id)
    return person


def end_user(session: Session, actor: Actor, user_id: int) -> None:
    """End a user's access: all terms end today (those still to come never start), every browser is signed out.

    Inside ``transaction(books=True)``: ends of terms are leaves. Raises Refused when it would leave no administrator.
    """
    actor.require(Permission.PEOPLE_MANAGE)
    person = queries.user(session, user_id)
    if person.ended_at is not None:
        raise Conflict(N_("%(name)s 的账号已经停用"), name=person.name)
    if person.id == actor.user_id:
        raise Refused(N_("不能停用自己的账号，请由另一位管理员操作"))
    today = clock.today()
    for term in queries.terms_of(session, user_id):
        _require_for(actor, term.fund_id)
        if term.starts_on > today:
            _withdraw(session, actor, term.id)
        elif term.ends_on is None or term.ends_on > today:
            _end(session, actor, term.id, today)
    person.ended_at = clock.now()
    _end_sessions(session, user_id)
    audit.record(session, actor.user_id, "end_user", "user", user_id)
    _require_an_administrator(session, person)


def start_term(
    session: Session,
    actor: Actor,
    *,
    user_id: int,
    role: Role,
    fund_id: int | None,
    starts_on: date,
    ends_on: date | None = None,
    seat_number: int | None = None,
) -> TermOfOffice:
    """Give a person an office from ``starts_on`` (to ``ends_on``, included). Inside ``transaction(books=True)``.

    Raises Refused for offices that do not go together (Accounting Law Art. 25, 35: cashier and accountant) and Conflict
    for a seat that is taken.
    """
    _require_for(actor, fund_id)
    person = queries.user(session, user_id)
    if person.ended_at is not None:
        raise Conflict(N_("%(name)s 的账号已经停用"), name=person.name)
    if fund_id is not None and session.get(Fund, fund_id) is None:
        raise Refused(N_("没有这个基金"), field="fund_id")
    wanted = rules.Term(user_id, fund_id, role, seat_number, starts_on, ends_on)
    refusal = rules.term_refusal(wanted, queries.terms_beside(session, fund_id))
    if refusal is not None:
        raise refusal
    term = TermOfOffice(
        user_id=user_id,
        fund_id=fund_id,
        role=role.value,
        seat_number=seat_number,
        starts_on=starts_on,
        ends_on=ends_on,
        recorded_at=clock.now(),
    )
    session.add(term)
    session.flush()
    append(session, [_leaf(term, latest_version(session, LEAF, term.id) + 1)])
    audit.record(
        session, actor.user_id, "start_term", "term_of_office", term.id, role=role.value, user_id=user_id
    )
    return term


def end_term(session: Session, actor: Actor, term_id: int, ends_on: date) -> None:
    """Let a term end on ``ends_on`` (its last day); one that has not begun is withdrawn by a day before its first.

    Inside ``transaction(books=True)``. Raises Refused for a day before the first of a term that has begun or for the last
    administrator, Conflict when it had ended earlier.
    """
    term = queries.term(session, term_id)
    _require_for(actor, term.fund_id)
    if ends_on < term.starts_on and term.starts_on > clock.today():
        _withdraw(session, actor, term_id)
        return
    if ends_on < term.starts_on:
        raise Refused(N_("结束日期不能早于开始日期"), field="ends_on")
    if term.ends_on is not None and term.ends_on <= min(ends_on, clock.today()):
        raise Conflict(N_("这个任期已经结束"), field="ends_on")
    _end(session, actor, term_id, ends_on)
    if ends_on <= clock.today():
        _require_an_administrator(session, queries.user(session, term.user_id))


def _end(session: Session, actor: Actor, term_id: int, ends_on: date) -> None:
    term = session.get_one(TermOfOffice, term_id)
    term.ends_on = ends_on
    session.flush()
    append(session, [_leaf(term, latest_version(session, LEAF, term.id) + 1)])
    audit.record(session, actor.user_id, "end_term", "term_of_office", term_id, ends_on=ends_on.isoformat())


def _withdraw(session: Session, actor: Actor, term_id: int) -> None:
    term = session.get_one(TermOfOffice, term_id)
    draft = _leaf(term, latest_version(session, LEAF, term.id) + 1)
    draft.body["withdrawn"] = True
    append(session, [draft])
    audit.record(session, actor.user_id, "withdraw_term", "term_of_office", term_id, user_id=term.user_id)
    session.delete(term)
    session.flush()


def _leaf(term: TermOfOffice, version: int) -> LeafDraft:
    return LeafDraft(
        kind=LEAF,
        subject_id=term.id,
        version=version,
        body={
            "role": term.role,
            "fund": term.fund_id,
            "seat": term.seat_number,
            "starts_on": term.starts_on.isoformat(),
            "ends_on": term.ends_on.isoformat() if term.ends_on else None,
        },
    )


def _require_for(actor: Actor, fund_id: int | None) -> None:
    """An office in every fund is given only by somebody whose own office is for every fund."""
    if fund_id is not None:
        actor.require(Permission.PEOPLE_MANAGE, fund_id)
    elif not any(
        office.fund_id is None and Permission.PEOPLE_MANAGE in ROLE_PERMISSIONS[office.role]
        for office in actor.offices
    ):
        raise Forbidden(N_("您的岗位没有这项权限"))


def _require_an_administrator(session: Session, former: User) -> None:
    session.flush()
    today = clock.today()
    if any(
        row.role == Role.ADMINISTRATOR and (row.ends_on is None or row.ends_on > today)
        for person in queries.users(session)
        for row in person.terms
    ):
        return
    raise Refused(N_("%(name)s 是唯一的系统管理员，请先任命另一位"), name=former.name)


def change_password(
    session: Session, actor: Actor, *, current: str, new: str, keep_session_id: int | None = None
) -> None:
    """Change the actor's own password and sign out their other browsers. Raises Refused when ``current`` is wrong."""
    if actor.user_id is None:
        raise Forbidden(N_("您的岗位没有这项权限"))
    person = queries.user(session, actor.user_id)
    if not rules.password_matches(person.password_hash, current):
        raise Refused(N_("现在的密码不对"), field="current_password")
    rules.require_password(new, person.email, field="new_password")
    if new == current:
        raise Refused(N_("新密码不能和现在的相同"), field="new_password")
    person.password_hash = rules.hash_password(new)
    person.must_change_password = False
    _end_sessions(session, person.id, keep=keep_session_id)
    session.flush()
    audit.record(session, actor.user_id, "change_password", "user", person.id)


def reset_password(session: Session, actor: Actor, user_id: int) -> str:
    """Give a user a new random password, to be changed at once, and sign them out everywhere. Returned once, never kept."""
    actor.require(Permission.PEOPLE_MANAGE)
    person = queries.user(session, user_id)
    if person.ended_at is not None:
        raise Conflict(N_("%(name)s 的账号已经停用"), name=person.name)
    password = rules.new_password()
    person.password_hash = rules.hash_password(password)
    person.must_change_password = True
    _end_sessions(session, user_id)
    session.flush()
    audit.record(session, actor.user_id, "reset_password", "user", user_id)
    return password


def count_attempt(session: Session, email: str, address: str) -> None:
    """Count a sign-in as failed before it is tried, so that two at once cannot both slip under the limit.

    Raises TooManyAttempts when this e-mail or address has failed too often in the present window.
    """
    count_tries(
        session, rules.attempt_keys(email, address), N_("登录失败次数太多，请 %(minutes)s 分钟后再试")
    )


def count_tries(session: Session, limits: Mapping[str, int], sentence: str) -> None:
    """Count one more try under each key (``rules.counter_key``) of ``limits`` in the present window.

    Raises TooManyAttempts with ``sentence`` (with a place for %(minutes)s) when one of them is beyond its limit. The caller
    commits what was counted before it does anything else.
    """
    window = rules.window_start(clock.now())
    rows = [{"key": key, "window_starts_at": window, "failures": 1} for key in sorted(limits)]
    key, counter = ["key", "window_starts_at"], {"failures": SignInAttempt.failures + 1}
    if session.get_bind().dialect.name == "postgresql":
        on_postgresql = postgresql.insert(SignInAttempt)
        session.execute(on_postgresql.on_conflict_do_update(index_elements=key, set_=counter), rows)
    else:
        on_sqlite = sqlite.insert(SignInAttempt)
        session.execute(on_sqlite.on_conflict_do_update(index_elements=key, set_=counter), rows)
    counted = session.execute(
        select(SignInAttempt.key, SignInAttempt.failures).where(
            SignInAttempt.key.in_(limits), SignInAttempt.window_starts_at == window
        )
    )
    if any(failures > limits[key] for key, failures in counted):
        raise rules.TooManyAttempts(sentence, minutes=rules.minutes_left(clock.now()))
    session.execute(
        delete(SignInAttempt).where(SignInAttempt.window_starts_at < window - rules.ATTEMPT_WINDOW)
    )


def start_session(
    session: Session, user_id: int, *, browser: str = "", email: str | None = None, address: str = ""
) -> str:
    """Sign a browser in and return its secret. What was counted against this e-mail and address is forgiven."""
    now = clock.now()
    secret = rules.new_secret()
    session.add(
        SignInSession(
            secret_hash=rules.secret_hash(secret),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            browser=browser[:_BROWSER_MAX],
        )
    )
    if email is not None:
        session.execute(
            update(SignInAttempt)
            .where(
                SignInAttempt.key.in_(rules.attempt_keys(email, address)),
                SignInAttempt.window_starts_at == rules.window_start(now),
                SignInAttempt.failures > 0,
            )
            .values(failures=SignInAttempt.failures - 1)
        )
    session.flush()
    audit.record(session, user_id, "sign_in", "user", user_id)
    return secret


def touch_session(session: Session, session_id: int) -> None:
    """Note that a signed-in browser was seen now."""
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=clock.now())
    )


def end_session(session: Session, actor: Actor, session_id: int) -> None:
    """Sign one of the actor's own browsers out."""
    ended = session.execute(
        update(SignInSession)
        .where(
            SignInSession.id == session_id,
            SignInSession.user_id == actor.user_id,
            SignInSession.ended_at.is_(None),
        )
        .values(ended_at=clock.now())
    )
    if ended.rowcount == 0:  # type: ignore[attr-defined]
        raise Conflict(N_("这个登录已经退出"))
    audit.record(session, actor.user_id, "end_session", "sign_in_session", session_id)


def _end_sessions(session: Session, user_id: int, keep: int | None = None) -> None:
    session.execute(
        update(SignInSession)
        .where(
            SignInSession.user_id == user_id,
            SignInSession.ended_at.is_(None),
            SignInSession.id != (keep or 0),
        )
        .values(ended_at=clock.now())
    )
