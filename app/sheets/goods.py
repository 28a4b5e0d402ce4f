"""Goods as people write them in a register: “衣帽 14件、手工围巾 1条”, “馕(十个装)”."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.shared.errors import N_, Refused
from app.sheets.cells import MAX_COUNT, half_width
from app.sheets.numerals import NUMERALS, number_in_words

# Words that follow a number of things. Longer ones first, so that 公斤 is not read as 公 and 斤.
_MEASURES = (
    "公斤 千克 毫升 平方米 立方米 件套 人份 个 件 套 本 册 条 只 张 盒 箱 袋 包 瓶 桶 台 部 辆 把 块 片 支 枝 根 枚 "
    "朵 束 盆 幅 副 对 双 顶 床 斤 克 吨 升 米 提 打 捆 扎 串 份 头 匹 棵 株 粒 颗 罐 听 筒 卷 杯 碗 架 间 座 艘 辑 "
    "期 封 面 具 身 樽 板 刀 令 筐 篮 车 组 节 尊 pieces piece pcs pc boxes box bags bag sets set pairs pair kg g L"
).split()
_MEASURE = "|".join(sorted(map(re.escape, _MEASURES), key=len, reverse=True))
_NUMBER = rf"\d+|[{NUMERALS}]+"
_SEPARATORS = re.compile(r"\s*[、，,;；\n。+＋/]\s*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_TIMES = r"(?:[×*:]|(?<=[\s)\u4e00-\u9fff])x)?"  # not the last letter of a name like Latex
_ITEM_FIRST = re.compile(
    rf"^(?P<item>.*?\S)\s*{_TIMES}\s*(?P<number>\d+(?:\.\d+)?|[{NUMERALS}]+)\s*(?P<unit>{_MEASURE})\s*(?P<remark>\([^()]*\))?$",
    re.IGNORECASE,
)
_NUMBER_FIRST = re.compile(
    rf"^(?P<number>\d+(?:\.\d+)?|[{NUMERALS}]+)\s*(?P<unit>{_MEASURE})\s*的?\s*(?P<item>[^\d\s].*)$",
    re.IGNORECASE,
)
_ONE_AFTER_OTHER = re.compile(
    rf"\s*(?:和|及|与|以及|and\b)?\s*(?P<piece>[^\d]+?\s*\d+\s*(?:{_MEASURE})(?:\([^()]*\))?)(?=\s|和|及|与|以及|[^\d\s(]|$)",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"一批|若干|部分|一些|多件|数件|大量|几")
_BRACKET = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_NOT_PIECES = re.compile(
    r"[元岁年月日号度瓦]|第|公斤|千克|斤|克|吨|升|米|kg|g\b|ml|\bl\b|寸|cm", re.IGNORECASE
)
_PACK = re.compile(
    rf"^(?:套装|每[份包袋盒箱套组提]|一?[份包袋盒箱套组提]|共|内含|含|装)?({_NUMBER})\s*({_MEASURE})?\s*(装|入|/.*|一[份包袋盒箱套组提])?$"
)
_PACK_OUTSIDE = re.compile(rf"({_NUMBER})\s*({_MEASURE})?\s*装")


class Goods(NamedTuple):
    """One kind of goods: what, how many, in which unit."""

    item: str
    quantity: int
    unit: str


def parse_goods(text: str) -> list[Goods]:
    """The goods named in one cell, in order: “衣帽 14件、手工围巾 1条”, “馕 300个”, “鞋子6双”, “300个馕”, “围巾一条”.

    Raises Refused, quoting the piece, when a quantity, a unit or a name is missing or unclear. Nothing is guessed.
    """
    plain = _THOUSANDS.sub("", half_width(text))
    found = []
    for piece in _pieces(plain):
        one = _one(piece)
        if one is not None:
            found.append(one)
        else:
            found.extend(_several(piece))
    if not found:  # nothing but separators
        raise Refused(N_("没有填写物品"))
    return found


def proposed_units_per_item(name: str) -> int | None:
    """How many pieces one pack seems to hold by its name: 馕(十个装) → 10, 优惠券(五张) → 5; None when it does not say.

    A proposal only: a person confirms it. 儿童图书(套装) says nothing, 大米(5公斤装) is a weight.
    """
    plain = half_width(name)
    for inside in _BRACKET.findall(plain):
        if _NOT_PIECES.search(inside):
            continue
        match = _PACK.match(inside.strip())
        if match and (match.group(2) or match.group(3)):
            return _pieces_in(match)
    outside = _PACK_OUTSIDE.search(_BRACKET.sub("", plain))
    if outside and not _NOT_PIECES.search(outside.group(0)):
        return _pieces_in(outside)
    return None


def _pieces_in(match: re.Match[str]) -> int | None:
    number = _number(match.group(1))
    if number is None or not 1 <= number <= MAX_COUNT:
        return None
    return number * 12 if match.group(2) == "打" else number


def _pieces(plain: str) -> list[str]:
    """Cut at separators outside brackets."""
    pieces, depth, start = [], 0, 0
    position = 0
    while position < len(plain):
        letter = plain[position]
        depth += (letter == "(") - (letter == ")")
        separator = _SEPARATORS.match(plain, position) if depth <= 0 else None
        if separator:
            pieces.append(plain[start:position])
            position = start = separator.end()
        else:
            position += 1
    pieces.append(plain[start:])
    return [piece.strip() for piece in pieces if piece.strip()]


def _one(piece: str) -> Goods | None:
    """One kind of goods, or None when the piece does not read as exactly one."""
    match = _ITEM_FIRST.match(piece) or _NUMBER_FIRST.match(piece)
    if match is None:
        return None
    item = match.group("item").strip() + (match.groupdict().get("remark") or "")
    if re.search(rf"(?:{_NUMBER})\s*(?:{_MEASURE})(?!\w*\))", _BRACKET.sub("", item)) and re.search(
        r"\d", item
    ):
        return None
    if not item or not re.search(r"[^\W\d_]", item):
        return None
    quantity = _number(match.group("number"))
    if quantity is None:
        raise Refused(N_("“%(seen)s”：数量要是整数"), seen=_short(piece))
    if quantity == 0:
        raise Refused(N_("“%(seen)s”：数量不能是零"), seen=_short(piece))
    if quantity > MAX_COUNT:
        raise Refused(N_("“%(seen)s”：数量太大"), seen=_short(piece))
    return Goods(item, quantity, match.group("unit"))


def _several(piece: str) -> list[Goods]:
    """Goods written one after the other without a separator: 衣帽14件手工围巾1条."""
    found = []
    position = 0
    while position < len(piece):
        match = _ONE_AFTER_OTHER.match(piece, position)
        one = _one(match.group("piece").strip()) if match else None
        if match is None or one is None:
            raise _unclear(piece)
        found.append(one)
        position = match.end()
        position += len(piece[position:]) - len(piece[position:].lstrip())
    return found


def _unclear(piece: str) -> Refused:
    if _VAGUE.search(piece) or not re.search(_NUMBER, piece):
        return Refused(N_("“%(seen)s”没有写数量，请写成“馕 300个”这样"), seen=_short(piece))
    if re.match(rf"^(?:{_NUMBER})\s*(?:{_MEASURE})?$", piece):
        return Refused(N_("“%(seen)s”没有写物品名称，请写成“馕 300个”这样"), seen=_short(piece))
    if re.search(r"\d$", piece):
        return Refused(N_("“%(seen)s”没有写单位，请写成“馕 300个”这样"), seen=_short(piece))
    return Refused(N_("看不懂“%(seen)s”，请写成“馕 300个、鞋子 6双”这样"), seen=_short(piece))


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else number_in_words(text)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
