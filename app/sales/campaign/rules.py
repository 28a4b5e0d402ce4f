"""What a sale must show before it is announced (charity-rules §4, §8: qualification, filing, accounts of the host)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.shared.errors import N_

FILED_BEFORE = timedelta(days=10)
"""A plan is filed ten days before the campaign (O74 Art. 11)."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that an announcement needs: what it is, whether it is there, and what it says."""

    key: str
    name: str
    is_met: bool
    says: str = ""


def requirements(*, qualification: str, filing_number: str, place: str, has_hours: bool) -> list[Requirement]:
    """What has to be there before an event is announced; its accounts are chosen when it is."""
    return [
        Requirement("qualification", N_("托管机构的公开募捐资格证书"), bool(qualification), qualification),
        Requirement("filing_number", N_("公开募捐备案编号"), bool(filing_number), filing_number),
        Requirement("place", N_("地点"), bool(place), place),
        Requirement("hours", N_("开始时间"), has_hours),
    ]


def is_filed_late(held_on: date, today: date) -> bool:
    """Whether fewer than ten days are left to an event that is still to be announced."""
    return today > held_on - FILED_BEFORE
