"""Proving that what is said of official receipts is what the log says, and what the public reads."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.fiscal.models import FiscalReceipt
from app.donations.models import Donation
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_fiscal_receipts(session: Session) -> list[Check]:
    """Every record against its leaf, and the number on the gift against the newest record."""
    rows = session.scalars(
        select(FiscalReceipt).order_by(FiscalReceipt.donation_id, FiscalReceipt.version)
    ).all()
    shown = Check("fiscal_numbers_are_those_recorded")
    newest = {row.donation_id: row for row in rows}
    numbers = select(Donation.id, Donation.receipt_number).join(
        FiscalReceipt, FiscalReceipt.donation_id == Donation.id
    )
    for gift_id, number in session.execute(numbers.distinct().order_by(Donation.id)):
        shown.examined += 1
        row = newest[gift_id]
        if number != (row.number if row.status == "issued" else ""):
            shown.broken(f"gift {gift_id} shows the receipt {number!r}, its newest record says otherwise")
    expected = [
        Expected(
            row.donation_id,
            {
                "status": row.status,
                "issued_on": row.issued_on.isoformat() if row.issued_on else None,
                "version": row.version,
            },
            {"number": row.number, "code": row.code, "check_code": row.check_code, "words": row.words},
        )
        for row in rows
    ]
    return [compare_with_leaves(session, "fiscal_receipt", expected), shown]
