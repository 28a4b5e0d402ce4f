"""What a bidder types into a phone."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import IntegerField
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import HiddenInput

from app.web.forms import Form, Given, MoneyField, OnceForm, TextField


class PhoneBidForm(OnceForm):
    """A bid for the lot that the phone showed."""

    lot = IntegerField(validators=[InputRequired(), NumberRange(1, 2**62)], widget=HiddenInput())
    amount = MoneyField(_("自己出价"), [Given()])


class EnterForm(Form):
    """A paddle and its PIN."""

    number = IntegerField(_("号牌"), [Given(), NumberRange(1, 9999)])
    pin = TextField(_("PIN"), [Given(), Length(max=20)])
