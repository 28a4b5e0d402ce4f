"""The words of a gift given back: its states and what it must say. Pure."""

from __future__ import annotations

from app.council.repurposing.rules import WAYS as WAYS
from app.shared.errors import N_

SUBJECT = "gift_return"
REQUEST = "donor_request"
"""The purpose of a file: what the donor wrote. It names them, so it stays in the office."""
SLIP = "bank_slip"
REASON_MAX = 1000
VOUCHER_MAX = 60

STATUS_NAMES: dict[str, str] = {
    "proposed": N_("待批准"),
    "approved": N_("已批准，待退还"),
    "rejected": N_("没有批准"),
    "withdrawn": N_("已撤回"),
    "paid": N_("已退还"),
}
STATUS_TAGS: dict[str, str] = {
    "proposed": "wait",
    "approved": "wait",
    "rejected": "stop",
    "withdrawn": "plain",
    "paid": "ok",
}
UNDER_WAY = ("proposed", "approved")
