"""Forms of objections: a stranger's, and the office's answers to it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField
from wtforms.validators import Length

from app.council.notice.rules import MOST_CONTACT, MOST_WORDS
from app.council.notice.states import GROUNDS
from app.web.forms import Form, Given, LongTextField, OnceForm, RadioField, TextField


class ObjectionForm(OnceForm):
    """What somebody objects to. ``homepage`` is hidden from people: only programs fill it in."""

    ground = RadioField(
        _("您的理由属于哪一类"), [Given()], choices=[(key, _(name)) for key, name in GROUNDS.items()]
    )
    words = LongTextField(_("异议内容"), [Given(), Length(max=MOST_WORDS)])
    contact = TextField(_("您的电话或电子邮箱"), [Given(), Length(max=MOST_CONTACT)])
    consent = BooleanField(
        _("我同意基金为处理这条异议使用我的联系方式，并在核对不违法、不涉及他人隐私后公开异议内容"), [Given()]
    )
    homepage = TextField(_("个人主页（请留空）"))


class WordsForm(Form):
    """Whether an objection's words are shown in public."""

    shown = RadioField(
        _("核对结果"),
        [Given()],
        choices=[("yes", _("公开这段文字")), ("no", _("不公开，页面上写“内容不宜公开”"))],
    )


class AnswerForm(Form):
    """The council's written answer."""

    answer = LongTextField(_("答复"), [Given(), Length(max=4000)])


class DismissForm(Form):
    """Why an objection has no ground. The second of chair and supervisor agrees to the first one's words."""

    reason = LongTextField(_("驳回的理由"), [Length(max=2000)])
