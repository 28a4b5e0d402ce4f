"""What an account number looks like, and how much of it is shown."""

from __future__ import annotations

import re
import unicodedata

from app.shared.errors import N_, Refused

_ALLOWED = re.compile(r"^\d{8,32}$")
_CARD = re.compile(r"^62\d{14,17}$")


def parse_number(text: str, kind: str) -> str:
    """The digits of an account number as typed, spaces and hyphens taken out. Raises Refused.

    ``kind`` is that of the party: a person's or shop's UnionPay card (62…, 16 to 19 digits) ends with a check digit
    (ISO/IEC 7812-1, Annex B); numbers of companies' accounts follow no common rule.
    """
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    if not _ALLOWED.match(digits):
        raise Refused(N_("账号只有数字，8 到 32 位，请核对"), field="number")
    if kind in ("person", "sole_trader") and _CARD.match(digits) and not luhn_holds(digits):
        raise Refused(N_("银行卡号的校验位不对，请逐位核对"), field="number")
    return digits


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def masked(number: str) -> str:
    """The last four digits, enough to compare with a paper: •••• 1234."""
    return f"•••• {number[-4:]}"


def grouped(number: str) -> str:
    """All digits in groups of four, as printed on a card."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
