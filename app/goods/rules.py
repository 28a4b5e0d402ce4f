"""What pieces of goods cost."""

from __future__ import annotations


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
