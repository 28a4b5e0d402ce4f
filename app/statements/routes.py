"""Issued statements, minutes and reports of sales for everyone, and issuing statements for the office."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _

from app.council.meetings import pdf as minutes
from app.council.meetings.rules import DOCUMENT_KIND as MINUTES
from app.documents import queries as documents
from app.documents.models import IssuedDocument
from app.documents.pdf import NotPrinted, require_fonts
from app.documents.rules import file_name, frozen, is_number, plain
from app.funds import queries as funds
from app.ledger.figures.queries import first_day
from app.shared import clock
from app.shared.errors import N_
from app.shared.periods import Period
from app.shared.permissions import Permission
from app.statements import layouts, operations, queries, rules
from app.statements.events.pdf import report_figures, report_file, report_words
from app.statements.events.rules import KIND as SALE_REPORT
from app.statements.forms import IssueForm, PeriodForm, last_month, period_in
from app.statements.pdf import SYSTEM_OF, figures_of, statement_file
from app.web import office
from app.web.access import actor, office_fund, public, requires
from app.web.database import session, transaction
from app.web.i18n import locale
from app.web.pages import asked_number, done, page

blueprint = Blueprint("statements", __name__)
office.navigation_entry(
    "statements", N_("报表"), "statements.choose_period", Permission.DOCUMENT_ISSUE, order=60
)

PUBLIC_KINDS = (queries.KIND, MINUTES, SALE_REPORT)
_PRINTERS = {queries.KIND: statement_file, MINUTES: minutes.minutes_file, SALE_REPORT: report_file}
PER_PAGE = 30
PRINTED_AT_ONCE = 2_000
"""Entries up to which a statement is printed as it is issued; a longer one when somebody first asks for it."""


@blueprint.record_once
def _check_fonts(_state: BlueprintSetupState) -> None:
    require_fonts()


@blueprint.get("/statements")
@public
def listing() -> Response:
    """Every issued document, the latest first: statements, the council's minutes, reports of sales."""
    before = asked_number("after")
    rows = documents.issued(session(), *PUBLIC_KINDS, before=before, limit=PER_PAGE + 1)
    return page(
        "statements/listing.html",
        rows=rows[:PER_PAGE],
        next_after=rows[PER_PAGE - 1].id if len(rows) > PER_PAGE else None,
        is_first=before is None,
        funds={fund.id: fund for fund in funds.funds(session())},
        heading_of=layouts.TITLE,
        nav_current="statements",
    )


@blueprint.get("/statements/<number>")
@public
def show(number: str) -> Response:
    """One document: the latest version, or ``?version=``."""
    document = _asked_for(number)
    if document.kind == MINUTES:
        return _minutes(document)
    if document.kind == SALE_REPORT:
        return _sale_report(document)
    figures = figures_of(document)
    return page(
        "statements/show.html",
        document=document,
        statement=figures,
        versions=documents.versions_of(session(), number),
        fund=funds.fund(session(), document.fund_id),
        site=funds.site(session(), document.fund_id),
        before_system=figures.period_from.year < SYSTEM_OF,
        **_tables(figures),
        nav_current="statements",
    )


def _minutes(document: IssuedDocument) -> Response:
    return page(
        "meetings/minutes.html",
        document=document,
        minutes=minutes.figures_of(document),
        site=funds.site(session(), document.fund_id),
        **minutes.words(),
        nav_current="statements",
    )


def _sale_report(document: IssuedDocument) -> Response:
    return page(
        "statements/sale_report.html",
        document=document,
        report=report_figures(document),
        versions=documents.versions_of(session(), document.number),
        site=funds.site(session(), document.fund_id),
        **report_words(),
        nav_current="statements",
    )


@blueprint.get("/statements/<number>.pdf")
@public(cached=False)
def pdf(number: str) -> Response:
    """The document as a file, in the language of the visit. The same bytes every time."""
    document = _asked_for(number)
    language = locale()
    try:
        path = _PRINTERS[document.kind](document, language)
    except NotPrinted as error:
        current_app.logger.error("document %s could not be printed: %s", number, error)
        abort(503, error.sentence)
    answer = send_file(
        path,
        mimetype="application/pdf",
        download_name=file_name(document.number, document.version, language),
        conditional=True,
        etag=f"{document.figures_sha256}-{document.version}-{language}",
        max_age=0,
    )
    answer.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    answer.vary.update(("Accept-Language", "Cookie"))
    return answer


@blueprint.get("/statements/<number>.json")
@public
def figures_file(number: str) -> Response:
    """The frozen figures, byte for byte what their SHA-256 was taken of."""
    return Response(_asked_for(number).figures, mimetype="application/json")


def _asked_for(number: str) -> IssuedDocument:
    if not is_number(number):
        abort(404)
    document = documents.document(session(), number, asked_number("version", 2**31 - 1))
    if document.kind not in PUBLIC_KINDS:
        abort(404)
    return document


def _tables(figures: rules.StatementFigures) -> dict[str, Any]:
    return {
        "columns": layouts.COLUMNS,
        "section_a": layouts.receipts_and_payments(figures.cash),
        "section_b": layouts.position(figures.position),
        "bridge": layouts.bridge(figures.bridge),
        "check_names": layouts.CHECK_NAMES,
    }


@blueprint.route("/office/statements", methods=["GET", "POST"])
@requires(Permission.DOCUMENT_ISSUE)
def choose_period() -> Response:
    """Choose the period of a statement to issue; below, what was issued before."""
    fund = office_fund()
    today = clock.today(fund.time_zone)
    form = PeriodForm()
    form.offer_periods(today, first_day(session(), fund.id) or today)
    if form.preset.data is None:
        form.preset.data = last_month(today)
    if form.is_submitted():
        is_valid, period = form.validate(), form.period()
        if is_valid and period is not None:
            first, last = period.first.isoformat(), period.last.isoformat()
            return done(url_for("statements.issue", first=first, last=last))
    return page(
        "statements/choose.html",
        form=form,
        rows=documents.issued(session(), queries.KIND, fund_id=fund.id, limit=PER_PAGE),
        nav_current="statements",
    )


@blueprint.route("/office/statements/issue", methods=["GET", "POST"])
@requires(Permission.DOCUMENT_ISSUE)
def issue() -> Response:
    """What the statement will say; issued when confirmed. Sent twice, it is the same document."""
    fund = funds.fund(session(), office_fund().id)
    period = _period_asked()
    form = IssueForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                issued = operations.issue_statement(
                    writing, actor(), fund.id, period, correction_note=form.correction_note.data or ""
                )
            _print_now(issued.document)
            return done(
                url_for("statements.choose_period"), _("已签发 %(number)s", number=issued.document.number)
            )
    operations.require_issuable(session(), fund, period)
    figures = queries.statement_figures(session(), fund, period)
    earlier = documents.latest_of_period(session(), queries.KIND, fund.id, period)
    unchanged = earlier is not None and earlier.figures_sha256 == frozen(plain(figures))[1]
    return page(
        "statements/issue.html",
        form=form,
        fund=fund,
        period=period,
        statement=figures,
        broken=[layouts.CHECK_NAMES[check.key] for check in figures.checks if not check.holds],
        earlier=earlier,
        unchanged=unchanged,
        **_tables(figures),
        nav_current="statements",
    )


def _period_asked() -> Period:
    period = period_in(request.args)
    if period is None:
        abort(404)
    return period


def _print_now(document: IssuedDocument) -> None:
    """Print a new statement of ordinary size at once. It is issued already: what fails here is made up for later."""
    if figures_of(document).annex_totals.count > PRINTED_AT_ONCE:
        return
    try:
        statement_file(document, locale())
    except NotPrinted as error:
        current_app.logger.error("statement %s was issued but not printed: %s", document.number, error)
