"""What a budget line and a quotation must say. Amounts in fen, quantities in thousandths of a unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.shared.errors import N_, InputRefused, Refused
from app.shared.money import MAX_MINOR, Money
from app.shared.periods import require_plausible
from app.shared.text import folded, normal

MAX_LINES = 40
MAX_QUOTATIONS = 6
MAX_QUANTITY_MILLI = 10**10
"""Ten million of a unit."""
_QUANTITY = re.compile(r"^(\d{1,3}(,\d{3})+|\d+)(\.\d*)?$")


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One budget line as it is written. With a quantity and a price the amount may be left out; without, it must be there.
    ``place`` is where it stands in the form, blank lines counted: refusals name it."""

    item: str
    amount_minor: int | None = None
    quantity_milli: int | None = None
    unit: str = ""
    unit_price_minor: int | None = None
    place: int | None = None

    @property
    def total_minor(self) -> int:
        """Fen of the line: the exact product, or what was stated."""
        if self.quantity_milli is not None and self.unit_price_minor is not None:
            return self.quantity_milli * self.unit_price_minor // 1000
        return self.amount_minor or 0


@dataclass(frozen=True, slots=True)
class QuotationDraft:
    """One quotation as it is written. ``attachment_id`` is a file kept with the request, ``upload`` (name, content) a new one."""

    supplier: str
    amount_minor: int
    quoted_on: date
    attachment_id: int | None = None
    upload: tuple[str, bytes] | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class BudgetDraft:
    """All lines and quotations of a request; either may be empty. Refusals name ``budget-0-item`` and ``quotations-0-file``."""

    lines: Sequence[LineDraft] = field(default=())
    quotations: Sequence[QuotationDraft] = field(default=())


def parse_quantity(text: str) -> int:
    """Read a quantity that a person typed ("32", "1,200", "2.5") in thousandths. Raises Refused."""
    seen = unicodedata.normalize("NFKC", text).strip()
    if not _QUANTITY.match(seen):
        raise Refused(N_("“%(seen)s”不是数量，请写成 32 或 2.5 这样的数字"), seen=text.strip()[:40])
    value = Decimal(seen.replace(",", "")) * 1000
    if value != value.to_integral_value():
        raise Refused(N_("数量最多三位小数"))
    if not 0 < value <= MAX_QUANTITY_MILLI:
        raise Refused(N_("数量必须大于零，最多 %(limit)s"), limit=quantity_text(MAX_QUANTITY_MILLI))
    return int(value)


def quantity_text(quantity_milli: int) -> str:
    """Thousandths as people write them: 2500 → "2.5", 1200000 → "1,200"."""
    whole, rest = divmod(quantity_milli, 1000)
    return f"{whole:,}" + (f".{rest:03d}".rstrip("0") if rest else "")


def item_key(item: str, unit: str) -> str:
    """What makes two lines the same thing: words and unit without capitals, spaces, signs and Traditional forms."""
    words = ("".join(each for each in folded(text) if each.isalnum()) for text in (item, unit))
    return "|".join(words)


def refusals(budget: BudgetDraft, amount_minor: int, today: date) -> list[Refused]:
    """Everything that is wrong with a budget of a request for ``amount_minor``; empty when it is sound."""
    found: list[Refused] = []
    if len(budget.lines) > MAX_LINES:
        found.append(Refused(N_("预算最多 %(limit)s 行"), field="budget", limit=MAX_LINES))
    for index, line in enumerate(budget.lines):
        found += _line_refusals(line, field_of("budget", line, index))
    total = sum(line.total_minor for line in budget.lines)
    if budget.lines and not found and total != amount_minor:
        found.append(uneven(total, amount_minor))
    if len(budget.quotations) > MAX_QUOTATIONS:
        found.append(Refused(N_("报价最多 %(limit)s 份"), field="quotations", limit=MAX_QUOTATIONS))
    for index, quotation in enumerate(budget.quotations):
        found += _quotation_refusals(quotation, field_of("quotations", quotation, index), today)
    return found


def field_of(group: str, draft: LineDraft | QuotationDraft, index: int) -> str:
    """The name of the form's line that a draft came from."""
    return f"{group}-{index if draft.place is None else draft.place}"


def uneven(total_minor: int, amount_minor: int) -> Refused:
    """The refusal of a budget whose lines are not the amount asked for."""
    return Refused(
        N_("预算合计 %(total)s 元，申请金额 %(amount)s 元，两者应当相等"),
        field="budget",
        total=Money(total_minor),
        amount=Money(amount_minor),
    )


def refuse_if_wrong(budget: BudgetDraft, amount_minor: int, today: date) -> None:
    """Raise InputRefused with one refusal for every field that is wrong."""
    found = refusals(budget, amount_minor, today)
    if found:
        raise InputRefused(found)


def _line_refusals(line: LineDraft, name: str) -> list[Refused]:
    found: list[Refused] = []
    if not normal(line.item) or len(line.item) > 120:
        found.append(Refused(N_("请写明买什么或做什么，最多 120 个字"), field=f"{name}-item"))
    if len(line.unit) > 20:
        found.append(Refused(N_("单位最多 20 个字"), field=f"{name}-unit"))
    quantity, price = line.quantity_milli, line.unit_price_minor
    if quantity is None and price is None:
        if line.amount_minor is None:
            found.append(Refused(N_("请填数量和单价，或者只填小计"), field=f"{name}-amount"))
        elif not 0 < line.amount_minor <= MAX_MINOR:
            found.append(_amount_refusal(f"{name}-amount"))
        return found
    if quantity is None or price is None:
        missing = "quantity" if quantity is None else "unit_price"
        found.append(Refused(N_("数量和单价要一起填"), field=f"{name}-{missing}"))
        return found
    if not 0 < quantity <= MAX_QUANTITY_MILLI or price <= 0 or not 0 < quantity * price <= MAX_MINOR * 1000:
        found.append(_amount_refusal(f"{name}-unit_price"))
    elif quantity * price % 1000:
        found.append(
            Refused(N_("数量乘单价不是整分；请改数量或单价，或者只填小计"), field=f"{name}-unit_price")
        )
    elif line.amount_minor is not None and line.amount_minor != line.total_minor:
        found.append(
            Refused(
                N_("数量乘单价是 %(total)s 元，与小计不同"),
                field=f"{name}-amount",
                total=Money(line.total_minor),
            )
        )
    return found


def _amount_refusal(name: str) -> Refused:
    return Refused(N_("金额必须大于零，最多 %(limit)s 元"), field=name, limit=Money(MAX_MINOR))


def _quotation_refusals(quotation: QuotationDraft, name: str, today: date) -> list[Refused]:
    found: list[Refused] = []
    if not normal(quotation.supplier) or len(quotation.supplier) > 200:
        found.append(Refused(N_("请写明报价方，最多 200 个字"), field=f"{name}-supplier"))
    if not 0 < quotation.amount_minor <= MAX_MINOR:
        found.append(_amount_refusal(f"{name}-amount"))
    try:
        require_plausible(quotation.quoted_on, today, f"{name}-quoted_on")
    except Refused as refusal:
        found.append(refusal)
    return found
