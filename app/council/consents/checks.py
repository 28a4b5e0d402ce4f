"""Proving that consents are those in the log."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.consents.models import CouncilConsent
from app.log.checks import Expected, compare_with_leaves
from app.shared import clock
from app.shared.checks import Check


def check_consents(session: Session) -> list[Check]:
    """Every consent and withdrawal against its leaf."""
    rows = [
        Expected(
            each.id,
            {
                "fund": each.fund_id,
                "seat": each.seat_number,
                "given": each.is_given,
                "on": clock.local(each.at).date().isoformat(),
            },
        )
        for each in session.scalars(select(CouncilConsent).order_by(CouncilConsent.id))
    ]
    return [compare_with_leaves(session, "council_consent", rows)]
