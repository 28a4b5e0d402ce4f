"""The register of moves in the office: send it in, look, confirm."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.files.uploads.forms import ConfirmRegisterForm
from app.files.uploads.routes import CheckPage, Given, RegisterPages
from app.ledger.treasury.workbooks import queries
from app.ledger.treasury.workbooks.importing import read_transfers
from app.ledger.treasury.workbooks.operations import import_transfers
from app.ledger.treasury.workbooks.rules import TransferPreview
from app.shared import clock
from app.shared.errors import N_
from app.shared.money import yuan
from app.shared.permissions import Permission
from app.sheets.fields import TRANSFER_FIELDS
from app.web.access import actor, office_fund, requires
from app.web.database import session
from app.web.pages import page

blueprint = Blueprint("transfer_imports", __name__, url_prefix="/office/treasury/import")

FIELD_TEXTS = {
    "date": N_("日期"),
    "from_account": N_("转出账户"),
    "to_account": N_("转入账户"),
    "amount": N_("金额"),
    "fee": N_("手续费"),
    "memo": N_("说明"),
}


def _read(given: Given) -> TransferPreview:
    fund = office_fund()
    return read_transfers(
        session(),
        fund.id,
        given.content,
        given.file_name,
        today=clock.today(fund.time_zone),
        mapping=given.mapping,
        sheet=given.sheet,
    )


def _show(preview: TransferPreview, form: ConfirmRegisterForm, check: CheckPage) -> Response:
    return page(
        "ledger/import_check.html",
        status=422 if check.message else None,
        preview=preview,
        form=form,
        check=check,
        crumbs=_crumbs(),
        back_url=url_for("transfer_imports.upload"),
        nav_current="treasury",
    )


def _record(
    writing: Session, preview: TransferPreview, form: ConfirmRegisterForm, files_dir: Path
) -> tuple[str, str]:
    import_transfers(
        writing, actor(), preview, files_dir=files_dir, accept_good_rows=form.accept_good_rows.data
    )
    message = ngettext(
        "已记入 %(num)d 笔划转，合计 %(total)s 元",
        "已记入 %(num)d 笔划转，合计 %(total)s 元",
        len(preview.of("new")),
        total=yuan(preview.total_minor),
    )
    return url_for("treasury.accounts"), message


def _became(sha256: str) -> str | None:
    known = queries.imported_at(session(), office_fund().id, sha256)
    return url_for("treasury.accounts") if known else None


def _crumbs() -> list[tuple[str, str]]:
    return [(_("资金"), url_for("treasury.accounts"))]


PAGES = RegisterPages(
    kind="transfers",
    heading=N_("导入资金划转登记表"),
    hint=N_(
        "一行一笔：日期、转出账户、转入账户、金额、手续费和说明各一列。账户写银行、现金、微信、支付宝，或账户的名称。"
    ),
    crumbs=_crumbs,
    upload_endpoint="transfer_imports.upload",
    check_endpoint="transfer_imports.check",
    fields=TRANSFER_FIELDS,
    field_texts=FIELD_TEXTS,
    navigation="treasury",
    form=ConfirmRegisterForm,
    read=_read,
    show=_show,
    record=_record,
    became=_became,
)


@blueprint.route("/", methods=["GET", "POST"])
@requires(Permission.MONEY_MOVE)
def upload() -> Response:
    """Send a register of moves in."""
    return PAGES.upload()


@blueprint.route("/<upload>", methods=["GET", "POST"])
@requires(Permission.MONEY_MOVE)
def check(upload: str) -> Response:
    """What importing it would do; confirm."""
    return PAGES.check(upload)
