"""Issuing the report of a sale event. Inside ``transaction(books=True)``; the PDF is made after the commit."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.documents.operations import DocumentDraft, Issued, issue_document
from app.documents.rules import plain
from app.sales import queries as sales
from app.shared.errors import N_, Conflict
from app.shared.permissions import Actor, Permission
from app.statements.events.queries import days_of, report_of
from app.statements.events.rules import KIND


def issue_sale_report(session: Session, actor: Actor, event_id: int, *, correction_note: str = "") -> Issued:
    """Issue the report of a closed event, or its next version when the figures changed since.

    Unchanged figures are the document that was issued before. Raises Conflict for an event that is not closed, Refused
    when a next version has no ``correction_note``.
    """
    event = sales.event(session, event_id)
    actor.require(Permission.DOCUMENT_ISSUE, event.fund_id)
    if event.status != "closed":
        raise Conflict(N_("活动还没有清点结束，不能签发报告"))
    figures = plain(report_of(session, event))
    return issue_document(
        session,
        actor,
        DocumentDraft(KIND, event.fund_id, days_of(event), figures, correction_note, subject_id=event_id),
    )
