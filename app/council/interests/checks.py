"""Proving that the register of interests is what was declared."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.interests import rules
from app.council.interests.models import Interest
from app.log.checks import Expected, compare_with_leaves
from app.shared import clock
from app.shared.checks import Check
from app.shared.encryption import decrypt


def check_interests(session: Session) -> list[Check]:
    """Every declaration and its end against their leaves; every name is found by the hash that matching uses."""
    found_by_name = Check("interests_are_found_by_name")
    declared, ended = [], []
    for row in session.scalars(select(Interest).order_by(Interest.id)):
        found_by_name.examined += 1
        try:
            name, relation, note = (
                decrypt(each) if each is not None else "" for each in (row.party_name, row.relation, row.note)
            )
        except InvalidTag:
            found_by_name.broken(f"interest {row.id} cannot be decrypted with this data key")
            continue
        if row.name_hash != (rules.name_hash(name) if name else None):
            found_by_name.broken(f"interest {row.id} is kept under the hash of another name")
        said = {
            "fund": row.fund_id,
            "role": row.role,
            "seat": row.seat_number,
            "on": clock.local(row.declared_at).date().isoformat(),
        }
        content = {"declaration": rules.declaration_hash(row.user_id, row.kind, name, relation, note)}
        declared.append(Expected(row.id, said, content))
        if row.ended_on is not None:
            ended.append(Expected(row.id, {"fund": row.fund_id, "on": row.ended_on.isoformat()}))
    return [
        found_by_name,
        compare_with_leaves(session, "interest_declared", declared),
        compare_with_leaves(session, "interest_ended", ended),
    ]
