"""What becomes of a lot in an auction, step by step: the one table of transitions."""

from __future__ import annotations

from app.shared.errors import N_

WAITING, ON, HAMMERED, PASSED, PAID, UNSOLD = "waiting", "on", "hammered", "passed", "paid", "unsold"

STATES: dict[str, str] = {
    WAITING: N_("待拍"),
    ON: N_("正在拍"),
    HAMMERED: N_("已落槌，待付款"),
    PASSED: N_("不成交"),
    PAID: N_("已付款"),
    UNSOLD: N_("无人付款，不成交"),
}
TAGS = {WAITING: "plain", ON: "wait", HAMMERED: "wait", PASSED: "stop", PAID: "ok", UNSOLD: "stop"}

TRANSITIONS = frozenset(
    {
        (WAITING, ON),  # the auctioneer opens it
        (ON, WAITING),  # opened by mistake: only while nobody has bid
        (ON, HAMMERED),
        (ON, PASSED),  # nobody bid, or not up to the reserve
        (HAMMERED, PAID),
        (HAMMERED, UNSOLD),  # nobody pays
        (PAID, HAMMERED),  # the payment was voided
    }
)
"""From and to. A lot that is passed on to the next bidder stays hammered and takes the next turn."""

UNFINISHED = (ON, HAMMERED)
"""States in which an event cannot be closed."""
