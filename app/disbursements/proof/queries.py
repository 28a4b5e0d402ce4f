"""Proofs of use and deliveries of a request. Amounts in fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.disbursements.models import Disbursement
from app.disbursements.payments.queries import paid_net, waiting_for_acceptance
from app.disbursements.proof.models import Delivery, ProofJudgement, ProofOfUse
from app.disbursements.proof.rules import NOBODY_OUTSIDE_GAINS, Standing
from app.disbursements.states import PAID
from app.ledger.structure.models import Project
from app.shared.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class ProofRow:
    """A proof with the judgement that counts; ``accepted_minor`` None while nobody has judged it."""

    id: int
    number: int
    used_minor: int
    words: str
    submitted_at: datetime
    accepted_minor: int | None
    reason: str
    judged_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What reached those it was for; ``recipients`` 0 when they were not counted."""

    delivered_on: date
    recipients: int
    words: str
    recorded_at: datetime


def proofs_of(session: Session, disbursement_id: int) -> list[ProofRow]:
    """The proofs of a request, oldest first."""
    later = aliased(ProofJudgement)
    latest = (
        ~select(later.id)
        .where(later.proof_id == ProofJudgement.proof_id, later.version > ProofJudgement.version)
        .exists()
    )
    rows = session.execute(
        select(
            ProofOfUse.id,
            ProofOfUse.number,
            ProofOfUse.used_minor,
            ProofOfUse.words,
            ProofOfUse.submitted_at,
            ProofJudgement.accepted_minor,
            func.coalesce(ProofJudgement.reason, ""),
            ProofJudgement.judged_at,
        )
        .outerjoin(ProofJudgement, (ProofJudgement.proof_id == ProofOfUse.id) & latest)
        .where(ProofOfUse.disbursement_id == disbursement_id)
        .order_by(ProofOfUse.number)
    )
    return [ProofRow(*row) for row in rows]


def proof(session: Session, disbursement_id: int, number: int) -> ProofOfUse:
    """One proof of a request. Raises NotFound."""
    found = session.scalars(
        select(ProofOfUse).where(ProofOfUse.disbursement_id == disbursement_id, ProofOfUse.number == number)
    ).first()
    if found is None:
        raise NotFound(N_("没有这份使用凭证"))
    return found


def proof_of_key(session: Session, key: str) -> ProofOfUse | None:
    """The proof that a form made, if it was sent before."""
    return session.scalars(select(ProofOfUse).where(ProofOfUse.idempotency_key == key)).first()


def judgements(session: Session, proof_id: int) -> int:
    """How many times a proof was judged."""
    return (
        session.scalar(select(func.count(ProofJudgement.id)).where(ProofJudgement.proof_id == proof_id)) or 0
    )


def standing(session: Session, disbursement_id: int) -> Standing:
    """Where a paid request stands."""
    rows = proofs_of(session, disbursement_id)
    return Standing(
        net_minor=paid_net(session, disbursement_id),
        waiting_minor=waiting_for_acceptance(session, disbursement_id)[0],
        accepted_minor=sum(row.accepted_minor or 0 for row in rows),
        unjudged_minor=sum(row.used_minor for row in rows if row.accepted_minor is None),
    )


def delivery_of(session: Session, disbursement_id: int) -> DeliveryRow | None:
    """What reached those it was for, unless it was not recorded or was taken back."""
    found = _latest_delivery(session, disbursement_id)
    if found is None or not found.is_standing:
        return None
    return DeliveryRow(found.delivered_on, found.recipients, found.words, found.recorded_at)


def delivery_versions(session: Session, disbursement_id: int) -> int:
    """How many versions of a delivery were recorded."""
    found = _latest_delivery(session, disbursement_id)
    return found.version if found else 0


def _latest_delivery(session: Session, disbursement_id: int) -> Delivery | None:
    return session.scalars(
        select(Delivery)
        .where(Delivery.disbursement_id == disbursement_id)
        .order_by(Delivery.version.desc())
        .limit(1)
    ).first()


def may_close(session: Session, found: Disbursement) -> bool:
    """Whether a request is done."""
    if found.status == "delivered":
        return True
    if found.status == "proven":
        return found.spending_kind in NOBODY_OUTSIDE_GAINS
    return found.status in PAID and found.status != "closed" and standing(session, found.id).is_returned


@dataclass(frozen=True, slots=True)
class Waiting:
    """A paid request that waits for somebody; ``amount_minor``: fen of the proof, or fen paid."""

    disbursement_id: int
    number: str | None
    project: str
    amount_minor: int
    since: datetime | None
    spending_kind: str | None
    proof_number: int | None = None


def unjudged_in(session: Session, fund_id: int, limit: int) -> list[Waiting]:
    """Proofs of a fund that nobody has judged, oldest first."""
    judged = select(ProofJudgement.id).where(ProofJudgement.proof_id == ProofOfUse.id)
    rows = session.execute(
        select(
            Disbursement.id,
            Disbursement.number,
            Project.name,
            ProofOfUse.used_minor,
            ProofOfUse.submitted_at,
            Disbursement.spending_kind,
            ProofOfUse.number,
        )
        .join(Disbursement, Disbursement.id == ProofOfUse.disbursement_id)
        .join(Project, Project.id == Disbursement.project_id)
        .where(
            Disbursement.fund_id == fund_id, Disbursement.status.in_(("payable", "paid")), ~judged.exists()
        )
        .order_by(ProofOfUse.id)
        .limit(limit)
    )
    return [Waiting(*row) for row in rows]


def in_state(session: Session, fund_id: int, status: str, limit: int) -> list[Waiting]:
    """Requests of a fund in a state after payment, oldest first."""
    rows = session.execute(
        select(
            Disbursement.id,
            Disbursement.number,
            Project.name,
            Disbursement.paid_minor,
            Disbursement.decided_at,
            Disbursement.spending_kind,
        )
        .join(Project, Project.id == Disbursement.project_id)
        .where(Disbursement.fund_id == fund_id, Disbursement.status == status)
        .order_by(Disbursement.id)
        .limit(limit)
    )
    return [Waiting(*row) for row in rows]
