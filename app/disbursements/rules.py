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
    "submitted": N_("表决中"),
    "approved": N_("已批准，待付款"),
    "rejected": N_("未通过"),
    "withdrawn": N_("已撤回"),
    "paid": N_("已付款"),
    "cancelled": N_("已取消"),
}

NEXT: dict[str, tuple[str, ...]] = {
    "drafted": ("submitted", "withdrawn"),
    "submitted": ("approved", "rejected", "withdrawn"),
    "approved": ("paid", "cancelled"),
    "paid": ("approved",),
}
"""Which state may follow which. A paid request is payable again only when its payment is reversed."""


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
