"""The form that states what a valuation rests on."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import Length
from wtforms.widgets import TextArea

from app.web.forms import Form, Given, TextField


class ValuationForm(Form):
    """What the value of goods rests on."""

    basis = TextField(
        _("估值依据"),
        [Given(), Length(max=1000)],
        widget=TextArea(),
        description=_("例如：商户当日售价每个 3.00 元；附有发票；参考同类二手物品价格"),
    )
