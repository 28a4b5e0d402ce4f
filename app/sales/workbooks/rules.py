"""A sale register as it will be recorded: rows, the goods they come from, lots, and what its total row says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from app.sales.models import METHODS
from app.sales.rules import METHOD_NAMES
from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, Refused
from app.shared.money import Money
from app.sheets.cells import half_width
from app.sheets.opening import OpenedRegister
from app.sheets.rows import CellRefusal, Note

EVEN = "even"
State = Literal["new", "asks", "refused"]
Ask = Literal["units", "goods", "split"]

_BRACKETS = re.compile(r"[(（\[【〔<《][^()（）\[\]【】〔〕<>《》]*[)）\]】〕>》]")
_PACK = re.compile(
    r"套装|套餐|礼盒|礼包|组合|合集|成套|[一整每][套组箱盒包袋打捆扎提篮筐串]|全套|大礼包|福袋|盲盒"
)
_DAY = re.compile(r"\d{4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*[日号]?")
_REGISTER_WORDS = re.compile(r"(?:登记|统计|明细|汇总|成交|记录|一览|收款|情况|清单)*(?:表|清单|台账|记录)$")


@dataclass(frozen=True, slots=True)
class SourceGoods:
    """A goods line in stock that a lot may come from, with the pieces that no open lot holds."""

    line_id: int
    item: str
    unit: str
    free: int
    office_number: str
    register_title: str
    received_on: date


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One row of the register. Amounts in fen; ``quantity`` packs of ``units_per_item`` pieces. None and "": not readable.

    ``asks`` names what a person must say: the pieces in a pack, which goods are meant, or how an amount is spread.
    """

    number: int
    lot: str
    item: str
    source: str
    mode: str
    quantity: int | None
    units_per_item: int | None
    proposed_units: int | None
    price_minor: int | None
    amount_minor: int | None
    method: str
    buyer: str
    addresses: Mapping[str, str]
    refusals: tuple[CellRefusal, ...] = ()
    notes: tuple[Note, ...] = ()
    asks: tuple[Ask, ...] = ()
    goods: SourceGoods | None = None
    candidates: tuple[SourceGoods, ...] = ()

    @property
    def state(self) -> State:
        """Whether the row will be recorded."""
        return "refused" if self.refusals else "asks" if self.asks else "new"

    @property
    def is_box(self) -> bool:
        """Whether it is the donation box: a gift, not a lot."""
        return self.mode == "box"

    @property
    def pieces(self) -> int:
        """Pieces that it takes out of stock."""
        return (self.quantity or 0) * (self.units_per_item or 0)

    def refused(self, key: str, sentence: str, **values: Any) -> SaleRow:
        """The row with one more cell refused, unless that cell was refused already."""
        if any(one.field == key for one in self.refusals):
            return self
        one = CellRefusal(key, self.addresses.get(key, ""), Refused(sentence, **values))
        return replace(self, refusals=(*self.refusals, one))

    def noted(self, key: str, sentence: str, **values: object) -> SaleRow:
        """The row with something told about one of its cells."""
        return replace(self, notes=(*self.notes, Note(sentence, values, self.addresses.get(key, ""))))


@dataclass(frozen=True, slots=True)
class LotPlan:
    """A lot that will be put on sale, with the rows that are its sales."""

    number: str
    name: str
    mode: str
    goods: SourceGoods
    units_per_item: int
    price_minor: int
    rows: tuple[SaleRow, ...]

    @property
    def quantity(self) -> int:
        """Packs of it."""
        return sum(row.quantity or 0 for row in self.rows)


@dataclass(frozen=True, slots=True)
class SalePreview:
    """A sale register read against the stock; nothing of it is recorded yet.

    ``question`` is "" when the rows could be read; "sheet" and "headings" as in OpenedRegister; "register" asks which gift
    register the source column points to; "event" asks for the name or the day, which no title tells.
    """

    fund_id: int
    opened: OpenedRegister
    question: Literal["", "sheet", "headings", "event", "register"]
    name: str = ""
    held_on: date | None = None
    register_title: str = ""
    register_titles: tuple[str, ...] = ()
    rows: tuple[SaleRow, ...] = ()
    notes: tuple[Note, ...] = ()
    event_id: int | None = None
    stated: Mapping[str, int] = field(default_factory=dict)
    stated_total: int | None = None

    def of(self, *states: State) -> list[SaleRow]:
        """The rows in these states, in the order of the register."""
        return [row for row in self.rows if row.state in states]

    @property
    def refused(self) -> list[SaleRow]:
        """Rows that cannot be recorded as they are, or until they are answered."""
        return self.of("refused", "asks")

    @property
    def lots(self) -> tuple[LotPlan, ...]:
        """The lots of the rows that will be recorded, in the order of the register."""
        by_number: dict[str, list[SaleRow]] = {}
        for row in self.of("new"):
            if not row.is_box:
                by_number.setdefault(row.lot, []).append(row)
        return tuple(_lot(rows) for rows in by_number.values())

    @property
    def box(self) -> dict[str, int]:
        """What the donation box held, in fen by way of payment."""
        return _by_method(row for row in self.of("new") if row.is_box)

    @property
    def by_method(self) -> dict[str, int]:
        """Fen that will be recorded by way of payment, the box included."""
        return _by_method(self.of("new"))

    @property
    def total_minor(self) -> int:
        """All that will be recorded, in fen."""
        return sum(self.by_method.values())

    @property
    def close_refusal(self) -> Refused | None:
        """Why the event cannot be closed by what the register says was counted; None when it can."""
        if self.refused:
            return Refused(N_("有不能记入的行，义卖不能随导入结束"), field="close")
        recorded = self.by_method
        if not self.stated:
            return Refused(N_("合计行没有写明现金、微信各多少元，义卖不能随导入结束"), field="close")
        for method in sorted({*recorded, *self.stated}, key=METHODS.index):
            counted = self.stated.get(method, 0)
            if counted != recorded.get(method, 0):
                return Refused(
                    N_(
                        "合计行写的%(method)s是 %(stated)s 元，各行相加是 %(recorded)s 元，义卖不能随导入结束"
                    ),
                    field="close",
                    method=METHOD_NAMES[method],
                    stated=Money(counted),
                    recorded=Money(recorded.get(method, 0)),
                )
        if self.stated_total is not None and self.stated_total != self.total_minor:
            return Refused(
                N_("合计行写的是 %(stated)s 元，各行相加是 %(recorded)s 元，义卖不能随导入结束"),
                field="close",
                stated=Money(self.stated_total),
                recorded=Money(self.total_minor),
            )
        return None

    @property
    def digest(self) -> str:
        """Tells whether two readings would record the same."""
        plan = [
            [
                row.number,
                row.lot,
                row.state,
                row.goods.line_id if row.goods else 0,
                row.pieces,
                row.amount_minor,
            ]
            for row in self.rows
        ]
        day = self.held_on.isoformat() if self.held_on else ""
        whole = [self.opened.sha256, self.name, day, self.register_title, plan, self.event_id]
        return hashlib.sha256(canonical_bytes(whole)).hexdigest()


def _by_method(rows: Iterable[SaleRow]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.method] = sums.get(row.method, 0) + (row.amount_minor or 0)
    return sums


def _lot(rows: Sequence[SaleRow]) -> LotPlan:
    first = rows[0]
    assert first.goods is not None
    return LotPlan(
        first.lot,
        first.item,
        first.mode,
        first.goods,
        first.units_per_item or 1,
        first.price_minor or 0,
        tuple(rows),
    )


def event_name(title: str) -> str:
    """“慈善晚会义卖义拍登记表  2023年9月28日” → 慈善晚会义卖义拍."""
    plain = " ".join(_DAY.sub(" ", half_width(title)).replace("()", " ").split()).strip(" ,、·-")
    return _REGISTER_WORDS.sub("", plain).strip(" ,、·-") or plain


def suggests_pack(name: str) -> bool:
    """Whether a name sounds like several pieces in one, without saying how many: 儿童图书(套装), 爱心礼盒."""
    return bool(_PACK.search(half_width(name)))


def name_fits(name: str, item: str) -> int:
    """How well a lot's name fits an item in stock: 2 the same, 1 one within the other, 0 not at all. Brackets aside."""
    lot, stock = _plain(name), _plain(item)
    if not lot or not stock:
        return 0
    return 2 if lot == stock else 1 if lot in stock or stock in lot else 0


def choose_goods(name: str, candidates: Sequence[SourceGoods]) -> SourceGoods | None:
    """The goods of a gift that a lot comes from: the only kind, or the one kind that its name fits best; None: unsure."""
    if len(candidates) == 1:
        return candidates[0]
    grades = [name_fits(name, one.item) for one in candidates]
    best = max(grades, default=0)
    if best == 0 or grades.count(best) > 1:
        return None
    return candidates[grades.index(best)]


def _plain(name: str) -> str:
    return re.sub(r"\s", "", _BRACKETS.sub("", half_width(name))).casefold()
