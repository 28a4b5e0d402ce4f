"""The public dossier of a request: who asked for what, how it was decided, what was paid, out of whose gifts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.consents.queries import PublicVote, public_votes
from app.council.models import Matter
from app.council.notice.queries import Standing, standing
from app.council.queries import matters_of, tally
from app.council.rules import Tally
from app.disbursements.budget.queries import BudgetLineRow, lines_of
from app.disbursements.emergency.queries import EmergencyView, emergency_view
from app.disbursements.models import Disbursement
from app.disbursements.proof.queries import DeliveryRow, ProofRow, delivery_of, proofs_of
from app.disbursements.queries import (
    SUBJECT,
    DisbursementRow,
    LeafPlace,
    leaves_of,
    listed,
    payments_of,
    published,
)
from app.disbursements.states import ENDED, PAID
from app.files.queries import FileRow, files_of
from app.ledger.entry.queries import Givers, givers_of_source
from app.ledger.queries import reversed_among
from app.ledger.totals.queries import project_names
from app.parties.models import Party
from app.public.entries.queries import slugs_of
from app.shared.errors import N_, NotFound

PAGE_ROWS = 50
STATES: dict[str, tuple[str, ...]] = {
    "voting": ("submitted", "returned", "in_vote"),
    "notice": ("in_notice", "held"),
    "to-pay": ("payable",),
    "paid": PAID,
    "ended": ENDED,
}
"""What the list can be narrowed to, by the word in the address."""


@dataclass(frozen=True, slots=True)
class RequestList:
    """One page of requests, newest first; ``next_after`` is the public number after which the next page starts."""

    rows: list[DisbursementRow]
    next_after: str | None


def request_list(session: Session, state: str, after: str) -> RequestList:
    """Public requests, narrowed to a state unless it is "". Raises NotFound for an unknown state or number."""
    if state and state not in STATES:
        raise NotFound(N_("没有这种状态"))
    before = published(session, after).id if after else None
    rows = listed(session, statuses=STATES.get(state, ()), before=before, limit=PAGE_ROWS + 1)
    more = len(rows) > PAGE_ROWS
    rows = rows[:PAGE_ROWS]
    return RequestList(rows, rows[-1].number if more else None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the council decided, or is deciding. Members are seats, named only as
    ``PublicVote`` allows. ``before_on``: decided before this system, that day."""

    matter: Matter
    status: str
    decided_by: str
    tally: Tally
    votes: list[PublicVote]
    opened_at: datetime
    decided_at: datetime | None
    before_on: date | None


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment, an acceptance or a refund. ``is_reversed``: the books took it back."""

    kind: str
    occurred_on: date
    amount_minor: int
    voucher_number: str
    is_accepted: bool
    entry_number: int
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything about a request that anyone may read. Parties by the names displayed; amounts in fen."""

    number: str
    fund_id: int
    earmark_id: int
    project: str
    applicant: str
    payee: str
    amount_minor: int
    paid_minor: int
    spending_kind: str
    reason: str
    beneficiary: str
    emergency: EmergencyView | None
    ratifications: list[Decision]
    papers: str
    budget: list[BudgetLineRow]
    status: str
    applied_on: date
    submitted_at: datetime | None
    closed_at: datetime | None
    decisions: list[Decision]
    standing: Standing | None
    payments: list[PaymentLine]
    proofs: list[ProofRow]
    delivery: DeliveryRow | None
    files: list[FileRow]
    givers: Givers
    event_slugs: dict[int, str]
    leaves: list[LeafPlace]

    @property
    def decision(self) -> Decision | None:
        """The latest decision: on the text as it stands."""
        return self.decisions[-1] if self.decisions else None


def dossier(session: Session, number: str, gifts_after: int = 0) -> Dossier:
    """The dossier of a request by its public number. Raises NotFound for drafts as for unknown numbers."""
    found = published(session, number)
    parties = _displayed(session, {found.applicant_id, found.payee_id})
    givers = givers_of_source(session, SUBJECT, found.id, gifts_after)
    emergency = emergency_view(session, found, by_day=True)
    return Dossier(
        number=number,
        fund_id=found.fund_id,
        earmark_id=found.earmark_id,
        project=project_names(session, {found.project_id})[found.project_id],
        applicant=parties[found.applicant_id],
        payee=parties[found.payee_id],
        amount_minor=found.amount_minor,
        paid_minor=found.paid_minor,
        spending_kind=found.spending_kind or "",
        reason=found.reason,
        beneficiary=found.beneficiary,
        emergency=emergency,
        ratifications=[_decision(session, each) for each in emergency.matters] if emergency else [],
        papers=found.papers,
        budget=lines_of(session, found.id),
        status=found.status,
        applied_on=found.applied_on,
        submitted_at=found.submitted_at,
        closed_at=found.closed_at,
        decisions=_decisions(session, found),
        standing=standing(session, SUBJECT, found.id),
        payments=_payments(session, found.id),
        proofs=proofs_of(session, found.id) if found.paid_minor else [],
        delivery=delivery_of(session, found.id) if found.paid_minor else None,
        files=files_of(session, SUBJECT, found.id, only_public=True),
        givers=givers,
        event_slugs=slugs_of(session, {each.event_id for each in givers.shown if each.event_id is not None}),
        leaves=leaves_of(session, found.id),
    )


def _displayed(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(Party.id, Party.public_name).where(Party.id.in_(ids)))
    return {row.id: row.public_name for row in rows}


def _decisions(session: Session, found: Disbursement) -> list[Decision]:
    return [_decision(session, matter) for matter in matters_of(session, SUBJECT, found.id)]


def _decision(session: Session, matter: Matter) -> Decision:
    return Decision(
        matter,
        matter.status,
        matter.decided_by,
        tally(session, matter),
        # While the vote is open, who voted how is nobody's business yet.
        public_votes(session, matter) if matter.status in ("approved", "rejected") else [],
        matter.opened_at,
        matter.decided_at,
        matter.decided_before_on,
    )


def _payments(session: Session, disbursement_id: int) -> list[PaymentLine]:
    payments = payments_of(session, disbursement_id)
    reversed_numbers = reversed_among(session, [each.entry_number for each in payments])
    return [
        PaymentLine(
            each.kind,
            each.occurred_on,
            each.amount_minor,
            each.voucher_number,
            each.is_accepted,
            each.entry_number,
            each.entry_number in reversed_numbers,
        )
        for each in payments
    ]
