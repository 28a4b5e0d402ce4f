"""What an issued document is made of: its number, its frozen figures, its files."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields, is_dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from app.shared.canonical import canonical_bytes

Figures = TypeVar("Figures")

DOCUMENTS = "documents"
"""The series of numbers of issued documents."""

_NUMBER = re.compile(r"^\d{4}-\d{2,}$")


def number_text(year: int, count: int) -> str:
    """The number of the ``count``-th document of a year: 2026-03."""
    return f"{year:04d}-{count:02d}"


def is_number(text: str) -> bool:
    """Whether ``text`` has the form of a number, so that it may be looked up and be part of a file's name."""
    return len(text) <= 20 and _NUMBER.match(text) is not None


def frozen(figures: dict[str, Any]) -> tuple[str, str]:
    """(canonical JSON, its SHA-256 in hex) of figures made of text, whole numbers and lists of them."""
    body = canonical_bytes(figures)
    return body.decode("utf-8"), hashlib.sha256(body).hexdigest()


def thawed(figures: str, sha256: str) -> dict[str, Any]:
    """Frozen figures as they were. Raises ValueError when the stored text is not what its hash says."""
    if hashlib.sha256(figures.encode("utf-8")).hexdigest() != sha256:
        raise ValueError("the stored figures of an issued document do not match their hash")
    thawed_figures: dict[str, Any] = json.loads(figures)
    return thawed_figures


def file_name(number: str, version: int, locale: str) -> str:
    """The name of a document's PDF in the data folder and on the reader's disk."""
    return f"{number}-v{version}-{locale}.pdf"


def plain(figures: Any) -> Any:
    """Frozen dataclasses, tuples and dates as what JSON knows: objects, lists and ISO dates."""
    if is_dataclass(figures):
        return {field.name: plain(getattr(figures, field.name)) for field in fields(figures)}
    if isinstance(figures, (tuple, list)):
        return [plain(item) for item in figures]
    return figures.isoformat() if isinstance(figures, date) else figures


def restored(kind: type[Figures], value: Any) -> Figures:
    """The dataclass ``kind`` that ``plain`` turned into ``value``; its fields are dataclasses, tuples of one type,
    dates, text, whole numbers, or None."""
    hints = get_type_hints(kind)
    return kind(**{name: _restored(hint, value[name]) for name, hint in hints.items()})


def _restored(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(hint) is UnionType:
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        (item,) = (each for each in get_args(hint) if each is not ...)
        return tuple(_restored(item, each) for each in value)
    if is_dataclass(hint):
        return restored(hint, value)  # type: ignore[arg-type]
    return date.fromisoformat(value) if hint is date else value
