"""The codes of receipts: made so that nobody can guess one, and read as people type them."""

from __future__ import annotations

import re
import secrets
import unicodedata

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH, _GROUP = 24, 4
_CODE = re.compile(rf"[A-Z0-9]{{{_LENGTH}}}")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015]")
LONGEST_CODE = 60
"""Characters of what is typed for a code that are looked at."""


def new_receipt_code() -> str:
    """A random code for a receipt that nobody can guess: 24 characters of 30, about 117 bits, in groups of four."""
    number = secrets.randbelow(len(_ALPHABET) ** _LENGTH)  # one draw: an import makes thousands of codes
    letters = ""
    for _ in range(_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[place]
    return _in_groups(letters)


def receipt_code_in(typed: str) -> str | None:
    """The receipt code in what was typed: capitals or not, with dashes, spaces or nothing between its groups; None for
    anything else."""
    letters = _BETWEEN.sub("", unicodedata.normalize("NFKC", typed[:LONGEST_CODE])).upper()
    return _in_groups(letters) if _CODE.fullmatch(letters) else None


def _in_groups(letters: str) -> str:
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
