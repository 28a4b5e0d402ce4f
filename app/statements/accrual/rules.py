"""业务活动表, 资产负债表, 基金收支明细表, 试算平衡表: from turnover, in whole fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.ledger import accounts as chart
from app.ledger.figures.queries import PurposeChange, Turnover
from app.statements.rules import Amounts, Books, EarmarkFacts

INCOME_ROWS: dict[str, tuple[str, ...]] = {
    "donations": (chart.DONATION_INCOME,),
    "membership": (),
    "services": (),
    "subsidies": (chart.SUBSIDY_INCOME,),
    "sales": (chart.SALES_INCOME,),
    "head_office": (),
    "investments": (chart.INVESTMENT_INCOME,),
    "other": (chart.OTHER_INCOME,),
}
"""Rows of 业务活动表, first part, and their accounts; the chart has none for membership, services and head office."""

EXPENSE_ROWS: dict[str, tuple[str, ...]] = {
    "programme": (chart.PROGRAMME_COST,),
    "taxes": (chart.TAXES,),
    "management": (chart.MANAGEMENT,),
    "fundraising": (chart.FUNDRAISING,),
    "impairment": (chart.IMPAIRMENT,),
    "income_tax": (chart.INCOME_TAX,),
    "other": (chart.OTHER_COST,),
}


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """A row of 业务活动表; ``name`` is the project of a 其中 row, else empty."""

    key: str
    amounts: Amounts
    name: str = ""


@dataclass(frozen=True, slots=True)
class Activities:
    """业务活动表 会民非02表. ``programme_details`` are the 其中 rows under 业务活动成本 and add up to it."""

    income: tuple[ActivityLine, ...]
    income_total: Amounts
    expenses: tuple[ActivityLine, ...]
    programme_details: tuple[ActivityLine, ...]
    expenses_total: Amounts
    released: Amounts
    restricted: Amounts
    prior_years: Amounts
    change: Amounts


def activities(books: Books, changes: list[PurposeChange], projects: Mapping[int, str]) -> Activities:
    """Income and expenses of the period by class, goods at their value, and what changed class."""
    income = tuple(
        ActivityLine(key, -books.change(*codes) if codes else Amounts()) for key, codes in INCOME_ROWS.items()
    )
    expenses = tuple(ActivityLine(key, books.change(*codes)) for key, codes in EXPENSE_ROWS.items())
    income_total = sum((line.amounts for line in income), Amounts())
    expenses_total = sum((line.amounts for line in expenses), Amounts())
    released, restricted = Amounts(), Amounts()
    for each in changes:
        moved = Amounts(each.unrestricted_minor, each.restricted_minor)
        if each.unrestricted_minor > 0:
            released += moved
        else:
            restricted += moved
    prior_years = -books.change(chart.PRIOR_YEAR)
    return Activities(
        income=income,
        income_total=income_total,
        expenses=expenses,
        programme_details=_programme_details(books, projects),
        expenses_total=expenses_total,
        released=released,
        restricted=restricted,
        prior_years=prior_years,
        change=income_total - expenses_total + released + restricted + prior_years,
    )


def _programme_details(books: Books, projects: Mapping[int, str]) -> tuple[ActivityLine, ...]:
    by_project: dict[int, list[Turnover]] = {}
    for row in books.before_closing:
        if row.account_code.startswith(chart.PROGRAMME_COST) and row.account_code != chart.COST_OF_GOODS_SOLD:
            by_project.setdefault(row.project_id, []).append(row)
    details = []
    for project_id in sorted(by_project, key=lambda each: (each == 0, each)):
        name = projects.get(project_id, "")
        amounts = books.net(by_project[project_id], lambda _row: True)
        details.append(ActivityLine("project" if name else "no_project", amounts, name))
    details.append(ActivityLine("goods_sold_cost", books.change(chart.COST_OF_GOODS_SOLD)))
    return tuple(details)


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """资产负债表 会民非01表 at the end of the period, in fen. Net assets are assets less liabilities, by class."""

    money_minor: int
    receivables_minor: int
    prepayments_minor: int
    inventory_minor: int
    fixed_assets_minor: int
    agency_assets_minor: int
    assets_minor: int
    payables_minor: int
    other_payables_minor: int
    agency_liabilities_minor: int
    liabilities_minor: int
    net_assets: Amounts

    @property
    def balances(self) -> bool:
        """Assets are liabilities and net assets."""
        return self.assets_minor == self.liabilities_minor + self.net_assets.total_minor


def balance_sheet(books: Books) -> BalanceSheet:
    """What there was, what was owed and what remained. Net assets come from 3xxx with what is not yet closed to them."""

    def debit(*codes: str) -> int:
        return books.standing(*codes).total_minor

    return BalanceSheet(
        money_minor=debit(*chart.MONEY_ACCOUNTS),
        receivables_minor=debit(chart.OTHER_RECEIVABLES),
        prepayments_minor=debit(chart.PREPAYMENTS),
        inventory_minor=debit(chart.INVENTORY),
        fixed_assets_minor=debit(chart.FIXED_ASSETS),
        agency_assets_minor=debit(chart.AGENCY_ASSETS),
        assets_minor=debit("1"),
        payables_minor=-debit(chart.PAYABLES),
        other_payables_minor=-debit(chart.OTHER_PAYABLES),
        agency_liabilities_minor=-debit(chart.AGENCY_LIABILITIES),
        liabilities_minor=-debit("2"),
        net_assets=-books.standing("3", "4", "5"),
    )


@dataclass(frozen=True, slots=True)
class FundLine:
    """One purpose in 基金收支明细表, in fen. Opening and closing are money and goods together."""

    earmark_id: int
    name: str
    restriction: str
    opening_minor: int
    money_in_minor: int
    goods_in_minor: int
    arrived_minor: int
    on_the_way_minor: int
    goods_sold_cost_minor: int
    fundraising_minor: int
    management_minor: int
    other_minor: int
    returned_minor: int
    transferred_minor: int
    closing_minor: int
    closing_money_minor: int
    closing_goods_minor: int

    @property
    def adds_up(self) -> bool:
        """Opening and what moved give closing, and closing is money and goods."""
        spent = (
            self.arrived_minor
            + self.on_the_way_minor
            + self.goods_sold_cost_minor
            + self.fundraising_minor
            + self.management_minor
            + self.other_minor
            + self.returned_minor
        )
        moved = self.money_in_minor + self.goods_in_minor - spent + self.transferred_minor
        return (
            self.closing_minor == self.opening_minor + moved
            and self.closing_minor == self.closing_money_minor + self.closing_goods_minor
        )


def fund_statement(books: Books) -> tuple[FundLine, ...]:
    """One row for each purpose, in their order. ``total_line`` adds them up."""
    return tuple(_fund_line(books, earmark) for earmark in books.earmarks)


def _fund_line(books: Books, earmark: EarmarkFacts) -> FundLine:
    def of(rows: tuple[Turnover, ...]) -> tuple[Turnover, ...]:
        return tuple(row for row in rows if row.earmark_id == earmark.id)

    own = Books(
        earmarks=(earmark,),
        before=of(books.before),
        during=of(books.during),
        closings=of(books.closings),
        goods_received=of(books.goods_received),
    )

    def change(*codes: str) -> int:
        return own.change(*codes).total_minor

    def lines(*keys: str) -> int:
        return sum(own.line(key).total_minor for key in keys)

    before = own.net(own.before, lambda row: row.account_code in (*chart.MONEY_ACCOUNTS, chart.INVENTORY))
    return FundLine(
        earmark_id=earmark.id,
        name=earmark.name,
        restriction=earmark.restriction,
        opening_minor=before.total_minor + lines(chart.OPENING_LINE),
        money_in_minor=lines(*chart.RECEIPT_LINES),
        goods_in_minor=own.net(
            own.goods_received, lambda row: row.account_code == chart.INVENTORY
        ).total_minor,
        arrived_minor=change(chart.PROGRAMME_COST) - change(chart.COST_OF_GOODS_SOLD),
        on_the_way_minor=change(chart.PREPAYMENTS),
        goods_sold_cost_minor=change(chart.COST_OF_GOODS_SOLD),
        fundraising_minor=change(chart.FUNDRAISING),
        management_minor=change(chart.MANAGEMENT),
        other_minor=change(
            chart.TAXES, chart.IMPAIRMENT, chart.INCOME_TAX, chart.OTHER_COST, chart.FIXED_ASSETS
        ),
        returned_minor=-lines("gift_returned"),
        transferred_minor=lines(chart.PURPOSE_LINE),
        closing_minor=own.standing(*chart.MONEY_ACCOUNTS, chart.INVENTORY).total_minor,
        closing_money_minor=own.standing(*chart.MONEY_ACCOUNTS).total_minor,
        closing_goods_minor=own.standing(chart.INVENTORY).total_minor,
    )


@dataclass(frozen=True, slots=True)
class TrialRow:
    """Turnover of one first-level account and class in the period, in fen."""

    account_code: str
    is_restricted: bool
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """试算平衡表 of a period: turnover by account and class, and its two totals."""

    rows: tuple[TrialRow, ...]
    debit_minor: int
    credit_minor: int


def trial_balance(books: Books) -> TrialBalance:
    """Turnover of the period; 510101 and 510102 are 5101. Closing entries are left out: it stands before year-end."""
    restricted = {earmark.id for earmark in books.earmarks if earmark.restriction == "restricted"}
    sums: dict[tuple[str, bool], list[int]] = {}
    for sign, rows in ((1, books.during), (-1, books.closings)):
        for row in rows:
            key = (chart.summary_account(row.account_code), row.earmark_id in restricted)
            total = sums.setdefault(key, [0, 0])
            total[0] += sign * row.debit_minor
            total[1] += sign * row.credit_minor
    trial_rows = tuple(TrialRow(*key, *sums[key]) for key in sorted(sums) if any(sums[key]))
    return TrialBalance(
        trial_rows, sum(row.debit_minor for row in trial_rows), sum(row.credit_minor for row in trial_rows)
    )
