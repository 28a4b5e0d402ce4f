"""The ballot and the signature."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length, Optional

from app.council.states import CHOICES, CONFLICTS
from app.shared.errors import N_
from app.web.forms import ChoiceField, Form, Given, LongTextField, OneOfField

DECLARED = "declared"
RECUSALS: dict[str, str] = {
    **{kind: CONFLICTS[kind] for kind in ("employer", "organisation", "family", "business")},
    DECLARED: N_("其他，在理由里写明"),
}
"""The kinds of interest that a member may declare at the vote."""


class VoteForm(Form):
    """One vote on exactly the text whose hash the page carries."""

    choice = OneOfField(
        _("您的意见"), [Given()], choices=[(choice, _(name)) for choice, name in CHOICES.items()]
    )
    conflict_kind = ChoiceField(
        _("回避的原因"), [Optional()], choices=[(kind, _(name)) for kind, name in RECUSALS.items()]
    )
    reason = LongTextField(_("理由"), [Optional(), Length(max=1000)])
    text_hash = HiddenField(validators=[InputRequired(), Length(max=64)])

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conflict_kind.flags.optional = False  # asked for with a recusal only, but then it must be there


class SignForm(Form):
    """One signature, of the kind that the page was shown for, on exactly the text whose hash the page carries."""

    choice = OneOfField(_("您的意见"), [Given()], choices=[("approve", _("同意")), ("reject", _("不同意"))])
    reason = LongTextField(_("意见"), [Optional(), Length(max=1000)])
    kind = HiddenField(validators=[InputRequired(), Length(max=20)])
    text_hash = HiddenField(validators=[InputRequired(), Length(max=64)])
