"""A sale register as it will be recorded: rows, the goods they come from, lots, and what its total row says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from app.goods.rules import even_split
from app.sales.models import METHODS
from app.sales.rules import METHOD_NAMES
from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, Refused
from app.shared.money import Money
from app.shared.text import normal
from app.sheets.cells import half_width, parse_amount, parse_count, parse_text
from app.sheets.goods import Goods, parse_goods, proposed_units_per_item
from app.sheets.opening import OpenedRegister
from app.sheets.rows import CellRefusal, DataRow, Note
from app.sheets.vocabulary import method_of, sale_mode_of

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
    """One row of the register. Amounts in fen; ``quantity`` packs of ``units_per_item`` pieces. None: not readable.

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


def read_sale_rows(
    row: DataRow, *, has_modes: bool, units: int | None = None, split: str | None = None
) -> list[SaleRow]:
    """Read one row: usually one, and one for each thing of a bundle whose amount was spread (``split`` "even").

    ``units`` answers how many pieces are in a pack; ``has_modes`` says whether the register has such a column. Nothing is
    guessed: a pack of unknown size asks.
    """
    read = _Reading(row, has_modes, units).read()
    things = _bundle(read.item) if not read.is_box else ()
    if len(things) < 2:
        return [read]
    if split is None:
        return [replace(read, asks=("split",))]
    if half_width(split).casefold() != EVEN:
        return [read.refused("item", N_("只能按件数平摊，请写 even"))]
    if read.quantity != 1 or read.amount_minor is None:
        return [read.refused("quantity", N_("写着几种物品的一份，数量要是 1"))]
    parts = even_split(read.amount_minor, [thing.quantity for thing in things])
    return [
        replace(
            read,
            lot=f"{read.lot}-{place}",
            item=thing.item,
            units_per_item=thing.quantity,
            price_minor=part,
            amount_minor=part,
            asks=(),
        )
        for place, (thing, part) in enumerate(zip(things, parts, strict=True), start=1)
    ]


def _bundle(item: str) -> tuple[Goods, ...]:
    try:
        return tuple(parse_goods(item))
    except Refused:
        return ()


@dataclass(slots=True)
class _Reading:
    """Reads the cells of one row in turn and gathers what is wrong."""

    row: DataRow
    has_modes: bool
    units_answer: int | None
    refusals: list[CellRefusal] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def read(self) -> SaleRow:
        self.refusals.extend(self.row.refusals)
        mode = self._mode()
        amount = self.row.read("amount", parse_amount, self.refusals)
        self._required("amount", N_("没有填写收款金额"))
        method = self._method(mode)
        item = self._text("item", 120)
        lot = self._text("lot", 20)
        buyer = self._text("buyer", 60)
        if mode == "box":
            return self._row(lot, item or "募捐箱", mode, amount_minor=amount, method=method)
        self._required("item", N_("没有填写物品"))
        self._required("lot", N_("没有填写拍品号"))
        self._required("source", N_("没有填写来源：请写捐赠登记表里的序号"))
        self._required("quantity", N_("没有填写数量"))
        quantity = self.row.read("quantity", parse_count, self.refusals)
        price = self._price(quantity, amount)
        proposed = proposed_units_per_item(item)
        units, asks = self._units(item, proposed)
        return self._row(
            lot,
            item,
            mode,
            source=self._text("source", 40).removeprefix("第").removesuffix("号").strip(),
            quantity=quantity,
            units_per_item=units,
            proposed_units=proposed,
            price_minor=price,
            amount_minor=amount,
            method=method,
            buyer=buyer,
            asks=asks,
        )

    def _row(self, lot: str, item: str, mode: str, **values: Any) -> SaleRow:
        blank = {
            "source": "",
            "quantity": None,
            "units_per_item": None,
            "proposed_units": None,
            "price_minor": None,
            "buyer": "",
        }
        return SaleRow(
            number=self.row.number,
            lot=lot,
            item=item,
            mode=mode,
            addresses={key: cell.address for key, cell in self.row.cells.items()},
            refusals=tuple(self.refusals),
            notes=tuple(self.notes),
            **{**blank, **values},
        )

    def refuse(self, key: str, sentence: str, **values: Any) -> None:
        """Refuse the row because of one cell, unless that cell was refused already."""
        if not any(one.field == key for one in self.refusals):
            self.refusals.append(CellRefusal(key, self.row.cell(key).address, Refused(sentence, **values)))

    def _text(self, key: str, longest: int) -> str:
        text = normal(self.row.read(key, parse_text, self.refusals) or "")
        if len(text) > longest:
            self.refuse(key, N_("最多 %(longest)s 个字"), longest=longest)
        return text

    def _required(self, key: str, sentence: str) -> None:
        if self.row.cell(key).blank:
            self.refuse(key, sentence)

    def _mode(self) -> str:
        told = self.row.read("mode", lambda cell: sale_mode_of(parse_text(cell)), self.refusals)
        if told is not None:
            return told
        if not self.has_modes:
            return "fixed_price"
        self._required("mode", N_("没有填写方式，请写 义卖、义拍 或 募捐箱"))
        return "fixed_price"

    def _method(self, mode: str) -> str:
        self._required("method", N_("没有填写付款方式"))
        told = self.row.read("method", lambda cell: method_of(parse_text(cell)), self.refusals)
        if told is None:
            if not self.row.cell("method").blank:
                self.refuse("method", N_("没有写清付款方式，请写 现金、微信、支付宝 或 银行转账"))
            return "cash"
        if told not in METHODS:
            self.refuse("method", N_("付款方式只能是 现金、微信、支付宝 或 银行转账"))
        elif mode == "box" and told not in ("cash", "wechat"):
            self.refuse("method", N_("募捐箱里的钱只能是现金或微信"))
        return told

    def _price(self, quantity: int | None, amount: int | None) -> int | None:
        price = self.row.read("price", parse_amount, self.refusals)
        if quantity is None or amount is None:
            return price
        if price is None and self.row.cell("price").blank:
            if amount % quantity:
                self.refuse("price", N_("没有填写单价，收款也不能按数量整除"))
                return None
            return amount // quantity
        if price is not None and price * quantity != amount:
            self.refuse(
                "amount",
                N_("单价 × 数量是 %(product)s 元，与收款 %(amount)s 元不一致"),
                product=Money(price * quantity),
                amount=Money(amount),
            )
        return price

    def _units(self, item: str, proposed: int | None) -> tuple[int | None, tuple[Ask, ...]]:
        told = self.row.read("units_per_item", parse_count, self.refusals)
        if told is None:
            told = self.units_answer
        if told is not None:
            if proposed is not None and proposed != told:
                self.notes.append(
                    Note(
                        N_("名称里写着每份 %(proposed)s 件，“每份含”写的是 %(told)s，请核对"),
                        {"proposed": proposed, "told": told},
                        self.row.cell("units_per_item").address,
                    )
                )
            return told, ()
        if any(one.field == "units_per_item" for one in self.refusals):
            return None, ()
        if (proposed is not None and proposed > 1) or suggests_pack(item):
            return None, ("units",)
        return 1, ()
