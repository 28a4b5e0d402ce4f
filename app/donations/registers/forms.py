"""Forms of an import: the file or the rows, what was answered, the confirmation."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.sheets.choosing import chosen_twice, columns_answered, mapping_of
from app.sheets.fields import DONATION_FIELDS
from app.web.forms import FileField, Form, TextField

AS_WISH = "-"
"""The answer for a purpose that binds nothing."""
NEW = "new"
"""The answer for a purpose that becomes an earmark of its own."""
EACH = "each"
"""The answer for a row whose things are valued one by one."""


class UploadForm(Form):
    """A register as a file, or rows copied out of a spreadsheet."""

    file = FileField(_("登记表文件"), [Optional()])
    rows = TextAreaField(
        _("或者粘贴表格中的行"),
        [Optional()],
        description=_("在 Excel 或 WPS 中选中带表头的行，复制后粘贴到这里。"),
    )
    title = TextField(
        _("登记表名称"),
        [Optional(), Length(max=200)],
        description=_("同名的登记表再次导入时，与上一次逐行比较。留空则用表中的标题行。"),
    )


class ConfirmImportForm(Form):
    """What is accepted of a preview. ``plan`` tells whether the books are still those of the preview."""

    plan = HiddenField(validators=[InputRequired()])
    accept_good_rows = BooleanField(_("其余的行先记入，不能记入的行以后再补"))
    corrections = SelectMultipleField(_("更正"), [Optional()], validate_choice=False)


@dataclass(frozen=True, slots=True)
class PurposeAnswer:
    """What somebody said about one purpose in the register."""

    purpose: str
    choice: str
    slug: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What the address of a preview says: which column is which, how rows are split, what purposes mean."""

    sheet: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    purposes: tuple[PurposeAnswer, ...] = ()

    @property
    def mapping(self) -> dict[str, str]:
        """Field by column letter, as the reader takes it."""
        return mapping_of(self.columns)

    @property
    def earmarks(self) -> dict[str, str]:
        """Slug by purpose, "" for a wish. A purpose whose slug was left blank gets the one proposed."""
        found = {}
        for one in self.purposes:
            slug = one.slug if one.choice == NEW else "" if one.choice == AS_WISH else one.choice
            if slug or one.choice == AS_WISH:
                found[one.purpose] = slug
        return found

    @property
    def columns_chosen_twice(self) -> list[str]:
        """Fields that were given two columns."""
        return chosen_twice(self.columns)


def answers(given: MultiDict[str, str]) -> Answers:
    """The answers in an address. Only what is well formed counts."""
    splits, purposes = {}, []
    for name, value in given.items():
        kind, _sign, rest = name.partition("-")
        if kind == "split" and rest.isdecimal() and value == EACH:
            values = [text for part, text in _values(given, rest)]
            splits[f"row:{rest}"] = ";".join(text.strip() or "0" for text in values)
        elif kind == "split" and rest.isdecimal() and value:
            splits[f"row:{rest}"] = value
        elif kind == "purpose" and rest.isdecimal():
            choice = given.get(f"as-{rest}", "")
            if choice:
                purposes.append(PurposeAnswer(value, choice, given.get(f"slug-{rest}", "").strip()))
    columns = columns_answered(given, DONATION_FIELDS)
    return Answers(given.get("sheet") or None, columns, splits, tuple(purposes))


def _values(given: MultiDict[str, str], row: str) -> list[tuple[int, str]]:
    """The value typed for each thing of a row, in order."""
    found = []
    for name, value in given.items():
        parts = name.split("-")
        if len(parts) == 3 and parts[0] == "value" and parts[1] == row and parts[2].isdecimal():
            found.append((int(parts[2]), value))
    return sorted(found)
