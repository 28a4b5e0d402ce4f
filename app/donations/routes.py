"""Gifts in the office: the list, recording, and the page of one gift."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.donations import operations, queries
from app.donations.fiscal.queries import fiscal_of
from app.donations.fiscal.states import STATUSES
from app.donations.forms import (
    MONEY_METHODS,
    NEW_EARMARK,
    GiftForm,
    GoodsGiftForm,
    GoodsLinesForm,
    MoneyGiftForm,
    row_id,
)
from app.donations.models import Donation
from app.donations.queries import DonationFilter, KnownDonor
from app.donations.rules import METHODS
from app.files import queries as files
from app.files.rules import MAX_BYTES, readable_by
from app.goods.operations import attach_photo
from app.goods.queries import places_of
from app.ledger import queries as ledger
from app.ledger.tracing import queries as tracing
from app.ledger.treasury import queries as books
from app.parties import queries as parties
from app.parties.rules import KINDS, WISHES, waits_for_evidence
from app.people.queries import names_of
from app.settings import Settings
from app.shared import clock
from app.shared.encryption import decrypt
from app.shared.errors import N_, NotFound, Refused
from app.shared.money import yuan
from app.shared.periods import require_plausible
from app.shared.permissions import Actor, Permission
from app.shared.text import normal
from app.web import office
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session, transaction
from app.web.i18n import localized, translated
from app.web.pages import done, page

blueprint = Blueprint("donations", __name__, url_prefix="/office/donations")
office.navigation_entry("donations", N_("捐赠"), "donations.listing", Permission.PERSONAL_READ, order=20)

ROWS = 50
KIND_NAMES = {"money": N_("捐款"), "goods": N_("捐物")}
FIELD_NAMES = {
    "wish": N_("捐赠人的心愿"),
    "memo": N_("备注"),
    "agreement_number": N_("捐赠协议编号"),
    "received_on": N_("收到日期"),
    "office_number": N_("登记表编号"),
    "amount_minor": N_("金额"),
    "earmark_id": N_("用途"),
    "method": N_("捐赠方式"),
    "entry_number": N_("分录"),
    "status": N_("状态"),
}


@office.waits_for_you(order=60)
def consents_that_wait(reading: Session, who: Actor, fund: FundChoice) -> list[office.WorkItem]:
    """Donors who want to be named, but whose names stay masked until evidence is recorded."""
    if not who.may(Permission.CONSENT_RECORD, fund.id):
        return []
    count = len(queries.waiting_for_evidence(reading, fund.id))
    if not count:
        return []
    title = ngettext(
        "有 %(num)d 位捐赠人愿意公开姓名，还没有证明", "有 %(num)d 位捐赠人愿意公开姓名，还没有证明", count
    )
    detail = _("补上证明之前，公开页面不显示他们的姓名")
    return [office.WorkItem(title, url_for("donations.consents"), detail=detail, action=_("补证明"))]


@blueprint.get("/")
@requires(Permission.PERSONAL_READ)
def listing() -> Response:
    """Gifts, the latest recorded first; searched by the donor's true name."""
    fund = office_fund()
    first, first_error = asked_day("from")
    last, last_error = asked_day("to")
    words = normal(request.args.get("q", ""))[:100]
    kind = _asked("kind", KIND_NAMES)
    method = _asked("method", METHODS)
    filters = DonationFilter(fund.id, words, kind, method, first, last, _asked_row("before"))
    rows = queries.listed(session(), filters, ROWS + 1)
    more = len(rows) > ROWS
    rows = rows[:ROWS]
    kept: dict[str, Any] = {
        name: request.args[name] for name in ("q", "kind", "method", "from", "to") if request.args.get(name)
    }
    return page(
        "donations/listing.html",
        fragment="gift_list",
        rows=rows,
        older_url=url_for("donations.listing", **{**kept, "before": rows[-1].id}) if more else None,
        newest_url=url_for("donations.listing", **kept) if filters.before else None,
        filters_set=bool(words or kind or method or first or last or first_error or last_error),
        more_set=bool(method or first or last or first_error or last_error),
        words=words,
        kind=kind,
        method=method,
        asked={"from": request.args.get("from", ""), "to": request.args.get("to", "")},
        errors={"from": first_error, "to": last_error},
        kinds=_named(KIND_NAMES),
        methods=_named(METHODS),
        earmarks={each.id: each for each in ledger.earmarks_of(session(), fund.id)},
        import_url=_import_url(),
        may_record=actor().may(Permission.GIFT_RECORD, fund.id),
        nav_current="donations",
    )


def _import_url() -> str | None:
    known = "registers.upload" in current_app.view_functions
    return url_for("registers.upload") if known else None


def _named(names: dict[str, str]) -> dict[str, str]:
    return {key: _(name) for key, name in names.items()}


def _asked(name: str, known: dict[str, str]) -> str:
    value = request.args.get(name, "")
    return value if value in known else ""


def _asked_row(name: str) -> int | None:
    try:
        return row_id(request.args.get(name, ""))
    except ValueError:
        return None


def asked_day(name: str) -> tuple[date | None, str | None]:
    """A day of the filter, or the sentence that says what is wrong with it."""
    text = request.args.get(name, "").strip()
    if not text:
        return None, None
    try:
        return require_plausible(date.fromisoformat(text), date(2199, 12, 31)), None
    except Refused as refusal:
        return None, translated(refusal)
    except ValueError:
        return None, _("请填写日期，例如 2023-09-20")


@blueprint.route("/record", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD, personal=True)
def record() -> Response:
    """Record a gift of money."""
    fund = office_fund()
    form = MoneyGiftForm(
        earmark=str(ledger.unrestricted_earmark(session(), fund.id).id), received_on=clock.today()
    )
    may_name_purpose = actor().may(Permission.BOOKS_POST, fund.id)
    accounts = ledger.money_accounts_of(session(), fund.id)
    kinds = {account.kind for account in accounts}
    form.method.offer(
        (method, _(name))
        for method, name in MONEY_METHODS.items()
        if ("cash" if method == "box" else method) in kinds
    )
    form.account.offer((account.id, localized(account.name)) for account in accounts)
    earmarks = ledger.earmarks_of(session(), fund.id)
    form.earmark.offer(
        [(each.id, localized(each.name)) for each in earmarks if each.closed_on is None]
        + ([(NEW_EARMARK, _("新的限定用途……"))] if may_name_purpose else [])
    )
    proposed = f"{fund.slug}-purpose-{len(earmarks)}"
    answer = _record(form, fund, proposed)
    return answer or page(
        "donations/record.html",
        fragment="donor_choice",
        form=form,
        proposed_slug=proposed,
        may_name_purpose=may_name_purpose,
        show_accounts=len(accounts) > len(kinds),
        nav_current="donations",
    )


@blueprint.route("/record-goods", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD, personal=True)
def record_goods() -> Response:
    """Record a gift in kind, line by line."""
    fund = office_fund()
    form = GoodsGiftForm(
        earmark=str(ledger.unrestricted_earmark(session(), fund.id).id), received_on=clock.today()
    )
    form.earmark.offer(
        (each.id, localized(each.name)) for each in ledger.open_earmarks_of(session(), fund.id)
    )
    adds_line = request.form.get("step") == "add-line"
    if adds_line:
        form.add_line()
    answer = _record(form, fund)
    return answer or page(
        "donations/record_goods.html",
        adds_line=adds_line,
        fragment="goods_lines" if adds_line else "donor_choice",
        form=form,
        **goods_context(form, fund.id),
        nav_current="donations",
    )


def _record(
    form: MoneyGiftForm | GoodsGiftForm, fund: FundChoice, proposed_slug: str = ""
) -> Response | None:
    """Record the gift of a form that is complete and go to its page; otherwise None: the form is shown (again)."""
    _offer_donors(form, fund)
    step = request.form.get("step")
    if step or (form.is_submitted() and form.asks_for_donors):
        return None
    if not form.validate_on_submit() or _is_known_organisation(form, fund):
        return None
    with form.refusals_shown():
        draft = form.draft(fund.id)
        with transaction(books=True) as writing:
            repeated = queries.donation_of_key(writing, draft.idempotency_key) is not None
            if isinstance(form, MoneyGiftForm) and form.is_for_new_purpose:
                gift = operations.record_donation_for_new_purpose(
                    writing, actor(), draft, slug=form.slug.data or proposed_slug, name=form.name.data or ""
                )
            else:
                gift = operations.record_donation(writing, actor(), draft)
            if isinstance(form, GoodsGiftForm) and not repeated:
                attach_photographs(writing, form, gift)
        if repeated:
            said = _("这张表单已经登记过，就是下面这一笔，没有重复登记。要登记另一笔，请重新打开登记页。")
        else:
            said = _("捐赠已登记，记入第 %(number)s 号分录", number=gift.entry_number)
        return done(url_for("donations.show", donation_id=gift.id), said)
    return None


def attach_photographs(writing: Session, form: GoodsLinesForm, gift: Donation) -> None:
    """The pictures of a form belong to the lines that the gift has by now."""
    lines = queries.goods_of(writing, gift)
    settings: Settings = current_app.extensions["sunledger_settings"]
    for place, (name, content) in form.photographs().items():
        attach_photo(
            writing,
            actor(),
            settings.files_dir,
            lines[place].id,
            name=name,
            content=content,
            field=f"goods-{place}-photo",
        )


def goods_context(form: GoodsLinesForm, fund_id: int) -> dict[str, Any]:
    """What the page of a form of goods shows beside it: known places, and how large a picture may be."""
    form.ask_for_photographs_again()
    return {"places": [each.name for each in places_of(session(), fund_id)], "max_bytes": MAX_BYTES}


def _offer_donors(form: GiftForm, fund: FundChoice) -> None:
    """The donors whose names hold the words searched for, and the one who is chosen already."""
    found: list[KnownDonor] = []
    if form.donor_search.data:
        found = queries.donors_named(session(), fund.id, form.donor_search.data)
    chosen = form.party.data
    if chosen is not None and chosen not in {donor.id for donor in found}:
        known = queries.known_donor(session(), fund.id, chosen)
        found = [*found, known] if known is not None and known.kind != "unnamed" else found
    form.party.offer(
        [("", _("新的捐赠人，在下面填写")), *((donor.id, _donor_words(donor)) for donor in found)]
    )


def _donor_words(donor: KnownDonor) -> str:
    words = [donor.name, _(KINDS[donor.kind])]
    if donor.last_gift_on is not None:
        gifts = ngettext("捐过 %(num)d 笔", "捐过 %(num)d 笔", donor.gift_count)
        words.append(_("%(gifts)s，最近 %(day)s", gifts=gifts, day=donor.last_gift_on.isoformat()))
    words.append(_("公开显示为“%(name)s”", name=donor.public_name))
    return " · ".join(words)


def _is_known_organisation(form: GiftForm, fund: FundChoice) -> bool:
    """Whether what is said of a new organisation would go unheard, because it is known by its name already."""
    said = form.consent_wish.data or form.contact.data
    if form.party.data is not None or form.donor_kind.data != "organisation" or not said:
        return False
    known = parties.organisation_named(session(), form.donor.data or "")
    if known is None:
        return False
    form.donor_search.data = known.name
    form.donor_search.raw_data = [known.name]
    _offer_donors(form, fund)
    form.add_error(
        "donor", _("这个单位已经登记过，请在上面选择它；公开意愿和联系方式不在这里更改，请到它的捐赠页面更改")
    )
    return True


@readable_by("party")
def _may_read_party_files(reading: Session, who: Actor, party_id: int) -> bool:
    """Evidence of consent holds names and signatures: for those who may read personal data of a fund it gave to."""
    return any(
        who.may(Permission.PERSONAL_READ, fund_id) for fund_id in queries.funds_of_donor(reading, party_id)
    )


def gift_of_fund(donation_id: int) -> Donation:
    """A gift of the fund that the office works in; NotFound for any other."""
    gift = queries.donation(session(), donation_id)
    if gift.fund_id != office_fund().id:
        raise NotFound(N_("没有这笔捐赠"))
    return gift


@dataclass(frozen=True, slots=True)
class Change:
    """A correction as the gift's page tells it: the words before, why, by whom, when."""

    version: int
    before: list[tuple[str, str]]
    reason: str
    by: str
    at: datetime


@blueprint.get("/<int:donation_id>")
@requires(Permission.PERSONAL_READ)
def show(donation_id: int) -> Response:
    """One gift: what it is, where it is in the books, who gave it, what was corrected, what can be done."""
    gift = gift_of_fund(donation_id)
    reading, fund = session(), office_fund()
    donor = parties.party(reading, gift.party_id)
    consents = parties.consents_of(reading, donor.id)
    versions = queries.versions_of(reading, gift.id)
    entries = books.entries_of_source(reading, operations.SUBJECT, gift.id)
    names = names_of(
        reading,
        [
            gift.recorded_by_id,
            *(each.recorded_by_id for each in consents),
            *(each.changed_by_id for each in versions),
        ],
    )
    account = gift.money_account_id and localized(ledger.money_account(reading, gift.money_account_id).name)
    return page(
        "donations/show.html",
        gift=gift,
        donor=donor,
        contact=decrypt(donor.contact) if donor.contact else None,
        earmark=ledger.earmark(reading, gift.earmark_id),
        account=account,
        entries=entries[::-1],
        tranche=tracing.tranche(reading, gift.entry_number),
        uses=tracing.uses_of_tranche(reading, gift.entry_number),
        lines=queries.goods_of(reading, gift),
        consents=consents,
        wish_names={wish: _(name) for wish, name in WISHES.items()},
        waits_for_evidence=waits_for_evidence(
            donor.kind, parties.as_draft(consents[0] if consents else None)
        ),
        consent_files=[
            {
                "name": file.name,
                "size_text": file.size_text,
                "url": url_for("files.download", file_id=file.id),
            }
            for file in files.files_of(reading, "party", donor.id)
        ],
        changes=_changes(versions, names),
        names=names,
        fiscal=fiscal_of(reading, gift),
        fiscal_names=_named(STATUSES),
        kind_names=_named(KIND_NAMES),
        method_names=_named(METHODS),
        party_kinds=_named(KINDS),
        may={each: actor().may(each, fund.id) for each in _ACTS},
        nav_current="donations",
    )


_ACTS = (Permission.GIFT_RECORD, Permission.BOOKS_CORRECT, Permission.CONSENT_RECORD)


def _changes(versions: Sequence[Any], names: dict[int, str]) -> list[Change]:
    found = []
    for version in versions:
        before = [
            (_(FIELD_NAMES.get(name, name)), _value_words(name, value))
            for name, value in json.loads(version.values_before).items()
        ]
        by = names.get(version.changed_by_id, "")
        found.append(Change(version.version, before, version.reason, by, version.changed_at))
    return found


def _value_words(name: str, value: str) -> str:
    """A value of an earlier version as people read it."""
    if name == "amount_minor":
        return str(_("%(amount)s 元", amount=yuan(int(value))))
    if name == "earmark_id":
        return localized(ledger.earmark(session(), int(value)).name)
    if name == "method":
        return str(_(METHODS[value]))
    if name == "entry_number":
        return str(_("第 %(number)s 号", number=value))
    if name == "status":
        return str(_("有效") if value == "recorded" else _("已冲销"))
    return value or str(_("（空）"))


@blueprint.get("/consents")
@requires(Permission.CONSENT_RECORD)
def consents() -> Response:
    """Donors whose wish to be named waits for evidence."""
    return page(
        "donations/consents.html",
        donors=queries.waiting_for_evidence(session(), office_fund().id),
        party_kinds=_named(KINDS),
        nav_current="donations",
    )
