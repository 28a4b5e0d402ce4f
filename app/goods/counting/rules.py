"""When stock is to be counted, and what a difference is worth. Pure."""

from __future__ import annotations

from datetime import date

SUBJECT = "goods_count"
EXPLANATION_MAX = 500
MOST_PIECES = 10_000_000
DAYS = 365
"""Stock is counted at least once in so many days."""

STATUS_TAGS = {"counted": "wait", "confirmed": "ok", "rejected": "stop"}


def is_due(since: date | None, today: date) -> bool:
    """Whether stock that was counted last (or came first) on ``since`` is to be counted. Not where there is none."""
    return since is not None and (today - since).days >= DAYS


def surplus_value(pieces: int, expected: int, value_left_minor: int) -> int:
    """What pieces that nobody knew of are worth, in fen: as much as those known of the same kind, and at least one fen."""
    return max(value_left_minor * pieces // expected, 1)
