"""Issuing the report of a sale event, from the event's page in the office."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.documents.rules import frozen, plain
from app.sales import queries as sales
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.statements.events import operations
from app.statements.events.forms import ReportForm
from app.statements.events.pdf import report_words
from app.statements.events.queries import issued_report, report_of
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session
from app.web.pages import attempt, done, page

blueprint = Blueprint("sale_reports", __name__, url_prefix="/office/statements")
DUE = timedelta(days=90)
"""A campaign's report is published within three months of its end (CL Art. 79)."""


@office.waits_for_you(order=62)
def reports_that_are_due(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Events closed in the last three months that have no report yet."""
    if not who.may(Permission.DOCUMENT_ISSUE, fund.id):
        return []
    since = clock.now() - DUE
    return [
        office.WorkItem(
            title=event.name,
            url=url_for("sale_reports.issue", event_id=event.id),
            detail=_("活动已结束，报告还没有签发"),
            due=event.held_on + DUE,
            tag=("wait", _("待签发")),
            action=_("去签发"),
        )
        for event in sales.events(reading, fund.id)
        if event.closed_at is not None and event.closed_at >= since and issued_report(reading, event) is None
    ]


@blueprint.route("/sales/<int:event_id>", methods=["GET", "POST"])
@requires(Permission.DOCUMENT_ISSUE)
def issue(event_id: int) -> Response:
    """What the report will say; issued when confirmed. Sent twice, it is the same document."""
    event = sales.event(session(), event_id)
    if event.fund_id != office_fund().id:
        raise NotFound(N_("没有这场义卖"))
    if event.status != "closed":
        return redirect(url_for("sales.show", event_id=event_id), code=303)  # type: ignore[return-value]
    form = ReportForm()
    numbers: list[str] = []

    def write(writing: Session) -> None:
        issued = operations.issue_sale_report(
            writing, actor(), event_id, correction_note=form.correction_note.data or ""
        )
        numbers.append(issued.document.number)

    if form.validate_on_submit() and attempt(form, write):
        return done(url_for("statements.show", number=numbers[0]), _("已签发 %(number)s", number=numbers[0]))
    event = sales.event(session(), event_id)
    report = report_of(session(), event)
    earlier = issued_report(session(), event)
    return page(
        "statements/issue_report.html",
        form=form,
        event=event,
        report=report,
        earlier=earlier,
        unchanged=earlier is not None and earlier.figures_sha256 == frozen(plain(report))[1],
        nav_current="sales",
        **report_words(),
    )
