"""Budget lines and quotations in the form of a request."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from werkzeug.datastructures import FileStorage
from wtforms import FieldList, FormField, HiddenField, StringField
from wtforms.validators import Length, Optional

from app.disbursements.budget.queries import BudgetLineRow, QuotationRow
from app.disbursements.budget.rules import (
    MAX_LINES,
    MAX_QUOTATIONS,
    BudgetDraft,
    LineDraft,
    QuotationDraft,
    parse_quantity,
    quantity_text,
)
from app.files.operations import read_upload
from app.shared.errors import Refused
from app.web.forms import DateField, FileField, Form, GivenIf, LineForm, MoneyField, TextField
from app.web.i18n import translated

FIRST_QUOTATIONS = 3
"""Three suppliers are asked as a rule."""


class QuantityField(StringField):
    """A quantity as people type it; ``data`` is in thousandths or None."""

    data: int | None  # type: ignore[assignment]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = parse_quantity(valuelist[0])
            except Refused as error:
                raise ValueError(translated(error)) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else quantity_text(self.data)


class BudgetLineForm(LineForm):
    """One thing that the money is for."""

    item = TextField(_("买什么、做什么"), [GivenIf(), Length(max=120)])
    quantity = QuantityField(_("数量"))
    unit = TextField(_("计量单位"), [Length(max=20)])
    unit_price = MoneyField(_("单价"))
    amount = MoneyField(_("小计"))

    def needs(self, _name: str) -> bool:
        """A line that was begun says what it is for."""
        return not self.is_blank


class QuotationForm(LineForm):
    """What one supplier asks."""

    supplier = TextField(_("报价方"), [GivenIf(), Length(max=200)])
    amount = MoneyField(_("报价金额"), [GivenIf()])
    quoted_on = DateField(_("报价日期"), [GivenIf()])
    file = FileField(_("报价单"))
    attachment = HiddenField(validators=[Optional(), Length(max=19)])

    def needs(self, _name: str) -> bool:
        """A quotation that was begun is complete but for its paper."""
        return not self.is_blank


class BudgetFields(Form):
    """What the form of a request has for its budget."""

    budget = FieldList(FormField(BudgetLineForm), label=_("预算明细"), min_entries=1, max_entries=MAX_LINES)
    quotations = FieldList(
        FormField(QuotationForm), label=_("报价"), min_entries=FIRST_QUOTATIONS, max_entries=MAX_QUOTATIONS
    )

    def add_line(self) -> None:
        """One more empty budget line, as long as there is room."""
        if len(self.budget) < MAX_LINES:
            self.budget.append_entry()

    @property
    def budget_draft(self) -> BudgetDraft:
        """What was filled in. Call it once: it reads the files."""
        return BudgetDraft(
            [
                LineDraft(
                    item=line.item.data or "",
                    amount_minor=line.amount.data,
                    quantity_milli=line.quantity.data,
                    unit=line.unit.data or "",
                    unit_price_minor=line.unit_price.data,
                    place=place,
                )
                for place, line in enumerate(entry.form for entry in self.budget)
                if not line.is_blank
            ],
            [
                QuotationDraft(
                    supplier=line.supplier.data or "",
                    amount_minor=line.amount.data or 0,
                    quoted_on=line.quoted_on.data,  # type: ignore[arg-type] # GivenIf
                    attachment_id=_file_id(line.attachment.data),
                    upload=_upload(line.file.data),
                    place=place,
                )
                for place, line in enumerate(entry.form for entry in self.quotations)
                if not line.is_blank
            ],
        )


def _file_id(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and text.isascii() else None


def _upload(file: FileStorage | None) -> tuple[str, bytes] | None:
    if not isinstance(file, FileStorage) or not file.filename:
        return None
    return file.filename, read_upload(file.stream)


def as_fields(
    lines: list[BudgetLineRow], quotations: list[QuotationRow]
) -> dict[str, list[dict[str, object]]]:
    """What is kept, for the fields of the form: one blank line or quotation more than there are."""
    return {
        "budget": [
            {
                "item": line.item,
                "quantity": line.quantity_milli,
                "unit": line.unit,
                "unit_price": line.unit_price_minor,
                "amount": line.amount_minor if line.quantity_milli is None else None,
            }
            for line in lines
        ],
        "quotations": [
            {
                "supplier": each.supplier,
                "amount": each.amount_minor,
                "quoted_on": each.quoted_on,
                "attachment": str(each.attachment_id or ""),
            }
            for each in quotations
        ]
        + [{}] * (FIRST_QUOTATIONS <= len(quotations) < MAX_QUOTATIONS),
    }
