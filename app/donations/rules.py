"""What a gift must be, and the words the public ledger shows for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from app.goods.operations import GoodsDraft
from app.goods.rules import PLACE_MAX, refuse_words_if_wrong
from app.parties.operations import PartyDraft
from app.shared.errors import N_, InputRefused, Refused
from app.shared.money import MAX_MINOR, Money
from app.shared.periods import require_plausible

METHODS: dict[str, str] = {
    "bank": N_("银行转账"),
    "cash": N_("现金"),
    "wechat": N_("微信"),
    "alipay": N_("支付宝"),
    "box": N_("募捐箱"),
    "goods": N_("实物"),
}
MAX_PIECES = 10_000_000


@dataclass(slots=True)
class DonationDraft:
    """A gift to be recorded. Money: ``amount_minor`` fen into ``money_account_id``. Goods: the lines' values make the amount."""

    fund_id: int
    received_on: date
    method: str
    donor: PartyDraft | int
    earmark_id: int
    amount_minor: int = 0
    money_account_id: int | None = None
    goods: list[GoodsDraft] = field(default_factory=list)
    wish: str = ""
    memo: str = ""
    receipt_number: str = ""
    agreement_number: str = ""
    office_number: str = ""
    register_id: int | None = None
    at_event: bool = False
    idempotency_key: str | None = None

    @property
    def kind(self) -> str:
        """Money or goods."""
        return "goods" if self.method == "goods" else "money"

    @property
    def total_minor(self) -> int:
        """The amount of money, or the value of all goods lines, in fen."""
        return sum(line.value_minor for line in self.goods) if self.kind == "goods" else self.amount_minor


def refuse_if_wrong(draft: DonationDraft, today: date) -> None:
    """Raise InputRefused with one refusal for every field that is wrong."""
    refusals: list[Refused] = []
    if draft.method not in METHODS:
        refusals.append(Refused(N_("请选择捐赠方式"), field="method"))
    try:
        require_plausible(draft.received_on, today, "received_on")
    except Refused as refusal:
        refusals.append(refusal)
    if draft.kind == "goods":
        refusals += _wrong_goods(draft.goods, draft.received_on)
    elif draft.goods:
        refusals.append(Refused(N_("捐款不带物资明细；请把物资另记一笔"), field="goods"))
    elif draft.amount_minor <= 0:
        refusals.append(Refused(N_("金额必须大于零"), field="amount"))
    if draft.total_minor > MAX_MINOR:
        refusals.append(Refused(N_("金额太大，最多 %(limit)s 元"), field="amount", limit=Money(MAX_MINOR)))
    for name, value, longest in (
        ("wish", draft.wish, 500),
        ("memo", draft.memo, 2000),
        ("receipt_number", draft.receipt_number, 60),
        ("agreement_number", draft.agreement_number, 60),
        ("office_number", draft.office_number, 40),
    ):
        if len(value) > longest:
            refusals.append(Refused(N_("最多 %(longest)s 个字"), field=name, longest=longest))
    if refusals:
        raise InputRefused(refusals)


def _wrong_goods(lines: list[GoodsDraft], received_on: date) -> list[Refused]:
    if not lines:
        return [Refused(N_("请至少填写一种物资"), field="goods")]
    refusals = []
    for place, line in enumerate(lines):
        try:
            refuse_words_if_wrong(line.category, line.condition, line.expires_on, received_on)
        except Refused as refusal:
            refusals.append(
                Refused(refusal.sentence, field=f"goods-{place}-{refusal.field}", **refusal.values)
            )
        if len(line.place) > PLACE_MAX:
            refusals.append(
                Refused(N_("存放地点最多 %(most)s 个字"), field=f"goods-{place}-place", most=PLACE_MAX)
            )
        if not line.item.strip() or len(line.item) > 120:
            refusals.append(Refused(N_("请填写物资名称，最多 120 个字"), field="goods"))
        if not 0 < line.quantity <= MAX_PIECES:
            refusals.append(Refused(N_("“%(item)s”的数量必须是正整数"), field="goods", item=line.item[:40]))
        if line.value_minor <= 0:
            refusals.append(Refused(N_("“%(item)s”的估值必须大于零"), field="goods", item=line.item[:40]))
        if len(line.unit) > 20 or not line.unit.strip():
            refusals.append(
                Refused(N_("请填写“%(item)s”的单位，如个、册、件"), field="goods", item=line.item[:40])
            )
    return refusals


def description(draft: DonationDraft, earmark_name: str | None) -> str:
    """What the public ledger says of the gift, without the donor. ``earmark_name`` only when money is restricted."""
    if draft.kind == "goods":
        goods = "、".join(f"{line.item} {line.quantity} {line.unit}" for line in draft.goods[:6])
        more = f" 等 {len(draft.goods)} 种" if len(draft.goods) > 6 else ""
        return f"捐赠物资：{goods}{more}"
    if draft.method == "box":
        return "募捐箱"
    return f"定向捐赠：{earmark_name}" if earmark_name else "捐款"
