"""The accrual statements of any period, and money day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.ledger import queries as ledger
from app.ledger.figures import queries as figures
from app.shared.periods import Period
from app.statements.accrual import rules
from app.statements.queries import books_of


@dataclass(frozen=True, slots=True)
class AccrualStatements:
    """The accrual statements of one fund and period, from one snapshot."""

    activities: rules.Activities
    balance_sheet: rules.BalanceSheet
    fund_lines: tuple[rules.FundLine, ...]
    trial_balance: rules.TrialBalance


def accrual_statements(session: Session, fund_id: int, period: Period) -> AccrualStatements:
    """业务活动表, 资产负债表, 基金收支明细表 and 试算平衡表 of the period."""
    books = books_of(session, fund_id, period)
    projects = {project.id: project.name for project in ledger.projects_of(session, fund_id)}
    changes = figures.purpose_changes(session, fund_id, period)
    return AccrualStatements(
        activities=rules.activities(books, changes, projects),
        balance_sheet=rules.balance_sheet(books),
        fund_lines=rules.fund_statement(books),
        trial_balance=rules.trial_balance(books),
    )


def money_on(session: Session, fund_id: int, day: date) -> dict[str, int]:
    """Fen at the end of ``day`` by kind of account (bank, cash, wechat, alipay), and ``held``, their sum."""
    found = {"bank": 0, "cash": 0, "wechat": 0, "alipay": 0}
    for account in figures.money_on(session, fund_id, day):
        found[account.kind] += account.balance_minor
    return {**found, "held": sum(found.values())}
