"""What the confirmation of a buyer's payment says, and when there may be one (charity-rules §8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.shared.errors import N_, Conflict

TITLE = N_("义卖收款确认")
NO_GIFT = N_("非捐赠票据")
MOST_AT_ONCE = 1_000
"""Confirmations in one file."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """One sale that was paid and booked, with its buyer as recorded: never for a public page. Amounts are fen."""

    sale_id: int
    entry_number: int
    buyer: str
    lot_number: str
    lot_name: str
    packs: int
    amount_minor: int
    method: str
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class Sold:
    """The event whose buyers are confirmed to, with its fund and host."""

    event_name: str
    held_on: date
    fund_name: str
    host_name: str
    phone: str
    example_notice: str


def require_allowed(*, confirms_buyers: bool, is_closed: bool) -> None:
    """Raise Conflict unless the host lets buyers have confirmations and the event's money is counted and booked."""
    if not confirms_buyers:
        raise Conflict(
            N_(
                "托管机构没有开放义卖买受人的收款确认：买受人是不是捐赠人，法律没有定论。要开放，请托管机构在基金设置里打开"
            )
        )
    if not is_closed:
        raise Conflict(N_("活动还没有清点结束；清点入账以后才能给买受人收款确认"))
