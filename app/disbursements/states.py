"""The states of a request and the one table of steps between them. Pure, for the office and for public pages."""

from __future__ import annotations

from app.shared.errors import N_

STATUS_NAMES: dict[str, str] = {
    "drafted": N_("草稿"),
    "submitted": N_("已提交，待付表决"),
    "returned": N_("退回补充"),
    "in_vote": N_("表决中"),
    "rejected": N_("未通过"),
    "lapsed": N_("到期未决"),
    "in_notice": N_("已通过，公示中"),
    "held": N_("付款暂停"),
    "payable": N_("已批准，待付款"),
    "paid": N_("已付款"),
    "proven": N_("使用凭证已验收"),
    "delivered": N_("已到达受益人"),
    "closed": N_("已结项"),
    "withdrawn": N_("已撤回"),
    "cancelled": N_("已取消"),
}
STATUSES = tuple(STATUS_NAMES)

NEXT: dict[str, tuple[str, ...]] = {
    "drafted": ("submitted", "withdrawn"),
    "submitted": ("in_vote", "returned", "withdrawn"),
    "returned": ("submitted", "withdrawn"),
    "in_vote": ("in_notice", "payable", "rejected", "lapsed", "returned", "withdrawn"),
    "in_notice": ("held", "payable", "cancelled"),
    "held": ("in_notice", "payable", "cancelled", "paid"),
    "payable": ("held", "paid", "cancelled"),
    "paid": ("payable", "proven", "closed"),
    "proven": ("delivered", "paid", "closed"),
    "delivered": ("closed", "proven"),
    "lapsed": ("returned", "withdrawn"),
}
"""The one table of transitions; docs/requests.md draws it. Backwards: a payment reversed makes a request payable again, proof
or delivery recorded by mistake is taken back. ``held`` becomes ``paid`` when the unpaid rest is given up. ``closed`` follows
``paid`` when everything came back, and ``proven`` when nobody outside gains, as with the cost of raising funds."""

STATUS_TAGS: dict[str, str] = {
    "drafted": "plain",
    "submitted": "wait",
    "returned": "wait",
    "in_vote": "wait",
    "rejected": "stop",
    "lapsed": "stop",
    "in_notice": "wait",
    "held": "stop",
    "payable": "wait",
    "paid": "ok",
    "proven": "ok",
    "delivered": "ok",
    "closed": "ok",
    "withdrawn": "plain",
    "cancelled": "plain",
}
"""The colour of a state's tag, the same in the office and in public: ok, wait, stop or plain."""

PROMISED = ("in_notice", "held", "payable")
"""States in which the gifts hold what is still unpaid."""
EDITABLE = ("drafted", "returned")
UNDECIDED = ("drafted", "submitted", "returned", "in_vote")
PAID = ("paid", "proven", "delivered", "closed")
ENDED = ("rejected", "lapsed", "withdrawn", "cancelled")


def may_become(status: str, following: str) -> bool:
    """Whether ``following`` is a lawful next state."""
    return following in NEXT.get(status, ())
