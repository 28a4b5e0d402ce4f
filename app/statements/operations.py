"""Issuing statements. The PDF is made after the commit, from what was frozen."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.documents.operations import DocumentDraft, Issued, issue_document
from app.documents.rules import plain
from app.funds.models import Fund
from app.funds.queries import fund as fund_by_id
from app.ledger.figures.queries import entry_count
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.periods import EARLIEST, Period
from app.shared.permissions import Actor, Permission
from app.statements import queries
from app.statements.layouts import CHECK_NAMES

MOST_ENTRIES = 50_000
"""Entries that the annex of one statement lists at most: some 2,000 pages."""


def issue_statement(
    session: Session, actor: Actor, fund_id: int, period: Period, *, correction_note: str = ""
) -> Issued:
    """Issue the statement of a period that is over or ends today; unchanged figures give the document issued before.

    Inside ``transaction(books=True)``. Raises Refused for a period that is not over or too full, for one that already has
    a statement with other figures and no ``correction_note``, and when any tie of the statement fails.
    """
    actor.require(Permission.DOCUMENT_ISSUE, fund_id)
    fund = fund_by_id(session, fund_id)
    require_issuable(session, fund, period)
    figures = queries.statement_figures(session, fund, period)
    broken = [CHECK_NAMES[check.key] for check in figures.checks if not check.holds]
    if broken:
        raise Refused(N_("账目没有通过核对，报表不能签发：%(checks)s"), checks=broken)
    return issue_document(
        session, actor, DocumentDraft(figures.kind, fund_id, period, plain(figures), correction_note)
    )


def require_issuable(session: Session, fund: Fund, period: Period) -> None:
    """Raise Refused for a period that is not over yet, begins before there was any money, or has too many entries."""
    if period.last > clock.today(fund.time_zone):
        raise Refused(N_("期间还没有结束，截止日期不能晚于今天"), field="last")
    if period.first < EARLIEST:
        raise Refused(N_("日期 %(day)s 太早，请核对年份"), field="first", day=period.first.isoformat())
    count = entry_count(session, fund.id, period)
    if count > MOST_ENTRIES:
        raise Refused(
            N_("这一期间有 %(count)s 笔分录，一份报表最多列出 %(most)s 笔，请分成较短的期间"),
            field="last",
            count=count,
            most=MOST_ENTRIES,
        )
