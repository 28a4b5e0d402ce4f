"""Proving that matters, votes and resolutions are those in the log."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council import queries
from app.council.models import Matter, Vote
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_council(session: Session) -> list[Check]:
    """Every matter, vote and outcome against its leaf."""
    opened, votes, resolutions, withdrawn = [], [], [], []
    matters = session.scalars(select(Matter).order_by(Matter.id)).all()
    of = {
        matter.id: {"fund": matter.fund_id, "subject": [matter.type, matter.subject_id]} for matter in matters
    }
    for matter in matters:
        told = {**of[matter.id], "text": matter.text_hash}
        if matter.decided_before_on is None:  # else seats and quorum became those of the minutes
            told |= {"seats": matter.seats, "quorum": matter.quorum}
        opened.append(Expected(matter.id, told))
        if matter.status == "withdrawn":
            withdrawn.append(Expected(matter.id, of[matter.id]))
        elif matter.status != "open":
            body = {
                **of[matter.id],
                "result": matter.status,
                "counts": asdict(queries.tally(session, matter)),
            }
            if matter.decided_before_on is not None:
                body["decided_on"] = matter.decided_before_on.isoformat()
            resolutions.append(Expected(matter.id, body))
    for vote in session.scalars(select(Vote).order_by(Vote.id)):
        body = {**of[vote.matter_id], "seat": vote.seat_number, "choice": vote.choice, "text": vote.text_hash}
        votes.append(Expected(vote.matter_id, body, {"reason": vote.reason}))
    return [
        compare_with_leaves(session, "matter_opened", opened),
        compare_with_leaves(session, "vote", votes),
        compare_with_leaves(session, "resolution", resolutions),
        compare_with_leaves(session, "matter_withdrawn", withdrawn),
    ]
