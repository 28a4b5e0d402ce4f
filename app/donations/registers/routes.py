"""Registers in the office: sending one in, looking at what it would do, confirming, and getting it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.donations.models import Register
from app.donations.registers import queries
from app.donations.registers.exporting import register_workbook
from app.donations.registers.forms import Answers, ConfirmImportForm, UploadForm, answers
from app.donations.registers.importing import read_donations
from app.donations.registers.operations import ImportedDonations, import_donations
from app.donations.registers.rules import (
    CORRECTED_WITH,
    FIELD_NAMES,
    AlreadyImported,
    Correction,
    DonationPreview,
)
from app.donations.rules import METHODS
from app.files.operations import read_upload
from app.files.queries import files_of_many
from app.files.rules import XLSX
from app.files.uploads.forms import Upload, content_of, signed_address, uploads_folder, waiting_upload
from app.files.uploads.operations import forget_upload, keep_upload
from app.ledger.queries import earmarks_of
from app.parties.rules import KINDS
from app.settings import Settings
from app.shared import clock
from app.shared.errors import N_, Conflict, NotFound, Refused
from app.shared.money import yuan
from app.shared.permissions import Permission
from app.sheets.choosing import NOT_USED, column_choices
from app.sheets.fields import DONATION_FIELDS
from app.sheets.grid import MAX_FILE_BYTES
from app.web.access import FundChoice, actor, office_fund, requires
from app.web.database import session, transaction
from app.web.i18n import translated
from app.web.pages import done, page, saved

blueprint = Blueprint("registers", __name__, url_prefix="/office/donations/registers")

ROWS_SHOWN = 200
KIND = "donations"
FIELD_TEXTS = {
    "number": N_("序号"),
    "date": N_("日期"),
    "donor": N_("捐赠人"),
    "donor_kind": N_("捐赠人类型"),
    "method": N_("捐赠方式"),
    "items": N_("物品"),
    "quantity": N_("数量"),
    "unit": N_("计量单位"),
    "amount": N_("金额"),
    "goods_value": N_("物资价值"),
    "unit_price": N_("单价"),
    "purpose": N_("指定用途"),
    "publicity": N_("是否公开姓名"),
    "anonymous": N_("是否匿名"),
    "memo": N_("备注"),
    "receipt_number": N_("票据号"),
    "contact": N_("联系方式"),
}


@blueprint.get("/")
@requires(Permission.GIFT_RECORD)
def listing() -> Response:
    """The gift registers of the fund."""
    return page(
        "donations/registers.html",
        registers=queries.registers_of(session(), office_fund().id),
        nav_current="donations",
    )


@blueprint.route("/import", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD)
def upload() -> Response:
    """Send a register in. What is no register is refused here, beside the field; nothing is recorded yet."""
    form = UploadForm()
    if form.validate_on_submit():
        given = _given(form)
        if given is not None:
            content, file_name, pasted = given
            try:
                preview = _read(content, file_name, form.title.data or "", pasted, Answers())
                kept = Upload(
                    key=keep_upload(uploads_folder(), content),
                    file_name=file_name,
                    sha256=preview.sha256,
                    title=form.title.data or "",
                    pasted=pasted,
                )
                return done(url_for("registers.check", upload=signed_address(KIND, kept)))
            except (Refused, AlreadyImported) as refusal:
                refusal.field = "rows" if pasted else "file"
                form.show_refusal(refusal)
    return page("donations/import.html", form=form, max_bytes=MAX_FILE_BYTES, nav_current="donations")


@blueprint.route("/import/<upload>", methods=["GET", "POST"])
@requires(Permission.GIFT_RECORD, personal=True)
def check(upload: str) -> Response:
    """What importing the file would do. A GET answers its questions in the address; a POST confirms."""
    waiting = waiting_upload(KIND, upload)
    given = answers(request.args)
    form = ConfirmImportForm()
    if form.validate_on_submit():
        with form.refusals_shown():
            try:
                preview, result = _import(waiting, given, form)
            except AlreadyImported as earlier:
                return _known(earlier.register_id)
            forget_upload(uploads_folder(), waiting.key)
            return done(url_for("registers.show", register_id=result.register_id), _outcome(preview, result))
    try:
        preview, message = _read_with_answers(waiting, given)
    except AlreadyImported as earlier:
        return _known(earlier.register_id)
    return _preview_page(preview, given, form, upload, message)


def _read_with_answers(waiting: Upload, given: Answers) -> tuple[DonationPreview, str | None]:
    """The preview; when an answer does not fit, the preview without those answers, and what was wrong."""
    content = _content_of(waiting)

    def read(taken: Answers) -> DonationPreview:
        return _read(content, waiting.file_name, waiting.title, waiting.pasted, taken)

    try:
        return read(given), None
    except Refused as refusal:
        if given == Answers():
            raise
        # What refuses an answer about a row or a purpose names it as its field; the rest is about columns.
        columns = given.columns if refusal.field in ("split", "earmark") else {}
        return read(Answers(given.sheet if refusal.field != "sheet" else None, columns)), translated(refusal)


@blueprint.get("/<int:register_id>")
@requires(Permission.GIFT_RECORD)
def show(register_id: int) -> Response:
    """One register: its files as they were sent, and the register as it stands now."""
    register = _register(register_id)
    sent = queries.files_of(session(), register_id)
    return page(
        "donations/register.html",
        register=register,
        sent=sent,
        attachments=files_of_many(session(), queries.FILE_SUBJECT, [one.id for one in sent]),
        gifts=queries.count_gifts(session(), register_id),
        may_read=actor().may(Permission.PERSONAL_READ, register.fund_id),
        nav_current="donations",
    )


@blueprint.get("/<int:register_id>.xlsx")
@requires(Permission.PERSONAL_READ)
def download(register_id: int) -> Response:
    """The register in the shape it came, with the gifts as they are recorded now."""
    register = _register(register_id)
    book = register_workbook(session(), register.id)
    return saved(book.content, XLSX, book.file_name)


def _register(register_id: int) -> Register:
    """A register of the fund that the office works in. Raises NotFound for any other."""
    found = queries.register(session(), register_id)
    if found.fund_id != office_fund().id:
        raise NotFound(N_("没有这本登记表"))
    return found


def _given(form: UploadForm) -> tuple[bytes, str, bool] | None:
    """What was sent: bytes, a name for them, whether they are pasted rows. None when there is nothing."""
    if form.file.data is not None and form.file.data.filename:
        name = form.file.data.filename.replace("\\", "/").rpartition("/")[2][:200]
        return read_upload(form.file.data.stream, MAX_FILE_BYTES), name, False
    if (form.rows.data or "").strip():
        return (form.rows.data or "").encode(), f"{_('粘贴的登记')} {_today()}.txt", True
    form.add_error("file", _("请选择文件，或在下面粘贴表格中的行"))
    return None


def _today() -> Any:
    fund: FundChoice = office_fund()
    return clock.today(fund.time_zone)


def _read(content: bytes, file_name: str, title: str, pasted: bool, given: Answers) -> DonationPreview:
    return read_donations(
        session(),
        office_fund(),
        content,
        file_name,
        today=_today(),
        mapping=given.mapping,
        splits=given.splits,
        earmarks=given.earmarks,
        title=title or None,
        sheet=given.sheet,
        pasted=pasted,
    )


def _content_of(waiting: Upload) -> bytes:
    """The bytes; AlreadyImported when they are gone because they were confirmed."""
    try:
        return content_of(waiting)
    except NotFound:
        known = queries.file_with(session(), office_fund().id, waiting.sha256)
        if known is None:
            raise
        raise AlreadyImported(N_("这份文件已经导入过"), known.register_id) from None


def _import(
    waiting: Upload, given: Answers, form: ConfirmImportForm
) -> tuple[DonationPreview, ImportedDonations]:
    """Read again inside the transaction, and record only what the person saw."""
    content = _content_of(waiting)
    settings: Settings = current_app.extensions["sunledger_settings"]
    with transaction(books=True) as writing:
        preview = _read(content, waiting.file_name, waiting.title, waiting.pasted, given)
        if preview.digest != form.plan.data:
            raise Conflict(N_("登记表或账目刚刚变动，请看过下面的内容后再确认"))
        result = import_donations(
            writing,
            actor(),
            preview,
            files_dir=settings.files_dir,
            accept_good_rows=form.accept_good_rows.data,
            corrections=form.corrections.data or [],
        )
    return preview, result


def _known(register_id: int) -> Response:
    """The file is in already: a second click, or somebody else was faster."""
    return done(url_for("registers.show", register_id=register_id), _("这份文件已经导入，没有重复记入"))


def _outcome(preview: DonationPreview, result: ImportedDonations) -> str:
    recorded = len(result.donation_ids)
    sentences = [
        ngettext(
            "已记入 %(num)d 笔：捐款 %(money)s 元，物资估值 %(goods)s 元",
            "已记入 %(num)d 笔：捐款 %(money)s 元，物资估值 %(goods)s 元",
            recorded,
            money=yuan(preview.new_money_minor),
            goods=yuan(preview.new_goods_minor),
        )
    ]
    if result.corrected:
        sentences.append(ngettext("更正 %(num)d 处", "更正 %(num)d 处", result.corrected))
    if result.refused:
        sentences.append(ngettext("%(num)d 行没有记入", "%(num)d 行没有记入", result.refused))
    return "；".join(sentences)


# The page


def _preview_page(
    preview: DonationPreview,
    given: Answers,
    form: ConfirmImportForm,
    upload: str,
    message: str | None,
) -> Response:
    here = url_for("registers.check", upload=upload)
    crumbs = [(_("捐赠登记表"), url_for("registers.listing"))]
    if preview.question == "sheet":
        return page(
            "uploads/sheet.html",
            file_name=preview.file_name,
            sheet_names=preview.sheet_names,
            action=here,
            message=message,
            crumbs=crumbs,
            back_url=url_for("registers.upload"),
            nav_current="donations",
        )
    twice = given.columns_chosen_twice
    if preview.question or twice or request.args.get("ask") == "columns":
        return page(
            "uploads/columns.html",
            match=preview.match,
            columns=column_choices(preview.match, preview.first_cells, given.columns),
            fields=[(item.key, _(FIELD_TEXTS[item.key])) for item in DONATION_FIELDS],
            required=[_(FIELD_TEXTS[item.key]) for item in DONATION_FIELDS if item.required],
            not_used=NOT_USED,
            unused_hint=_("不用的列选“不用这一列”，下载登记表时仍会保留。"),
            twice=[_(FIELD_TEXTS[key]) for key in twice],
            missing=[_(FIELD_TEXTS[item.key]) for item in preview.match.missing] if preview.match else [],
            crumbs=crumbs,
            back_url=url_for("registers.upload"),
            action=here,
            kept=_kept(("column-", "ask")),
            message=message,
            nav_current="donations",
        )
    ticked = set(form.corrections.data or []) if form.is_submitted() else preview.accepted_by_default(actor())
    form.plan.data = preview.digest
    first = max(0, request.args.get("from", 0, type=int))
    new = preview.of("new")
    return page(
        "donations/import_check.html",
        status=422 if message else None,
        preview=preview,
        form=form,
        message=message,
        ticked=ticked,
        may=lambda correction: _may(correction, preview.fund_id),
        new=new[first : first + ROWS_SHOWN],
        first=first,
        rows_shown=ROWS_SHOWN,
        earmarks=[one for one in earmarks_of(session(), preview.fund_id) if one.restriction == "restricted"],
        purposes=_purposes(preview, given),
        split_rows=_split_rows(preview, given),
        kinds={key: _(text) for key, text in KINDS.items()},
        methods={key: _(text) for key, text in METHODS.items()},
        field_names={key: _(text) for key, text in FIELD_NAMES.items()},
        shown_value=_shown_value,
        action=here,
        confirm_url=request.full_path if request.query_string else request.path,
        kept=_kept(("split-", "value-", "purpose-", "as-", "slug-", "from")),
        page_url=lambda start: url_for("registers.check", **_address(upload, {"from": str(start)})),
        columns_url=url_for("registers.check", **_address(upload, {"ask": "columns"})),
        nav_current="donations",
    )


def _address(upload: str, more: dict[str, str]) -> dict[str, Any]:
    return {**request.args.to_dict(), **more, "upload": upload}


def _may(correction: Correction, fund_id: int) -> bool:
    return correction.refusal is None and actor().may(CORRECTED_WITH[correction.kind], fund_id)


def _kept(but: tuple[str, ...]) -> list[tuple[str, str]]:
    """The answers in the address that a form on the page sends on unchanged."""
    return [(name, value) for name, value in request.args.items() if not name.startswith(but)]


def _purposes(preview: DonationPreview, given: Answers) -> list[dict[str, Any]]:
    """Each purpose that no earmark has yet, or about which something was answered."""
    answered = {one.purpose: one for one in given.purposes}
    made = {one.purpose: one for one in preview.new_earmarks}
    return [
        {
            "purpose": purpose,
            "choice": answered[purpose].choice if purpose in answered else "new",
            "slug": made[purpose].slug if purpose in made else "",
            "made": made.get(purpose),
        }
        for purpose in dict.fromkeys([*made, *answered])
    ]


def _split_rows(preview: DonationPreview, given: Answers) -> list[dict[str, Any]]:
    """Rows that name several things and one amount, with what was answered."""
    return [
        {
            "row": row,
            "choice": request.args.get(f"split-{row.number}", ""),
            "typed": [
                request.args.get(f"value-{row.number}-{place}", "") for place in range(len(row.row.pieces))
            ],
        }
        for row in preview.rows
        if len(row.row.pieces) > 1
        and (row.row.asks_split or f"row:{row.number}" in given.splits)
        and row.state in ("asks", "new", "refused", "changed")
    ]


def _shown_value(field: str, value: Any) -> str:
    """A value of a correction as people read it."""
    if value in (None, "", []):
        return str(_("（空）"))
    if field == "amount":
        return f"{yuan(value)} {_('元')}"
    if field == "goods":
        return "、".join(f"{item} {quantity}{unit} {yuan(minor)}" for item, quantity, unit, minor in value)
    if field == "kind":
        return str(_(KINDS[value]))
    if field == "method":
        return str(_(METHODS[value]))
    if field == "claim":
        return str(_("公开") if value else _("不公开"))
    return str(value)
