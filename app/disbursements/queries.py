"""Reading requests, for the office and the public dossier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.disbursements.models import Disbursement, Payment
from app.ledger.models import Project
from app.parties.models import Party
from app.shared.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class DisbursementRow:
    """One row of a list of requests; names are public ones."""

    id: int
    number: str | None
    project: str
    applicant: str
    payee: str
    amount_minor: int
    paid_minor: int
    status: str
    applied_on: date
    spending_kind: str | None


def disbursement(session: Session, disbursement_id: int) -> Disbursement:
    """One request. Raises NotFound."""
    found = session.get(Disbursement, disbursement_id)
    if found is None:
        raise NotFound(N_("没有这笔拨付申请"))
    return found


def published(session: Session, number: str) -> Disbursement:
    """A request by its public number: submitted or beyond. Raises NotFound for drafts as for unknown ones."""
    found = session.scalar(
        select(Disbursement).where(Disbursement.number == number, Disbursement.status != "drafted")
    )
    if found is None:
        raise NotFound(N_("没有这笔拨付申请"))
    return found


def listed(
    session: Session,
    *,
    fund_id: int | None = None,
    status: str = "",
    drafts: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[DisbursementRow]:
    """Requests newest first, by keyset on the id. Without ``drafts`` only what is public."""
    applicant, payee = aliased(Party), aliased(Party)
    query = (
        select(
            Disbursement.id,
            Disbursement.number,
            Project.name,
            applicant.public_name,
            payee.public_name,
            Disbursement.amount_minor,
            Disbursement.paid_minor,
            Disbursement.status,
            Disbursement.applied_on,
            Disbursement.spending_kind,
        )
        .join(Project, Project.id == Disbursement.project_id)
        .join(applicant, applicant.id == Disbursement.applicant_id)
        .join(payee, payee.id == Disbursement.payee_id)
    )
    if fund_id is not None:
        query = query.where(Disbursement.fund_id == fund_id)
    if status:
        query = query.where(Disbursement.status == status)
    if not drafts:
        query = query.where(Disbursement.status != "drafted", Disbursement.number.is_not(None))
    if before is not None:
        query = query.where(Disbursement.id < before)
    return [
        DisbursementRow(*row) for row in session.execute(query.order_by(Disbursement.id.desc()).limit(limit))
    ]


def payments_of(session: Session, disbursement_id: int) -> list[Payment]:
    """Payments, acceptances and refunds of a request, in the order recorded."""
    return list(
        session.scalars(
            select(Payment).where(Payment.disbursement_id == disbursement_id).order_by(Payment.id)
        )
    )


def payment_of_entry(session: Session, number: int) -> Payment | None:
    """The payment, acceptance or refund that an entry booked, if any."""
    return session.scalar(select(Payment).where(Payment.entry_number == number))
