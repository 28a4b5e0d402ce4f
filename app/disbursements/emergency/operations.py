"""Putting an emergency before the council after it was signed. A ratification never changes the money."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.council import operations as council
from app.council.models import Matter
from app.council.queries import matters_of, rules_of, signers_of
from app.council.rules import decides
from app.council.states import UNDECIDED
from app.disbursements.emergency.queries import ratification_of
from app.disbursements.emergency.rules import text_hash
from app.disbursements.models import Disbursement
from app.disbursements.queries import RATIFICATION, SUBJECT
from app.shared.audit import record
from app.shared.permissions import Actor


def open_ratification(
    session: Session, actor: Actor, disbursement: Disbursement, matter: Matter, conflicts: Mapping[int, str]
) -> Matter:
    """Ask the council to ratify an emergency that officers have approved by ``matter``, within the days of its rules.

    Whoever submitted or signed the request is recused, as is everybody in ``conflicts``: nobody judges their own approval.
    """
    emergency = rules_of(session, matter).book.emergency
    assert emergency is not None
    times = len(matters_of(session, RATIFICATION, disbursement.id)) + 1
    signers = dict.fromkeys(signers_of(session, matter.id), "signed")
    opened = council.open_matter(
        session,
        Actor(disbursement.submitter_id, actor.name),
        council.MatterDraft(
            fund_id=disbursement.fund_id,
            type=RATIFICATION,
            subject_id=disbursement.id,
            text_hash=text_hash(matter.text_hash, times),
            topic="ratification",
            amount_minor=disbursement.amount_minor,
            conflicts={**conflicts, **signers},
            by_council=True,
            poll_days=emergency.ratify_days,
        ),
    )
    record(session, actor.user_id, "open_ratification", SUBJECT, disbursement.id)
    return opened


@decides(RATIFICATION)
def follow_ratification(session: Session, actor: Actor, matter: Matter) -> None:
    """Note in the request's own trail whether it was ratified."""
    record(session, actor.user_id, f"ratification_{matter.status}", SUBJECT, matter.subject_id)


def drop_ratification(session: Session, actor: Actor, disbursement_id: int) -> None:
    """An emergency that was given up before anything was paid needs no ratification any more."""
    matter = ratification_of(session, disbursement_id)
    if matter is not None and matter.status in UNDECIDED:
        council.withdraw_matter(session, actor, matter)
