"""The register of requests in the office: send it in, answer what it does not say, look, confirm."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.disbursements.workbooks import queries
from app.disbursements.workbooks.importing import read_disbursements
from app.disbursements.workbooks.operations import import_disbursements
from app.disbursements.workbooks.rules import RequestPreview
from app.files.uploads.forms import ConfirmRegisterForm
from app.files.uploads.routes import CheckPage, Given, RegisterPages
from app.ledger.accounts import PAYMENT_LINES, SPENDING_KINDS
from app.ledger.queries import earmarks_of
from app.shared import clock
from app.shared.errors import N_
from app.shared.permissions import Permission
from app.sheets.fields import DISBURSEMENT_FIELDS
from app.web.access import actor, office_fund, requires
from app.web.database import session
from app.web.pages import page

blueprint = Blueprint("request_imports", __name__, url_prefix="/office/disbursements/import")

FIELD_TEXTS = {
    "number": N_("申请编号"),
    "date": N_("申请日期"),
    "project": N_("项目"),
    "applicant": N_("申请部门"),
    "payee": N_("收款单位"),
    "amount": N_("金额"),
    "source": N_("资金来源"),
    "spending_kind": N_("支出类别"),
    "reason": N_("事由"),
    "attachments": N_("附件"),
    "memo": N_("备注"),
}


def _read(given: Given) -> RequestPreview:
    fund = office_fund()
    return read_disbursements(
        session(),
        fund.id,
        given.content,
        given.file_name,
        today=clock.today(fund.time_zone),
        mapping=given.mapping,
        spending_kinds={f"row:{row}": kind for row, kind in given.by_row("kind").items()},
        earmarks={f"row:{row}": slug for row, slug in given.by_row("earmark").items()},
        sheet=given.sheet,
    )


def _show(preview: RequestPreview, form: ConfirmRegisterForm, check: CheckPage) -> Response:
    return page(
        "disbursements/import_check.html",
        status=422 if check.message else None,
        preview=preview,
        form=form,
        check=check,
        typed=request.args,
        spending_kinds=[(kind, _(PAYMENT_LINES[kind])) for kind in SPENDING_KINDS],
        earmarks=[(each.slug, each.name) for each in earmarks_of(session(), preview.fund_id)],
        crumbs=_crumbs(),
        back_url=url_for("request_imports.upload"),
        nav_current="disbursements",
    )


def _record(
    writing: Session, preview: RequestPreview, form: ConfirmRegisterForm, files_dir: Path
) -> tuple[str, str]:
    ids = import_disbursements(
        writing, actor(), preview, files_dir=files_dir, accept_good_rows=form.accept_good_rows.data
    )
    message = ngettext(
        "已起草 %(num)d 份申请；请逐份核对、补上附件，再提交",
        "已起草 %(num)d 份申请；请逐份核对、补上附件，再提交",
        len(ids),
    )
    return _drafts(), message


def _became(sha256: str) -> str | None:
    return _drafts() if queries.imported_at(session(), office_fund().id, sha256) else None


def _drafts() -> str:
    return url_for("disbursements.listing", status="drafted")


def _crumbs() -> list[tuple[str, str]]:
    return [(_("拨付"), url_for("disbursements.listing"))]


PAGES = RegisterPages(
    kind="disbursements",
    heading=N_("导入拨付申请表"),
    hint=N_(
        "一行一份申请：日期、项目、申请部门、收款单位、金额、资金来源和事由各一列。导入后是草稿，逐份核对后再提交表决。"
    ),
    crumbs=_crumbs,
    upload_endpoint="request_imports.upload",
    check_endpoint="request_imports.check",
    fields=DISBURSEMENT_FIELDS,
    field_texts=FIELD_TEXTS,
    navigation="disbursements",
    form=ConfirmRegisterForm,
    read=_read,
    show=_show,
    record=_record,
    became=_became,
)


@blueprint.route("/", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST)
def upload() -> Response:
    """Send a register of requests in."""
    return PAGES.upload()


@blueprint.route("/<upload>", methods=["GET", "POST"])
@requires(Permission.DISBURSEMENT_REQUEST, personal=True)
def check(upload: str) -> Response:
    """What importing it would do; confirm."""
    return PAGES.check(upload)
