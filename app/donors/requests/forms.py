"""Forms of donors' requests: the donor's own, and the office's."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField
from wtforms.validators import Length, Optional

from app.donors.requests.rules import MOST_CONTACT, MOST_WORDS
from app.donors.requests.states import KINDS, PARTS, WAYS
from app.web.forms import Form, Given, LongTextField, OnceForm, RadioField, TextField

_STATEMENT, _RECEIPTS, _DOSSIERS, _FILES = PARTS.values()


class AskForm(OnceForm):
    """What a donor asks. ``homepage`` is hidden from people: only programs fill it in."""

    kind = RadioField(_("您要做什么"), [Given()], choices=[(key, _(name)) for key, name in KINDS.items()])
    words = LongTextField(_("写下您的请求"), [Given(), Length(max=MOST_WORDS)])
    contact = TextField(_("您的电话或电子邮箱"), [Optional(), Length(max=MOST_CONTACT)])
    homepage = TextField(_("个人主页（请留空）"))


class RecordForm(OnceForm):
    """What a donor asked in person or by telephone."""

    came = RadioField(
        _("怎么来的"), [Given()], choices=[(key, _(name)) for key, name in WAYS.items() if key != "page"]
    )
    kind = RadioField(_("捐赠人要做什么"), [Given()], choices=[(key, _(name)) for key, name in KINDS.items()])
    words = LongTextField(_("捐赠人的原话"), [Given(), Length(max=MOST_WORDS)])
    contact = TextField(_("捐赠人的电话或电子邮箱"), [Optional(), Length(max=MOST_CONTACT)])


class AnswerForm(Form):
    """The answer, and what goes with it."""

    answer = LongTextField(_("答复"), [Given(), Length(max=2 * MOST_WORDS)])
    statement = BooleanField(_(_STATEMENT))
    receipts = BooleanField(_(_RECEIPTS))
    dossiers = BooleanField(_(_DOSSIERS))
    files = BooleanField(_(_FILES))

    def parts(self) -> tuple[str, ...]:
        """The parts of the bundle that are ticked."""
        return tuple(name for name in PARTS if self[name].data)


class ReasonForm(Form):
    """Why a request cannot be met, or how the donor took it back."""

    answer = LongTextField(_("理由"), [Given(), Length(max=2 * MOST_WORDS)])
