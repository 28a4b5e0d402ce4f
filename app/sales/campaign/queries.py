"""What an event still needs before it is announced."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.funds import queries as funds
from app.sales.campaign.rules import Requirement, requirements
from app.sales.models import SaleEvent


def qualification_of(session: Session, event: SaleEvent) -> str:
    """The number of the host's certificate for public fundraising now; "" when it has none."""
    return funds.fund(session, event.fund_id).host.fundraising_certificate or ""


def needed(session: Session, event: SaleEvent) -> list[Requirement]:
    """What has to be there, and whether it is; the accounts are chosen when it is announced."""
    return requirements(
        qualification=qualification_of(session, event),
        filing_number=event.filing_number,
        place=event.place,
        has_hours=event.starts_at is not None,
    )
