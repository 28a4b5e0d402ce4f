"""The cast: one person for each office, and what a test may need more of them. Everything through the operations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from app.funds import operations as fund_operations
from app.funds import queries as fund_queries
from app.funds.models import Fund
from app.ledger.treasury.operations import open_fund_books
from app.people import operations, queries, rules
from app.people.rules import OPERATOR
from app.shared import clock
from app.shared.permissions import Actor, Role

PASSWORD = "correct-horse-battery"
HOST_NAME = "金龙镇慈善会"
FUND_SLUG = "yimi-yangguang"
FUND_NAME = "一米阳光基金"
FOUNDED_ON = date(2023, 9, 1)


@dataclass(frozen=True)
class Member:
    """Somebody of the cast."""

    key: str
    name: str
    email: str
    role: Role
    seat: int | None = None


CAST = (
    Member("administrator", "管理员甲", "administrator@example.org", Role.ADMINISTRATOR),
    Member("secretary", "秘书乙", "secretary@example.org", Role.SECRETARY),
    Member("cashier", "出纳丙", "cashier@example.org", Role.CASHIER),
    Member("accountant", "会计丁", "accountant@example.org", Role.ACCOUNTANT),
    Member("chair", "理事长戊", "chair@example.org", Role.CHAIR, 1),
    Member("council", "理事己", "council@example.org", Role.COUNCIL, 2),
    Member("council_2", "理事庚", "council-2@example.org", Role.COUNCIL, 3),
    Member("council_3", "理事辛", "council-3@example.org", Role.COUNCIL, 4),
    Member("council_4", "理事壬", "council-4@example.org", Role.COUNCIL, 5),
    Member("supervisor", "监督员癸", "supervisor@example.org", Role.SUPERVISOR),
    Member("host", "托管机构子", "host@example.org", Role.HOST),
    Member("auditor", "审计丑", "auditor@example.org", Role.AUDITOR),
)
"""Nine offices, five seats. Keys of the first holders are the roles."""


def make_fund(session: Session, slug: str = FUND_SLUG, name: str = FUND_NAME) -> Fund:
    """A fund with its books. Inside ``transaction(books=True)``."""
    host = fund_queries.host_by_name(session, HOST_NAME) or fund_operations.create_host(
        session, OPERATOR, name=HOST_NAME, phone="0990-1234567"
    )
    fund = fund_operations.create_fund(
        session, OPERATOR, host_id=host.id, slug=slug, name=name, founded_on=FOUNDED_ON
    )
    open_fund_books(session, OPERATOR, fund)
    return fund


def make_user(session: Session, email: str, name: str = "新人", password: str = PASSWORD) -> int:
    """A user without any office; returns the id. Inside a transaction."""
    return operations.create_user(
        session, OPERATOR, email=email, name=name, password=password, must_change_password=False
    ).id


def appoint(
    session: Session,
    user_id: int,
    role: Role,
    fund_id: int | None,
    *,
    seat: int | None = None,
    starts_on: date = FOUNDED_ON,
    ends_on: date | None = None,
) -> int:
    """Give a user an office; returns the id of the term. Inside ``transaction(books=True)``."""
    return operations.start_term(
        session,
        OPERATOR,
        user_id=user_id,
        role=role,
        fund_id=fund_id,
        seat_number=seat,
        starts_on=starts_on,
        ends_on=ends_on,
    ).id


def make_cast(session: Session) -> None:
    """The fund and everybody of the cast. Inside ``transaction(books=True)``."""
    fund = make_fund(session)
    for member in CAST:
        user_id = make_user(session, member.email, member.name)
        everywhere = member.role in rules.INSTALLATION_ROLES
        appoint(session, user_id, member.role, None if everywhere else fund.id, seat=member.seat)


def actor(session: Session, key: str) -> Actor:
    """The actor for somebody of the cast."""
    member = next(each for each in CAST if each.key == key)
    return queries.actor_by_email(session, member.email)


def simulated_start() -> datetime:
    """The instant at which the cast took office."""
    return datetime(2023, 9, 1, 1, 0, tzinfo=UTC)


def today() -> date:
    """The fund's date now."""
    return clock.today()
