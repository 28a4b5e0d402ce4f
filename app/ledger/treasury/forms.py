"""Forms of a fund's money: what comes in beside gifts, moves, charges, purposes, accounts, months."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import IntegerField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import TextArea

from app.ledger.accounts import MONEY_ACCOUNT_NAMES
from app.shared.errors import N_
from app.web.forms import ChoiceField, DateField, Form, Given, MoneyField, OnceForm, RadioField, TextField

RESTRICTIONS = {
    "restricted": N_("限定性：捐赠人指定的用途"),
    "designated": N_("非限定性：理事会自己划定的用途"),
}
_LARGEST_ID = 2**63 - 1


def row_id(text: str) -> int:
    """The id of a record as a form sends it. Raises ValueError for what no database holds."""
    value = int(text)
    if not 0 < value <= _LARGEST_ID:
        raise ValueError
    return value


class MoneyForm(OnceForm):
    """An amount that moves in one account on one day."""

    account = ChoiceField(_("资金账户"), [Given()], coerce=row_id)
    amount = MoneyField(_("金额"), [Given()])
    occurred_on = DateField(_("日期"), [Given()])


class OpeningForm(MoneyForm):
    """Money that was there before this system."""

    earmark = ChoiceField(_("用途"), [Given()], coerce=row_id, blank=False)
    donor_name = TextField(
        _("捐赠人"),
        [Optional(), Length(max=200)],
        description=_("知道是谁捐的就写；不公开，只留下可以核对的指纹"),
    )


class InterestForm(MoneyForm):
    """Interest that a bank or wallet credited."""

    earmark = ChoiceField(_("用途"), [Given()], coerce=row_id, blank=False)


class SubsidyForm(MoneyForm):
    """A government subsidy."""

    earmark = ChoiceField(_("用途"), [Given()], coerce=row_id, blank=False)
    description = TextField(
        _("说明"), [Optional(), Length(max=200)], description=_("会公开显示，例如“2023 年街道公益补助”")
    )


class FeeForm(MoneyForm):
    """A charge that a bank or wallet took."""

    earmark = ChoiceField(_("由哪个用途承担"), [Given()], coerce=row_id, blank=False)
    description = TextField(
        _("说明"), [Optional(), Length(max=200)], description=_("会公开显示，例如“账户管理费”")
    )


class TransferForm(OnceForm):
    """A move between two money accounts."""

    source = ChoiceField(_("转出账户"), [Given()], coerce=row_id)
    target = ChoiceField(_("转入账户"), [Given()], coerce=row_id)
    amount = MoneyField(_("金额"), [Given()])
    fee = MoneyField(_("手续费"), [Optional()], description=_("从转出账户另扣；没有就不填"))
    occurred_on = DateField(_("日期"), [Given()])
    memo = TextField(
        _("说明"), [Optional(), Length(max=200)], description=_("会公开显示，例如“晚会现金存入银行”")
    )


class EarmarkForm(Form):
    """A new purpose."""

    name = TextField(
        _("用途名称"), [Given(), Length(max=200)], description=_("会公开显示，例如“门前道路修缮”")
    )
    restriction = RadioField(
        _("性质"), [InputRequired()], choices=[(key, _(text)) for key, text in RESTRICTIONS.items()]
    )
    slug = TextField(
        _("网址标识"),
        [Given(), Length(max=80)],
        description=_("小写字母、数字和连字符；用在公开网址里，以后不能改"),
    )


class ProjectForm(Form):
    """A new project."""

    name = TextField(
        _("项目名称"), [Given(), Length(max=200)], description=_("会公开显示，例如“孤寡老人冬季慰问”")
    )
    slug = TextField(
        _("网址标识"),
        [Given(), Length(max=80)],
        description=_("小写字母、数字和连字符；用在公开网址里，以后不能改"),
    )


class AccountForm(Form):
    """A new money account."""

    kind = ChoiceField(
        _("种类"), [Given()], choices=[(kind, _(name)) for kind, name in MONEY_ACCOUNT_NAMES.items()]
    )
    name = TextField(
        _("账户名称"),
        [Given(), Length(max=100)],
        description=_("会公开显示，不要写完整账号，例如“农村商业银行 尾号 1234”"),
    )


class NumberForm(Form):
    """Which entry."""

    class Meta(Form.Meta):
        csrf = False

    number = IntegerField(_("分录号"), [Given(), NumberRange(1, _LARGEST_ID)])


class EntryReversalForm(Form):
    """Why an entry is reversed."""

    reason = TextField(
        _("冲销原因"), [Given(), Length(max=500)], widget=TextArea(), description=_("会保存在分录里")
    )
