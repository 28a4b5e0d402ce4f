"""Adopting rules: by the resolution that made them, never otherwise."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.council.models import Matter
from app.council.rulebook.models import RuleVersion
from app.council.rulebook.queries import rules_in_force
from app.council.rulebook.rules import Rulebook, hash_of, refusals, text_of
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, InputRefused
from app.shared.permissions import Actor


def adopt_rules(session: Session, actor: Actor, matter: Matter, rulebook: Rulebook) -> RuleVersion:
    """Put the rules that the council resolved into force, at once, for whatever is submitted from now on.

    Raises InputRefused for unsound rules, Conflict when the matter is no approved resolution about rules (the database
    refuses it too).
    """
    wrong = refusals(rulebook)
    if wrong:
        raise InputRefused(wrong)
    if matter.topic != "rules" or matter.status != "approved":
        raise Conflict(N_("议事规则只能由理事会决议修改"))
    version = RuleVersion(
        fund_id=matter.fund_id,
        number=rules_in_force(session, matter.fund_id).number + 1,
        text=text_of(rulebook),
        sha256=hash_of(rulebook),
        in_force_at=clock.now(),
        matter_id=matter.id,
    )
    session.add(version)
    session.flush()
    append(
        session,
        [
            LeafDraft(
                "rule_version",
                version.id,
                {
                    "fund": version.fund_id,
                    "rule": version.number,
                    "matter": matter.id,
                    "sha256": version.sha256,
                },
                {"text": version.text},
            )
        ],
    )
    record(session, actor.user_id, "adopt_rules", "rule_version", version.id, number=version.number)
    return version
