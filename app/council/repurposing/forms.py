"""Forms of a change of purpose: the plan, a donor's answer, the filing."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from wtforms.validators import Length, Optional

from app.council.motions.rules import TITLE_MAX
from app.council.repurposing.rules import ANSWERS, PLAN, PLAN_MAX, WAYS
from app.web.forms import (
    ChoiceField,
    DateField,
    Form,
    Given,
    LongTextField,
    MoneyField,
    OnceForm,
    RadioField,
    TextField,
)

_PARTS = {key: _(name) for key, name in PLAN.items()}
_LONG = [Given(), Length(max=PLAN_MAX)]


class PurposeForm(OnceForm):
    """A motion to change a purpose, with its plan."""

    from_earmark = ChoiceField(_("原用途"), [Given()], coerce=int)
    to_earmark = ChoiceField(_("新用途"), [Given()], coerce=int)
    amount = MoneyField(_("金额"), [Given()])
    title = TextField(_("标题"), [Given(), Length(max=TITLE_MAX)])
    background = LongTextField(_PARTS["background"], _LONG)
    used = LongTextField(_PARTS["used"], _LONG)
    change = LongTextField(_PARTS["change"], _LONG)
    filing = RadioField(
        _("要不要报民政备案"),
        [Given()],
        choices=[
            ("yes", _("要：这笔钱来自公开募捐，募捐方案备过案")),
            ("no", _("不要：捐赠人直接捐来，没有募捐方案")),
        ],
    )
    files = MultipleFileField(_("附件"), [Optional()])


class AnswerForm(OnceForm):
    """What a donor said."""

    answer = RadioField(
        _("捐赠人的答复"), [Given()], choices=[(key, _(name)) for key, name in ANSWERS.items()]
    )
    answered_on = DateField(_("答复（或最后一次联系）的日期"), [Given()])
    way = RadioField(_("怎么联系的"), [Given()], choices=[(key, _(name)) for key, name in WAYS.items()])
    papers = MultipleFileField(_("凭据"))  # that there is one is the operation's affair
    note = LongTextField(_("备注"), [Optional(), Length(max=1000)])


class FilingForm(Form):
    """The filing with civil affairs."""

    number = TextField(_("备案号"), [Given(), Length(max=80)])
    filed_on = DateField(_("备案日期"), [Given()])
