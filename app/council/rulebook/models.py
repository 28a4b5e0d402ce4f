"""The rules that a fund's council made, version after version."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import append_only, declare, refuse


class RuleVersion(Base):
    """One version of a fund's rules, made by a resolution. ``text`` is the rulebook's one JSON text."""

    __tablename__ = "rule_version"
    __table_args__ = (
        UniqueConstraint("fund_id", "number"),
        UniqueConstraint("matter_id"),
        CheckConstraint("number > 0", name="own_rules_are_numbered_from_one"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    in_force_at: Mapped[datetime] = mapped_column(UtcDateTime)
    matter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("matter.id"))


_unresolved = (
    "NOT EXISTS (SELECT 1 FROM matter WHERE matter.id = NEW.matter_id AND matter.fund_id = NEW.fund_id "
    "AND matter.topic = 'rules' AND matter.status = 'approved')"
)
declare(
    append_only("rule_version"),
    refuse(
        "rules_come_from_a_resolution", "rule_version", "INSERT", _unresolved, "rules_come_from_a_resolution"
    ),
)
