"""The rows of a statement, as screen, PDF and files show them: the words and their order, and never a figure of its own.

Labels are marked for translation here and translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.ledger.accounts import MONEY_ACCOUNT_NAMES, PAYMENT_LINES, RECEIPT_LINES
from app.shared.errors import N_
from app.statements.rules import (
    Amounts,
    AnnexRow,
    Bridge,
    Line,
    Position,
    ReceiptsAndPayments,
    StatementFigures,
)

TITLE = N_("收支情况表")
COLUMNS = (N_("非限定性"), N_("限定性"), N_("合计"))

CHECK_NAMES: dict[str, str] = {
    "closing_unrestricted": N_("非限定性期末结余 = 期初 + 净额 + 划转"),
    "closing_restricted": N_("限定性期末结余 = 期初 + 净额 + 划转"),
    "closing_accounts": N_("期末结余 = 各资金账户日终余额之和"),
    "closing_pools": N_("期末结余 = 各用途余额之和"),
    "closing_tranches": N_("期末结余 = 每笔善款剩余之和"),
    "transfers": N_("资金划转合计为零"),
    "income": N_("会计收入 = 收入合计 + 捐赠物资 − 退还捐赠"),
    "expenses": N_("会计费用 = 支出合计 ± 物资、资产、预付"),
    "change": N_("净资产变动额 = 收支净额 + 物资等的变动"),
    "net_assets": N_("净资产变动额 = 资产变动 − 负债变动"),
    "net_assets_restricted": N_("限定性净资产变动额 = 其资产变动 − 其负债变动"),
    "goods": N_("库存物资账面价值 = 逐项清单之和"),
    "restricted_not_negative": N_("没有一项限定用途的资金为负"),
    "debits_and_credits": N_("本期借方合计 = 本期贷方合计"),
    "annex_receipts": N_("附表收入之和 = 收入合计"),
    "annex_payments": N_("附表支出之和 = 支出合计"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row. ``style``: group, line, detail, subtotal or total. ``is_name``: the label is somebody's own word.

    ``amounts`` are the cells in fen, None where nothing is printed; ``values`` belong into the label.
    """

    label: str
    style: str
    amounts: tuple[int | None, ...] = ()
    values: dict[str, object] = field(default_factory=dict)
    is_name: bool = False


def _cells(amounts: Amounts, *, whole: bool = False) -> tuple[int | None, ...]:
    """Unrestricted, restricted, total. In ordinary rows a class without any amount stays blank."""
    by_class = (amounts.unrestricted_minor, amounts.restricted_minor)
    return (*(each if each or whole else None for each in by_class), amounts.total_minor)


def _lines(lines: tuple[Line, ...], names: dict[str, str]) -> Iterator[Row]:
    for line in lines:
        yield Row(names[line.key], "line", _cells(line.amounts))


def _sum(label: str, amounts: Amounts, style: str = "subtotal") -> Row:
    return Row(label, style, _cells(amounts, whole=True))


def receipts_and_payments(cash: ReceiptsAndPayments) -> list[Row]:
    """Section A in the official order (charity-rules §16.1)."""
    return [
        Row(N_("一、收入"), "group"),
        *_lines(cash.receipts, RECEIPT_LINES),
        _sum(N_("收入小计"), cash.receipts_subtotal),
        Row(RECEIPT_LINES["goods_sold"], "line", _cells(cash.goods_sold)),
        _sum(N_("收入合计"), cash.receipts_total, "total"),
        Row(N_("二、支出"), "group"),
        *_lines(cash.payments, PAYMENT_LINES),
        _sum(N_("支出小计"), cash.payments_subtotal),
        Row(PAYMENT_LINES["asset_purchase"], "line", _cells(cash.asset_purchase)),
        _sum(N_("支出合计"), cash.payments_total, "total"),
        _sum(N_("三、收支净额"), cash.net, "result"),
        _sum(N_("四、资金划转"), cash.transfers, "result"),
        _sum(N_("五、期初结余"), cash.opening, "result"),
        _sum(N_("六、期末结余"), cash.closing, "total"),
    ]


def position(held: Position) -> list[Row]:
    """Section B: one amount for each row."""
    money = sum(line.amount_minor for line in held.money)
    rows = [Row(N_("货币资金"), "subtotal", (money,))]
    for line in held.money:
        kind = MONEY_ACCOUNT_NAMES[line.kind]
        is_kind = line.name == kind
        rows.append(Row(kind if is_kind else line.name, "detail", (line.amount_minor,), is_name=not is_kind))
    rows += [
        Row(N_("应收款项"), "line", (held.receivables_minor,)),
        Row(N_("预付款项（已付款，尚未验收）"), "line", (held.prepayments_minor,)),
        Row(
            N_("库存捐赠物资（%(pieces)s 件，估值）"),
            "subtotal",
            (held.goods_minor,),
            {"pieces": held.pieces},
        ),
    ]
    for item in held.goods:
        label = f"{item.item} {item.pieces} {item.unit}"
        rows.append(Row(label, "detail", (item.value_minor,), is_name=True))
    rows += [
        Row(N_("待发放物资（已购入，尚未发出）"), "line", (held.goods_to_hand_out_minor,)),
        Row(N_("固定资产"), "line", (held.fixed_assets_minor,)),
        Row(N_("应付款项"), "line", (held.payables_minor,)),
        Row(N_("已批未付（尚未付出，仍在货币资金内）"), "line", (held.approved_unpaid_minor,)),
        Row(N_("受托代理资产"), "line", (held.agency_assets_minor,)),
        Row(N_("受托代理负债"), "line", (held.agency_liabilities_minor,)),
    ]
    return rows


def bridge(crossing: Bridge) -> list[Row]:
    """From money to accounting income and expenses. Adjustments of nothing are left out, but for goods."""

    def plus(label: str, amounts: Amounts, *, always: bool = False) -> Iterator[Row]:
        if always or amounts != Amounts():
            yield Row(label, "line", _cells(amounts))

    return [
        _sum(N_("收入合计（收到的钱）"), crossing.receipts, "line"),
        *plus(N_("加：收到的捐赠物资（估值）"), crossing.goods_received, always=True),
        *plus(N_("减：退还捐赠"), -crossing.gifts_returned),
        _sum(N_("会计收入"), crossing.income, "subtotal"),
        _sum(N_("支出合计（付出的钱）"), crossing.payments, "line"),
        *plus(N_("减：退还捐赠"), -crossing.gifts_returned),
        *plus(N_("减：购置的固定资产"), -crossing.assets_bought),
        *plus(N_("减：尚未验收的预付和尚未发出的物资"), -crossing.waiting),
        *plus(N_("加：卖出的捐赠物资成本"), crossing.goods_sold_cost, always=True),
        *plus(N_("加：发放或损耗的捐赠物资"), crossing.goods_issued),
        _sum(N_("会计费用"), crossing.expenses, "subtotal"),
        _sum(N_("净资产变动额"), crossing.change, "total"),
    ]


@dataclass(frozen=True, slots=True)
class AnnexLine:
    """An entry with the balance of money after it, in fen."""

    entry: AnnexRow
    purpose: str
    balance_minor: int


@dataclass(frozen=True, slots=True)
class AnnexPart:
    """A run of entries with the sums before and after it. ``first`` and ``last`` count entries from 1; 0 when empty."""

    lines: tuple[AnnexLine, ...]
    first: int
    last: int
    in_before_minor: int
    out_before_minor: int
    balance_before_minor: int
    in_minor: int
    out_minor: int
    balance_minor: int
    is_first: bool
    is_last: bool


def annex(figures: StatementFigures, size: int) -> Iterator[AnnexPart]:
    """The annex in parts of at most ``size`` entries; one empty part when there is no entry.

    The balance starts from the opening balance, which holds the opening entries of the period already.
    """
    purposes = {earmark.id: earmark.name for earmark in figures.earmarks}
    received, paid, balance = 0, 0, figures.cash.opening.total_minor
    count = len(figures.annex)
    for start in range(0, max(count, 1), size):
        entries = figures.annex[start : start + size]
        before = (received, paid, balance)
        lines = []
        for entry in entries:
            received, paid = received + entry.in_minor, paid + entry.out_minor
            balance += entry.in_minor - entry.out_minor
            lines.append(AnnexLine(entry, purposes.get(entry.earmark_id, ""), balance))
        last = start + len(entries)
        yield AnnexPart(
            tuple(lines),
            start + 1 if entries else 0,
            last,
            *before,
            received,
            paid,
            balance,
            start == 0,
            last == count,
        )


def largest(figures: StatementFigures) -> int:
    """A bound on every amount that the annex prints, in fen."""
    cash = figures.cash
    volume = sum(abs(entry.in_minor) + abs(entry.out_minor) for entry in figures.annex)
    return abs(cash.opening.total_minor) + volume
