"""Passwords, sign-in limits, and which offices go together."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.shared.errors import N_, Conflict, Refused, SunledgerError
from app.shared.permissions import COUNCIL_SEATS, Actor, Office, Role

IDLE_LIMIT = timedelta(hours=12)
ABSOLUTE_LIMIT = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)

ATTEMPT_WINDOW = timedelta(minutes=15)
FAILURES_FOR_PAIR = 10
FAILURES_FOR_ADDRESS = 60
FAILURES_FOR_EMAIL = 60

PASSWORD_MIN, PASSWORD_MAX = 8, 200
EMAIL_MAX, NAME_MAX = 200, 100

INSTALLATION_ROLES = frozenset({Role.ADMINISTRATOR, Role.HOST, Role.AUDITOR})
"""Roles that may be held for every fund at once."""

OPERATOR = Actor(user_id=None, name="operator", offices=(Office(Role.ADMINISTRATOR, None, term_id=0),))
"""Whoever can run commands on the server itself: makes the first administrator."""

# The least that OWASP asks for (19 MiB, two passes): 40 ms here. Memory, not time, is what an attacker lacks.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Each verification takes 19 MiB; a crowd at the door must not take all the memory.
_verifications = threading.BoundedSemaphore(4)

_EMAIL = re.compile(
    r"^[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]{1,64}@[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]+\.[^@\s.]{2,}$"
)
_COMMON = frozenset(
    "password 12345678 123456789 1234567890 87654321 11111111 00000000 88888888 66666666 qwertyui qwertyuiop "
    "qwerty123 password1 password123 iloveyou 1q2w3e4r 1qaz2wsx abcd1234 abc12345 a1234567 a12345678 woaini1314 "
    "5201314520 administrator sunledger yangguang".split()
)


def normal_email(text: str) -> str:
    """An e-mail address as it is stored: NFKC, lower case. Raises Refused for what is none."""
    email = unicodedata.normalize("NFKC", text).strip().lower()
    if len(email) > EMAIL_MAX or not _EMAIL.match(email):
        raise Refused(N_("这不是有效的电子邮箱地址"), field="email")
    return email


def require_name(text: str) -> str:
    """A person's name as it is stored. Raises Refused when empty or too long."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise Refused(N_("请填写姓名"), field="name")
    if len(name) > NAME_MAX:
        raise Refused(N_("姓名最多 %(limit)s 个字"), field="name", limit=NAME_MAX)
    return name


def require_password(password: str, email: str, field: str = "password") -> str:
    """Return ``password`` when it is hard enough to guess (ASVS 5.0 6.2: length and a list, no composition rules)."""
    if len(password) < PASSWORD_MIN:
        raise Refused(N_("密码至少 %(limit)s 个字符"), field=field, limit=PASSWORD_MIN)
    if len(password) > PASSWORD_MAX:
        raise Refused(N_("密码最多 %(limit)s 个字符"), field=field, limit=PASSWORD_MAX)
    folded = password.casefold()
    if folded in _COMMON or len(set(folded)) < 4 or folded in (email, email.partition("@")[0]):
        raise Refused(N_("这个密码太容易被猜到，请换一个"), field=field)
    return password


def new_password() -> str:
    """A random password that can be read aloud: four groups of four, 78 bits, without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(unicodedata.normalize("NFC", password))


def password_matches(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind ``stored``. Without a hash it takes the same time and says no."""
    with _verifications:
        try:
            _hasher.verify(stored or _nobodys_hash(), unicodedata.normalize("NFC", password[:PASSWORD_MAX]))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(16))


def new_secret() -> str:
    """A secret for one signed-in browser: 256 random bits."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """What is stored of a session's secret."""
    return hashlib.sha256(secret.encode("utf-8")).digest()


def session_is_over(
    created_at: datetime, last_seen_at: datetime, ended_at: datetime | None, now: datetime
) -> bool:
    """Whether a signed-in browser has to sign in again."""
    return ended_at is not None or now - last_seen_at > IDLE_LIMIT or now - created_at > ABSOLUTE_LIMIT


def counter_key(*parts: str) -> str:
    """The key of a counter of attempts: a digest, so that the table holds nobody's address."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]


def attempt_keys(email: str, address: str) -> dict[str, int]:
    """The counters that a failed sign-in adds to, with the failures that each allows in a window.

    Keyed by digests: the table holds nobody's address or e-mail.
    """
    folded = unicodedata.normalize("NFKC", email).strip().lower()[:EMAIL_MAX]
    return {
        counter_key("pair", folded, address): FAILURES_FOR_PAIR,
        counter_key("address", address): FAILURES_FOR_ADDRESS,
        counter_key("email", folded): FAILURES_FOR_EMAIL,
    }


def window_start(now: datetime) -> datetime:
    """The start of the counting window that ``now`` lies in."""
    seconds = int(ATTEMPT_WINDOW.total_seconds())
    return now - timedelta(seconds=int(now.timestamp()) % seconds, microseconds=now.microsecond)


def minutes_left(now: datetime) -> int:
    """Whole minutes until the present counting window ends, at least 1."""
    return max(1, -int((now - window_start(now) - ATTEMPT_WINDOW).total_seconds() // 60))


class TooManyAttempts(SunledgerError):
    """This door stays closed for a while."""

    status = 429


@dataclass(frozen=True, slots=True)
class Term:
    """What the rules look at of a term of office."""

    user_id: int
    fund_id: int | None
    role: Role
    seat_number: int | None
    starts_on: date
    ends_on: date | None

    def overlaps(self, other: Term) -> bool:
        """Whether both run on some day."""
        return (self.ends_on is None or self.ends_on >= other.starts_on) and (
            other.ends_on is None or other.ends_on >= self.starts_on
        )


_RIVALS = {Role.CASHIER: Role.ACCOUNTANT, Role.ACCOUNTANT: Role.CASHIER}
# A supervisor is no member of the council and keeps neither its money nor its books (charity-rules §18).
_NOT_WITH_SUPERVISOR = COUNCIL_SEATS | {Role.CASHIER, Role.ACCOUNTANT}


def term_refusal(wanted: Term, others: Iterable[Term]) -> SunledgerError | None:
    """Why a term cannot start beside ``others`` (those of the same fund and of the whole installation); None if it can."""
    if wanted.fund_id is None and wanted.role not in INSTALLATION_ROLES:
        return Refused(N_("这个岗位属于某一个基金，请选择基金"), field="fund_id")
    if (wanted.seat_number is not None) != (wanted.role in COUNCIL_SEATS):
        if wanted.seat_number is None:
            return Refused(N_("请填写席位号"), field="seat_number")
        return Refused(N_("只有理事长和理事有席位号"), field="seat_number")
    if wanted.seat_number is not None and not 1 <= wanted.seat_number <= 99:
        return Refused(N_("席位号在 1 到 99 之间"), field="seat_number")
    if wanted.ends_on is not None and wanted.ends_on < wanted.starts_on:
        return Refused(N_("结束日期不能早于开始日期"), field="ends_on")
    # What the person holds already says more than who sits where.
    for other in sorted(others, key=lambda each: each.user_id != wanted.user_id):
        if wanted.overlaps(other):
            found = _clash(wanted, other)
            if found is not None:
                return found
    return None


def _clash(wanted: Term, other: Term) -> SunledgerError | None:
    same_fund = wanted.fund_id == other.fund_id
    same_person = wanted.user_id == other.user_id
    if same_person and same_fund:
        if wanted.role == other.role:
            return Conflict(N_("此人在这段时间已经担任这个岗位"), field="role")
        if _RIVALS.get(wanted.role) == other.role:
            return Refused(N_("同一基金的出纳和会计不能是同一个人"), field="role")
        if {wanted.role, other.role} <= COUNCIL_SEATS:
            return Refused(N_("一个人在理事会只能有一个席位"), field="role")
        if Role.SUPERVISOR in (wanted.role, other.role) and {wanted.role, other.role} & _NOT_WITH_SUPERVISOR:
            return Refused(N_("监督员不能同时是理事、出纳或会计"), field="role")
    if same_fund and not same_person:
        if wanted.seat_number is not None and wanted.seat_number == other.seat_number:
            return Conflict(
                N_("第 %(seat)s 席在这段时间已经有人"), field="seat_number", seat=wanted.seat_number
            )
        if wanted.role == other.role == Role.CHAIR:
            return Conflict(N_("这段时间已经有理事长"), field="role")
    return None


def next_free_seat(terms: Iterable[Term], day: date) -> int:
    """The lowest seat number that nobody holds on ``day`` or later."""
    taken = {term.seat_number for term in terms if term.ends_on is None or term.ends_on >= day}
    return next(number for number in range(1, 100) if number not in taken)
