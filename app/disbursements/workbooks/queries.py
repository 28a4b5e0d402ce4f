"""What the books hold already for a register of requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.disbursements.models import Disbursement
from app.files.models import Attachment
from app.files.rules import readable_by
from app.ledger.queries import projects_of
from app.parties.models import Party
from app.shared.permissions import Actor, Permission

FILE_SUBJECT = "disbursement_workbook"


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request that is written down already."""

    id: int
    office_number: str
    applied_on: date
    project: str
    applicant: str
    payee: str
    amount_minor: int


def imported_at(session: Session, fund_id: int, sha256: str) -> datetime | None:
    """When the very same file was imported into this fund; None when it was not."""
    return session.scalar(
        select(Attachment.uploaded_at)
        .where(
            Attachment.subject_type == FILE_SUBJECT,
            Attachment.subject_id == fund_id,
            Attachment.sha256 == sha256,
        )
        .limit(1)
    )


def known_requests(session: Session, fund_id: int) -> list[KnownRequest]:
    """The requests of a fund, withdrawn ones aside: those may be asked for again."""
    asking, paid = aliased(Party), aliased(Party)
    rows = session.execute(
        select(
            Disbursement.id,
            Disbursement.office_number,
            Disbursement.applied_on,
            Disbursement.project_id,
            asking.name,
            paid.name,
            Disbursement.amount_minor,
        )
        .join(asking, asking.id == Disbursement.applicant_id)
        .join(paid, paid.id == Disbursement.payee_id)
        .where(Disbursement.fund_id == fund_id, Disbursement.status != "withdrawn")
        .order_by(Disbursement.id)
    )
    projects = {project.id: project.name for project in projects_of(session, fund_id)}
    return [
        KnownRequest(request_id, number, applied_on, projects[project_id], applicant, payee, minor)
        for request_id, number, applied_on, project_id, applicant, payee, minor in rows
    ]


@readable_by(FILE_SUBJECT)
def _may_read(session: Session, actor: Actor, fund_id: int) -> bool:
    """Who reads requests reads the register that they came by."""
    return actor.may(Permission.DISBURSEMENT_READ, fund_id)
