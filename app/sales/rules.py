"""What a lot and a sale must be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.shared.errors import N_, Refused
from app.shared.money import MAX_MINOR, Money
from app.shared.periods import require_plausible

MODES: dict[str, str] = {"fixed_price": N_("义卖"), "auction": N_("义拍")}
METHOD_NAMES: dict[str, str] = {
    "cash": N_("现金"),
    "wechat": N_("微信"),
    "alipay": N_("支付宝"),
    "bank": N_("银行转账"),
}
SALE_LINES = {"fixed_price": "charity_sale", "auction": "charity_auction"}
"""The statement row that a lot's proceeds feed (charity-rules §16.1)."""
FILING_MISSING = N_("备案信息缺失")
DEFAULT_STEP_MINOR = 1_000
"""The least by which a bid is above the one before, where the office says nothing else: 10 yuan."""

FARTHEST = timedelta(days=730)


def is_public(held_on: date, opened_at: datetime | None, today: date) -> bool:
    """Whether anybody may see an event: once it was announced, or as a fact from its day on, marked if its filing is missing.

    An office that types in what happened, that same night or years later, is not kept from the truth; what it may not do
    is announce a public sale that nobody filed.
    """
    return opened_at is not None or held_on <= today


def require_event_day(day: date, today: date) -> None:
    """Raise Refused for a day on which no event can have been, and for one farther ahead than anybody plans."""
    if day > today + FARTHEST:
        raise Refused(N_("日期 %(day)s 太远，请核对年份"), field="held_on", day=day.isoformat())
    if day <= today:
        require_plausible(day, today, "held_on")


@dataclass(frozen=True, slots=True)
class LotDraft:
    """A lot to be put on sale: ``quantity`` packs of ``units_per_item`` pieces of one goods line; price in fen a pack.

    With ``step_minor`` it takes bids from the price on: one pack, that is hammered down at ``reserve_minor`` or above.
    """

    number: str
    name: str
    mode: str
    goods_line_id: int
    quantity: int
    price_minor: int
    units_per_item: int = 1
    step_minor: int | None = None
    reserve_minor: int | None = None


def refuse_lot_if_wrong(draft: LotDraft) -> None:
    """Raise Refused for the first wrong field."""
    if not draft.number.strip() or len(draft.number) > 20:
        raise Refused(N_("请填写拍品号，最多 20 个字"), field="number")
    if not draft.name.strip() or len(draft.name) > 120:
        raise Refused(N_("请填写物品名称，最多 120 个字"), field="name")
    if draft.mode not in MODES:
        raise Refused(N_("请选择义卖或义拍"), field="mode")
    if not 0 < draft.quantity <= 1_000_000:
        raise Refused(N_("数量必须是正整数"), field="quantity")
    if not 0 < draft.units_per_item <= 100_000:
        raise Refused(N_("每份含的件数必须是正整数"), field="units_per_item")
    require_amount(draft.price_minor, "price")
    if draft.step_minor is not None:
        _refuse_bidding_if_wrong(draft, draft.step_minor)
    elif draft.reserve_minor is not None:
        raise Refused(N_("只有义拍有保留价"), field="reserve")


def _refuse_bidding_if_wrong(draft: LotDraft, step_minor: int) -> None:
    if draft.mode != "auction":
        raise Refused(N_("只有义拍有加价幅度"), field="step")
    if draft.quantity != 1:
        raise Refused(N_("义拍的拍品只能是 1 份；要分开拍，就分成几件拍品"), field="quantity")
    require_amount(step_minor, "step")
    if draft.reserve_minor is not None:
        require_amount(draft.reserve_minor, "reserve")
        if draft.reserve_minor < draft.price_minor:
            raise Refused(N_("保留价不能低于起拍价"), field="reserve")


def require_amount(minor: int, field: str = "amount") -> None:
    """Raise Refused unless the books take this amount."""
    if not 0 < minor <= MAX_MINOR:
        raise Refused(N_("金额必须大于零，最多 %(limit)s 元"), field=field, limit=Money(MAX_MINOR))
