"""What a donor decides and takes along under /mine: whether they are named, a statement, receipts."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.documents.pdf import NotPrinted
from app.donations import queries as donations
from app.donations.operations import record_own_consent
from app.donors.own.forms import NameForm
from app.donors.visiting.queries import Visitor, gift_for_visitor, gifts_of, parties_of
from app.donors.visiting.routes import come_in_first, private_page, visitor
from app.funds import queries as funds
from app.parties.models import Party
from app.parties.queries import current_consent
from app.parties.rules import WISHES, ConsentDraft, waits_for_evidence, wishes_of
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.periods import Period
from app.statements.donors.queries import donor_statement
from app.statements.donors.routes import csv_answer, pdf_answer
from app.statements.donors.rules import DonorStatement
from app.statements.forms import PeriodForm, period_in
from app.statements.receipts.pdf import receipts_file
from app.web.access import public_write
from app.web.database import session
from app.web.i18n import locale
from app.web.pages import attempt, done, handed_over

blueprint = Blueprint("own", __name__, url_prefix="/mine")

NOTHING = N_("没有这个页面")
# Kept beside the consent, in the office's language: how the donor said it, and what proved that it was they.
HOW = {"code": "捐赠人在“我的捐赠”页面表示，用收据进入", "mail": "捐赠人在“我的捐赠”页面表示，用邮箱进入"}
EVIDENCE = {"code": "", "mail": "登记的邮箱收到一次性链接后本人操作"}


@blueprint.route("/name/<int:party_id>", methods=["GET", "POST"])
@public_write
def name(party_id: int) -> Response:
    """Say how one is shown, or that one is no longer. Taking back always works, and at once."""
    found = visitor()
    if found is None:
        return come_in_first()
    party = _party(found, party_id)
    standing = current_consent(session(), party_id)
    is_child = standing is not None and standing.is_minor
    form = NameForm(
        wish=standing.wish if standing else "not_named",
        display_name=standing.display_name if standing else "",
    )
    wishes = ("not_named",) if is_child else wishes_of(party.kind, party.name)
    form.wish.offer((wish, _(WISHES[wish])) for wish in wishes)

    def write(writing: Session) -> None:
        said = ConsentDraft(
            form.wish.data or "", "", display_name=form.display_name.data or "", given_on=clock.today()
        )
        record_own_consent(writing, party_id, said, how=HOW[found.how], evidence=EVIDENCE[found.how])

    if form.validate_on_submit() and attempt(form, write):
        party = _party(found, party_id)
        return done(url_for("visiting.gifts"), _said(party, found.how, form.wish.data or ""))
    return private_page(
        "own/name.html", found, form=form, shown=party.public_name, kind=party.kind, is_child=is_child
    )


def _said(party: Party, how: str, wish: str) -> str:
    if waits_for_evidence(party.kind, ConsentDraft(wish, HOW[how], EVIDENCE[how])):
        return str(
            _("已记下。办公室核实是您本人以后才会公开，现在显示为“%(name)s”。", name=party.public_name)
        )
    return str(_("已登记，公开页面从现在起显示“%(name)s”。", name=party.public_name))


@blueprint.route("/statement", methods=["GET", "POST"])
@public_write
def statement() -> Response:
    """Choose a fund and a period; then the sums, and the files."""
    found = visitor()
    if found is None:
        return come_in_first()
    given_to = _given_to(found)
    if not given_to:
        raise NotFound(N_("还没有捐赠"))
    fund_id = _asked_fund(given_to)
    today = clock.today()
    form = PeriodForm()
    earliest = min((each.received_on for each in gifts_of(session(), found.party_ids)), default=today)
    form.offer_periods(today, earliest)
    if form.preset.data is None:
        form.preset.data = f"{today.replace(month=1, day=1).isoformat()}/{today.isoformat()}"
    if form.is_submitted():
        is_valid, chosen = form.validate(), form.period()
        if is_valid and chosen is not None:
            first, last = chosen.first.isoformat(), chosen.last.isoformat()
            return done(url_for("own.statement", fund=fund_id, first=first, last=last))
    period, stated = period_in(request.args), None
    if period is not None and not form.is_submitted():
        stated = _stated(found, period, fund_id)
    names = {each.id: each.name for each in funds.funds(session()) if each.id in given_to}
    return private_page(
        "own/statement.html",
        found,
        form=form,
        stated=stated,
        is_empty=period is not None and stated is None and not form.is_submitted(),
        fund_id=fund_id,
        funds=names,
    )


@blueprint.get("/statement.pdf")
@public_write
def statement_pdf() -> ResponseReturnValue:
    """The statement on paper."""
    stated = _asked()
    return come_in_first() if stated is None else pdf_answer(stated)


@blueprint.get("/statement.csv")
@public_write
def statement_csv() -> ResponseReturnValue:
    """The same figures for a spreadsheet."""
    stated = _asked()
    return come_in_first() if stated is None else csv_answer(stated)


@blueprint.get("/receipts/<int:gift_id>.pdf")
@public_write
def receipt(gift_id: int) -> Response:
    """The confirmation of a gift once more. It bears the true name, so only who came in by mail gets it here."""
    found = visitor()
    if found is None:
        return come_in_first()
    gift = gift_for_visitor(session(), found.party_ids, gift_id)
    if gift is None or found.how != "mail":
        raise NotFound(NOTHING)
    try:
        path = receipts_file([gift_id], locale())
    except NotPrinted as error:
        return Response(_(error.sentence), status=error.status, mimetype="text/plain")
    return handed_over(path, "application/pdf", f"confirmation-{gift_id}.pdf")


def _party(found: Visitor, party_id: int) -> Party:
    party = next((each for each in parties_of(session(), found.party_ids) if each.id == party_id), None)
    if party is None or party.kind == "unnamed":
        raise NotFound(NOTHING)
    return party


def _given_to(found: Visitor) -> list[int]:
    """The funds that a visiting donor gave to."""
    return sorted({each for party in found.party_ids for each in donations.funds_of_donor(session(), party)})


def _asked_fund(given_to: list[int]) -> int:
    asked = request.args.get("fund", "")
    return int(asked) if asked.isdecimal() and int(asked) in given_to else given_to[0]


def _asked() -> DonorStatement | None:
    """The statement in the address; None when nobody is visiting. Raises NotFound when there is none such."""
    found, period = visitor(), period_in(request.args)
    if found is None:
        return None
    given_to = _given_to(found)
    stated = _stated(found, period, _asked_fund(given_to)) if period is not None and given_to else None
    if stated is None:
        raise NotFound(NOTHING)
    return stated


def _stated(found: Visitor, period: Period, fund_id: int) -> DonorStatement | None:
    """The statement of a visiting donor; who came in by a receipt reads the name that the public reads."""
    try:
        stated = donor_statement(session(), found.party_ids, period, fund_id)
    except NotFound:
        return None
    if found.how == "mail":
        return stated
    shown = dict.fromkeys(each.public_name for each in parties_of(session(), found.party_ids))
    return replace(stated, donor_name="、".join(shown))
