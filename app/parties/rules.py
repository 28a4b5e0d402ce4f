"""How a party is named in public."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.shared.errors import N_

KINDS: dict[str, str] = {
    "person": N_("个人"),
    "sole_trader": N_("商户"),
    "organisation": N_("单位"),
    "unnamed": N_("不具名"),
}
MASKS: dict[str, str] = {"person": "爱心居民", "sole_trader": "爱心商户", "organisation": "爱心单位"}


@dataclass(frozen=True, slots=True)
class ConsentDraft:
    """What a party said about being named: ``wish`` "named" or "not_named", how it was said, and the evidence of it."""

    wish: str
    how: str
    evidence: str = ""


def public_name(kind: str, name: str, consent: ConsentDraft | None) -> str:
    """The name that the public reads.

    An organisation is named when it said so (its 公开 in a register suffices). A person or sole trader is named only on
    consent with evidence: publishing personal information needs separate consent (PIPL Art. 25, Charity Law Art. 82), and
    a tick in a register is a claim. An unnamed donor shows the label it was recorded under.
    """
    if kind == "unnamed":
        return name
    if (
        consent is not None
        and consent.wish == "named"
        and (kind == "organisation" or consent.evidence.strip())
    ):
        return name
    return MASKS[kind]


def waits_for_evidence(kind: str, consent: ConsentDraft | None) -> bool:
    """Whether a wish to be named was claimed but cannot be followed until evidence is recorded."""
    return (
        consent is not None
        and consent.wish == "named"
        and kind in ("person", "sole_trader")
        and not consent.evidence.strip()
    )


_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def email_in(contact: str) -> str | None:
    """The first e-mail address in a contact as the office typed it ("139… / a@b.cn"), in small letters; None without one."""
    found = _EMAIL.search(contact)
    return found.group().lower() if found else None
