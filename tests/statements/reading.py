"""Figures as a treasurer reads them, for comparing with a table."""

from __future__ import annotations

from app.shared.money import yuan
from app.statements.rules import Amounts, StatementFigures


def cells(amounts: Amounts) -> str:
    """Unrestricted, restricted and total in yuan."""
    return " | ".join(
        yuan(each) for each in (amounts.unrestricted_minor, amounts.restricted_minor, amounts.total_minor)
    )


def section_a(figures: StatementFigures) -> dict[str, str]:
    """Section A by row; rows of nothing are left out."""
    cash = figures.cash
    rows = {line.key: line.amounts for line in (*cash.receipts, *cash.payments)}
    rows["goods_sold"], rows["asset_purchase"] = cash.goods_sold, cash.asset_purchase
    shown = {key: cells(amounts) for key, amounts in rows.items() if amounts != Amounts()}
    for name in (
        "receipts_subtotal",
        "receipts_total",
        "payments_subtotal",
        "payments_total",
        "net",
        "transfers",
        "opening",
        "closing",
    ):
        shown[name] = cells(getattr(cash, name))
    return shown


def failing(figures: StatementFigures) -> list[str]:
    """Keys of the checks that do not hold."""
    return [check.key for check in figures.checks if not check.holds]
