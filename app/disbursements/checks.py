"""Proving requests: what is paid, promised and decided fits together."""

from __future__ import annotations

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from app.disbursements.budget.checks import check_budgets
from app.disbursements.models import Disbursement, Payment
from app.disbursements.states import EDITABLE, PAID, PROMISED
from app.log.checks import Expected, compare_with_leaves
from app.log.queries import subjects
from app.parties.models import Party
from app.shared.checks import Check


def check_disbursements(session: Session) -> list[Check]:
    """Every invariant of requests and their payments."""
    return [_paid(session), _promised(session), _decided(session), check_budgets(session), *_told(session)]


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
            "<> CASE WHEN d.status IN :promised THEN d.amount_minor - d.paid_minor ELSE 0 END"
        ).bindparams(bindparam("promised", PROMISED, expanding=True))
    ):
        check.broken(f"request {number}: the gifts do not hold what is still to be paid")
    return check


def _decided(session: Session) -> Check:
    check = Check("paid_requests_were_approved", _count(session))
    for number, *_ in session.execute(
        text(
            "SELECT d.number, d.id FROM disbursement d "
            "WHERE d.status IN :approved AND NOT EXISTS "
            "(SELECT 1 FROM matter m WHERE m.type = 'disbursement' AND m.subject_id = d.id AND m.status = 'approved' "
            "AND m.text_hash = d.text_hash)"
        ).bindparams(bindparam("approved", (*PROMISED, *PAID), expanding=True))
    ):
        check.broken(f"request {number} was approved or paid without a resolution on its text")
    return check


def _told(session: Session) -> list[Check]:
    """Requests, their ends and payments against their leaves."""
    requests = session.scalars(
        select(Disbursement).where(Disbursement.number.is_not(None)).order_by(Disbursement.id)
    ).all()
    names = {row.id: row.name for row in session.execute(select(Party.id, Party.name))}
    renamed = subjects(session, "party_words")
    submitted: list[Expected] = []
    ended: dict[str, list[Expected]] = {"withdrawn": [], "cancelled": []}
    for each in requests:
        texts = {"reason": each.reason}
        # A party that was renamed since was committed to under its name of then.
        for role, party_id in (("applicant", each.applicant_id), ("payee", each.payee_id)):
            if party_id not in renamed:
                texts[role] = names[party_id]
        body = {
            "fund": each.fund_id,
            "request": each.number,
            "earmark": each.earmark_id,
            "project": each.project_id,
            "amount": each.amount_minor,
            "spending_kind": each.spending_kind,
            "applied_on": each.applied_on.isoformat(),
            "text": each.text_hash,
        }
        if each.status not in EDITABLE:  # one that was returned is being written anew
            submitted.append(Expected(each.id, body, texts))
        if each.status in ended:
            ended[each.status].append(Expected(each.id, {}))
    payments: dict[str, list[Expected]] = {"payment": [], "acceptance": [], "refund": []}
    for paid in session.scalars(select(Payment).order_by(Payment.id)):
        body = {
            "entry": paid.entry_number,
            "amount": paid.amount_minor,
            "on": paid.occurred_on.isoformat(),
            "accepted": paid.is_accepted,
        }
        payments[paid.kind].append(Expected(paid.disbursement_id, body, {"voucher": paid.voucher_number}))
    numbered = {each.id for each in requests}
    # One that was returned is being written anew and cannot be compared; but none is ever gone.
    kept = Check("submitted_requests_are_kept")
    for subject_id in sorted(subjects(session, "submitted")):
        kept.examined += 1
        if subject_id not in numbered:
            kept.broken(f"submitted {subject_id} is in the log but not in the records")
    return [
        kept,
        compare_with_leaves(session, "submitted", submitted, latest=True, all_rows=False),
        compare_with_leaves(session, "request_withdrawn", ended["withdrawn"]),
        compare_with_leaves(session, "request_cancelled", ended["cancelled"]),
        *(compare_with_leaves(session, kind, rows) for kind, rows in payments.items()),
    ]
