"""Users, terms of office, sign-in sessions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import Guard, declare
from app.shared.permissions import Role

ROLES = ", ".join(f"'{role.value}'" for role in Role)


class User(Base):
    """Somebody who can sign in to the office."""

    __tablename__ = "user"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_is_lower_case"),)

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TermOfOffice(Base):
    """A role held from one day to another in a fund (or, for administrators and hosts, in the whole installation)."""

    __tablename__ = "term_of_office"
    __table_args__ = (
        CheckConstraint(f"role IN ({ROLES})", name="role_is_known"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="term_ends_after_it_starts"),
        CheckConstraint(
            "fund_id IS NOT NULL OR role IN ('administrator', 'host', 'auditor')",
            name="office_belongs_to_a_fund",
        ),
        CheckConstraint(
            "(seat_number IS NOT NULL) = (role IN ('chair', 'council'))",
            name="only_council_members_have_seats",
        ),
        Index("ix_term_of_office_user", "user_id"),
        Index("ix_term_of_office_fund", "fund_id", "role"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"))
    role: Mapped[str] = mapped_column(String(20))
    seat_number: Mapped[int | None]
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInSession(Base):
    """One signed-in browser. Only a hash of its secret is kept; ending the row signs the browser out at once."""

    __tablename__ = "sign_in_session"
    __table_args__ = (Index("ix_sign_in_session_user", "user_id"),)

    id: Mapped[Id]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    browser: Mapped[str] = mapped_column(String(200), default="")


class SignInAttempt(Base):
    """Failed sign-ins per key (e-mail or address) and time window, so that guessing is slow across processes; and what
    strangers send per address, so that nobody floods the office."""

    __tablename__ = "sign_in_attempt"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    window_starts_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    failures: Mapped[int] = mapped_column(BigInteger, default=0)


_other = "CASE NEW.role WHEN 'cashier' THEN 'accountant' WHEN 'accountant' THEN 'cashier' END"
_overlap = (
    "NEW.role IN ('cashier', 'accountant') AND EXISTS (SELECT 1 FROM term_of_office other "
    f"WHERE other.user_id = NEW.user_id AND other.fund_id = NEW.fund_id AND other.role = {_other} "
    "AND other.id <> NEW.id AND (other.ends_on IS NULL OR other.ends_on >= NEW.starts_on) "
    "AND (NEW.ends_on IS NULL OR NEW.ends_on >= other.starts_on))"
)
_name = "cashier_is_not_accountant"
# Accounting Law Art. 25, 35; charity-rules §18: one person never keeps both the money and the books of a fund.
declare(
    Guard(
        _name,
        {
            f"{_name}_{event.lower()}": f"AFTER {event} ON term_of_office WHEN {_overlap} "
            f"BEGIN SELECT RAISE(ABORT, '{_name}'); END"
            for event in ("INSERT", "UPDATE")
        },
        {
            _name: (
                "AFTER INSERT OR UPDATE ON term_of_office FOR EACH ROW",
                f"IF {_overlap} THEN RAISE EXCEPTION '{_name}' USING ERRCODE = 'integrity_constraint_violation'; "
                "END IF; RETURN NEW;",
            )
        },
    )
)
