"""The words of objections: grounds, states and their colours. Pure."""

from __future__ import annotations

from app.shared.errors import N_

GROUNDS: dict[str, str] = {
    "need": N_("不需要，或受益人不符合条件"),
    "price": N_("价格或数量不合理"),
    "interest": N_("与决策人有利害关系"),
    "purpose": N_("与捐赠人指定的用途不符"),
    "papers": N_("材料不真实或不完整"),
    "other": N_("其他"),
}
OBJECTION_STATES: dict[str, str] = {
    "open": N_("待答复，付款暂停"),
    "answered": N_("已答复"),
    "dismissed": N_("已驳回"),
    "repeated": N_("与已答复的理由相同，不再暂停付款"),
}
OBJECTION_TAGS: dict[str, str] = {
    "open": "stop",
    "answered": "ok",
    "dismissed": "plain",
    "repeated": "plain",
}
"""The colour of a state's tag, the same in the office and in public."""
