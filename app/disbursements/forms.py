"""Forms of requests and of their past decisions."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, Field, HiddenField, IntegerField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.disbursements.budget.forms import BudgetFields
from app.files.operations import read_upload
from app.ledger.accounts import PAYMENT_LINES, SPENDING_KINDS
from app.parties.rules import KINDS
from app.shared.errors import N_
from app.web.forms import (
    ChoiceField,
    DateField,
    FileField,
    Form,
    Given,
    LongTextField,
    MoneyField,
    OnceForm,
    OneOfField,
    TextField,
)

KIND_HINTS: dict[str, str] = {
    "individual_aid": N_("钱直接给到个人或家庭，如医疗、助学、临时救助"),
    "organisation_aid": N_("钱给到单位，由它用于说明的事，如学校、社区、养老院"),
    "project_works": N_("工程、修缮、活动等项目的费用，付给施工或服务方"),
    "goods_purchase": N_("买米面油、书包等物资，再发到受益人手里"),
    "fundraising_cost": N_("为募捐本身花的钱，如场地、宣传、义卖用品"),
    "management": N_("基金日常管理的费用，如办公、审计"),
    "asset_purchase": N_("买可以长期使用的设备或其他资产，归基金所有"),
}
"""One line of explanation for each row of the receipts-and-payments statement that a request can be."""

_PARTY_KINDS = [(kind, _(KINDS[kind])) for kind in ("organisation", "sole_trader", "person")]


class DisbursementForm(BudgetFields, OnceForm):
    """A request as it is written. The page offers the choices of ``earmark``."""

    earmark = ChoiceField(_("从哪项用途支出"), [Given()], coerce=int)
    project = TextField(
        _("项目"), [Given(), Length(max=200)], description=_("选择已有的项目，或写一个新的名称")
    )
    amount = MoneyField(_("金额"), [Given()])
    spending_kind = OneOfField(
        _("支出类别"), [Optional()], choices=[(kind, _(PAYMENT_LINES[kind])) for kind in SPENDING_KINDS]
    )
    applicant_kind = ChoiceField(_("申请方类型"), [Given()], choices=_PARTY_KINDS, blank=False)
    applicant = TextField(_("申请方"), [Given(), Length(max=200)])
    payee_kind = ChoiceField(_("收款方类型"), [Given()], choices=_PARTY_KINDS, blank=False)
    payee = TextField(_("收款方"), [Given(), Length(max=200)], description=_("钱最后付给谁，请写全称"))
    beneficiary = TextField(_("受益人"), [Optional(), Length(max=200)])
    is_emergency = BooleanField(_("按紧急支出办理"))
    reason = LongTextField(_("事由"), [Given(), Length(max=4000)])
    applied_on = DateField(_("申请日期"), [Given()])
    papers = LongTextField(_("材料清单"), [Optional(), Length(max=2000)])
    office_number = TextField(_("办公编号"), [Optional(), Length(max=40)])
    files = MultipleFileField(_("附件"), [Optional()])
    files_public = BooleanField(_("这次上传的附件不含个人信息，可以在公开页面显示"))


class SubmitForm(Form):
    """The confirm page of a submission: ``read_hash`` is of the draft as it was shown."""

    read_hash = HiddenField(validators=[InputRequired(), Length(max=64)])


class ReasonForm(Form):
    """Why something is taken back, given up or undone."""

    reason = LongTextField(_("原因"), [Given(), Length(max=1000)])


class PastDecisionForm(Form):
    """A decision of before this system, as the minutes have it."""

    decided_on = DateField(_("决议日期"), [Given()])
    seats = IntegerField(_("应到（席位数）"), [Given(), NumberRange(1, 99)])
    approve = IntegerField(_("赞成"), [Given(), NumberRange(0, 99)])
    reject = IntegerField(_("反对"), [Given(), NumberRange(0, 99)], default=0)
    abstain = IntegerField(_("弃权"), [Given(), NumberRange(0, 99)], default=0)
    recuse = IntegerField(_("回避"), [Given(), NumberRange(0, 99)], default=0)
    minutes = FileField(_("会议纪要"), description=_("扫描件或照片，PDF、PNG 或 JPEG"))


def uploads(field: Field) -> list[tuple[str, bytes]]:
    """(name, content) of the files chosen in a field; nothing larger than what may be kept is read whole. Call it once:
    it closes them."""
    found = []
    for file in field.data if isinstance(field.data, (list, tuple)) else [field.data]:
        if isinstance(file, FileStorage) and file.filename:
            found.append((file.filename, read_upload(file.stream)))
            file.close()
    return found


def ask_for_files_again(form: Form, *fields: Field) -> None:
    """A browser never fills a file in again: say so beside each field of a refused form in which one was chosen."""
    for field in fields:
        names = [
            file.filename
            for file in (field.data if isinstance(field.data, (list, tuple)) else [field.data])
            if isinstance(file, FileStorage) and file.filename
        ]
        if form.is_refused and names:
            form.add_error(
                field.name, gettext(N_("表单还没有保存，请重新选择文件：%(names)s"), names="、".join(names))
            )
