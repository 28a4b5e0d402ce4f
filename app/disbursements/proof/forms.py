"""Forms of what follows a payment: proof of use, its judgement, arrival."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, IntegerField
from wtforms.validators import Length, NumberRange, Optional

from app.disbursements.proof.rules import PAPERS
from app.web.forms import DateField, Form, Given, LongTextField, MoneyField, OnceForm

_NAMES = {paper: _(name) for paper, name in PAPERS.items()}
_PHOTOS = _("照片可以公开：照片里的人同意了，没有未成年人的脸，也没有门牌、证件和电话")


class ProofForm(OnceForm):
    """What money was used for, with its papers."""

    used = MoneyField(_("用掉的金额"), [Given()])
    words = LongTextField(_("用在哪里"), [Given(), Length(max=2000)])
    invoice = MultipleFileField(_NAMES["invoice"], [Optional()])
    sign_off = MultipleFileField(_NAMES["sign_off"], [Optional()])
    acceptance_report = MultipleFileField(_NAMES["acceptance_report"], [Optional()])
    payee_receipt = MultipleFileField(_NAMES["payee_receipt"], [Optional()])
    photo = MultipleFileField(_NAMES["photo"], [Optional()])
    photos_public = BooleanField(_PHOTOS)


class JudgementForm(Form):
    """How much of a proof is accepted."""

    accepted = MoneyField(_("认可的金额"), [Given()])
    reason = LongTextField(_("不认可的部分和原因"), [Optional(), Length(max=1000)])


class DeliveryForm(Form):
    """That it arrived."""

    delivered_on = DateField(_("到达日期"), [Given()])
    recipients = IntegerField(_("受益的人数或户数"), [Optional(), NumberRange(0, 10_000_000)])
    words = LongTextField(_("送到了谁手里，做成了什么"), [Given(), Length(max=2000)])
    sign_off = MultipleFileField(_NAMES["sign_off"], [Optional()])
    photo = MultipleFileField(_NAMES["photo"], [Optional()])
    photos_public = BooleanField(_PHOTOS)
