"""What a request must say, and its text as voted on."""

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
    if len(draft.beneficiary) > 200:
        refusals.append(Refused(N_("受益人最多写 200 个字"), field="beneficiary"))
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
