"""The receipts and payments statement 收支情况表 (charity-rules §16.1), its position, its bridge and its checks.

Everything is computed from turnover, in whole fen. A council designation counts as unrestricted (§6, Art. 67).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from app.ledger import accounts as chart
from app.ledger.figures.queries import Kept, MoneyOnDay, Turnover

RECEIPT_KEYS = tuple(key for key in chart.RECEIPT_LINES if key != "goods_sold")
PAYMENT_KEYS = tuple(key for key in chart.PAYMENT_LINES if key != "asset_purchase")


@dataclass(frozen=True, slots=True)
class Amounts:
    """Fen by class."""

    unrestricted_minor: int = 0
    restricted_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Both classes together."""
        return self.unrestricted_minor + self.restricted_minor

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.unrestricted_minor + other.unrestricted_minor, self.restricted_minor + other.restricted_minor
        )

    def __neg__(self) -> Amounts:
        return Amounts(-self.unrestricted_minor, -self.restricted_minor)

    def __sub__(self, other: Amounts) -> Amounts:
        return self + -other


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a statement; ``key`` names it (app.ledger.accounts), the layout gives it words."""

    key: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class EarmarkFacts:
    """A purpose as a statement names it."""

    id: int
    name: str
    restriction: str


@dataclass(frozen=True, slots=True)
class Books:
    """What a statement is computed from: turnover before and during a period, and what closing entries are of it."""

    earmarks: tuple[EarmarkFacts, ...]
    before: tuple[Turnover, ...]
    during: tuple[Turnover, ...]
    closings: tuple[Turnover, ...] = ()
    goods_received: tuple[Turnover, ...] = ()
    goods_issued: tuple[Turnover, ...] = ()

    @property
    def before_closing(self) -> tuple[Turnover, ...]:
        """The period as it stood before its closing entries, which empty income and expenses."""
        undone = (
            replace(row, debit_minor=row.credit_minor, credit_minor=row.debit_minor) for row in self.closings
        )
        return (*self.during, *undone)

    def net(self, rows: Iterable[Turnover], wanted: Callable[[Turnover], bool]) -> Amounts:
        """Debits less credits of the rows wanted, by class."""
        restricted = {earmark.id for earmark in self.earmarks if earmark.restriction == "restricted"}
        sums = [0, 0]
        for row in rows:
            if wanted(row):
                sums[row.earmark_id in restricted] += row.net_minor
        return Amounts(*sums)

    def change(self, *codes: str) -> Amounts:
        """Debits less credits of the period on accounts that start with ``codes``; closing entries do not count."""
        return self.net(self.before_closing, _on(codes))

    def standing(self, *codes: str) -> Amounts:
        """Debits less credits since the first entry, at the end of the period."""
        return self.net(self.before, _on(codes)) + self.net(self.during, _on(codes))

    def line(self, key: str) -> Amounts:
        """Money in (+) or out (−) of the period on one row of the statement."""
        return self.net(self.during, lambda row: row.statement_line == key)


def _on(codes: tuple[str, ...]) -> Callable[[Turnover], bool]:
    return lambda row: row.account_code.startswith(codes)


def _donated(row: Turnover) -> bool:
    """Goods in stock that were given; what a disbursement bought and has still to hand out carries its project."""
    return row.account_code == chart.INVENTORY and row.project_id == 0


def _bought(row: Turnover) -> bool:
    return row.account_code == chart.INVENTORY and row.project_id != 0


@dataclass(frozen=True, slots=True)
class ReceiptsAndPayments:
    """Section A: money received and paid. Refunds and reversals reduce their own row."""

    receipts: tuple[Line, ...]
    receipts_subtotal: Amounts
    goods_sold: Amounts
    receipts_total: Amounts
    payments: tuple[Line, ...]
    payments_subtotal: Amounts
    asset_purchase: Amounts
    payments_total: Amounts
    net: Amounts
    transfers: Amounts
    opening: Amounts
    closing: Amounts


def receipts_and_payments(books: Books) -> ReceiptsAndPayments:
    """Section A of §16.1. Opening is what was held before plus the opening balances recorded within the period."""
    receipts = tuple(Line(key, books.line(key)) for key in RECEIPT_KEYS)
    payments = tuple(Line(key, -books.line(key)) for key in PAYMENT_KEYS)
    receipts_subtotal = sum((line.amounts for line in receipts), Amounts())
    payments_subtotal = sum((line.amounts for line in payments), Amounts())
    goods_sold, asset_purchase = books.line("goods_sold"), -books.line("asset_purchase")
    receipts_total, payments_total = receipts_subtotal + goods_sold, payments_subtotal + asset_purchase
    net, transfers = receipts_total - payments_total, books.line(chart.PURPOSE_LINE)
    opening = books.net(books.before, _on(chart.MONEY_ACCOUNTS)) + books.line(chart.OPENING_LINE)
    return ReceiptsAndPayments(
        receipts=receipts,
        receipts_subtotal=receipts_subtotal,
        goods_sold=goods_sold,
        receipts_total=receipts_total,
        payments=payments,
        payments_subtotal=payments_subtotal,
        asset_purchase=asset_purchase,
        payments_total=payments_total,
        net=net,
        transfers=transfers,
        opening=opening,
        closing=opening + net + transfers,
    )


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """Money in one account at the end of the period."""

    kind: str
    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """Donated goods of one kind in stock at the end of the period."""

    item: str
    unit: str
    pieces: int
    value_minor: int


@dataclass(frozen=True, slots=True)
class Position:
    """Section B: what is there and what is owed at the end of the period, in fen."""

    money: tuple[MoneyLine, ...]
    receivables_minor: int
    prepayments_minor: int
    goods: tuple[GoodsLine, ...]
    goods_minor: int
    goods_to_hand_out_minor: int
    fixed_assets_minor: int
    payables_minor: int
    approved_unpaid_minor: int
    agency_assets_minor: int
    agency_liabilities_minor: int

    @property
    def pieces(self) -> int:
        """Pieces of all donated goods in stock."""
        return sum(line.pieces for line in self.goods)


def position(
    books: Books, money: Iterable[MoneyOnDay], goods: tuple[GoodsLine, ...], approved_unpaid_minor: int
) -> Position:
    """Section B of §16.1. The value of goods is what account 1201 says; the list of goods must agree with it."""
    rows = books.before + books.during

    def debit(*codes: str) -> int:
        return books.standing(*codes).total_minor

    return Position(
        money=tuple(MoneyLine(account.kind, account.name, account.balance_minor) for account in money),
        receivables_minor=debit(chart.OTHER_RECEIVABLES),
        prepayments_minor=debit(chart.PREPAYMENTS),
        goods=goods,
        goods_minor=books.net(rows, _donated).total_minor,
        goods_to_hand_out_minor=books.net(rows, _bought).total_minor,
        fixed_assets_minor=debit(chart.FIXED_ASSETS),
        payables_minor=-debit(chart.PAYABLES, chart.OTHER_PAYABLES),
        approved_unpaid_minor=approved_unpaid_minor,
        agency_assets_minor=debit(chart.AGENCY_ASSETS),
        agency_liabilities_minor=-debit(chart.AGENCY_LIABILITIES),
    )


@dataclass(frozen=True, slots=True)
class Bridge:
    """From money received and paid to accounting income and expenses (accrual, goods at their value)."""

    receipts: Amounts
    goods_received: Amounts
    gifts_returned: Amounts
    income: Amounts
    payments: Amounts
    assets_bought: Amounts
    waiting: Amounts
    goods_sold_cost: Amounts
    goods_issued: Amounts
    expenses: Amounts
    change: Amounts


def bridge(books: Books, cash: ReceiptsAndPayments) -> Bridge:
    """The bridge, item by item. ``income`` and ``expenses`` are those of the accounts, not the sum of the items.

    income = receipts + goods received − gifts returned;
    expenses = payments − gifts returned − assets bought − what waits for acceptance + cost of goods sold + goods issued.
    """
    returned = next(line.amounts for line in cash.payments if line.key == "gift_returned")
    income, expenses = -books.change("4"), books.change("5")
    return Bridge(
        receipts=cash.receipts_total,
        goods_received=books.net(books.goods_received, _donated),
        gifts_returned=returned,
        income=income,
        payments=cash.payments_total,
        assets_bought=books.change(chart.FIXED_ASSETS),
        waiting=books.change(chart.PREPAYMENTS) + books.net(books.during, _bought),
        goods_sold_cost=books.change(chart.COST_OF_GOODS_SOLD),
        goods_issued=-books.net(books.goods_issued, _donated),
        expenses=expenses,
        change=income - expenses,
    )


@dataclass(frozen=True, slots=True)
class Check:
    """Two figures that are found by different ways and must be equal, in fen."""

    key: str
    left_minor: int
    right_minor: int

    @property
    def holds(self) -> bool:
        """Whether they are equal."""
        return self.left_minor == self.right_minor


@dataclass(frozen=True, slots=True)
class AnnexTotals:
    """What the annex adds up to."""

    count: int
    in_minor: int
    out_minor: int


def checks(
    books: Books, cash: ReceiptsAndPayments, held: Position, crossing: Bridge, annex: AnnexTotals, kept: Kept
) -> tuple[Check, ...]:
    """Every tie of the statement (worked example §6.4). ``kept`` is what pools and tranches say for the end of the period."""
    money = books.standing(*chart.MONEY_ACCOUNTS)
    goods = books.net(books.during, _donated)
    net_assets_change = books.net(books.during, _on(("1", "2")))
    opened = books.line(chart.OPENING_LINE)
    negative = [balance for balance in _money_by_earmark(books, "restricted") if balance < 0]
    return (
        Check("closing_unrestricted", cash.closing.unrestricted_minor, money.unrestricted_minor),
        Check("closing_restricted", cash.closing.restricted_minor, money.restricted_minor),
        Check("closing_accounts", cash.closing.total_minor, sum(line.amount_minor for line in held.money)),
        Check("closing_pools", cash.closing.total_minor, kept.pool_minor),
        Check("closing_tranches", cash.closing.total_minor, kept.tranche_minor),
        Check("transfers", cash.transfers.total_minor, 0),
        Check(
            "income",
            crossing.income.total_minor,
            (crossing.receipts + crossing.goods_received - crossing.gifts_returned).total_minor,
        ),
        Check(
            "expenses",
            crossing.expenses.total_minor,
            (
                crossing.payments
                - crossing.gifts_returned
                - crossing.assets_bought
                - crossing.waiting
                + crossing.goods_sold_cost
                + crossing.goods_issued
            ).total_minor,
        ),
        Check(
            "change",
            crossing.change.total_minor,
            (cash.net + goods + crossing.assets_bought + crossing.waiting).total_minor,
        ),
        Check("net_assets", crossing.change.total_minor, (net_assets_change - opened).total_minor),
        Check(
            "net_assets_restricted",
            crossing.change.restricted_minor,
            (net_assets_change - opened - cash.transfers).restricted_minor,
        ),
        Check("goods", held.goods_minor, sum(line.value_minor for line in held.goods)),
        Check("restricted_not_negative", sum(negative), 0),
        Check(
            "debits_and_credits",
            sum(row.debit_minor for row in books.during),
            sum(row.credit_minor for row in books.during),
        ),
        Check("annex_receipts", cash.receipts_total.total_minor, annex.in_minor),
        Check("annex_payments", cash.payments_total.total_minor, annex.out_minor),
    )


def _money_by_earmark(books: Books, restriction: str) -> list[int]:
    rows = books.before + books.during
    return [
        sum(row.net_minor for row in rows if row.earmark_id == earmark.id and row.money_account_id)
        for earmark in books.earmarks
        if earmark.restriction == restriction
    ]


@dataclass(frozen=True, slots=True)
class AnnexRow:
    """One entry in the annex. Amounts as app.ledger.figures.queries.EntryOfPeriod; ``party`` names no natural person."""

    number: int
    occurred_on: date
    kind: str
    description: str
    party: str
    document: str
    earmark_id: int
    in_minor: int
    out_minor: int
    other_minor: int
    reverses_number: int | None
    reversed_by_number: int | None


@dataclass(frozen=True, slots=True)
class StatementFigures:
    """Everything that a receipts and payments statement says, without its number and its time of issue."""

    v: int
    kind: str
    host_name: str
    host_registration: str
    fund_name: str
    currency: str
    example_notice: str
    period_from: date
    period_to: date
    cash: ReceiptsAndPayments
    position: Position
    bridge: Bridge
    checks: tuple[Check, ...]
    earmarks: tuple[EarmarkFacts, ...]
    annex_totals: AnnexTotals
    annex: tuple[AnnexRow, ...]
