"""Proving that meetings are those in the log, and that issued minutes are of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.meetings import queries
from app.council.meetings.models import Meeting, VoteConfirmation
from app.council.meetings.rules import DOCUMENT_KIND, MinutesFigures
from app.documents.models import IssuedDocument
from app.documents.rules import restored, thawed
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_meetings(session: Session) -> list[Check]:
    """Every meeting that was held against its newest leaf; every issued minutes against the meeting; every answer to a vote."""
    held = select(Meeting).where(Meeting.state.in_(("held", "minuted"))).order_by(Meeting.id)
    meetings = session.scalars(held).all()
    leaves = [Expected(found.id, queries.leaf_body(found)) for found in meetings]
    answers = [
        Expected(said.vote_id, queries.confirmation_body(session, said), {"words": said.words})
        for said in session.scalars(select(VoteConfirmation).order_by(VoteConfirmation.id))
    ]
    return [
        compare_with_leaves(session, "meeting", leaves, latest=True),
        compare_with_leaves(session, "vote_confirmation", answers),
        _check_minutes(session, meetings),
    ]


def _check_minutes(session: Session, meetings: Sequence[Meeting]) -> Check:
    check = Check("minutes_are_of_their_meeting")
    by_document = {found.document_id: found for found in meetings}
    for document in session.scalars(select(IssuedDocument).where(IssuedDocument.kind == DOCUMENT_KIND)):
        check.examined += 1
        found = by_document.get(document.id)
        if found is None:
            check.broken(f"minutes {document.number} belong to no meeting")
            continue
        try:
            said = restored(MinutesFigures, thawed(document.figures, document.figures_sha256))
        except ValueError as error:
            check.broken(f"minutes {document.number}: {error}")
            continue
        if (said.meeting_number, said.present, said.minutes) != (found.number, found.present, found.minutes):
            check.broken(f"minutes {document.number} are not those of meeting {found.number}")
    return check
