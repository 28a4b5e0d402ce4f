"""Proving that proofs of use, judgements and arrivals are those in the log, and that states follow from them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements.models import Disbursement
from app.disbursements.proof.models import Delivery, ProofJudgement, ProofOfUse
from app.disbursements.proof.queries import standing
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_proofs(session: Session) -> list[Check]:
    """Every proof, judgement and arrival against its leaf; every proven request against its payments and proofs."""
    proofs = [
        Expected(
            proof.disbursement_id, {"proof": proof.number, "used": proof.used_minor}, {"words": proof.words}
        )
        for proof in session.scalars(select(ProofOfUse).order_by(ProofOfUse.id))
    ]
    rows = session.execute(
        select(ProofJudgement, ProofOfUse.disbursement_id, ProofOfUse.number)
        .join(ProofOfUse, ProofOfUse.id == ProofJudgement.proof_id)
        .order_by(ProofJudgement.id)
    )
    judged = [
        Expected(
            disbursement_id,
            {"proof": number, "judgement": judgement.version, "accepted": judgement.accepted_minor},
            {"reason": judgement.reason} if judgement.reason else {},
        )
        for judgement, disbursement_id, number in rows
    ]
    arrived = [
        Expected(
            each.disbursement_id,
            {
                "on": each.delivered_on.isoformat(),
                "recipients": each.recipients,
                "standing": each.is_standing,
            },
            {"words": each.words},
        )
        for each in session.scalars(select(Delivery).order_by(Delivery.id))
    ]
    return [
        compare_with_leaves(session, "proof_of_use", proofs),
        compare_with_leaves(session, "proof_judged", judged),
        compare_with_leaves(session, "delivery", arrived),
        _proven(session),
    ]


def _proven(session: Session) -> Check:
    check = Check("proven_requests_are_proven")
    found = session.scalars(select(Disbursement).where(Disbursement.status.in_(("proven", "delivered"))))
    for request in found:
        check.examined += 1
        if not standing(session, request.id).is_proven:
            check.broken(
                f"request {request.number} is called proven, but its proofs do not cover its payments"
            )
    return check
