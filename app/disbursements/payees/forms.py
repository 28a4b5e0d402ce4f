"""The form of a payee's account."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import Length

from app.web.forms import Form, Given, TextField


class AccountForm(Form):
    """Account number and bank."""

    number = TextField(_("银行账号"), [Given(), Length(max=60)])
    bank = TextField(_("开户银行"), [Given(), Length(max=120)])
