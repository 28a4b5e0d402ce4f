"""Forms of the register of interests."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import TextArea

from app.council.interests.rules import KINDS, NAME_MAX, NONE, WORDS_MAX
from app.web.forms import DateField, Form, Given, RadioField, TextField


class InterestForm(Form):
    """An own interest."""

    kind = RadioField(_("类型"), [InputRequired()], choices=[(key, _(name)) for key, name in KINDS.items()])
    party_name = TextField(
        _("名称"),
        [Given(), Length(max=NAME_MAX)],
        description=_("单位、组织、商户的全称，或亲属的姓名；系统拿它和收款方、申请人、受益人核对，不认简称"),
    )
    relation = TextField(
        _("关系"),
        [Optional(), Length(max=WORDS_MAX)],
        description=_("例如：副经理；理事；配偶的弟弟；持股三成"),
    )


class RecordedInterestForm(InterestForm):
    """What somebody told the secretary, who records it."""

    kind = RadioField(
        _("类型"),
        [InputRequired()],
        choices=[*((key, _(name)) for key, name in KINDS.items()), (NONE, _("没有（其他）利害关系"))],
    )
    party_name = TextField(
        _("名称"),
        [Optional(), Length(max=NAME_MAX)],
        description=_("单位、组织、商户的全称，或亲属的姓名；声明没有时留空"),
    )
    note = TextField(
        _("本人何时、以什么方式说明"),
        [Given(), Length(max=WORDS_MAX)],
        widget=TextArea(),
        description=_("例如：2023-10-08 理事会上口头说明，本人在场确认"),
    )


class EndInterestForm(Form):
    """The last day of an interest."""

    ended_on = DateField(_("最后一天"), [InputRequired()])
