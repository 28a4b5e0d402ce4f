"""Forms of paddles."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, IntegerField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.sales.paddles.operations import CONTACT_MAX, MOST_AT_ONCE, NAME_MAX
from app.web.forms import Form, Given, OnceForm, TextField


class IssueForm(OnceForm):
    """How many paddles to give out."""

    count = IntegerField(_("发几个"), [Given(), NumberRange(1, MOST_AT_ONCE)], default=10)


class PaddleForm(Form):
    """Who holds a paddle, and whether it may bid."""

    name = TextField(_("姓名"), [Optional(), Length(max=NAME_MAX)])
    contact = TextField(_("电话"), [Optional(), Length(max=CONTACT_MAX)])
    blocked = BooleanField(_("停用这个号牌"))


class PinForm(Form):
    """A new PIN in place of that of ``version``."""

    version = IntegerField(validators=[InputRequired(), NumberRange(1, 1_000_000)], widget=HiddenInput())
