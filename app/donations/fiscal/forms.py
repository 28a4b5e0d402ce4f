"""The form of an official receipt."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import IntegerField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.donations.fiscal.rules import LONGEST_NUMBER, LONGEST_WORDS, FiscalDraft
from app.donations.fiscal.states import STATUSES
from app.web.forms import DateField, Form, LongTextField, RadioField, TextField


class FiscalForm(Form):
    """What is known of a gift's official receipt."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    status = RadioField(_("票据状态"), choices=[(status, _(name)) for status, name in STATUSES.items()])
    number = TextField(
        _("票据号码"), [Optional(), Length(max=LONGEST_NUMBER)], description=_("照票面填写，会公开显示")
    )
    code = TextField(_("票据代码"), [Optional()], description=_("电子票据左上角的数字"))
    check_code = TextField(_("校验码"), [Optional()], description=_("捐赠人查验票据时用；在追踪页上显示"))
    issued_on = DateField(_("开票日期"), [Optional()])
    words = LongTextField(
        _("原因或证明"),
        [Optional(), Length(max=LONGEST_WORDS)],
        description=_(
            "放弃、作废、未开具时必须填写，例如“2023-09-28 现场说不要票据，签字登记表第 3 页”；不公开"
        ),
    )

    @property
    def draft(self) -> FiscalDraft:
        """What was filled in."""
        return FiscalDraft(
            self.status.data or "",
            self.number.data or "",
            self.code.data or "",
            self.check_code.data or "",
            self.issued_on.data,
            self.words.data or "",
        )
