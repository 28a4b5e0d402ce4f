"""The one word of a member about their name."""

from __future__ import annotations

from wtforms import HiddenField
from wtforms.validators import AnyOf, InputRequired

from app.web.forms import Form


class WordForm(Form):
    """Which word the page asked for: sent twice, it is still that one."""

    word = HiddenField(validators=[InputRequired(), AnyOf(("give", "withdraw"))])
