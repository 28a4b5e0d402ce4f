"""The states of an official receipt."""

from __future__ import annotations

from app.shared.errors import N_

STATUSES: dict[str, str] = {
    "none": N_("未开具"),
    "issued": N_("已开具"),
    "waived": N_("捐赠人放弃"),
    "void": N_("已作废"),
}
"""Issued, then perhaps void and issued anew; or waived by the donor, who may say otherwise later (Charity Law Art. 38)."""
