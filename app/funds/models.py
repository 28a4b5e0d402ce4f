"""Host and fund."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.shared.clock import DEFAULT_ZONE
from app.shared.db import Base, Id, UtcDateTime


class Host(Base):
    """The charity that holds the bank account and the statutory books (charity-rules §1)."""

    __tablename__ = "host"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    registration_number: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(300))
    phone: Mapped[str | None] = mapped_column(String(60))
    fundraising_certificate: Mapped[str | None] = mapped_column(String(80))
    icp_number: Mapped[str | None] = mapped_column(String(60))
    police_number: Mapped[str | None] = mapped_column(String(60))
    # Whether who bought at a charity sale may have the payment confirmed on paper: the law leaves it to the host (§8).
    confirms_buyers: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Fund(Base):
    """A dedicated fund under the host: not a legal person, with a council of its own."""

    __tablename__ = "fund"
    __table_args__ = (CheckConstraint("length(slug) >= 2", name="fund_slug_is_not_empty"),)

    id: Mapped[Id]
    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"))
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    founded_on: Mapped[date | None] = mapped_column(Date)
    # The council resolved to end it: nothing more is given to it or asked of it.
    closed_on: Mapped[date | None] = mapped_column(Date)
    time_zone: Mapped[str] = mapped_column(String(60), default=DEFAULT_ZONE)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    phone: Mapped[str | None] = mapped_column(String(60))
    # Printed on every page and document of data that is not, or not wholly, real.
    example_notice: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    host: Mapped[Host] = relationship(lazy="joined")
