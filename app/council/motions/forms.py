"""Forms of motions."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import Field, HiddenField
from wtforms.validators import InputRequired, Length, Optional

from app.council.motions.rules import MOTION_TOPICS, PLAIN_TOPICS, TEXT_MAX, TITLE_MAX
from app.files.operations import read_upload
from app.shared.errors import N_
from app.web.forms import (
    ChoiceField,
    Form,
    Given,
    LongTextField,
    MoneyField,
    OnceForm,
    TextField,
)


class MotionForm(OnceForm):
    """A motion whose substance is its words."""

    topic = ChoiceField(
        _("事项"), [Given()], choices=[(topic, _(MOTION_TOPICS[topic])) for topic in PLAIN_TOPICS]
    )
    title = TextField(_("标题"), [Given(), Length(max=TITLE_MAX)])
    text = LongTextField(_("提案内容和理由"), [Given(), Length(max=TEXT_MAX)])
    amount = MoneyField(_("涉及金额"), [Optional()])
    files = MultipleFileField(_("附件"), [Optional()])


class SubmitForm(Form):
    """The confirm page of a submission: ``read_hash`` is of the draft as it was shown."""

    read_hash = HiddenField(validators=[InputRequired(), Length(max=64)])


class ReasonForm(Form):
    """Why a motion is given or taken back."""

    reason = LongTextField(_("原因"), [Given(), Length(max=1000)])


def uploads(field: Field) -> list[tuple[str, bytes]]:
    """(name, content) of the files chosen in a field. Call it once: it closes them."""
    found = []
    for file in field.data or []:
        if isinstance(file, FileStorage) and file.filename:
            found.append((file.filename, read_upload(file.stream)))
            file.close()
    return found


def ask_for_files_again(form: Form, *fields: Field) -> None:
    """A browser never fills a file in again: say so beside each field of a refused form in which one was chosen."""
    for field in fields:
        names = [
            file.filename for file in field.data or [] if isinstance(file, FileStorage) and file.filename
        ]
        if form.is_refused and names:
            form.add_error(
                field.name, gettext(N_("表单还没有保存，请重新选择文件：%(names)s"), names="、".join(names))
            )
