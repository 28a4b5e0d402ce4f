"""Putting a recorded gift right, each act on a page of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _

from app.donations import operations, queries
from app.donations.correction.forms import (
    ConsentForm,
    DonorForm,
    GoodsCorrectionForm,
    MoneyCorrectionForm,
    ReversalForm,
    SeenForm,
    WordsForm,
)
from app.donations.forms import MONEY_METHODS
from app.donations.models import Donation
from app.donations.routes import gift_of_fund, goods_context
from app.donations.rules import METHODS
from app.files.operations import attach_file, read_upload
from app.goods.layouts import more_words
from app.goods.models import GoodsLine
from app.goods.operations import GoodsDraft, draft_of
from app.goods.queries import place_name
from app.ledger import queries as ledger
from app.parties import queries as parties
from app.parties.rules import KINDS, WISHES, ConsentDraft, wishes_of
from app.settings import Settings
from app.shared.encryption import decrypt
from app.shared.errors import N_, Conflict, NotFound
from app.shared.money import yuan
from app.shared.permissions import Permission
from app.web.access import actor, requires
from app.web.database import session, transaction
from app.web.errors import kept_fields
from app.web.forms import OnceForm
from app.web.i18n import localized
from app.web.pages import done, page

blueprint = Blueprint("gift", __name__, url_prefix="/office/donations/<int:donation_id>")


def _standing(donation_id: int, kind: str | None = None) -> Donation:
    """A gift of this fund that can still be corrected."""
    gift = gift_of_fund(donation_id)
    if kind is not None and gift.kind != kind:
        raise NotFound(N_("没有这笔捐赠"))
    if gift.status == "reversed":
        raise Conflict(N_("这笔捐赠已经冲销"))
    return gift


def _shown(template: str, gift: Donation, **context: Any) -> Response:
    donor = parties.party(session(), gift.party_id)
    return page(template, gift=gift, donor=donor, nav_current="donations", **context)


@blueprint.route("/words", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD, personal=True)
def words(donation_id: int) -> Response:
    """Correct words, without touching the books."""
    gift = _standing(donation_id)
    form = WordsForm(obj=gift)
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.correct_words(
                    writing,
                    actor(),
                    donation_id,
                    form.reason.data or "",
                    wish=form.wish.data or "",
                    memo=form.memo.data or "",
                    agreement_number=form.agreement_number.data or "",
                    seen_version=form.version.data,
                )
            return done(
                url_for("donations.show", donation_id=donation_id),
                _("文字已更正，原来的内容保留在更正记录里"),
            )
    return _shown("donations/words.html", gift, form=form)


@blueprint.route("/money", methods=["GET", "POST"])
@requires(Permission.BOOKS_CORRECT, personal=True)
def money(donation_id: int) -> Response:
    """Correct amount, way or purpose of a gift of money: asked for, confirmed, then reversed and recorded anew."""
    gift = _standing(donation_id, "money")
    form = MoneyCorrectionForm(
        version=gift.version,
        amount=gift.amount_minor,
        method=gift.method,
        account=gift.money_account_id,
        earmark=gift.earmark_id,
    )
    accounts = ledger.money_accounts_of(session(), gift.fund_id)
    kinds = {account.kind for account in accounts}
    methods = {
        method: _(name)
        for method, name in MONEY_METHODS.items()
        if ("cash" if method == "box" else method) in kinds
    }
    earmarks = {
        each.id: localized(each.name)
        for each in ledger.open_earmarks_of(session(), gift.fund_id, also=gift.earmark_id)
    }
    form.method.offer(methods.items())
    form.account.offer((account.id, localized(account.name)) for account in accounts)
    form.earmark.offer(earmarks.items())
    shows_accounts = len(accounts) > len(kinds)
    if _was_done(form):
        return _corrected(gift)
    if _is_ready(form):
        wanted = _account_wanted(form, gift, shows_accounts)
        changes = [
            (_("金额"), yuan(gift.amount_minor), yuan(form.amount.data or 0)),
            (_("捐赠方式"), _(METHODS[gift.method]), methods[form.method.data]),
            (_("用途"), earmarks[gift.earmark_id], earmarks[form.earmark.data]),
        ]
        if wanted not in (None, gift.money_account_id):
            names = {account.id: localized(account.name) for account in accounts}
            changes.append((_("收款账户"), names.get(gift.money_account_id or 0, ""), names[wanted]))
        changes = [each for each in changes if each[1] != each[2]]
        if not changes:
            form.form_errors.append(_("没有任何改动"))
        elif not _is_confirmed():
            return _confirm_page(gift, form, changes)
        else:
            with form.refusals_shown():
                with transaction(books=True) as writing:
                    corrected = operations.correct_money(
                        writing,
                        actor(),
                        donation_id,
                        form.reason.data or "",
                        amount_minor=form.amount.data,
                        method=form.method.data,
                        money_account_id=wanted,
                        earmark_id=form.earmark.data,
                        seen_version=form.version.data,
                        key=form.once.data,
                    )
                return _corrected(corrected)
    return _shown("donations/money.html", gift, form=form, show_accounts=shows_accounts)


def _account_wanted(form: MoneyCorrectionForm, gift: Donation, shows_accounts: bool) -> int | None:
    """The account chosen; None follows the way of giving. One that is kept from before gives way to a changed way."""
    chosen: int | None = form.account.data if shows_accounts else None
    return None if chosen == gift.money_account_id and form.method.data != gift.method else chosen


@blueprint.route("/goods", methods=["GET", "POST"])
@requires(Permission.BOOKS_CORRECT, personal=True)
def goods(donation_id: int) -> Response:
    """Correct the lines or the purpose of a gift in kind."""
    gift = _standing(donation_id, "goods")
    current = queries.goods_of(session(), gift)
    form = GoodsCorrectionForm(
        version=gift.version,
        earmark=gift.earmark_id,
        goods=[
            {
                "item": line.item,
                "quantity": line.quantity,
                "unit": line.unit,
                "value": line.value_minor,
                "basis": line.valuation_basis,
                "category": line.category,
                "condition": line.condition,
                "expires_on": line.expires_on,
                "place": place_name(session(), line.place_id),
            }
            for line in current
        ],
    )
    earmarks = {
        each.id: localized(each.name)
        for each in ledger.open_earmarks_of(session(), gift.fund_id, also=gift.earmark_id)
    }
    form.earmark.offer(earmarks.items())
    adds_line = request.form.get("step") == "add-line"
    if adds_line:
        form.add_line()
    if _was_done(form):
        return _corrected(gift)
    if _is_ready(form):
        lines = _still_unconfirmed(form.lines, current)
        before = "；".join(_line_words(draft_of(session(), line)) for line in current)
        after = "；".join(_line_words(line) for line in lines)
        changes = [
            each
            for each in (
                (_("物资"), before, after),
                (_("用途"), earmarks[gift.earmark_id], earmarks[form.earmark.data]),
            )
            if each[1] != each[2]
        ]
        if not changes:
            form.form_errors.append(_("没有任何改动"))
        elif not _is_confirmed():
            return _confirm_page(gift, form, changes)
        else:
            with form.refusals_shown():
                with transaction(books=True) as writing:
                    corrected = operations.correct_money(
                        writing,
                        actor(),
                        donation_id,
                        form.reason.data or "",
                        earmark_id=form.earmark.data,
                        goods=lines,
                        seen_version=form.version.data,
                        key=form.once.data,
                    )
                return _corrected(corrected)
    return _shown(
        "donations/goods.html",
        gift,
        form=form,
        fragment="goods_lines" if adds_line else None,
        adds_line=adds_line,
        **goods_context(form, gift.fund_id),
    )


def _still_unconfirmed(lines: list[GoodsDraft], current: list[GoodsLine]) -> list[GoodsDraft]:
    """An estimate that nobody confirmed is not confirmed by correcting something else."""
    estimates = {(line.item, line.valuation_basis) for line in current if not line.basis_is_confirmed}
    return [
        replace(line, basis_is_confirmed=False) if (line.item, line.basis) in estimates else line
        for line in lines
    ]


def _line_words(line: GoodsDraft) -> str:
    words = _(
        "%(item)s %(quantity)s %(unit)s，估值 %(value)s 元（%(basis)s）",
        item=line.item,
        quantity=line.quantity,
        unit=line.unit,
        value=yuan(line.value_minor),
        basis=line.basis or _("依据待确认"),
    )
    return "，".join([str(words), *more_words(line.category, line.condition, line.expires_on, line.place)])


def _is_ready(form: SeenForm) -> bool:
    """Whether the form was sent to be checked or confirmed, and nothing in it is wrong."""
    return request.form.get("step") in (None, "", "confirm") and bool(form.validate_on_submit())


def _was_done(form: OnceForm) -> bool:
    """Whether this is the second click of a double click."""
    return _is_confirmed() and ledger.entry_of_key(session(), form.once.data) is not None


def _is_confirmed() -> bool:
    return request.form.get("step") == "confirm"


def _confirm_page(gift: Donation, form: SeenForm, changes: list[tuple[str, str, str]]) -> Response:
    kept = [(name, value) for name, value in kept_fields() if name != "step"]
    return _shown("donations/confirm_correction.html", gift, form=form, changes=changes, kept=kept)


def _corrected(gift: Donation) -> Response:
    said = _("已更正：原分录已冲销，新分录是第 %(number)s 号", number=gift.entry_number)
    return done(url_for("donations.show", donation_id=gift.id), said)


@blueprint.route("/reverse", methods=["GET", "POST"])
@requires(Permission.BOOKS_CORRECT, personal=True)
def reverse(donation_id: int) -> Response:
    """Reverse a gift that never was."""
    gift = _standing(donation_id)
    form = ReversalForm(version=gift.version)
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.reverse_donation(
                    writing, actor(), donation_id, form.reason.data or "", seen_version=form.version.data
                )
            return done(url_for("donations.show", donation_id=donation_id), _("这笔捐赠已冲销"))
    return _shown("donations/reverse.html", gift, form=form, lines=queries.goods_of(session(), gift))


@blueprint.route("/consent", methods=["GET", "POST"])
@requires(Permission.CONSENT_RECORD)
def consent(donation_id: int) -> Response:
    """Record what the donor says now about being named."""
    gift = gift_of_fund(donation_id)
    party = parties.party(session(), gift.party_id)
    now = parties.current_consent(session(), gift.party_id)
    said = parties.as_draft(now)
    form = ConsentForm(
        wish=said.wish if said else None,
        display_name=said.display_name if said else None,
        is_minor=bool(said and said.is_minor),
        guardian=said.guardian if said else None,
    )
    form.wish.offer(
        (wish, _(text)) for wish, text in WISHES.items() if wish in wishes_of(party.kind, party.name)
    )
    if form.validate_on_submit():
        upload = form.file.data
        content = read_upload(upload.stream) if upload and upload.filename else None
        name = (upload.filename if upload else None) or ""
        evidence = form.evidence.data or (_("附件：%(name)s", name=name)[:1000] if content else "")
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.change_consent(
                    writing,
                    actor(),
                    gift.party_id,
                    ConsentDraft(
                        form.wish.data,
                        form.how.data or "",
                        evidence,
                        form.display_name.data or "",
                        form.given_on.data,
                        bool(form.is_minor.data),
                        form.guardian.data or "",
                    ),
                    gift.fund_id,
                )
                newest = parties.current_consent(writing, gift.party_id)
                if content is not None and (now is None or newest is None or newest.id != now.id):
                    settings: Settings = current_app.extensions["sunledger_settings"]
                    attach_file(
                        writing,
                        actor(),
                        settings.files_dir,
                        subject_type="party",
                        subject_id=gift.party_id,
                        purpose="consent",
                        name=name,
                        content=content,
                    )
                shown = parties.party(writing, gift.party_id).public_name
            return done(
                url_for("donations.show", donation_id=donation_id),
                _("已登记，公开页面上现在显示“%(name)s”", name=shown),
            )
    return _shown("donations/consent.html", gift, form=form, now=now)


@blueprint.route("/donor", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD, personal=True)
def donor(donation_id: int) -> Response:
    """Correct the donor's name, kind or contact, on all their gifts."""
    gift = gift_of_fund(donation_id)
    party = parties.party(session(), gift.party_id)
    contact = decrypt(party.contact) if party.contact else ""
    form = DonorForm(donor=party.name, donor_kind=party.kind, contact=contact)
    if form.validate_on_submit():
        with form.refusals_shown():
            with transaction(books=True) as writing:
                operations.correct_donor(
                    writing,
                    actor(),
                    gift.party_id,
                    form.donor.data or "",
                    form.donor_kind.data,
                    gift.fund_id,
                    form.contact.data or "",
                )
            return done(url_for("donations.show", donation_id=donation_id), _("捐赠人已更正"))
    return _shown(
        "donations/donor.html", gift, form=form, kinds={kind: _(name) for kind, name in KINDS.items()}
    )
