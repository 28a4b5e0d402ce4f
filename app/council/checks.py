"""Proving that matters, votes and resolutions are those in the log."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council import queries
from app.council.models import Endorsement, Matter, Vote
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check

_ENDED_LEAVES = {"withdrawn": "matter_withdrawn", "voided": "matter_voided"}
_WAITING_LEAVES = {"endorsing": "vote_carried", "referred": "matter_referred"}


def check_council(session: Session) -> list[Check]:
    """Every matter, vote, signature and outcome against its leaf."""
    told: dict[str, list[Expected]] = {
        kind: []
        for kind in (
            "matter_opened",
            "vote",
            "endorsement",
            "resolution",
            *_ENDED_LEAVES.values(),
            *_WAITING_LEAVES.values(),
        )
    }
    matters = session.scalars(select(Matter).order_by(Matter.id)).all()
    of: dict[int, dict[str, object]] = {
        matter.id: {"fund": matter.fund_id, "subject": [matter.type, matter.subject_id]} for matter in matters
    }
    for matter in matters:
        told["matter_opened"].append(Expected(matter.id, {**of[matter.id], **_opening(matter)}))
        if matter.status in _ENDED_LEAVES:
            told[_ENDED_LEAVES[matter.status]].append(Expected(matter.id, of[matter.id]))
        elif matter.status != "open":
            counts = asdict(queries.tally(session, matter))
            body = {**of[matter.id], "counts": counts}
            if matter.status in _WAITING_LEAVES:
                told[_WAITING_LEAVES[matter.status]].append(Expected(matter.id, body))
                continue
            body["result"] = matter.status
            if matter.decided_before_on is not None:
                body["decided_on"] = matter.decided_before_on.isoformat()
            if matter.resolution_number is not None:
                body["number"] = matter.resolution_number
            told["resolution"].append(Expected(matter.id, body))
    for vote in session.scalars(select(Vote).order_by(Vote.id)):
        body = {
            **of[vote.matter_id],
            "seat": vote.seat_number,
            "choice": vote.choice,
            "text": vote.text_hash,
            "source": vote.source,
        }
        if vote.conflict_kind is not None:
            body["conflict"] = vote.conflict_kind
        told["vote"].append(Expected(vote.matter_id, body, {"reason": vote.reason}))
    for signed in session.scalars(select(Endorsement).order_by(Endorsement.id)):
        body = {
            **of[signed.matter_id],
            "kind": signed.kind,
            "role": signed.role,
            "choice": signed.choice,
            "text": signed.text_hash,
        }
        told["endorsement"].append(Expected(signed.matter_id, body, {"reason": signed.reason}))
    # What a matter waited for is over once it is decided, but it stays in the log.
    passing = set(_WAITING_LEAVES.values())
    return [
        compare_with_leaves(session, kind, rows, all_rows=kind not in passing) for kind, rows in told.items()
    ]


def _opening(matter: Matter) -> dict[str, object]:
    """What was said when a matter was opened. Seats and quorum of a past decision became those of its minutes."""
    said: dict[str, object] = {
        "text": matter.text_hash,
        "topic": matter.topic,
        "rules": [matter.rules_number, matter.rules_sha256],
        "tier": matter.tier,
        "decided_by": matter.decided_by,
    }
    if matter.decided_before_on is None:
        said |= {"seats": matter.seats, "quorum": matter.quorum}
    return said
