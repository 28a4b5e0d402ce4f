"""Forms about goods for beneficiaries."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from wtforms import FieldList, FormField, HiddenField, IntegerField
from wtforms.validators import Length, NumberRange, Optional

from app.council.issuing.rules import RECEIVER_MAX
from app.council.motions.rules import TEXT_MAX, TITLE_MAX
from app.web.forms import DateField, Given, LineForm, LongTextField, OnceForm, TextField

MOST_OFFERED = 400
MOST_PIECES = 10_000_000
_PIECES = re.compile(r"pieces-(\d+)")


class PiecesForm(LineForm):
    """How many of one kind of goods."""

    line = HiddenField()
    pieces = IntegerField(_("数量"), [Optional(), NumberRange(0, MOST_PIECES)])

    @property
    def line_id(self) -> int:
        """The goods line; 0 for what is no number."""
        text = str(self.line.data or "")
        return int(text) if text.isdecimal() and len(text) < 19 else 0


class GoodsForm(OnceForm):
    """Pieces of several kinds of goods. Operations name a line by its id; the page by its place."""

    lines = FieldList(FormField(PiecesForm), label=_("物资"), max_entries=MOST_OFFERED)

    @property
    def pieces(self) -> dict[int, int]:
        """The pieces that were typed, by goods line."""
        return {entry.form.line_id: entry.form.pieces.data for entry in self.lines if entry.form.pieces.data}

    def add_error(self, name: str | None, sentence: str) -> None:
        """Beside the row of its goods line."""
        found = _PIECES.fullmatch(name or "")
        places = [
            place
            for place, entry in enumerate(self.lines)
            if found is not None and entry.form.line_id == int(found[1])
        ]
        super().add_error(f"lines-{places[0]}-pieces" if places else None if found else name, sentence)


class IssueForm(GoodsForm):
    """A motion to give out goods."""

    receiver = TextField(_("发给谁"), [Given(), Length(max=RECEIVER_MAX)])
    title = TextField(_("标题"), [Given(), Length(max=TITLE_MAX)])
    text = LongTextField(_("为什么发、怎么发"), [Given(), Length(max=TEXT_MAX)])
    files = MultipleFileField(_("附件"), [Optional()])


class HandOutForm(GoodsForm):
    """What was handed out, with the signed lists."""

    handed_on = DateField(_("发放日期"), [Given()])
    recipients = IntegerField(_("签收人数（户数）"), [Given(), NumberRange(1, 1_000_000)])
    sign_off = MultipleFileField(_("签收表"))  # that there is one is the operation's affair
