"""The chart of accounts, earmarks, projects, money accounts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime


def known(column: str, values: object, name: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)  # type: ignore[attr-defined]
    return CheckConstraint(f"{column} IN ({listed})", name=name)


class Account(Base):
    """An account of the chart."""

    __tablename__ = "account"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))


class Earmark(Base):
    """A restriction on money. "Unrestricted" is the first earmark of each fund; a council designation stays unrestricted."""

    __tablename__ = "earmark"
    __table_args__ = (
        known("restriction", ("unrestricted", "designated", "restricted"), "restriction_is_known"),
        Index("ix_earmark_fund", "fund_id"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    restriction: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # From this day nothing more is given to it or asked of it; its history stays.
    closed_on: Mapped[date | None] = mapped_column(Date)

    @property
    def is_restricted(self) -> bool:
        """Restricted in the sense of the accounting system (§6 Art. 67): by a donor or the law, never by the council."""
        return self.restriction == "restricted"


class Project(Base):
    """What money is spent on; not a restriction."""

    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("fund_id", "name"),)

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MoneyAccount(Base):
    """One bank account, cash box, WeChat or Alipay wallet of the host that holds money of a fund."""

    __tablename__ = "money_account"
    __table_args__ = (
        known("kind", ("bank", "cash", "wechat", "alipay"), "money_account_kind_is_known"),
        UniqueConstraint("fund_id", "name"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(100))
    account_code: Mapped[str] = mapped_column(ForeignKey("account.code"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_on: Mapped[date | None] = mapped_column(Date)
