"""Proving requests: what is paid, promised and decided fits together."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.shared.checks import Check


def check_disbursements(session: Session) -> list[Check]:
    """Every invariant of requests and their payments."""
    return [_paid(session), _promised(session), _decided(session)]


def _count(session: Session) -> int:
    return int(session.scalar(text("SELECT COUNT(*) FROM disbursement")) or 0)


def _paid(session: Session) -> Check:
    check = Check("requests_equal_their_payments", _count(session))
    for number, *_ in session.execute(
        text(
            "SELECT d.number, d.id FROM disbursement d LEFT JOIN (SELECT p.disbursement_id, SUM(p.amount_minor) AS paid "
            "FROM payment p WHERE p.kind = 'payment' AND NOT EXISTS (SELECT 1 FROM journal_entry r "
            "WHERE r.reverses_number = p.entry_number) GROUP BY p.disbursement_id) s ON s.disbursement_id = d.id "
            "WHERE d.paid_minor <> COALESCE(s.paid, 0)"
        )
    ):
        check.broken(f"request {number}: its paid amount is not the sum of its payments")
    return check


def _promised(session: Session) -> Check:
    """An approved request holds exactly what is still unpaid; any other holds nothing."""
    check = Check("approved_requests_hold_their_unpaid_part", _count(session))
    held = (
        "SELECT source_id, SUM(CASE WHEN kind = 'hold' THEN amount_minor WHEN kind = 'release' THEN -amount_minor "
        "WHEN kind = 'use' AND NOT directly THEN -amount_minor WHEN kind = 'return' AND NOT directly THEN amount_minor "
        "ELSE 0 END) AS minor FROM tranche_movement WHERE source_type = 'disbursement' GROUP BY source_id"
    )
    for number, *_ in session.execute(
        text(
            f"SELECT d.number, d.id FROM disbursement d LEFT JOIN ({held}) h ON h.source_id = d.id WHERE COALESCE(h.minor, 0) "
            "<> CASE WHEN d.status = 'approved' THEN d.amount_minor - d.paid_minor ELSE 0 END"
        )
    ):
        check.broken(f"request {number}: the gifts do not hold what is still to be paid")
    return check


def _decided(session: Session) -> Check:
    check = Check("paid_requests_were_approved", _count(session))
    for number, *_ in session.execute(
        text(
            "SELECT d.number, d.id FROM disbursement d WHERE d.status IN ('approved', 'paid') AND NOT EXISTS "
            "(SELECT 1 FROM matter m WHERE m.type = 'disbursement' AND m.subject_id = d.id AND m.status = 'approved' "
            "AND m.text_hash = d.text_hash)"
        )
    ):
        check.broken(f"request {number} was approved or paid without a resolution on its text")
    return check
