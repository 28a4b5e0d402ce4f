"""The register of a sale in the office: send it in, answer what it does not say, look, confirm; take it out again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.files.rules import XLSX
from app.files.uploads.routes import CheckPage, Given, RegisterPages
from app.sales.routes import method_names, readable_event
from app.sales.workbooks import queries
from app.sales.workbooks.exporting import event_workbook
from app.sales.workbooks.forms import ConfirmSaleForm
from app.sales.workbooks.importing import read_sale
from app.sales.workbooks.operations import import_sale
from app.sales.workbooks.rules import SalePreview
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.money import yuan
from app.shared.periods import require_plausible
from app.shared.permissions import Permission
from app.sheets.fields import SALE_FIELDS
from app.web.access import actor, office_fund, requires
from app.web.database import session
from app.web.pages import page, saved

blueprint = Blueprint("sale_imports", __name__, url_prefix="/office/sales/import")

FIELD_TEXTS = {
    "lot": N_("拍品号"),
    "item": N_("物品"),
    "source": N_("来源（捐赠登记序号）"),
    "mode": N_("方式（义卖、义拍、募捐箱）"),
    "quantity": N_("数量"),
    "units_per_item": N_("每份含"),
    "price": N_("单价或成交价"),
    "amount": N_("收款"),
    "method": N_("付款方式"),
    "buyer": N_("买受人"),
    "memo": N_("备注"),
}
MODE_TEXTS = {"fixed_price": N_("义卖"), "auction": N_("义拍"), "box": N_("募捐箱")}


def _read(given: Given) -> SalePreview:
    fund = office_fund()
    return read_sale(
        session(),
        fund.id,
        given.content,
        given.file_name,
        today=clock.today(fund.time_zone),
        mapping=given.mapping,
        splits=_by_row(given, "split"),
        units=_by_row(given, "units"),
        goods=_by_row(given, "goods"),
        register_title=given.answers.get("register") or None,
        name=given.answers.get("name", ""),
        held_on=_day(given.answers.get("held_on", "")),
        sheet=given.sheet,
    )


def _by_row(given: Given, kind: str) -> dict[str, str]:
    return {f"row:{row}": answer for row, answer in given.by_row(kind).items()}


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused(N_("“%(day)s”不是日期，请写成 2023-09-28 这样"), field="held_on", day=text) from error
    return require_plausible(day, clock.today(office_fund().time_zone), "held_on")


def _show(preview: SalePreview, form: ConfirmSaleForm, check: CheckPage) -> Response:
    return page(
        "sales/import_check.html",
        status=422 if check.message else None,
        preview=preview,
        form=form,
        check=check,
        name=request.args.get("name", "") or preview.name,
        held_on=request.args.get("held_on", "") or (preview.held_on.isoformat() if preview.held_on else ""),
        typed=request.args,
        modes={key: _(text) for key, text in MODE_TEXTS.items()},
        methods=method_names(),
        crumbs=_crumbs(),
        back_url=url_for("sale_imports.upload"),
        nav_current="sales",
    )


def _record(
    writing: Session, preview: SalePreview, form: ConfirmSaleForm, files_dir: Path
) -> tuple[str, str]:
    done = import_sale(
        writing,
        actor(),
        preview,
        files_dir=files_dir,
        accept_good_rows=form.accept_good_rows.data,
        close=form.close.data,
    )
    total = yuan(preview.total_minor)
    message = (
        _("已登记 %(lots)s 件拍品，义卖已结束，入账 %(total)s 元", lots=done.lots, total=total)
        if done.entries
        else _("已登记 %(lots)s 件拍品，收款 %(total)s 元；清点之后请结束义卖", lots=done.lots, total=total)
    )
    return url_for("sales.show", event_id=done.event_id), message


def _became(sha256: str) -> str | None:
    event_id = queries.event_of_file(session(), office_fund().id, sha256)
    return url_for("sales.show", event_id=event_id) if event_id else None


def _crumbs() -> list[tuple[str, str]]:
    return [(_("义卖义拍"), url_for("sales.listing"))]


PAGES = RegisterPages(
    kind="sales",
    heading=N_("导入义卖登记表"),
    hint=N_(
        "一场活动一张表：拍品、来源、数量、收款和付款方式各一列，募捐箱和合计各一行。先导入捐赠登记表，来源按它的序号对应。"
    ),
    crumbs=_crumbs,
    upload_endpoint="sale_imports.upload",
    check_endpoint="sale_imports.check",
    fields=SALE_FIELDS,
    field_texts=FIELD_TEXTS,
    navigation="sales",
    form=ConfirmSaleForm,
    read=_read,
    show=_show,
    record=_record,
    became=_became,
)


@blueprint.route("/", methods=["GET", "POST"])
@requires(Permission.SALE_RUN)
def upload() -> Response:
    """Send a sale register in."""
    return PAGES.upload()


@blueprint.route("/<upload>", methods=["GET", "POST"])
@requires(Permission.SALE_RUN, personal=True)
def check(upload: str) -> Response:
    """What importing it would do; confirm."""
    return PAGES.check(upload)


@blueprint.get("/<int:event_id>.xlsx")
@requires(Permission.PERSONAL_READ)
def download(event_id: int) -> Response:
    """The event as a register of the same shape, with its sales as they stand now."""
    event = readable_event(event_id)
    actor().require(Permission.PERSONAL_READ, event.fund_id)
    book = event_workbook(session(), event_id)
    return saved(book.content, XLSX, book.file_name)
