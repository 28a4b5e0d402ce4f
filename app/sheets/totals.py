"""Total rows: what they state, and whether it is the sum of the rows above."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from app.shared.errors import N_, Refused
from app.shared.money import Money
from app.sheets.cells import half_width, parse_amount, parse_count
from app.sheets.grid import Cell, Row
from app.sheets.headings import Field
from app.sheets.rows import DataRow, Note

TotalMethod = Literal["cash", "wechat", "alipay", "bank"]

_TOTAL = re.compile(
    r"^(?P<scope>本页|本月|本日|当日|当月|本年|本次|以上|全部|总)?(?:合计|总计|小计|共计|累计|汇总)(?P<rest>(?:金额|人民币|数|总额)?(?:$|[:(\d¥].*|元|大写.*))"
    r"|^(?:grand\s*|sub\s*-?)?totals?(?P<rest_en>\s*(?:$|[:(\d].*))",
    re.IGNORECASE,
)
_PART = re.compile(r"^(?:本页|本月|本日|当日|当月|本次)|小计|^sub", re.IGNORECASE)
_METHODS: tuple[tuple[TotalMethod, str], ...] = (
    ("wechat", r"微信(?:支付|转账|收款|零钱)?"),
    ("alipay", r"支付宝"),
    ("cash", r"现金"),
    ("bank", r"银行(?:转账|存款|卡)?|转账"),
)
_METHOD_TOTAL = re.compile(
    "(?:" + "|".join(f"(?P<{method}>{words})" for method, words in _METHODS) + ")"
    r"\s*(?:收款|收入|合计|共计|共|计|小计|[:=])*\s*(?P<amount>-?¥?\s*\d[\d,]*(?:\.\d+)?\s*[万千百]?)(?![\d,.]*\s*[号笔人单位次户%])"
)
_CELLS_NAMED = 20


@dataclass(frozen=True, slots=True)
class TotalFigure:
    """One figure of a total row beside the sum of its data rows: fen, or pieces for a count.

    ``stated`` is None for a formula without a stored result and for what is no figure. ``unreadable`` is how many data
    rows could not be added.
    """

    field: str
    address: str
    stated: int | None
    computed: int
    formula: bool
    unreadable: int = 0

    @property
    def agrees(self) -> bool | None:
        """Whether the register's own total is the sum of its rows; None when the register does not say."""
        return None if self.stated is None else self.stated == self.computed and not self.unreadable


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A total or subtotal row: its figures, and the other texts in it, such as “现金 625 元,微信 1050 元”."""

    number: int
    label: str
    figures: tuple[TotalFigure, ...]
    remarks: tuple[Cell, ...] = ()

    def figure(self, key: str) -> TotalFigure | None:
        """The figure of one field."""
        return next((one for one in self.figures if one.field == key), None)

    @property
    def method_totals(self) -> dict[TotalMethod, int]:
        """Totals by way of payment that a remark in this row states, in fen."""
        found: dict[TotalMethod, int] = {}
        for cell in self.remarks:
            found.update(parse_method_totals(cell.text))
        return found


def says_total(text: str) -> bool:
    """Whether a cell labels a total: 合计, 总 计, 本页小计, 合计：357,220.00元, Total."""
    return _TOTAL.match(re.sub(r"\s", "", half_width(text))) is not None


def parse_method_totals(text: str) -> dict[TotalMethod, int]:
    """“现金 625 元,微信 1050 元” → {"cash": 62500, "wechat": 105000}; empty when the text states none.

    Raises Refused for a way that is named twice, and for an amount that is none.
    """
    found: dict[TotalMethod, int] = {}
    for match in _METHOD_TOTAL.finditer(half_width(text)):
        method = next(name for name, _ in _METHODS if match.group(name))
        amount = match.group("amount").strip().rstrip(",")
        if method in found:
            raise Refused(N_("“%(seen)s”里同一种付款方式写了两次"), seen=text.strip()[:60])
        found[method] = parse_amount(Cell(0, 0, value=amount, text=amount), zero_allowed=True)
    return found


class Sums:
    """Running sums of the fields that are added up, so that a sheet with a total on every page is read in one pass."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = [item for item in fields if item.kind in ("amount", "count")]
        self.rows: list[DataRow] = []
        self.part_starts = 0
        self._running: dict[str, list[tuple[int, int, int]]] = {item.key: [(0, 0, 0)] for item in self.fields}

    def add(self, row: DataRow) -> None:
        """Take one more data row."""
        self.rows.append(row)
        for item in self.fields:
            total, typed, unreadable = self._running[item.key][-1]
            cell = row.cell(item.key)
            if not cell.blank:
                figure = _read_figure(item, cell)
                if figure is None:
                    unreadable += 1
                else:
                    total += figure
                    typed += figure if not isinstance(cell.value, str) else 0
            self._running[item.key].append((total, typed, unreadable))

    def since(self, item: Field, start: int) -> tuple[int, int, int]:
        """From data row ``start`` on: the sum, the sum of what is not stored as text, and how many could not be added."""
        before, now = self._running[item.key][start], self._running[item.key][-1]
        return now[0] - before[0], now[1] - before[1], now[2] - before[2]


def total_row(row: Row, label: Cell, columns: Mapping[str, int], sums: Sums) -> tuple[TotalRow, list[Note]]:
    """A total row beside the sums of the data rows above it, and what is to be told about it.

    ``columns`` says in which column each field is. A subtotal is compared with its part, the rows since the total row
    before; a total with all rows, and it is also taken as right when it is the sum of its part.
    """
    figures: list[TotalFigure] = []
    notes: list[Note] = []
    for item in sums.fields:
        cell = row.cell(columns[item.key])
        if item.kind == "amount" and item.required and cell.blank:
            cell = _figure_in_label(label) or cell
        if not cell.blank:
            stated = _read_figure(item, cell) if cell.stored else None
            start = _start(item, stated, label, sums)
            computed, _, unreadable = sums.since(item, start)
            figure = TotalFigure(item.key, cell.address, stated, computed, cell.formula, unreadable)
            figures.append(figure)
            notes += _told(item, cell, figure, sums, start)
    sums.part_starts = len(sums.rows)
    added = {columns[item.key] for item in sums.fields}
    remarks = tuple(
        cell
        for cell in row.filled()
        if cell is not label and cell.column not in added and isinstance(cell.value, str)
    )
    return TotalRow(row.number, label.text.strip(), tuple(figures), remarks), notes


def _start(item: Field, stated: int | None, label: Cell, sums: Sums) -> int:
    """The first data row that a total adds up."""
    part = sums.part_starts
    if _PART.search(half_width(label.text)):
        return part
    is_part = part < len(sums.rows) and stated == sums.since(item, part)[0] != sums.since(item, 0)[0]
    return part if is_part else 0


def _told(item: Field, cell: Cell, figure: TotalFigure, sums: Sums, start: int) -> list[Note]:
    notes: list[Note] = []

    def tell(sentence: str, **values: object) -> None:
        notes.append(Note(sentence, values, cell.address))

    money = item.kind == "amount"
    computed = Money(figure.computed) if money else figure.computed
    if not cell.stored and money:
        tell(N_("表中合计是公式，没有存储结果；按各行相加为 %(computed)s 元"), computed=computed)
    elif not cell.stored:
        tell(N_("表中合计数量是公式，没有存储结果；按各行相加为 %(computed)s"), computed=computed)
    elif figure.stated is None:
        tell(N_("合计“%(seen)s”不是数字；按各行相加为 %(computed)s"), seen=cell.text, computed=computed)
    elif figure.stated != figure.computed:
        if money:
            sentence = N_("表中合计是 %(stated)s 元，各行相加是 %(computed)s 元，两者不一致")
        else:
            sentence = N_("表中合计数量是 %(stated)s，各行相加是 %(computed)s，两者不一致")
        tell(sentence, stated=Money(figure.stated) if money else figure.stated, computed=computed)
        if figure.stated == sums.since(item, start)[1]:
            as_text = (
                one.address
                for number in range(start, len(sums.rows))
                if isinstance((one := sums.rows[number].cell(item.key)).value, str)
            )
            tell(
                N_("相差的是以文本存放的数：%(cells)s，表格程序求和时不计入"),
                cells="、".join(islice(as_text, _CELLS_NAMED)),
            )
    if figure.unreadable:
        tell(N_("有 %(count)s 行看不懂，没有计入相加的数"), count=figure.unreadable)
    return notes


def _read_figure(item: Field, cell: Cell) -> int | None:
    try:
        return parse_amount(cell, zero_allowed=True) if item.kind == "amount" else parse_count(cell)
    except Refused:
        return None


def _figure_in_label(label: Cell) -> Cell | None:
    """The amount in a total that is one text: “合计：357,220.00元”."""
    match = re.search(r"[¥\d][\d,]*(?:\.\d+)?(?=\s*元|\s*$|\))", half_width(label.text))
    return replace(label, value=match.group(0), text=match.group(0)) if match else None
