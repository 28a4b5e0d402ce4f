"""What a bid must be, and when a lot closes."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.shared.errors import N_, Conflict, Refused, SunledgerError

LAST_MOMENT = timedelta(seconds=30)
"""A bid in the last moment before the closing time moves it on, to one such moment after the bid."""
SHORTEST, LONGEST, USUAL = 10, 3600, 60
"""Seconds that the auctioneer may announce until a lot closes."""


def next_minimum(price_minor: int, step_minor: int, leading_minor: int | None) -> int:
    """The least that the next bid must be, in fen: the start price, then the highest standing bid and one step."""
    return price_minor if leading_minor is None else leading_minor + step_minor


def moved_on(closes_at: datetime | None, now: datetime) -> datetime | None:
    """The closing time after something happened at ``now`` that the others may want to answer (UTC)."""
    return None if closes_at is None else max(closes_at, now + LAST_MOMENT)


def not_open(status: str) -> SunledgerError:
    """Why a lot in this state takes no bid."""
    if status == "waiting":
        return Conflict(N_("这件拍品还没有开拍"))
    if status == "passed":
        return Conflict(N_("这件拍品已经结束，没有成交"))
    return Conflict(N_("这件拍品已经落槌"))


def require_seconds(seconds: int) -> int:
    """Return ``seconds`` until a lot closes, when they can be announced. Raises Refused."""
    if not SHORTEST <= seconds <= LONGEST:
        raise Refused(
            N_("倒计时在 %(shortest)s 到 %(longest)s 秒之间"),
            field="seconds",
            shortest=SHORTEST,
            longest=LONGEST,
        )
    return seconds
