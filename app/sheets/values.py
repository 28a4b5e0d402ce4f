"""Numbers, dates and formats as spreadsheet files store them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_PADDED = re.compile(r'^(?:"([^"]*)")?(0{2,})$')
_LONGEST_EXPONENT = 30
_DIGITS_SHOWN = 15

# Formats that a file names by number alone. 27 to 36 and 50 to 58 are the Chinese ones: Excel and WPS store
# 2023年9月27日 as number 31 without saying anywhere what 31 is.
_DATE_FORMATS = frozenset({14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58})


def is_date_format(format_id: int, code: str | None) -> bool:
    """Whether a number under this format is a day. ``code`` is the format's text where the file gives one.

    A format of hours alone is not a day.
    """
    if code is None:
        return format_id in _DATE_FORMATS
    shown = _NOT_SHOWN.sub("", code.split(";")[0]).lower()
    if "y" in shown or "d" in shown:
        return True
    return "m" in shown and "h" not in shown and "s" not in shown


def number_of(raw: str) -> int | Decimal | None:
    """A stored number: int when whole, else the decimal number as written. None for what is not a finite number."""
    try:
        number = Decimal(raw.strip())
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    if number and abs(number.adjusted()) > _LONGEST_EXPONENT:
        return number  # written out, 1E+300000000 would fill the memory
    whole = number.to_integral_value()
    if whole != number and len(number.as_tuple().digits) > _DIGITS_SHOWN:
        number = Decimal(repr(float(number)))  # 5.2999999999999998 is how some programs write 5.3
        whole = number.to_integral_value()
    return int(whole) if whole == number else number


def shown_number(number: int | Decimal, code: str | None = None) -> str:
    """The number as text, with the leading zeros that its format shows (42 under 00000 is 00042)."""
    padded = _PADDED.match(code or "")
    if padded and isinstance(number, int) and number >= 0:
        return (padded.group(1) or "") + str(number).zfill(len(padded.group(2)))
    if isinstance(number, int) or abs(number.adjusted()) > _LONGEST_EXPONENT:
        return str(number)
    return format(number, "f")


def date_of_serial(serial: int | Decimal, from_1904: bool) -> date | datetime | None:
    """The day (with its time, if any) that a stored number means; None for what is no day.

    Counted from 1900 the non-existing 1900-02-29 is number 60; files of old Macintosh programs count from 1904.
    """
    if not 0 <= serial < 2_958_466:
        return None
    if from_1904:
        start = datetime(1904, 1, 1)  # noqa: DTZ001 - a civil time, without a zone
    elif serial < 1 or 60 <= serial < 61:
        return None
    else:
        start = datetime(1899, 12, 31 if serial < 60 else 30)  # noqa: DTZ001
    try:
        moment = start + timedelta(days=int(serial), seconds=round((serial - int(serial)) * 86_400))
    except OverflowError:
        return None
    return moment if moment.time() != moment.min.time() else moment.date()


def shown_date(day: date) -> str:
    """A day, or a day with its time, as 2023-09-27 or 2023-09-27 10:30."""
    return day.isoformat(" ", "minutes") if isinstance(day, datetime) else day.isoformat()
