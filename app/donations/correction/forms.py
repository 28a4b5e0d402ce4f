"""Forms that put a recorded gift right."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import IntegerField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput, TextArea

from app.donations.forms import (
    GoodsLinesForm,
    alias_field,
    contact_field,
    guardian_field,
    minor_field,
    row_id,
)
from app.parties.rules import KINDS, WISHES
from app.web.forms import (
    ChoiceField,
    DateField,
    FileField,
    Form,
    Given,
    MoneyField,
    OnceForm,
    RadioField,
    TextField,
)


class SeenForm(Form):
    """A change of a gift as somebody saw it: when it has changed meanwhile, theirs is not saved over it."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    reason = TextField(
        _("更正原因"), [Given(), Length(max=500)], widget=TextArea(), description=_("保存在更正记录里")
    )


class WordsForm(SeenForm):
    """Words that stand beside a gift."""

    wish = TextField(_("捐赠人的心愿"), [Optional(), Length(max=500)])
    agreement_number = TextField(_("捐赠协议编号"), [Optional(), Length(max=60)])
    memo = TextField(
        _("备注"), [Optional(), Length(max=2000)], widget=TextArea(), description=_("只在办公页面显示")
    )


class MoneyCorrectionForm(OnceForm, SeenForm):
    """What a gift of money should have been."""

    amount = MoneyField(_("金额"), [Given()])
    method = ChoiceField(_("捐赠方式"), [Given()], blank=False)
    account = ChoiceField(
        _("收款账户"), coerce=row_id, description=_("不选时按捐赠方式记入该方式的第一个账户")
    )
    earmark = ChoiceField(_("用途"), [Given()], coerce=row_id, blank=False)


class GoodsCorrectionForm(GoodsLinesForm, SeenForm):
    """What a gift in kind should have been."""

    earmark = ChoiceField(_("用途"), [Given()], coerce=row_id, blank=False)


class ReversalForm(SeenForm):
    """Why a gift never was."""


class ConsentForm(Form):
    """What a donor says now about being named."""

    wish = RadioField(_("公开意愿"), choices=[(wish, _(text)) for wish, text in WISHES.items()])
    display_name = alias_field()
    given_on = DateField(_("表示的日期"), [Optional()], past=True)
    how = TextField(
        _("何时、以什么方式表示"),
        [Given(), Length(max=200)],
        description=_("例如：2023-09-20 电话告知秘书处；捐赠当天在登记表上签字"),
    )
    evidence = TextField(
        _("证明"),
        [Optional(), Length(max=1000)],
        widget=TextArea(),
        description=_("证明在哪里，例如“签字登记表第 3 页”；个人和商户没有证明就不公开姓名"),
    )
    is_minor = minor_field()
    guardian = guardian_field()
    file = FileField(_("证明的照片或扫描件"), [Optional()], description=_("只给有权限的人看，不会公开"))


class DonorForm(Form):
    """A donor's name, kind and contact."""

    donor = TextField(_("姓名或名称"), [Given(), Length(max=200)])
    donor_kind = ChoiceField(
        _("类型"), [Given()], choices=[(kind, _(name)) for kind, name in KINDS.items()], blank=False
    )
    contact = contact_field()
