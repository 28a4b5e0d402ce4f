"""The forms of a count."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _
from wtforms import FieldList, FormField, HiddenField, IntegerField
from wtforms.validators import Length, Optional

from app.goods.counting.operations import Counted
from app.goods.counting.rules import EXPLANATION_MAX
from app.web.forms import Form, Given, LineForm, LongTextField, OnceForm, TextField

_FIELD = re.compile(r"(counted|explanation)-(\d+)")


class CountLineForm(LineForm):
    """What was found of one line. ``expected``: pieces in the books when the page was opened."""

    line = HiddenField()
    expected = HiddenField()
    counted = IntegerField(_("实际数量"), [Optional()])
    explanation = TextField(_("不一样的原因"), [Optional(), Length(max=EXPLANATION_MAX)])

    @property
    def line_id(self) -> int:
        """The goods line; 0 for what is no number."""
        return _number(self.line.data)

    @property
    def found(self) -> Counted:
        """The line as the operation takes it."""
        return Counted(
            self.line_id, _number(self.expected.data), self.counted.data, self.explanation.data or ""
        )


def _number(text: object) -> int:
    words = str(text or "")
    return int(words) if words.isdecimal() and len(words) < 19 else 0


class CountForm(OnceForm):
    """Everything in stock, line by line."""

    lines = FieldList(FormField(CountLineForm), label=_("库存"))

    @property
    def found(self) -> list[Counted]:
        """What was counted."""
        return [entry.form.found for entry in self.lines]

    def add_error(self, name: str | None, sentence: str) -> None:
        """Operations name a line by its id, the page by its place."""
        found = _FIELD.fullmatch(name or "")
        if found is not None:
            place = next(
                (at for at, entry in enumerate(self.lines) if entry.form.line_id == int(found[2])), None
            )
            name = None if place is None else f"lines-{place}-{found[1]}"
        super().add_error(name, sentence)


class RejectForm(Form):
    """Why a count is given up."""

    reason = LongTextField(_("原因"), [Given(), Length(max=EXPLANATION_MAX)])
