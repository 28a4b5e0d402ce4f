"""Which rules are in force."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.models import Matter
from app.council.rulebook.models import RuleVersion
from app.council.rulebook.rules import BUILT_IN, DEFAULT, Rulebook, from_data, hash_of
from app.shared.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class Rules:
    """A rulebook with the number of its version in its fund; ``in_force_at`` None for the built-in one."""

    number: int
    book: Rulebook
    sha256: str
    in_force_at: datetime | None
    matter_id: int | None


BUILT_IN_RULES = Rules(BUILT_IN, DEFAULT, hash_of(DEFAULT), None, None)


def rules_in_force(session: Session, fund_id: int) -> Rules:
    """The latest rules of a fund; the built-in ones until its council made its own."""
    found = session.scalars(
        select(RuleVersion).where(RuleVersion.fund_id == fund_id).order_by(RuleVersion.number.desc()).limit(1)
    ).first()
    return BUILT_IN_RULES if found is None else _rules(found)


def rules_numbered(session: Session, fund_id: int, number: int) -> Rules:
    """One version of a fund's rules. Raises NotFound."""
    if number == BUILT_IN:
        return BUILT_IN_RULES
    found = session.scalars(
        select(RuleVersion).where(RuleVersion.fund_id == fund_id, RuleVersion.number == number)
    ).first()
    if found is None:
        raise NotFound(N_("没有这一版议事规则"))
    return _rules(found)


def versions(session: Session, fund_id: int) -> list[Rules]:
    """Every version of a fund's rules, the latest first, the built-in one last."""
    rows = session.scalars(
        select(RuleVersion).where(RuleVersion.fund_id == fund_id).order_by(RuleVersion.number.desc())
    )
    return [*(_rules(row) for row in rows), BUILT_IN_RULES]


def _rules(row: RuleVersion) -> Rules:
    return Rules(row.number, from_data(json.loads(row.text)), row.sha256, row.in_force_at, row.matter_id)


def motion_of_version(session: Session, version: Rules) -> int | None:
    """The motion by which a version was made; None for the built-in one."""
    if version.matter_id is None:
        return None
    return session.scalar(
        select(Matter.subject_id).where(Matter.id == version.matter_id, Matter.type == "motion")
    )
