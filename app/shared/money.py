"""Amounts of money as whole minor units (fen). Never a float, never two currencies in one sum."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from app.shared.errors import N_, Refused

MAX_MINOR = 10**13 - 1
"""The largest amount the books take: just under 100,000,000,000.00 yuan. It keeps every sum inside BIGINT."""

CURRENCY = "CNY"
_NUMBER = re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?$")
_DECORATION = re.compile(r"^(?:人民币|RMB|CNY|¥)?\s*(.*?)\s*(?:元整|元|圆|块|RMB|CNY|yuan)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units of one currency."""

    minor: int
    currency: str = CURRENCY

    def __post_init__(self) -> None:
        require_minor(self.minor)

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def _same_currency(self, other: Money) -> None:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise TypeError("cannot mix currencies or add a bare number to money")

    def __str__(self) -> str:
        return yuan(self.minor)


def require_minor(value: object) -> int:
    """Return ``value`` when it is a plain integer number of fen; raise TypeError for floats, bools and text."""
    if type(value) is not int:
        raise TypeError(f"money is a whole number of fen, not {type(value).__name__}")
    return value


def yuan(minor: int) -> str:
    """Fen as yuan with thousands separators and two decimals: 35000000 → "350,000.00"."""
    sign = "-" if minor < 0 else ""
    whole, fen = divmod(abs(require_minor(minor)), 100)
    return f"{sign}{whole:,}.{fen:02d}"


def plain_yuan(minor: int) -> str:
    """Fen as yuan for files: 35000000 → "350000.00"."""
    return yuan(minor).replace(",", "")


def parse(text: str) -> int:
    """Read an amount that a person typed ("350,000.00", "200元", "¥400") as fen.

    Raises Refused with a sentence for anything that is not a positive amount of whole fen within the books' limit.
    """
    seen = unicodedata.normalize("NFKC", text).strip()
    match = _DECORATION.match(seen)
    number = (match.group(1) if match else seen).replace(" ", "")
    if not number:
        raise Refused(N_("请填写金额"))
    if not _NUMBER.match(number):
        raise Refused(N_("“%(seen)s”不是金额，请写成 1234.50 这样的数字"), seen=text.strip()[:40])
    try:
        value = Decimal(number.replace(",", ""))
    except InvalidOperation as error:  # pragma: no cover - the pattern above admits only decimals
        raise Refused(N_("“%(seen)s”不是金额，请写成 1234.50 这样的数字"), seen=text.strip()[:40]) from error
    return from_decimal(value)


def from_decimal(value: Decimal) -> int:
    """A positive decimal number of yuan as fen. Raises Refused for what the books cannot take."""
    if not value.is_finite():
        raise Refused(N_("金额不是数字"))
    if value < 0:
        raise Refused(N_("金额不能是负数"))
    if value == 0:
        raise Refused(N_("金额不能是零"))
    if value > Decimal(MAX_MINOR) / 100:
        raise Refused(N_("金额太大，最多 %(limit)s 元"), limit=Money(MAX_MINOR))
    scaled = value * 100
    if scaled != scaled.to_integral_value():
        raise Refused(N_("金额只能精确到分，最多两位小数"))
    return int(scaled)


_CAPITALS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_SECTIONS = ("", "万", "亿")


def capitals(minor: int) -> str:
    """Fen in the capital numerals of bills, without 人民币 before them: 35000000 → "叁拾伍万元整", 10 → "壹角整".

    正确填写票据和结算凭证的基本规定 (annex of 支付结算办法), 二 and 三: 整 ends an amount of whole yuan or jiao, never one of
    fen; noughts between other figures are one 零, and so are no jiao before some fen. Where the writer is free (a nought
    just before 万, 亿 or 元) there is no 零, but there is one for a whole section of noughts. Raises ValueError below zero.
    """
    if require_minor(minor) < 0:
        raise ValueError("an amount on a bill is not negative")
    whole, fen = divmod(minor, 100)
    if not minor:
        return "零元整"
    words = f"{_capitals_of_whole(whole)}元" if whole else ""
    jiao, fen = divmod(fen, 10)
    if jiao:
        words += f"{_CAPITALS[jiao]}角"
    elif fen and whole:
        words += "零"
    return words + (f"{_CAPITALS[fen]}分" if fen else "整")


def _capitals_of_whole(number: int) -> str:
    words, skipped = "", False
    for power in range(len(_SECTIONS) - 1, -1, -1):
        section = number // 10_000**power % 10_000
        if section:
            nought = words and (skipped or section < 1_000)
            words += ("零" if nought else "") + _capitals_of_section(section) + _SECTIONS[power]
        skipped = not section
    return words


def _capitals_of_section(section: int) -> str:
    """Four figures at most; noughts at their end are silent."""
    words, skipped = "", False
    for place in range(len(_PLACES) - 1, -1, -1):
        figure = section // 10**place % 10
        if figure:
            words += ("零" if words and skipped else "") + _CAPITALS[figure] + _PLACES[place]
        skipped = not figure
    return words
