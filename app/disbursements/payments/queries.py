"""What was paid on a request, what of it waits for acceptance, and what may come back. Amounts in fen."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.disbursements import queries
from app.disbursements.models import Payment
from app.ledger import queries as ledger


def waiting_for_acceptance(session: Session, disbursement_id: int) -> tuple[int, date | None]:
    """(fen paid but not yet accepted, day of the latest such payment)."""
    waiting, latest = 0, None
    for payment in standing(session, disbursement_id):
        if payment.kind == "payment" and not payment.is_accepted:
            waiting += payment.amount_minor
            latest = max(latest, payment.occurred_on) if latest else payment.occurred_on
        elif payment.kind == "acceptance" or (payment.kind == "refund" and not payment.is_accepted):
            waiting -= payment.amount_minor
    return waiting, latest


def refundable(session: Session, disbursement_id: int) -> tuple[int, int]:
    """Fen that may come back from the payee: (of what was booked as expense, of what still waits for acceptance)."""
    waiting, _ = waiting_for_acceptance(session, disbursement_id)
    return paid_net(session, disbursement_id) - waiting, waiting


def paid_net(session: Session, disbursement_id: int) -> int:
    """Fen paid on a request less what came back."""
    signs = {"payment": 1, "refund": -1, "acceptance": 0}
    return sum(signs[payment.kind] * payment.amount_minor for payment in standing(session, disbursement_id))


def standing(session: Session, disbursement_id: int) -> list[Payment]:
    """Payments, acceptances and refunds that were not reversed."""
    payments = queries.payments_of(session, disbursement_id)
    reversed_numbers = ledger.reversed_among(session, [payment.entry_number for payment in payments])
    return [payment for payment in payments if payment.entry_number not in reversed_numbers]
