"""Which papers show the use of money, and when a request is done. Pure; amounts in fen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.shared.errors import N_

PAPERS: dict[str, str] = {
    "invoice": N_("发票或收据"),
    "sign_off": N_("签收表"),
    "acceptance_report": N_("竣工验收报告"),
    "payee_receipt": N_("收款方的收款确认"),
    "photo": N_("照片"),
    "public_copy": N_("公开件（已遮盖个人信息）"),
}
"""Kinds of papers that are added after a payment, by the purpose under which they are kept."""

NEEDED: dict[str, tuple[str, ...]] = {
    "individual_aid": ("sign_off",),
    "organisation_aid": ("invoice",),
    "project_works": ("invoice", "acceptance_report"),
    "goods_purchase": ("invoice", "sign_off"),
    "fundraising_cost": ("invoice",),
    "management": ("invoice",),
    "asset_purchase": ("invoice",),
}
"""What cannot be missing, by kind of spending. Works need their quality accepted (DL Art. 13; charity-rules §9)."""

MISSING: dict[str, str] = {
    "invoice": N_("这类支出要有发票或收据"),
    "sign_off": N_("这类支出要有受益人的签收表"),
    "acceptance_report": N_("工程要有竣工验收报告"),
}
"""What to say of a needed paper that is missing."""

NOBODY_OUTSIDE_GAINS = ("fundraising_cost", "management", "asset_purchase")
"""Kinds of spending that reach no beneficiary by themselves."""


def missing_papers(spending_kind: str, kept: Collection[str]) -> list[str]:
    """The needed papers that are not among ``kept`` (purposes of files)."""
    return [paper for paper in NEEDED.get(spending_kind, ()) if paper not in kept]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a paid request stands: fen paid less what came back, fen still waiting for acceptance in the books, fen of
    proofs accepted, and fen of proofs nobody has judged yet."""

    net_minor: int
    waiting_minor: int
    accepted_minor: int
    unjudged_minor: int

    @property
    def unshown_minor(self) -> int:
        """Fen for which no proof stands: to be shown, or to be taken back from the payee."""
        return max(self.net_minor - self.accepted_minor - self.unjudged_minor, 0)

    @property
    def is_proven(self) -> bool:
        """Everything that was paid and not taken back was shown and accepted, in the books, too."""
        return self.net_minor > 0 and self.waiting_minor <= 0 and self.accepted_minor >= self.net_minor

    @property
    def is_returned(self) -> bool:
        """Everything came back."""
        return self.net_minor <= 0
