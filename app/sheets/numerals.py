"""Small whole numbers written in Chinese."""

from __future__ import annotations

_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_PLACES = {"十": 10, "百": 100, "千": 1000}
NUMERALS = "".join(_DIGITS) + "".join(_PLACES)
"""The characters that such a number is written with."""


def number_in_words(text: str) -> int | None:
    """十二 → 12, 两百零五 → 205, 一千 → 1000. None for what is not such a number below ten thousand."""
    total = 0
    digit: int | None = None
    place = 10_000
    for letter in text:
        if letter in _DIGITS:
            if digit:  # 二三 is two digits side by side, not a number in words
                return None
            digit = _DIGITS[letter]
        elif letter in _PLACES and _PLACES[letter] < place and digit != 0:
            place = _PLACES[letter]
            total += (1 if digit is None else digit) * place
            digit = None
        else:
            return None
    if not text:
        return None
    return total + (digit or 0)
