"""Reading requests, for the office and the public dossier."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.council.meetings.rules import Subject, describes
from app.council.models import Matter
from app.council.notice.models import Objection, PaymentHold, PublicNotice
from app.disbursements.models import Disbursement, Payment
from app.files.rules import open_to_all, readable_by
from app.ledger import queries as ledger
from app.ledger.structure.models import Project
from app.log.models import Leaf
from app.parties.models import Party
from app.people.models import User
from app.shared.audit import AuditEvent
from app.shared.errors import N_, NotFound
from app.shared.money import yuan
from app.shared.permissions import Actor, Permission

SUBJECT = "disbursement"
RATIFICATION = "ratification"
"""The type of the matter by which a council ratifies an emergency."""


@dataclass(frozen=True, slots=True)
class DisbursementRow:
    """One row of a list of requests; names are public ones, but for the office's own list."""

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


def disbursement_of_key(session: Session, key: str | None) -> Disbursement | None:
    """The request that a form with this idempotency key already made."""
    if key is None:
        return None
    return session.scalar(select(Disbursement).where(Disbursement.idempotency_key == key))


def project_name(session: Session, found: Disbursement) -> str:
    """What the request's money is to be spent on."""
    return session.get_one(Project, found.project_id).name


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
    statuses: Collection[str] = (),
    drafts: bool = False,
    before: int | None = None,
    limit: int = 50,
    true_names: bool = False,
) -> list[DisbursementRow]:
    """Requests newest first, by keyset on the id. Without ``drafts`` only what is public.

    ``true_names`` is for the office: those who decide and pay must know whom.
    """
    applicant, payee = aliased(Party), aliased(Party)
    query = (
        select(
            Disbursement.id,
            Disbursement.number,
            Project.name,
            applicant.name if true_names else applicant.public_name,
            payee.name if true_names else payee.public_name,
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
    if statuses:
        query = query.where(Disbursement.status.in_(statuses))
    if not drafts:
        query = query.where(Disbursement.status != "drafted", Disbursement.number.is_not(None))
    if before is not None:
        query = query.where(Disbursement.id < before)
    rows = session.execute(query.order_by(Disbursement.id.desc()).limit(limit))
    return [DisbursementRow(*tuple(row)) for row in rows]


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


def waiting_for_acceptance_in(session: Session, fund_id: int, limit: int = 50) -> list[tuple[int, str, int]]:
    """(request, project, fen) of everything paid before its work or goods were accepted, oldest first."""
    sign = case(
        (and_(Payment.kind == "payment", Payment.is_accepted.is_(False)), 1),
        (Payment.kind == "acceptance", -1),
        (and_(Payment.kind == "refund", Payment.is_accepted.is_(False)), -1),
        else_=0,
    )
    waiting = func.sum(sign * Payment.amount_minor)
    rows = session.execute(
        select(Disbursement.id, Project.name, waiting.label("waiting"))
        .join(Disbursement, Disbursement.id == Payment.disbursement_id)
        .join(Project, Project.id == Disbursement.project_id)
        .where(Disbursement.fund_id == fund_id, ~ledger.is_reversed(Payment.entry_number))
        .group_by(Disbursement.id, Project.name)
        .having(waiting > 0)
        .order_by(Disbursement.id)
        .limit(limit)
    )
    return [(row.id, row.name, int(row.waiting)) for row in rows]


def counts_by_status(session: Session, fund_id: int) -> dict[str, int]:
    """How many requests of a fund are in which state."""
    rows = session.execute(
        select(Disbursement.status, func.count())
        .where(Disbursement.fund_id == fund_id)
        .group_by(Disbursement.status)
    )
    return {status: int(count) for status, count in rows}


def organisations_of(session: Session, fund_id: int, limit: int = 200) -> list[str]:
    """Names of organisations that applied or were paid before, the latest first: proposals while somebody types."""
    latest = func.max(Disbursement.id).label("latest")
    rows = session.execute(
        select(Party.name, latest)
        .join(Disbursement, or_(Disbursement.applicant_id == Party.id, Disbursement.payee_id == Party.id))
        .where(Party.kind == "organisation", Disbursement.fund_id == fund_id)
        .group_by(Party.name)
        .order_by(latest.desc())
        .limit(limit)
    )
    return [row.name for row in rows]


def earlier_to_payee(session: Session, found: Disbursement) -> tuple[int, int, date | None]:
    """(requests, fen paid, day of the last application) of earlier requests paid to the same payee."""
    count, paid, latest = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Disbursement.paid_minor), 0),
            func.max(Disbursement.applied_on),
        ).where(
            Disbursement.payee_id == found.payee_id,
            Disbursement.id < found.id,
            Disbursement.paid_minor > 0,
        )
    ).one()
    return int(count), int(paid), latest


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a request or on its matter: who, what, when. ``actor`` is None for the installation itself."""

    at: datetime
    actor: str | None
    action: str
    detail: dict[str, Any]


def acts_on(session: Session, disbursement_id: int) -> list[Act]:
    """The audit trail of a request, oldest first, for the office: it holds names."""
    matters = select(Matter.id).where(Matter.type == SUBJECT, Matter.subject_id == disbursement_id)
    rows = session.execute(
        select(AuditEvent.at, User.name, AuditEvent.action, AuditEvent.detail)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(
            or_(
                and_(AuditEvent.subject_type == SUBJECT, AuditEvent.subject_id == disbursement_id),
                and_(AuditEvent.subject_type == "matter", AuditEvent.subject_id.in_(matters)),
            )
        )
        .order_by(AuditEvent.id)
    )
    return [Act(at, name, action, json.loads(detail)) for at, name, action, detail in rows]


_LEAVES_OF_REQUESTS = (
    "submitted",
    "request_returned",
    "approved",
    "promised_again",
    "request_withdrawn",
    "request_cancelled",
    "request_paid",
    "payment",
    "acceptance",
    "refund",
    "proof_of_use",
    "proof_judged",
    "delivery",
    "request_closed",
)
_LEAVES_OF_MATTERS = (
    "matter_opened",
    "vote",
    "vote_carried",
    "endorsement",
    "matter_referred",
    "matter_voided",
    "resolution",
    "matter_withdrawn",
)
_LEAVES_OF_NOTICES = ("notice_opened", "notice_ended")
_LEAVES_OF_OBJECTIONS = ("objection", "objection_answer")
_LEAVES_OF_HOLDS = ("hold_placed", "hold_lifted")


@dataclass(frozen=True, slots=True)
class LeafPlace:
    """Where in the transparency log something of a request lies."""

    kind: str
    position: int
    appended_at: datetime


def _about(
    kept: type[PublicNotice] | type[Objection] | type[PaymentHold], disbursement_id: int
) -> Select[Any]:
    return select(kept.id).where(kept.subject_type == SUBJECT, kept.subject_id == disbursement_id)


def leaves_of(session: Session, disbursement_id: int) -> list[LeafPlace]:
    """The leaves of a request, of its matters and of the entries that it made, in the order of the log."""
    matters = select(Matter.id).where(
        Matter.type.in_((SUBJECT, RATIFICATION)), Matter.subject_id == disbursement_id
    )
    entries = ledger.log_positions_of(SUBJECT, disbursement_id)
    rows = session.execute(
        select(Leaf.kind, Leaf.position, Leaf.appended_at)
        .where(
            or_(
                and_(Leaf.kind.in_(_LEAVES_OF_REQUESTS), Leaf.subject_id == disbursement_id),
                and_(Leaf.kind.in_(_LEAVES_OF_MATTERS), Leaf.subject_id.in_(matters)),
                and_(
                    Leaf.kind.in_(_LEAVES_OF_NOTICES),
                    Leaf.subject_id.in_(_about(PublicNotice, disbursement_id)),
                ),
                and_(
                    Leaf.kind.in_(_LEAVES_OF_OBJECTIONS),
                    Leaf.subject_id.in_(_about(Objection, disbursement_id)),
                ),
                and_(
                    Leaf.kind.in_(_LEAVES_OF_HOLDS), Leaf.subject_id.in_(_about(PaymentHold, disbursement_id))
                ),
                Leaf.position.in_(entries),
            )
        )
        .order_by(Leaf.position)
    )
    return [LeafPlace(*row) for row in rows]


@readable_by(SUBJECT)
def _may_read(session: Session, actor: Actor, disbursement_id: int) -> bool:
    found = session.get(Disbursement, disbursement_id)
    return found is not None and actor.may(Permission.DISBURSEMENT_READ, found.fund_id)


@open_to_all(SUBJECT)
def _is_public(session: Session, disbursement_id: int) -> bool:
    found = session.get(Disbursement, disbursement_id)
    return found is not None and found.status != "drafted" and found.number is not None


@describes(SUBJECT)
def agenda_words(session: Session, disbursement_id: int) -> Subject:
    """What a request is called on a council's agenda and in its minutes."""
    return named_on_agenda(session, disbursement_id, N_("拨付申请 %(number)s：%(project)s，%(amount)s 元"))


def named_on_agenda(session: Session, disbursement_id: int, sentence: str) -> Subject:
    """A matter about a request, by a ``sentence`` (marked by N_) of its number, project and amount; it names no person."""
    found = disbursement(session, disbursement_id)
    facts = {
        "number": found.number,
        "project": project_name(session, found),
        "amount": yuan(found.amount_minor),
    }
    return Subject(
        sentence % facts,
        "dossier.show",
        {"disbursement_id": disbursement_id},
        gains=session.get_one(Party, found.payee_id).public_name,
        path=f"/office/disbursements/{disbursement_id}",
        public_path=f"/disbursements/{found.number}",
        sentence=sentence,
        facts=facts,
    )
