"""What a request must say, its text as voted on, and which step may follow which."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from app.ledger.accounts import SPENDING_KINDS
from app.parties.operations import PartyDraft
from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, InputRefused, Refused
from app.shared.money import MAX_MINOR, Money
from app.shared.periods import require_plausible

STATUS_NAMES: dict[str, str] = {
    "drafted": N_("草稿"),
    "submitted": N_("已提交，待付表决"),
    "returned": N_("退回补充"),
    "in_vote": N_("表决中"),
    "rejected": N_("未通过"),
    "lapsed": N_("到期未决"),
    "in_notice": N_("已通过，公示中"),
    "held": N_("暂停付款"),
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
    "paid": ("payable", "proven"),
    "proven": ("delivered", "paid"),
    "delivered": ("closed", "proven"),
    "lapsed": ("returned", "withdrawn"),
}
"""The one table of transitions; docs/requests.md draws it. Backwards: a payment reversed makes a request payable again, proof
or delivery recorded by mistake is taken back. ``held`` becomes ``paid`` when the unpaid rest is given up."""

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
PAID = ("paid", "proven", "delivered", "closed")
ENDED = ("rejected", "lapsed", "withdrawn", "cancelled")


@dataclass(slots=True)
class DisbursementDraft:
    """A request as its applicant makes it. Amount in fen; ``spending_kind`` is a row of charity-rules §16.1."""

    fund_id: int
    earmark_id: int
    project_name: str
    applicant: PartyDraft | int
    payee: PartyDraft | int
    amount_minor: int
    spending_kind: str | None
    reason: str
    applied_on: date
    papers: str = ""
    office_number: str = ""
    idempotency_key: str | None = None
    beneficiary: str = ""
    is_emergency: bool = False


def refuse_if_wrong(draft: DisbursementDraft, today: date) -> None:
    """Raise InputRefused with one refusal for every field that is wrong. The kind of spending may wait until submission."""
    refusals: list[Refused] = []
    if not 0 < draft.amount_minor <= MAX_MINOR:
        refusals.append(
            Refused(N_("金额必须大于零，最多 %(limit)s 元"), field="amount", limit=Money(MAX_MINOR))
        )
    if not draft.project_name.strip() or len(draft.project_name) > 200:
        refusals.append(Refused(N_("请填写项目，最多 200 个字"), field="project"))
    if not draft.reason.strip() or len(draft.reason) > 4000:
        refusals.append(Refused(N_("请写明事由，最多 4000 个字"), field="reason"))
    if draft.spending_kind is not None and draft.spending_kind not in SPENDING_KINDS:
        refusals.append(Refused(N_("请选择支出类别"), field="spending_kind"))
    try:
        require_plausible(draft.applied_on, today, "applied_on")
    except Refused as refusal:
        refusals.append(refusal)
    if refusals:
        raise InputRefused(refusals)


def text_hash(text: dict[str, object], attachments: list[str]) -> str:
    """SHA-256 over the request's exact text and its attachments' hashes: what a vote is bound to."""
    return hashlib.sha256(canonical_bytes({"request": text, "attachments": sorted(attachments)})).hexdigest()


def may_become(status: str, following: str) -> bool:
    """Whether ``following`` is a lawful next state."""
    return following in NEXT.get(status, ())
