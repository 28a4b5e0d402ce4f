"""Coming in, and choosing a period."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import Length

from app.web.forms import Form, Given, MoneyField, TextField


class CodeForm(Form):
    """The code and the amount of a receipt."""

    code = TextField(_("追踪码"), [Given(), Length(max=60)])
    amount = MoneyField(_("金额"), [Given()])


class MailForm(Form):
    """The address on record."""

    email = TextField(_("电子邮箱"), [Given(), Length(max=200)])
