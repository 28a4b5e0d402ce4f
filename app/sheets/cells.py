"""What one cell means: an amount, a day, a number of pieces, a text, a wish to be named.

Every function takes a cell and raises Refused with a sentence that quotes what was seen. The caller adds the address.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Context, Decimal

from app.shared.errors import N_, Refused
from app.shared.money import MAX_MINOR, Money
from app.sheets.grid import Cell
from app.sheets.numerals import number_in_words

EARLIEST_DAY = date(1949, 10, 1)
"""No register of a fund of this country begins before it."""
MAX_COUNT = 10_000_000
_DIGITS_KEPT = 15
"""A spreadsheet keeps this many digits of a number; the rest of a longer one is lost."""
_NOISE_FEN = Decimal("0.000001")
_SEEN_LENGTH = 40
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_HALF_WIDTH: dict[int, int | None] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HALF_WIDTH |= {0x3000: ord(" "), 0xFFE5: ord("¥"), ord("−"): ord("-")} | {
    ord(mark): None for mark in _INVISIBLE
}
_UNSEEN: dict[int, None] = {ord(mark): None for mark in _INVISIBLE}

_CURRENCY_BEFORE = re.compile(r"^(?:人民币|RMB|CNY|[¥])\s*[:：]?\s*", re.IGNORECASE)
_CURRENCY_AFTER = re.compile(r"\s*(?:元整|圆整|元人民币|人民币|元|圆|块钱|块|RMB|CNY|yuan)$", re.IGNORECASE)
_FOREIGN = re.compile(
    r"[$€£₩]|美元|美金|欧元|英镑|港币|港元|日元|台币|澳元|\b(?:usd|eur|gbp|hkd|jpy|twd|aud)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?$|^[+-]?\.\d+$")
_BOOKKEEPERS_NEGATIVE = re.compile(r"^\([¥\d.,\s]*\d[\d.,\s]*\)$")
_FORMAL_NUMERAL = re.compile(r"[壹贰叁肆伍陆柒捌玖拾佰仟萬]")
_LARGE_UNIT = re.compile(r"^([\d,]+(?:\.\d+)?)\s*(百|千|万|十万|百万|千万|亿|k|w)元?$", re.IGNORECASE)
_FACTORS = {
    "百": 100,
    "千": 1_000,
    "k": 1_000,
    "万": 10_000,
    "w": 10_000,
    "十万": 100_000,
    "百万": 1_000_000,
    "千万": 10_000_000,
    "亿": 100_000_000,
}
_DAY = re.compile(
    r"^(?P<year>\d+)\s*(?:年|[-/.。、])\s*(?P<month>\d{1,2})\s*(?:月|[-/.。、])\s*(?P<day>\d{1,2})\s*(?:日|号)?"
    r"(?:\s*[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?)?"
    r"(?:[T\s]\s*\d{1,2}\s*[:时点]\s*(?:\d{1,2}\s*分?(?:\s*[:]?\s*\d{1,2}(?:\.\d+)?\s*秒?)?)?)?$"
)
_COMPACT_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_MONTH_ONLY = re.compile(r"^\d{4}\s*(?:年|[-/.])\s*\d{1,2}\s*月?$")
_NO_YEAR = re.compile(r"^\d{1,2}\s*(?:月|[-/.])\s*\d{1,2}\s*[日号]?$")
_YEAR_LAST = re.compile(r"^\d{1,2}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{4}$")
_COUNT = re.compile(r"^([+-]?\d{1,3}(?:,\d{3})+|[+-]?\d+)(\.\d+)?\s*([^\d\s.,]{0,4})$")
_LOST_DIGITS = re.compile(r"^\d(?:\.\d+)?[eE]\+?\d{2}$")

_PUBLIC = frozenset(
    "公开 同意 是 可 可以 愿意 同意公开 可以公开 可公开 愿意公开 实名 实名公开 公示 同意公示 y yes true public named "
    "agree agreed ✓ √ ✔ ☑ 1 对".split()
)
_NOT_PUBLIC = frozenset(
    "不公开 不同意 否 不可 不可以 不愿 不愿意 不同意公开 不愿公开 不愿意公开 不要公开 请勿公开 勿公开 匿名 匿名公开 "
    "匿名捐赠 保密 不公示 不同意公示 不署名 n no false private anonymous ✗ ✘ × x 0".split()
)


def parse_amount(cell: Cell, *, zero_allowed: bool = False) -> int:
    """The amount in a cell, in fen: 350,000.00, 200元, ¥400, ４００, 人民币1,675.00元, or a number.

    A stored number within a millionth of a fen of whole fen is what a sum of decimals leaves behind, and is rounded.
    ``zero_allowed`` is for fees. Raises Refused for a blank, an error, a formula without a result, and anything else
    that is not a positive amount of whole fen.
    """
    value = _present(cell)
    if isinstance(value, bool):
        raise Refused(N_("“%(seen)s”不是金额"), seen=seen(cell))
    if isinstance(value, date):
        raise Refused(N_("%(seen)s 是日期，不是金额"), seen=seen(cell))
    if isinstance(value, str):
        number = _typed_amount(value, seen(cell))
    else:
        number = _without_noise(Decimal(value))
    if zero_allowed and number == 0:
        return 0
    return _fen(number, seen(cell))


def parse_date(cell: Cell, today: date) -> date:
    """The day in a cell: 2023年9月20日, 2023/9/27, 2023.9.27, 2023-09-27, 20230927, or a cell that the program knows as a day.

    A time after the day is dropped. Raises Refused for a blank, an impossible day, a year of two digits, a day before
    EARLIEST_DAY, and a day after ``today`` (the civil date of the fund).
    """
    value = _present(cell)
    if isinstance(value, datetime):
        return _plausible(value.date(), cell, today)
    if isinstance(value, date):
        return _plausible(value, cell, today)
    if isinstance(value, bool | Decimal):
        raise Refused(N_("“%(seen)s”不是日期，请写成 2023-09-27 这样"), seen=seen(cell))
    if isinstance(value, int) and not _COMPACT_DAY.match(str(value)):
        raise Refused(
            N_("“%(seen)s”是数字，不是日期，请把单元格设为日期格式，或写成 2023-09-27 这样"), seen=seen(cell)
        )
    return _plausible(_typed_day(str(value), cell), cell, today)


def parse_count(cell: Cell) -> int:
    """A number of pieces from 1: 14, １４, 14件, 十四, 12.0. Raises Refused for anything else."""
    value = _present(cell)
    if isinstance(value, bool | date):
        raise Refused(N_("“%(seen)s”不是数量，请写成 12 这样的数字"), seen=seen(cell))
    if isinstance(value, str):
        text = half_width(value)
        match = _COUNT.match(text)
        in_words = number_in_words(text)
        if match is None and in_words is None:
            raise Refused(N_("“%(seen)s”不是数量，请写成 12 这样的数字"), seen=seen(cell))
        if match is not None:
            if match.group(3) in _FACTORS:
                raise Refused(N_("“%(seen)s”不是数量，请写成 12 这样的数字"), seen=seen(cell))
            number = Decimal(match.group(1).replace(",", "") + (match.group(2) or ""))
        else:
            number = Decimal(in_words or 0)
    else:
        number = Decimal(value)
    if number < 0:
        raise Refused(N_("“%(seen)s”：数量不能是负数"), seen=seen(cell))
    if number == 0:
        raise Refused(N_("“%(seen)s”：数量不能是零"), seen=seen(cell))
    if number > MAX_COUNT:
        raise Refused(N_("“%(seen)s”：数量太大"), seen=seen(cell))
    if number != number.to_integral_value():
        raise Refused(N_("“%(seen)s”：数量要是整数"), seen=seen(cell))
    return int(number)


def parse_text(cell: Cell) -> str:
    """The text in a cell, as seen, line ends kept; empty for a blank cell.

    Raises Refused for an error, a formula without a result, and a number of 15 or more digits: a spreadsheet keeps no
    more of them, so an account or flow number stored as a number is no longer what was typed.
    """
    if cell.blank:
        return ""
    value = _present(cell)
    if isinstance(value, int) and not isinstance(value, bool) and len(str(abs(value))) >= _DIGITS_KEPT:
        raise _digits_lost(cell)
    text = cell.text.translate(_UNSEEN).replace("\r\n", "\n").replace("\r", "\n").strip()
    if isinstance(value, str) and _LOST_DIGITS.match(text):
        raise _digits_lost(cell)
    return text


def parse_yes_no_public(cell: Cell) -> bool | None:
    """Whether the donor's name may be shown: 公开, 同意, 是, 不公开, 匿名, 否 and the like; None when nothing is said.

    It reads the register's tick only: for a person that is a claim and not yet a consent. Raises Refused for other text.
    """
    if cell.blank:
        return None
    _present(cell)
    word = _word(cell)
    if word in _PUBLIC:
        return True
    if word in _NOT_PUBLIC:
        return False
    raise Refused(N_("看不懂“%(seen)s”，请写“公开”或“不公开”"), seen=seen(cell))


def parse_yes_no_anonymous(cell: Cell) -> bool | None:
    """The same wish under a heading that asks the opposite (是否匿名): True when the donor wants no name shown."""
    if cell.blank:
        return None
    _present(cell)
    word = _word(cell)
    if word in ("公开", "实名", "不匿名", "非匿名", "public"):
        return False
    if word in ("匿名", "不公开", "保密", "anonymous", "private"):
        return True
    if word in _PUBLIC:
        return True  # "是" to "是否匿名"
    if word in _NOT_PUBLIC:
        return False
    raise Refused(N_("看不懂“%(seen)s”，请写“是”或“否”"), seen=seen(cell))


def half_width(text: str) -> str:
    """Full-width digits, letters and signs as the ordinary ones, without invisible characters and outer spaces.

    Unlike the Unicode compatibility form it leaves 10² and ① as they are: they are no amounts.
    """
    return text.translate(_HALF_WIDTH).strip()


def seen(cell: Cell) -> str:
    """What stands in the cell, short enough for a sentence."""
    text = " ".join(cell.text.split())
    return text if len(text) <= _SEEN_LENGTH else text[: _SEEN_LENGTH - 1] + "…"


def require_value(cell: Cell) -> None:
    """Raises Refused for a blank cell, an error such as #REF!, and a formula whose result the file does not hold."""
    if not cell.stored:
        raise Refused(
            N_("单元格是公式，文件里没有存储结果，请在 Excel 或 WPS 中打开并保存一次，或直接填数值")
        )
    if cell.broken:
        raise Refused(N_("单元格是错误值 %(seen)s"), seen=seen(cell))
    if cell.blank:
        raise Refused(N_("没有填写"))


def _present(cell: Cell) -> str | int | Decimal | date | bool:
    require_value(cell)
    assert cell.value is not None
    return cell.value


def _word(cell: Cell) -> str:
    return re.sub(r"[\s。.!]", "", half_width(cell.text)).casefold()


def _digits_lost(cell: Cell) -> Refused:
    return Refused(
        N_("“%(seen)s”是以数字存放的长号码，后面几位可能已经丢失，请把单元格设为文本格式后重新填写"),
        seen=seen(cell),
    )


def _without_noise(yuan: Decimal) -> Decimal:
    """Fifteen digits, as the program shows them, and whole fen where only noise is missing."""
    shown = Context(prec=_DIGITS_KEPT).plus(yuan)
    if shown.adjusted() > _DIGITS_KEPT:
        return shown
    fen = (shown * 100).to_integral_value()
    return fen / 100 if abs(shown * 100 - fen) <= _NOISE_FEN else shown


def _fen(yuan: Decimal, shown: str) -> int:
    if yuan < 0:
        raise _negative(shown)
    if yuan == 0:
        raise Refused(N_("“%(seen)s”：金额不能是零"), seen=shown)
    if yuan > Decimal(MAX_MINOR) / 100:
        raise Refused(N_("“%(seen)s”：金额太大，最多 %(limit)s 元"), seen=shown, limit=Money(MAX_MINOR))
    fen = yuan * 100
    if fen != fen.to_integral_value():
        raise Refused(N_("“%(seen)s”：金额只能精确到分，最多两位小数"), seen=shown)
    return int(fen)


def _negative(shown: str) -> Refused:
    return Refused(N_("“%(seen)s”：金额不能是负数"), seen=shown)


def _typed_amount(text: str, shown: str) -> Decimal:
    plain = half_width(text)
    if _FOREIGN.search(plain):
        raise Refused(N_("“%(seen)s”不是人民币，请折合成人民币后填写"), seen=shown)
    if _BOOKKEEPERS_NEGATIVE.match(plain):
        raise _negative(shown)
    sign = "-" if plain.startswith("-") else ""
    number = _CURRENCY_AFTER.sub("", _CURRENCY_BEFORE.sub("", plain.removeprefix("-").lstrip()))
    number = sign + re.sub(r"(?<=[\d,.])\s+(?=[\d,.])", "", number)
    large = _LARGE_UNIT.match(number)
    if large:
        meant = Decimal(large.group(1).replace(",", "")) * _FACTORS[large.group(2).casefold()]
        raise Refused(
            N_("“%(seen)s”请写成完整的数字，例如 %(meant)s"), seen=shown, meant=format(meant.normalize(), "f")
        )
    if number_in_words(number) is not None or _FORMAL_NUMERAL.search(number):
        raise Refused(N_("“%(seen)s”是中文数字，请写成 1234.50 这样的数字"), seen=shown)
    if not _NUMBER.match(number):
        raise Refused(N_("“%(seen)s”不是金额，请写成 1234.50 这样的数字"), seen=shown)
    return Decimal(number.replace(",", ""))


def _typed_day(text: str, cell: Cell) -> date:
    plain = half_width(text)
    compact = _COMPACT_DAY.match(plain)
    match = _DAY.match(plain)
    if compact:
        year, month, day = compact.groups()
    elif match:
        year, month, day = match.group("year"), match.group("month"), match.group("day")
    elif _MONTH_ONLY.match(plain):
        raise Refused(N_("“%(seen)s”没有写哪一日，请写成 2023-09-27 这样"), seen=seen(cell))
    elif _YEAR_LAST.match(plain):
        raise Refused(N_("“%(seen)s”请把年份写在前面，如 2023-09-27"), seen=seen(cell))
    elif _NO_YEAR.match(plain):
        raise Refused(N_("“%(seen)s”没有写年份，请写成 2023-09-27 这样"), seen=seen(cell))
    else:
        raise Refused(N_("“%(seen)s”不是日期，请写成 2023-09-27 这样"), seen=seen(cell))
    if len(year) != 4:
        raise Refused(N_("“%(seen)s”的年份请写四位，如 2023"), seen=seen(cell))
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise Refused(N_("没有“%(seen)s”这一天"), seen=seen(cell)) from error


def _plausible(day: date, cell: Cell, today: date) -> date:
    if day < EARLIEST_DAY:
        raise Refused(N_("“%(seen)s”的年份不对"), seen=seen(cell))
    if day > today:
        raise Refused(N_("“%(seen)s”是将来的日期"), seen=seen(cell))
    return day
