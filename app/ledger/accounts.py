"""The chart of accounts (accounting system for non-profit organisations in force 2026-01-01; charity-rules §6) and the
rows of the receipts-and-payments statement (charity-rules §16.1)."""

from __future__ import annotations

from dataclasses import dataclass

from app.shared.errors import N_

CASH, BANK, OTHER_MONEY = "1001", "1002", "1009"
MONEY_ACCOUNTS = (CASH, BANK, OTHER_MONEY)
OTHER_RECEIVABLES, PREPAYMENTS, INVENTORY, FIXED_ASSETS, AGENCY_ASSETS = (
    "1122",
    "1141",
    "1201",
    "1501",
    "1801",
)
PAYABLES, OTHER_PAYABLES, AGENCY_LIABILITIES = "2202", "2209", "2601"
UNRESTRICTED_NET_ASSETS, RESTRICTED_NET_ASSETS, PRIOR_YEAR = "3101", "3102", "3201"
DONATION_INCOME, SUBSIDY_INCOME, SALES_INCOME, INVESTMENT_INCOME, OTHER_INCOME = (
    "4101",
    "4401",
    "4501",
    "4601",
    "4901",
)
PROGRAMME_COST, PROGRAMME_SPENDING, COST_OF_GOODS_SOLD = "5101", "510101", "510102"
TAXES, MANAGEMENT, FUNDRAISING, IMPAIRMENT, INCOME_TAX, OTHER_COST = (
    "5201",
    "5301",
    "5401",
    "5501",
    "5601",
    "5901",
)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account of the chart."""

    code: str
    name: str
    kind: str


CHART: tuple[AccountRow, ...] = tuple(
    AccountRow(code, name, kind)
    for kind, rows in {
        "asset": [
            (CASH, N_("现金")),
            (BANK, N_("银行存款")),
            (OTHER_MONEY, N_("其他货币资金")),
            (OTHER_RECEIVABLES, N_("其他应收款")),
            (PREPAYMENTS, N_("预付账款")),
            (INVENTORY, N_("存货")),
            (FIXED_ASSETS, N_("固定资产")),
            (AGENCY_ASSETS, N_("受托代理资产")),
        ],
        "liability": [
            (PAYABLES, N_("应付账款")),
            (OTHER_PAYABLES, N_("其他应付款")),
            (AGENCY_LIABILITIES, N_("受托代理负债")),
        ],
        "net_assets": [
            (UNRESTRICTED_NET_ASSETS, N_("非限定性净资产")),
            (RESTRICTED_NET_ASSETS, N_("限定性净资产")),
            (PRIOR_YEAR, N_("以前年度净资产调整")),
        ],
        "income": [
            (DONATION_INCOME, N_("捐赠收入")),
            (SUBSIDY_INCOME, N_("政府补助收入")),
            (SALES_INCOME, N_("商品销售收入")),
            (INVESTMENT_INCOME, N_("投资收益")),
            (OTHER_INCOME, N_("其他收入")),
        ],
        "expense": [
            (PROGRAMME_COST, N_("业务活动成本")),
            (PROGRAMME_SPENDING, N_("业务活动成本——项目支出")),
            (COST_OF_GOODS_SOLD, N_("业务活动成本——义卖物资成本")),
            (TAXES, N_("税金及附加")),
            (MANAGEMENT, N_("管理费用")),
            (FUNDRAISING, N_("筹资费用")),
            (IMPAIRMENT, N_("资产减值损失")),
            (INCOME_TAX, N_("所得税费用")),
            (OTHER_COST, N_("其他费用")),
        ],
    }.items()
    for code, name in rows
)
ACCOUNT_NAMES = {row.code: row.name for row in CHART}


def summary_account(code: str) -> str:
    """The first-level account that a trial balance shows: 510101 and 510102 are details of 5101."""
    return code[:4]


RECEIPT_LINES: dict[str, str] = {
    "cash_donation": N_("现金捐赠"),
    "earmarked_donation": N_("定向捐赠"),
    "charity_sale": N_("义卖收入"),
    "charity_auction": N_("义拍收入"),
    "gala_other": N_("晚会其他募捐"),
    "donation_box": N_("募捐箱"),
    "government_subsidy": N_("政府补助"),
    "interest": N_("利息"),
    "other_income": N_("其他"),
    "goods_sold": N_("变卖捐赠物资所得"),
}
PAYMENT_LINES: dict[str, str] = {
    "individual_aid": N_("资助个人"),
    "organisation_aid": N_("资助单位"),
    "project_works": N_("项目（工程）支出"),
    "goods_purchase": N_("物资采购"),
    "fundraising_cost": N_("募捐成本"),
    "management": N_("管理费用"),
    "bank_fee": N_("手续费"),
    "gift_returned": N_("退还捐赠"),
    "asset_purchase": N_("购置资产"),
}
OPENING_LINE, PURPOSE_LINE = "opening", "purpose_change"
STATEMENT_LINES = (*RECEIPT_LINES, *PAYMENT_LINES, OPENING_LINE, PURPOSE_LINE)

SPENDING_KINDS = (
    "individual_aid",
    "organisation_aid",
    "project_works",
    "goods_purchase",
    "fundraising_cost",
    "management",
    "asset_purchase",
)
"""Rows of §16.1 that a disbursement can be."""

SPENDING_ACCOUNT = {"fundraising_cost": FUNDRAISING, "management": MANAGEMENT, "asset_purchase": FIXED_ASSETS}
"""Where accepted spending of a kind is booked; programme spending unless named here."""

MONEY_ACCOUNT_CODE = {"bank": BANK, "cash": CASH, "wechat": OTHER_MONEY, "alipay": OTHER_MONEY}
MONEY_ACCOUNT_NAMES = {"bank": N_("银行"), "cash": N_("现金"), "wechat": N_("微信"), "alipay": N_("支付宝")}

ENTRY_KINDS: dict[str, str] = {
    "opening": N_("期初余额"),
    "donation": N_("捐赠"),
    "goods_received": N_("收到物资"),
    "sale": N_("义卖义拍"),
    "box": N_("募捐箱"),
    "interest": N_("利息"),
    "subsidy": N_("政府补助"),
    "fee": N_("手续费"),
    "payment": N_("拨付"),
    "acceptance": N_("验收"),
    "refund": N_("收款方退回"),
    "gift_returned": N_("退还捐赠"),
    "money_transfer": N_("资金划转"),
    "purpose_change": N_("变更用途"),
    "stock_out": N_("发出物资"),
    "closing": N_("结转"),
}
DIRECTION = {
    "donation": "in",
    "sale": "in",
    "box": "in",
    "interest": "in",
    "subsidy": "in",
    "fee": "out",
    "payment": "out",
    "refund": "out",
    "gift_returned": "out",
    "goods_received": "goods",
    "stock_out": "goods",
}
"""The public direction of a kind; every kind not named is a move. A refund is money out with sign −1."""
