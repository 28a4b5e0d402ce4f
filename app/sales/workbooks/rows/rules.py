"""One row of a sale register: what it says, without looking at the books."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from app.goods.rules import even_split
from app.sales.models import METHODS
from app.sales.workbooks.rules import EVEN, Ask, SaleRow, suggests_pack
from app.shared.errors import N_, Refused
from app.shared.money import Money
from app.shared.text import normal
from app.sheets.cells import half_width, parse_amount, parse_count, parse_text
from app.sheets.goods import Goods, parse_goods, proposed_units_per_item
from app.sheets.rows import CellRefusal, DataRow, Note
from app.sheets.vocabulary import method_of, sale_mode_of


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
        """fixed_price, auction or box; "" when it cannot be told."""
        told = self.row.read("mode", lambda cell: sale_mode_of(parse_text(cell)), self.refusals)
        if told is not None:
            return told
        if not self.has_modes:
            return "fixed_price"
        self._required("mode", N_("没有填写方式，请写 义卖、义拍 或 募捐箱"))
        return ""

    def _method(self, mode: str) -> str:
        """The way of payment; "" when it cannot be told."""
        self._required("method", N_("没有填写付款方式"))
        told = self.row.read("method", lambda cell: method_of(parse_text(cell)), self.refusals)
        if told is None:
            if not self.row.cell("method").blank:
                self.refuse("method", N_("没有写清付款方式，请写 现金、微信、支付宝 或 银行转账"))
            return ""
        if told not in METHODS:
            self.refuse("method", N_("付款方式只能是 现金、微信、支付宝 或 银行转账"))
            return ""
        if mode == "box" and told not in ("cash", "wechat"):
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
