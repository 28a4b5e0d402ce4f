"""Canonical JSON (RFC 8785 for the subset used here: objects, arrays, text, integers, booleans, null)."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_plain = json.JSONEncoder(
    ensure_ascii=True, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
# What the fast way cannot vouch for: escapes (text beyond ASCII, control characters), what may be a float, and integers
# that may be beyond 2**53.
_DOUBTFUL = ("\\u", ".", "e+", "e-")
_long_number = re.compile(r"[-:\[,][0-9]{16}")


def canonical_bytes(value: Any) -> bytes:
    """The one byte string for ``value``: keys sorted by UTF-16 code units, no spaces, integers only, text in NFC.

    Raises TypeError for floats and anything else that has more than one spelling.
    """
    if type(value) is dict:
        try:
            quick = _plain(value)
        except ValueError as error:  # NaN and infinities
            raise TypeError("floats have no canonical JSON form") from error
        if not any(sign in quick for sign in _DOUBTFUL) and _long_number.search(quick) is None:
            return quick.encode("ascii")
    return json.dumps(_checked(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _checked(value: Any) -> Any:
    if value is None or type(value) in (bool, int):
        if type(value) is int and abs(value) >= 2**53:
            raise TypeError("integers beyond 2**53 have no canonical JSON form")
        return value
    if type(value) is str:
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, (list, tuple)):
        return [_checked(item) for item in value]
    if isinstance(value, dict):
        keys = value if all(key.isascii() for key in value) else None
        ordered = sorted(keys) if keys is not None else sorted(value, key=lambda key: key.encode("utf-16-be"))
        return {key: _checked(value[key]) for key in ordered}
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")
