"""One row of a gift register: what it says as a gift, without looking at the books."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from app.goods.operations import GoodsDraft
from app.goods.rules import even_split
from app.shared.errors import N_, Refused
from app.shared.money import Money
from app.shared.text import normal
from app.sheets.cells import (
    half_width,
    parse_amount,
    parse_count,
    parse_date,
    parse_text,
    parse_yes_no_anonymous,
    parse_yes_no_public,
)
from app.sheets.goods import Goods, parse_goods
from app.sheets.grid import Cell
from app.sheets.rows import CellRefusal, DataRow, Note
from app.sheets.vocabulary import (
    donor_kind_of,
    is_unnamed_label,
    is_unrestricted,
    is_way_of_giving,
    method_of,
    source_of,
)

EVEN = "even"
"""The answer that spreads one amount over all pieces of a row."""
_NOTHING = frozenset(("", "-", "--", "—", "——", "/", "\\", "无", "没有", "none", "n/a", "0"))
_MONEY = re.compile(
    r"^(?:现金|现款|捐款|善款|资金|人民币|货币|钱|款|cash|money)?\s*¥?\s*[\d,.]*\s*元?$", re.IGNORECASE
)
_UNIT_IN_COUNT = re.compile(r"^[\d,.]+\s*([^\d\s.,]{1,4})$")
_BASIS = re.compile(
    r"\d\s*元\s*/|单价|[市时]价|市场价|售价|店价|零售|批发|[进原购标定网]价|成本价|出厂价|估价|评估|发票|小票|购物凭证|指导价|参考价|比价|"
    r"同类|面值|票面|面额|invoice|market|retail|price|face value",
    re.IGNORECASE,
)
_FACE_VALUE = re.compile(r"面值|票面|面额|face value", re.IGNORECASE)
_STATED_PRICE = re.compile(r"(?:面值|票面|面额)?\s*(\d+(?:\.\d{1,2})?)\s*元(?:\s*/|$|[\s,，;；。])")

PurposeKind = Literal["free", "wish", "named"]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What stands under 指定用途: nothing that binds ("free"), a way of giving ("wish"), or a use ("named")."""

    kind: PurposeKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class GiftRow:
    """A row as a gift. Amounts are fen; ``amount_minor`` is the money, or the value of all goods. None: not readable.

    ``claim`` is what the row says about publishing the name; a tick is a claim, not evidence. ``asks_split``: the row
    names several things and one amount.
    """

    number: int
    office_number: str
    received_on: date | None
    donor: str
    donor_kind: str
    claim: bool | None
    method: str
    amount_minor: int | None
    goods: tuple[GoodsDraft, ...]
    purpose: Purpose
    memo: str
    receipt_number: str
    contact: str
    texts: Mapping[str, str]
    extras: Mapping[int, str]
    addresses: Mapping[str, str]
    refusals: tuple[CellRefusal, ...] = ()
    notes: tuple[Note, ...] = ()
    asks_split: bool = False
    pieces: tuple[Goods, ...] = ()


def read_gift_row(row: DataRow, today: date, split: str | None = None) -> GiftRow:
    """Read one row. What cannot be taken stands in ``refusals`` with its cell; nothing is guessed in silence.

    ``split`` answers how one amount is spread over several things: "even", or an amount for each ("280,20").
    """
    return _Reading(row, today, split).gift()


def valuation_basis(memo: str) -> tuple[str, bool]:
    """The basis of a valuation that a remark states, and whether it stands as it is.

    A price or a market is a basis; the face value of a shop's own coupon is weak evidence and waits for confirmation
    (charity-rules §6, Art. 18–19). ("", False) when the remark says nothing about value.
    """
    if not _BASIS.search(half_width(memo)):
        return "", False
    return memo, not _FACE_VALUE.search(memo)


def purpose_of(text: str) -> Purpose:
    """What 指定用途 says. Raises Refused for 定向 without a purpose."""
    text = normal(text)
    if is_unrestricted(text):
        return Purpose("free")
    if is_way_of_giving(text):
        return Purpose("wish", text)
    source = source_of(text)
    if source.restricted and not source.name:
        raise Refused(N_("写了“%(seen)s”，但没有写是什么用途"), seen=text[:40])
    if source.restricted is False:
        return Purpose("free")
    return Purpose("named", source.name if source.restricted else text)


def donor_kind(name: str, told: str, claim: bool | None) -> tuple[str, bool | None, str | None]:
    """Kind of a donor by its name and the register's word, the claim to be named, and a sentence when the word was no help.

    A label such as 爱心居民 names nobody. A name under 匿名 is a person who wants not to be named. A donor of unknown kind
    is a person.
    """
    sentence: str | None = None
    kind: str | None
    try:
        kind = donor_kind_of(told)
    except Refused:
        kind, sentence = None, N_("不认识类型“%(seen)s”，按个人登记，不公开姓名")
    if is_unnamed_label(name):
        return "unnamed", claim, None
    if kind == "unnamed":
        return "person", False, N_("类型写着“%(seen)s”，姓名只在内部登记，不公开")
    if kind is None:
        return "person", claim, sentence or N_("没有写捐赠人类型，按个人登记，不公开姓名")
    return kind, claim, None


@dataclass(slots=True)
class _Reading:
    """Reads the cells of one row in turn and gathers what is wrong."""

    row: DataRow
    today: date
    split: str | None
    refusals: list[CellRefusal] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def gift(self) -> GiftRow:
        self.refusals.extend(self.row.refusals)
        day = self.row.read("date", lambda cell: parse_date(cell, self.today), self.refusals)
        self._required("date", N_("没有填写日期"))
        purpose = self.row.read("purpose", lambda cell: purpose_of(parse_text(cell)), self.refusals)
        memo = self._text("memo")
        method = self._method()
        donor, kind, claim = self._donor(method)
        if method == "goods":
            value, pieces = self._goods_value(), self._pieces()
            goods, asks = self._goods(value, pieces, memo)
        else:
            value, pieces, goods, asks = self._money(), (), (), False
        return GiftRow(
            number=self.row.number,
            office_number=self._text("number"),
            received_on=day,
            donor=donor,
            donor_kind=kind,
            claim=claim,
            method=method,
            amount_minor=value,
            goods=goods,
            purpose=purpose or Purpose("free"),
            memo=memo,
            receipt_number=self._text("receipt_number"),
            contact=self._text("contact"),
            texts={key: cell.text.strip() for key, cell in self.row.cells.items() if not cell.blank},
            extras={column: cell.text.strip() for column, cell in self.row.extras.items()},
            addresses={key: cell.address for key, cell in self.row.cells.items()},
            refusals=tuple(self.refusals),
            notes=tuple(self.notes),
            asks_split=asks,
            pieces=pieces,
        )

    def refuse(self, key: str, sentence: str, **values: Any) -> None:
        """Refuse the row because of one cell, unless that cell was refused already."""
        if not any(one.field == key for one in self.refusals):
            self.refusals.append(CellRefusal(key, self.row.cell(key).address, Refused(sentence, **values)))

    def note(self, key: str, sentence: str, **values: object) -> None:
        """Tell something about one cell."""
        self.notes.append(Note(sentence, values, self.row.cell(key).address))

    def _text(self, key: str) -> str:
        return normal(self.row.read(key, parse_text, self.refusals) or "")

    def _required(self, key: str, sentence: str) -> None:
        if self.row.cell(key).blank:
            self.refuse(key, sentence)

    def _says(self, key: str) -> bool:
        """Whether a cell says anything: a dash or 无 is nothing."""
        cell = self.row.cell(key)
        return not cell.blank and half_width(cell.text).casefold() not in _NOTHING

    def _method(self) -> str:
        told = self.row.read("method", lambda cell: method_of(parse_text(cell)), self.refusals)
        items = self.row.cell("items").text if self._says("items") else ""
        money_in_items = bool(items) and bool(_MONEY.match(half_width(items)))
        has_goods = (bool(items) and not money_in_items) or (self._says("quantity") and not items)
        if told is None and not any(one.field == "method" for one in self.refusals):
            if has_goods or (not self._says("amount") and self._says("goods_value")):
                return "goods"
            if items:
                try:
                    told = method_of(items)
                except Refused:
                    told = None
            if told is None:
                if self.row.cell("method").address:
                    self.note("method", N_("没有写以什么方式捐赠，记入银行账户"))
                return "bank"
        if told is not None and told != "goods" and has_goods:
            self.refuse(
                "items",
                N_("捐赠方式写着“%(method)s”，这里又写了物品；请把捐款和物资分成两行"),
                method=self.row.cell("method").text.strip()[:20],
            )
        return told or "bank"

    def _donor(self, method: str) -> tuple[str, str, bool | None]:
        donor = self._text("donor")
        if not donor and method == "box":
            return "募捐箱", "unnamed", None
        if not donor:
            self.refuse("donor", N_("没有填写捐赠人；不知道是谁，请写“匿名”"))
        claim = self._claim()
        told = self._text("donor_kind")
        kind, claim, sentence = donor_kind(donor, told, claim)
        if sentence and donor and (told or self.row.cell("donor_kind").address):
            self.note("donor_kind", sentence, seen=told[:40])
        if claim and kind in ("person", "sole_trader"):
            self.note("publicity", N_("写着公开；个人和商户要有本人同意的凭证才会公开姓名，现在先不显示"))
        return donor, kind, claim

    def _claim(self) -> bool | None:
        public = self.row.read("publicity", parse_yes_no_public, self.refusals)
        anonymous = self.row.read("anonymous", parse_yes_no_anonymous, self.refusals)
        if anonymous is not None and public is None:
            return not anonymous
        return False if anonymous else public

    def _money(self) -> int | None:
        amount = self._amount("amount")
        if self._amount("goods_value"):
            self.refuse("goods_value", N_("这一行既有捐款又有物资；请把捐款和物资分成两行"))
        if not amount:
            self._refuse_amount(N_("没有填写金额"))
        return amount

    def _goods_value(self) -> int | None:
        amount, value = self._amount("amount"), self._amount("goods_value")
        if amount and value and amount != value:
            self.refuse("goods_value", N_("这一行既有捐款又有物资；请把捐款和物资分成两行"))
        total = value or amount
        price = self.row.read("unit_price", parse_amount, self.refusals)
        pieces = self.row.read("quantity", parse_count, self.refusals)
        if price and pieces:
            if total and total != price * pieces:
                self.refuse(
                    "unit_price",
                    N_("单价 × 数量是 %(product)s 元，与金额 %(amount)s 元不一致"),
                    product=Money(price * pieces),
                    amount=Money(total),
                )
            total = total or price * pieces
        if not total:
            self._refuse_amount(N_("没有填写物资的价值"))
        return total

    def _amount(self, key: str) -> int | None:
        """The amount in a cell; None for a blank, a dash or a zero, which another column may make good."""
        if not self._says(key):
            return None
        return self.row.read(key, lambda cell: parse_amount(cell, zero_allowed=True), self.refusals) or None

    def _refuse_amount(self, sentence: str) -> None:
        """Refuse the amount for what is there: a zero, or nothing."""
        cell = self.row.cell("amount")
        if cell.blank or (not self._says("amount") and half_width(cell.text) != "0"):
            self.refuse("amount", sentence)
        else:
            self.row.read("amount", parse_amount, self.refusals)

    def _pieces(self) -> tuple[Goods, ...]:
        if not self._says("items"):
            self.refuse("items", N_("没有填写物品"))
            return ()
        if not self._says("quantity"):
            return tuple(
                self.row.read("items", lambda cell: parse_goods(parse_text(cell)), self.refusals) or ()
            )
        quantity = self.row.read("quantity", parse_count, self.refusals)
        item, unit = self._text("items"), self._text("unit")
        if not unit:
            written = _UNIT_IN_COUNT.match(half_width(self.row.cell("quantity").text))
            unit = written.group(1) if written else ""
        if not unit:
            self.note("quantity", N_("没有写单位，按“件”登记"))
        return (Goods(item, quantity, unit or "件"),) if item and quantity else ()

    def _goods(
        self, value: int | None, pieces: tuple[Goods, ...], memo: str
    ) -> tuple[tuple[GoodsDraft, ...], bool]:
        if not pieces or value is None:
            return (), False
        basis, confirmed = valuation_basis(memo)
        self._compare_price(value, pieces, memo)
        asks = False
        if len(pieces) == 1:
            values = [value]
        elif self.split is None:
            values, asks = [0] * len(pieces), True
        elif half_width(self.split).casefold() == EVEN:
            values = even_split(value, [one.quantity for one in pieces])
        else:
            values = self._typed_values(value, pieces)
        lines = tuple(
            GoodsDraft(one.item, one.quantity, one.unit, part, basis, confirmed)
            for one, part in zip(pieces, values, strict=True)
        )
        return lines, asks

    def _typed_values(self, value: int, pieces: tuple[Goods, ...]) -> list[int]:
        values = []
        for text in re.split(r"[;；、\s]+|[,，](?!\d{3}(?:\D|$))", (self.split or "").strip()):
            try:
                values.append(parse_amount(Cell(0, 0, value=text, text=text)))
            except Refused as refusal:
                self.refuse("amount", N_("拆分：%(reason)s"), reason=refusal)
                return [0] * len(pieces)
        if len(values) != len(pieces):
            self.refuse("amount", N_("这一行有 %(count)s 种物品，请给每种各写一个价值"), count=len(pieces))
            return [0] * len(pieces)
        if sum(values) != value:
            self.refuse(
                "amount",
                N_("各种物品的价值相加是 %(sum)s 元，与金额 %(amount)s 元不一致"),
                sum=Money(sum(values)),
                amount=Money(value),
            )
        return values

    def _compare_price(self, value: int, pieces: tuple[Goods, ...], memo: str) -> None:
        stated = _STATED_PRICE.search(half_width(memo))
        if len(pieces) != 1 or stated is None:
            return
        text = stated.group(1)
        price = parse_amount(Cell(0, 0, value=text, text=text), zero_allowed=True)
        product = price * pieces[0].quantity
        if price and product != value and price != value:
            self.note(
                "memo",
                N_("备注里的单价 × 数量是 %(product)s 元，登记的价值是 %(amount)s 元，请核对"),
                product=Money(product),
                amount=Money(value),
            )
