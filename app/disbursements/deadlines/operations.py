"""The job that ends polls and notices whose time is over."""

from __future__ import annotations

from typing import Any

from app.disbursements.operations import advance_due, is_anything_due
from app.jobs.registry import Work, every, job
from app.shared.permissions import SYSTEM

MEET_DEADLINES = "meet_deadlines"


@job(MEET_DEADLINES)
def meet_deadlines(work: Work, _payload: dict[str, Any]) -> None:
    """End what is due and move its requests on, all in the transaction in which the job ends: killed in between, the next
    worker finds everything as it was. Looks first, because a write makes every kept public page outdated."""
    if not is_anything_due(work.session):
        return
    with work.finishing(books=True) as session:
        advance_due(session, SYSTEM)


every(MEET_DEADLINES, 300)
