"""When something about a request deserves a second look. Pure; amounts in fen. None of it is an accusation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from app.shared.errors import N_

ACCOUNT_DAYS = 90
TOP_PERCENT = 5
LEAST_REQUESTS = 20
LATEST_REQUESTS = 400
"""An amount is compared with the latest so many decided requests, however long the history is."""
BOUGHT = ("project_works", "goods_purchase", "asset_purchase", "fundraising_cost", "management")
"""Kinds of spending for which prices are compared; aid is not bought."""

SENTENCES: dict[str, str] = {
    "same_file": N_("附件“%(file)s”也附在第 %(number)s 号申请上"),
    "first_payee": N_("以前没有给“%(payee)s”付过款"),
    "large_amount": N_("金额在本基金最近决定的 %(of)s 笔申请中居于前 5%%：不低于它的有 %(larger)s 笔"),
    "account_changed": N_("收款方的账户在 %(on)s 换过"),
    "split": N_(
        "%(days)s 天内给同一收款方、同一项目的申请另有 %(count)s 笔，合计 %(total)s 元，超过 %(limit)s 元的一档；单看这笔没有超过"
    ),
    "old_quotation": N_("“%(supplier)s”的报价日期是 %(on)s，提交时已超过 %(months)s 个月"),
    "no_quotation": N_("金额超过 %(above)s 元，但没有登记报价"),
    "one_quotation": N_("金额超过 %(above)s 元，但只有一家报价"),
    "last_price": N_(
        "“%(item)s”上次付的单价是 %(before)s 元（%(on)s，第 %(number)s 号申请），这次 %(now)s 元"
    ),
    "same_price": N_("“%(item)s”与上次付的单价相同，%(now)s 元（%(on)s，第 %(number)s 号申请）"),
}


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing to look at. ``sentence`` is a source text with places for ``values``; ``request_id`` and ``part`` say where to
    look: a section of that request's page, "account", or the "list" of requests."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    request_id: int | None = None
    part: str = "facts"

    @property
    def sentence(self) -> str:
        """The untranslated sentence."""
        return SENTENCES[self.kind]


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of a fund's rules that signs depend on. ``tiers_minor``: the upper limits of its tiers, rising."""

    tiers_minor: tuple[int, ...] = (10_000_000,)
    splitting_days: int = 90
    quotations_above_minor: int = 1_000_000
    quotation_months: int = 6


def is_large(at_least_as_large: int, of: int) -> bool:
    """Whether an amount belongs to the top 5 %: fewer than 5 % of ``of`` other requests reach it. Never with less than 20."""
    return of >= LEAST_REQUESTS and at_least_as_large * 100 < of * TOP_PERCENT


def crossed_limit(alone_minor: int, total_minor: int, tiers_minor: Sequence[int]) -> int | None:
    """The highest tier limit that the sum crosses and the request alone does not; None when there is none."""
    return max((limit for limit in tiers_minor if alone_minor <= limit < total_minor), default=None)


def changed_lately(changed_at: datetime | None, now: datetime) -> bool:
    """Whether an account was replaced within the last 90 days."""
    return changed_at is not None and now - changed_at <= timedelta(days=ACCOUNT_DAYS)


def months_later(day: date, months: int) -> date:
    """The same day ``months`` later, or the last of that month: 2023-08-31 and 6 months is 2024-02-29."""
    count = day.year * 12 + day.month - 1 + months
    first = date(count // 12, count % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def is_old(quoted_on: date, submitted_on: date, months: int) -> bool:
    """Whether a quotation was more than ``months`` old when the request was submitted."""
    return submitted_on > months_later(quoted_on, months)


def quotation_sign(
    spending_kind: str | None, amount_minor: int, above_minor: int, suppliers: int
) -> str | None:
    """ "no_quotation" or "one_quotation" for a purchase above the limit with less than two suppliers' quotations."""
    if spending_kind not in BOUGHT or amount_minor <= above_minor or suppliers > 1:
        return None
    return "one_quotation" if suppliers else "no_quotation"
