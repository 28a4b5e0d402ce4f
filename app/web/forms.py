"""Forms: text that people type, as typed values, with one sentence for each thing that is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

from flask_babel import gettext, lazy_gettext
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.file import FileField as FlaskFileField
from werkzeug.datastructures import FileStorage
from wtforms import Field, FieldList, FormField, HiddenField, SelectField, SelectMultipleField, StringField
from wtforms import RadioField as WTFormsRadioField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, StopValidation
from wtforms.widgets import CheckboxInput, DateInput, TextArea

from app.shared import clock, money, periods
from app.shared.errors import N_, Conflict, InputRefused, Refused, SunledgerError
from app.shared.text import normal
from app.web.i18n import translated

csrf = CSRFProtect()

# What WTForms and Flask-WTF say, in our source language.
_SENTENCES = {
    "This field is required.": N_("请填写这一项"),
    "Not a valid choice.": N_("请从列表中选择"),
    "Not a valid choice": N_("请从列表中选择"),
    "Invalid Choice: could not coerce.": N_("请从列表中选择"),
    "'%(value)s' is not a valid choice for this field.": N_("“%(value)s”不在列表中"),
    "'%(value)s' are not valid choices for this field.": N_("“%(value)s”不在列表中"),
    "Not a valid integer value.": N_("请填写整数"),
    "Not a valid decimal value.": N_("请填写数字"),
    "Not a valid float value.": N_("请填写数字"),
    "Not a valid date value.": N_("请填写日期，例如 2023-09-20"),
    "Not a valid datetime value.": N_("请填写日期和时间，例如 2023-09-20 18:30"),
    "Not a valid time value.": N_("请填写时间，例如 18:30"),
    "Invalid email address.": N_("这不是有效的电子邮箱地址"),
    "Invalid URL.": N_("这不是有效的网址"),
    "Invalid input.": N_("这里的内容不符合要求"),
    "Invalid value, must be one of: %(values)s.": N_("只能是：%(values)s"),
    "Invalid value, can't be any of: %(values)s.": N_("不能是：%(values)s"),
    "Number must be at least %(min)s.": N_("至少是 %(min)s"),
    "Number must be at most %(max)s.": N_("最多是 %(max)s"),
    "Number must be between %(min)s and %(max)s.": N_("应在 %(min)s 到 %(max)s 之间"),
    "Field must be equal to %(other_name)s.": N_("两次填写的内容不一致"),
    "Invalid CSRF Token.": N_("这一页打开得太久，请重新提交"),
    "CSRF token missing.": N_("这一页打开得太久，请重新提交"),
    "CSRF failed.": N_("这一页打开得太久，请重新提交"),
}
_COUNTED = {
    "Field must be at least %(min)d character long.": N_("至少 %(min)d 个字"),
    "Field cannot be longer than %(max)d character.": N_("最多 %(max)d 个字"),
    "Field must be exactly %(max)d character long.": N_("必须是 %(max)d 个字"),
}
_CHOOSE = N_("请选择")


class _Translations:
    def gettext(self, string: str) -> str:
        known = _SENTENCES.get(string)
        return str(gettext(known)) if known else string

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        known = _COUNTED.get(singular)
        if known:
            return str(gettext(known))
        return singular if n == 1 else plural


class Form(FlaskForm):  # type: ignore[misc]
    """Base of every form. Errors are sentences of ours in the visitor's language."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def get_translations(self, form: Any) -> _Translations:
            return _Translations()

    refused_status = 422
    """The status of the page that shows this form again: 409 when what it is about has changed meanwhile."""

    @contextmanager
    def refusals_shown(self) -> Iterator[None]:
        """Run an operation; a refusal or conflict that it raises becomes an error of this form: what was typed is kept.

        ``with form.refusals_shown():`` … and after it ``page(template, form=form)``, which then answers 422 or 409.
        """
        try:
            yield
        except (Refused, Conflict) as error:
            self.refused_status = 422 if error.field else error.status
            self.show_refusal(error)

    def show_refusal(self, error: SunledgerError) -> None:
        """Attach a refusal to the field that it names, or to the form as a whole."""
        refusals: Sequence[SunledgerError] = error.refusals if isinstance(error, InputRefused) else [error]
        for refusal in refusals:
            self.add_error(refusal.field, translated(refusal))

    def add_error(self, name: str | None, sentence: str) -> None:
        """Add an error to the field called ``name`` (``lines-0-amount`` inside lists), or to the form."""
        field = find_field(self, name) if name else None
        if field is None and name == OCCURRED_ON:
            days = [each for each in self if isinstance(each, DateField)]
            must = [each for each in days if each.flags.required]
            field = next((found[0] for found in (must, days) if len(found) == 1), None)
        if field is None:
            self.form_errors.append(sentence)
        else:
            field.errors = [*field.errors, sentence]
            for each in self:
                if isinstance(each, FieldList):  # it remembers what its entries said when it was validated
                    said = [entry.errors for entry in each]
                    texts = [error for error in each.errors if isinstance(error, str)]
                    each.errors = [*said, *texts] if any(said) else texts

    @property
    def is_refused(self) -> bool:
        """Whether something in the form is wrong."""
        return bool(self.errors)


OCCURRED_ON = "occurred_on"
"""How the ledger calls the day of an entry: the one day that a form requires (or has), whatever the form calls it."""


class OnceForm(Form):
    """A form that moves money or goods: sent twice, it counts once. Hand ``form.once.data`` on as the idempotency key."""

    once = HiddenField(default=lambda: uuid4().hex, validators=[InputRequired(), Length(min=16, max=80)])


class ConfirmForm(Form):
    """A page that asks before a dangerous act: nothing but the token."""


def find_field(fields: Iterable[Field], name: str) -> Field | None:
    """The field called ``name`` at any depth; a bare name finds a field of the form itself first."""
    inner: list[Iterable[Field]] = []
    for field in fields:
        if name in (field.name, field.short_name):
            return field
        if isinstance(field, (FieldList, FormField)):
            inner.append(field)
    for fields_inside in inner:
        found = find_field(fields_inside, name)
        if found is not None:
            return found
    return None


class Given(InputRequired):
    """Something must be there, and not only spaces. What cannot be read keeps its own sentence."""

    def __call__(self, form: Any, field: Field) -> None:
        super().__call__(form, field)
        if field.process_errors:
            raise StopValidation
        if field.data in (None, ""):
            raise StopValidation(field.gettext("This field is required."))


class GivenIf(Given):
    """Must be there when the form says so by ``needs(field name)``; otherwise it may be left empty."""

    def __call__(self, form: Any, field: Field) -> None:
        if form.needs(field.short_name):
            super().__call__(form, field)
        elif not field.raw_data or not str(field.raw_data[0]).strip():
            field.errors = []
            raise StopValidation


class LineForm(Form):
    """One line of a list of fields. A line left wholly empty is no line."""

    class Meta(Form.Meta):
        csrf = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed into any field of the line, nor a file chosen."""
        return not any(_typed(each) for field in self for each in field.raw_data or [field.data or ""])


def _typed(value: Any) -> bool:
    return bool(value.filename if isinstance(value, FileStorage) else str(value).strip())


class TextField(StringField):
    """Text in normal form: NFC, no outer spaces, no control characters. Empty text is ""."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if not valuelist:
            return
        self.data = normal(valuelist[0])
        if any(unicodedata.category(each) == "Cc" and each not in "\n\t" for each in self.data):
            raise ValueError(gettext(N_("文字里有看不见的控制字符，请重新输入")))


class LongTextField(TextField):
    """Text of several lines in normal form."""

    widget = TextArea()


class MoneyField(StringField):
    """An amount in yuan as people type it; ``data`` is whole fen or None."""

    data: int | None  # type: ignore[assignment]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = money.parse(valuelist[0])
            except Refused as error:
                raise ValueError(translated(error)) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else money.plain_yuan(self.data)


_DATE = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$")


class DateField(Field):
    """A civil date: 2023-09-20, 2023/9/20, 2023.9.20 or 2023年9月20日.

    With ``past=True`` (the default) only a day on which money can have moved: not in the future, not before 1949.
    """

    widget = DateInput()
    data: date | None

    def __init__(
        self, label: Any = None, validators: Any = None, *, past: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.past = past

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        match = _DATE.match(unicodedata.normalize("NFKC", valuelist[0]).strip())
        try:
            if match is None:
                raise ValueError
            seen = date(*(int(part) for part in match.groups()))
        except ValueError:
            raise ValueError(self.gettext("Not a valid date value.")) from None
        try:
            self.data = periods.require_plausible(seen, clock.today() if self.past else date(2199, 12, 31))
        except Refused as error:
            raise ValueError(translated(error)) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""


class FileField(FlaskFileField):  # type: ignore[misc]
    """One uploaded file or None. Its size and content are checked by app.files, not by its name."""

    data: FileStorage | None


class _Choices:
    """Choices given as (value, text) pairs; the empty one gives None."""

    def _prepare(self, coerce: Callable[[Any], Any], blank: bool) -> None:
        self.blank = blank
        self._coerce_value = coerce

    def offer(self, choices: Iterable[tuple[Any, Any]]) -> None:
        """Set the choices, for those that come from the database."""
        self.choices = self._as_choices(choices)

    def _as_choices(self, choices: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
        first = [SelectChoice("", lazy_gettext(_CHOOSE))] if self.blank else []
        return [*first, *(SelectChoice(str(value), text) for value, text in choices)]

    def _coerced(self, value: Any) -> Any:
        return None if value in ("", None) else self._coerce_value(value)


class ChoiceField(_Choices, SelectField):  # type: ignore[misc]
    """A list to choose one of ``choices`` from. With ``blank`` (the default) the first choice is "please choose"."""

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        choices: Iterable[tuple[Any, Any]] = (),
        coerce: Callable[[Any], Any] = str,
        blank: bool = True,
        **kwargs: Any,
    ) -> None:
        self._prepare(coerce, blank)
        super().__init__(label, validators, coerce=self._coerced, choices=self._as_choices(choices), **kwargs)


class RadioField(_Choices, WTFormsRadioField):  # type: ignore[misc]
    """Buttons to choose one of ``choices`` by."""

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        choices: Iterable[tuple[Any, Any]] = (),
        coerce: Callable[[Any], Any] = str,
        **kwargs: Any,
    ) -> None:
        self._prepare(coerce, blank=False)
        super().__init__(label, validators, coerce=self._coerced, choices=self._as_choices(choices), **kwargs)


class OneOfField(RadioField):
    """One of a few choices, all of them visible; nothing chosen is None, which a validator may refuse."""

    def pre_validate(self, form: Any) -> None:
        if self.data is not None:
            super().pre_validate(form)


class ManyField(_Choices, SelectMultipleField):  # type: ignore[misc]
    """Boxes to tick any of ``choices`` by; ``data`` is a list. What is no longer offered is for the operation to refuse."""

    option_widget = CheckboxInput()

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        self._prepare(kwargs.pop("coerce", int), blank=False)
        super().__init__(label, validators, coerce=self._coerced, choices=[], validate_choice=False, **kwargs)
