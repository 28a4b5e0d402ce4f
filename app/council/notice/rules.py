"""Notice periods and objections: pure decisions (charity-rules §13, §18)."""

from __future__ import annotations

from datetime import date

from app.council.rulebook.rules import Rulebook
from app.shared.errors import N_
from app.shared.working_days import after_working_days

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
MOST_WORDS = 2000


def answer_due_on(rulebook: Rulebook, received_on: date) -> date:
    """The day by which an objection is to be answered (SH Art. 53 by analogy)."""
    return after_working_days(received_on, rulebook.objection_working_days)


def dismissible_until(rulebook: Rulebook, received_on: date) -> date:
    """The last day on which chair and supervisor together may dismiss a groundless objection."""
    return after_working_days(received_on, rulebook.dismissal_working_days)


def has_ended(ends_on: date, today: date) -> bool:
    """A notice runs to the end of its last day."""
    return today > ends_on
