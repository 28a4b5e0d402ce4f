"""How a donor wants to be shown."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import Length, Optional

from app.parties.rules import LONGEST_ALIAS
from app.web.forms import Form, Given, RadioField, TextField


class NameForm(Form):
    """One of the ways to be shown, and the words of an alias."""

    wish = RadioField(_("公开页面怎么显示您"), [Given()])
    display_name = TextField(
        _("称呼"),
        [Optional(), Length(max=LONGEST_ALIAS)],
        description=_("选“用自己起的称呼”时填写，例如“一位老师”。"),
    )
