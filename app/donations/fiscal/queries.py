"""Reading what is known of official receipts."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.donations.fiscal.models import FiscalReceipt
from app.donations.fiscal.rules import Fiscal
from app.donations.models import Donation


def fiscal_of(session: Session, gift: Donation) -> Fiscal:
    """What is known of a gift's official receipt now."""
    return fiscals_of(session, [gift])[gift.id]


def fiscals_of(session: Session, gifts: Iterable[Donation]) -> dict[int, Fiscal]:
    """The same of several gifts, by their id; a few hundred at once."""
    wanted = {gift.id: gift for gift in gifts}
    newest = (
        select(FiscalReceipt.donation_id, func.max(FiscalReceipt.version).label("version"))
        .where(FiscalReceipt.donation_id.in_(wanted))
        .group_by(FiscalReceipt.donation_id)
        .subquery()
    )
    rows = session.scalars(
        select(FiscalReceipt).join(
            newest,
            and_(
                newest.c.donation_id == FiscalReceipt.donation_id, newest.c.version == FiscalReceipt.version
            ),
        )
    )
    found = {
        gift.id: Fiscal(0, "issued" if gift.receipt_number else "none", gift.receipt_number, "", "", None)
        for gift in wanted.values()
    }
    for row in rows:
        found[row.donation_id] = Fiscal(
            row.version, row.status, row.number, row.code, row.check_code, row.issued_on
        )
    return found


def fiscal_of_code(session: Session, code: str) -> tuple[str, str] | None:
    """(number, check code) of the official receipt that stands for the gift with this receipt code; None without one."""
    gift = session.scalar(select(Donation).where(Donation.receipt_code == code))
    if gift is None or not gift.receipt_number:
        return None
    found = fiscal_of(session, gift)
    return found.number, found.check_code


def records_of(session: Session, donation_id: int) -> list[FiscalReceipt]:
    """Everything that was recorded of a gift's official receipt, newest first."""
    return list(
        session.scalars(
            select(FiscalReceipt)
            .where(FiscalReceipt.donation_id == donation_id)
            .order_by(FiscalReceipt.version.desc())
        )
    )
