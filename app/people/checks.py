"""Proving that terms of office are those in the log."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.log.checks import Expected, compare_with_leaves
from app.people.models import TermOfOffice
from app.shared.checks import Check


def check_people(session: Session) -> list[Check]:
    """Every term against its newest leaf."""
    terms = [
        Expected(
            term.id,
            {
                "role": term.role,
                "fund": term.fund_id,
                "seat": term.seat_number,
                "starts_on": term.starts_on.isoformat(),
                "ends_on": term.ends_on.isoformat() if term.ends_on else None,
            },
        )
        for term in session.scalars(select(TermOfOffice))
    ]
    return [compare_with_leaves(session, "term_of_office", terms, latest=True)]
