"""What a motion must say, the states of a motion and the one table of steps between them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from app.council.states import TOPICS
from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, InputRefused, Refused
from app.shared.money import MAX_MINOR, Money

MOTION_TOPICS: dict[str, str] = {
    topic: name for topic, name in TOPICS.items() if topic not in ("spending", "ratification")
}
"""What a motion may be about: spending and its ratification are requests, with budget and payee."""
PLAIN_TOPICS = ("related_party", "ending", "other")
"""Topics whose motion is words alone; rules, purpose and goods have a form of their own."""

STATUS_NAMES: dict[str, str] = {
    "drafted": N_("草稿"),
    "submitted": N_("已提交，待付表决"),
    "returned": N_("退回修改"),
    "in_vote": N_("表决中"),
    "approved": N_("通过"),
    "rejected": N_("未通过"),
    "lapsed": N_("到期未决"),
    "withdrawn": N_("已撤回"),
}
STATUSES = tuple(STATUS_NAMES)
STATUS_TAGS: dict[str, str] = {
    "drafted": "plain",
    "submitted": "wait",
    "returned": "wait",
    "in_vote": "wait",
    "approved": "ok",
    "rejected": "stop",
    "lapsed": "stop",
    "withdrawn": "plain",
}
NEXT: dict[str, tuple[str, ...]] = {
    "drafted": ("submitted", "withdrawn"),
    "submitted": ("in_vote", "returned", "withdrawn"),
    "returned": ("submitted", "withdrawn"),
    "in_vote": ("approved", "rejected", "lapsed", "returned", "withdrawn"),
}
EDITABLE = ("drafted", "returned")
OPEN = ("submitted", "returned", "in_vote")
TITLE_MAX, TEXT_MAX = 120, 8000


def may_become(status: str, following: str) -> bool:
    """Whether ``following`` is a lawful next state."""
    return following in NEXT.get(status, ())


@dataclass(slots=True)
class MotionDraft:
    """A motion as its proposer writes it. ``amount_minor`` in fen, of goods and of a change of purpose. ``details`` are plain
    JSON values: {"rulebook", "base"} of a change of rules; {"from", "to", "filing", "plan"} (earmarks, whether the plan is
    filed, its words) of a change of purpose; {"receiver", "lines"} (goods lines and pieces) of an issue of goods, whose amount
    is what they cost."""

    fund_id: int
    topic: str
    title: str
    text: str
    amount_minor: int | None = None
    details: dict[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None


def refuse_if_wrong(draft: MotionDraft) -> None:
    """Raise InputRefused with one refusal for every field that is wrong."""
    refusals: list[Refused] = []
    if draft.topic not in MOTION_TOPICS:
        refusals.append(Refused(N_("请选择提案的事项"), field="topic"))
    if not draft.title.strip() or len(draft.title) > TITLE_MAX:
        refusals.append(Refused(N_("请填写标题，最多 %(most)s 个字"), field="title", most=TITLE_MAX))
    if not draft.text.strip() or len(draft.text) > TEXT_MAX:
        refusals.append(Refused(N_("请写明提案内容和理由，最多 %(most)s 个字"), field="text", most=TEXT_MAX))
    if draft.amount_minor is not None and not 0 < draft.amount_minor <= MAX_MINOR:
        refusals.append(
            Refused(N_("金额必须大于零，最多 %(limit)s 元"), field="amount", limit=Money(MAX_MINOR))
        )
    if draft.topic == "purpose" and draft.amount_minor is None:
        refusals.append(Refused(N_("请填写要变更用途的金额"), field="amount"))
    if draft.amount_minor is not None and draft.topic not in ("goods", "purpose", "related_party"):
        refusals.append(Refused(N_("这类提案不写金额"), field="amount"))
    if refusals:
        raise InputRefused(refusals)


def text_hash(text: dict[str, object], attachments: Collection[str]) -> str:
    """SHA-256 over a motion's exact text, its salt and its attachments' hashes: what a vote is bound to."""
    return hashlib.sha256(canonical_bytes({"motion": text, "attachments": sorted(attachments)})).hexdigest()
