"""The statement of a donor in the office, from the page of a gift: choose a period, see the sums, take the PDF or the CSV."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app.documents.pdf import NotPrinted
from app.donations import queries as donations
from app.donations.models import Donation
from app.parties import queries as parties
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import Permission
from app.statements.donors.exporting import statement_csv
from app.statements.donors.pdf import file_name, statement_file
from app.statements.donors.queries import donor_statement
from app.statements.donors.rules import DonorStatement
from app.statements.forms import PeriodForm, period_in
from app.web.access import office_fund, requires
from app.web.database import session
from app.web.i18n import locale
from app.web.pages import done, page, private

blueprint = Blueprint("donor_statements", __name__, url_prefix="/office/donations/<int:donation_id>")


@blueprint.route("/statement", methods=["GET", "POST"])
@requires(Permission.PERSONAL_READ)
def choose(donation_id: int) -> Response:
    """Choose the period; then its sums, and the files."""
    gift = _gift(donation_id)
    today = clock.today(office_fund().time_zone)
    form = PeriodForm()
    form.offer_periods(today, gift.received_on)
    period = period_in(request.args)
    if form.preset.data is None:
        form.preset.data = f"{today.replace(month=1, day=1).isoformat()}/{today.isoformat()}"
    if form.is_submitted():
        is_valid, chosen = form.validate(), form.period()
        if is_valid and chosen is not None:
            first, last = chosen.first.isoformat(), chosen.last.isoformat()
            return done(url_for("donor_statements.choose", donation_id=donation_id, first=first, last=last))
    found, refusal = None, None
    if period is not None and not form.is_submitted():
        try:
            found = donor_statement(session(), [gift.party_id], period, gift.fund_id)
        except NotFound as error:
            refusal = error
    return private(
        page(
            "statements/donor.html",
            form=form,
            gift=gift,
            donor=parties.party(session(), gift.party_id),
            found=found,
            refusal=refusal,
            nav_current="donations",
        )
    )


@blueprint.get("/statement.pdf")
@requires(Permission.PERSONAL_READ)
def pdf(donation_id: int) -> ResponseReturnValue:
    """The statement on paper, in the language of the visit."""
    return pdf_answer(_asked(donation_id))


@blueprint.get("/statement.csv")
@requires(Permission.PERSONAL_READ)
def csv(donation_id: int) -> ResponseReturnValue:
    """The same figures for a spreadsheet."""
    return csv_answer(_asked(donation_id))


def pdf_answer(found: DonorStatement) -> Response:
    """The PDF of a statement as a download that nothing keeps; 503 when it cannot be printed now."""
    try:
        path = statement_file(found, locale())
    except NotPrinted as error:
        current_app.logger.error("statement %s could not be printed: %s", found.number, error)
        abort(503, error.sentence)
    answer = send_file(path, mimetype="application/pdf", download_name=file_name(found, "pdf"), max_age=0)
    return private(answer)


def csv_answer(found: DonorStatement) -> Response:
    """The CSV of a statement as a download that nothing keeps."""
    answer = Response(b"".join(statement_csv(found)), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=file_name(found, "csv"))
    return private(answer)


def _asked(donation_id: int) -> DonorStatement:
    gift, period = _gift(donation_id), period_in(request.args)
    if period is None:
        abort(404)
    return donor_statement(session(), [gift.party_id], period, gift.fund_id)


def _gift(donation_id: int) -> Donation:
    found = donations.donation(session(), donation_id)
    if found.fund_id != office_fund().id:
        raise NotFound(N_("没有这笔捐赠"))
    return found
