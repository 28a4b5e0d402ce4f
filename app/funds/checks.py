"""Proving that host and funds say of themselves what the log says."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.funds.models import Fund, Host
from app.funds.operations import FUND_TEXTS, HOST_TEXTS
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_funds(session: Session) -> list[Check]:
    """Host and funds against their newest leaves."""
    hosts = [
        Expected(host.id, {}, {name: getattr(host, name) or "" for name in HOST_TEXTS})
        for host in session.scalars(select(Host))
    ]
    funds = [
        Expected(
            fund.id,
            {
                "host": fund.host_id,
                "currency": fund.currency,
                "founded_on": fund.founded_on.isoformat() if fund.founded_on else None,
            },
            {name: getattr(fund, name) or "" for name in FUND_TEXTS},
        )
        for fund in session.scalars(select(Fund))
    ]
    ended = [
        Expected(fund.id, {"on": fund.closed_on.isoformat()})
        for fund in session.scalars(select(Fund).where(Fund.closed_on.is_not(None)))
        if fund.closed_on is not None
    ]
    return [
        compare_with_leaves(session, "host", hosts, latest=True),
        compare_with_leaves(session, "fund", funds, latest=True),
        compare_with_leaves(session, "fund_closed", ended),
    ]
