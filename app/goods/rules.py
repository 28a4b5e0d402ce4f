"""What pieces of goods cost, what is said of them beside their value, and who else counts on them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.goods.states import CATEGORIES, CONDITIONS
from app.shared.errors import N_, Refused

SOON = timedelta(days=30)
"""Goods that expire within it are pointed out."""


def refuse_words_if_wrong(category: str, condition: str, expires_on: date | None, received_on: date) -> None:
    """Raise Refused, naming the field, for an unknown word or a last day before the day on which the goods came."""
    if category and category not in CATEGORIES:
        raise Refused(N_("请从列表中选择"), field="category")
    if condition and condition not in CONDITIONS:
        raise Refused(N_("请从列表中选择"), field="condition")
    if expires_on is not None and expires_on < received_on:
        raise Refused(N_("有效期不能早于收到日期 %(day)s"), field="expires_on", day=received_on.isoformat())


def same_goods(old: list[str], new: list[str]) -> dict[int, int]:
    """Which old line of a gift each new one stands for, by their places: of the same item, else of the same row."""
    found: dict[int, int] = {}
    for place, item in enumerate(new):
        match = next((at for at, each in enumerate(old) if each == item and at not in found.values()), None)
        if match is not None:
            found[place] = match
    if len(old) == len(new):
        for place in range(len(new)):
            if place not in found and place not in found.values():
                found[place] = place
    return found


def freshness(expires_on: date | None, today: date) -> str:
    """ "expired" after the last day, "soon" in the days before it, "" otherwise."""
    if expires_on is None or expires_on - today > SOON:
        return ""
    return "expired" if expires_on < today else "soon"


Holder = Callable[[Session, Collection[int]], dict[int, int]]
_holders: dict[str, Holder] = {}


def holds_goods(name: str) -> Callable[[Holder], Holder]:
    """Register who counts on pieces that are still in stock: (session, ids of goods lines) → pieces held by line.

    A sale or a motion registers itself, so that goods know neither and no piece is promised twice.
    """

    def register(holder: Holder) -> Holder:
        _holders[name] = holder
        return holder

    return register


def holders() -> dict[str, Holder]:
    """Everybody who was registered, by name."""
    return dict(_holders)


def cost_of(pieces: int, quantity_left: int, value_left_minor: int) -> int:
    """Carrying value in fen of ``pieces`` out of those left: in proportion, and the last piece takes the last fen."""
    return value_left_minor * pieces // quantity_left


def even_split(value_minor: int, quantities: list[int]) -> list[int]:
    """One value over several items of one register row, in proportion to pieces; rounding goes to the first items.

    300.00 over 14 and 1 pieces is 280.00 and 20.00.
    """
    total, parts, given, counted = sum(quantities), [], 0, 0
    for quantity in quantities:
        counted += quantity
        part = -(-value_minor * counted // total) - given
        parts.append(part)
        given += part
    return parts


SUBJECT = "goods_line"
"""The subject type of the files of one kind of goods."""
PHOTO = "photo"
MOST_PHOTOS = 6
PLACE_MAX = 60
