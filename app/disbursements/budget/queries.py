"""Reading the budget lines and quotations of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.disbursements.budget.models import BudgetLine, Quotation
from app.disbursements.budget.rules import quantity_text
from app.files.models import Attachment


@dataclass(frozen=True, slots=True)
class BudgetLineRow:
    """One line as pages show it, public ones too: its words are as public as the request's reason."""

    item: str
    quantity_milli: int | None
    unit: str
    unit_price_minor: int | None
    amount_minor: int

    @property
    def quantity(self) -> str:
        """The quantity as people write it, "" when only the amount is stated."""
        return "" if self.quantity_milli is None else quantity_text(self.quantity_milli)


@dataclass(frozen=True, slots=True)
class QuotationRow:
    """One quotation as the office sees it."""

    supplier: str
    amount_minor: int
    quoted_on: date
    attachment_id: int | None
    file_name: str | None
    sha256: str | None


def lines_of(session: Session, disbursement_id: int) -> list[BudgetLineRow]:
    """The budget of a request, in the order written; empty when it has none."""
    rows = session.execute(
        select(
            BudgetLine.item,
            BudgetLine.quantity_milli,
            BudgetLine.unit,
            BudgetLine.unit_price_minor,
            BudgetLine.amount_minor,
        )
        .where(BudgetLine.disbursement_id == disbursement_id)
        .order_by(BudgetLine.line)
    )
    return [BudgetLineRow(*row) for row in rows]


def quotations_of(session: Session, disbursement_id: int) -> list[QuotationRow]:
    """The quotations of a request, in the order written."""
    rows = session.execute(
        select(
            Quotation.supplier,
            Quotation.amount_minor,
            Quotation.quoted_on,
            Quotation.attachment_id,
            Attachment.name,
            Attachment.sha256,
        )
        .outerjoin(Attachment, Attachment.id == Quotation.attachment_id)
        .where(Quotation.disbursement_id == disbursement_id)
        .order_by(Quotation.id)
    )
    return [QuotationRow(*row) for row in rows]


def total_minor(session: Session, disbursement_id: int) -> int | None:
    """Fen of all lines together; None without any."""
    total = session.scalar(
        select(func.sum(BudgetLine.amount_minor)).where(BudgetLine.disbursement_id == disbursement_id)
    )
    return None if total is None else int(total)


def lines_for_hash(session: Session, disbursement_id: int) -> list[dict[str, object]]:
    """The budget as it enters the text that a vote is bound to."""
    return [
        {
            "item": line.item,
            "quantity_milli": line.quantity_milli,
            "unit": line.unit,
            "unit_price": line.unit_price_minor,
            "amount": line.amount_minor,
        }
        for line in lines_of(session, disbursement_id)
    ]


def quotations_for_hash(session: Session, disbursement_id: int) -> list[dict[str, object]]:
    """The quotations as they enter the text that a vote is bound to; their papers by SHA-256."""
    return [
        {
            "supplier": each.supplier,
            "amount": each.amount_minor,
            "quoted_on": each.quoted_on.isoformat(),
            "paper": each.sha256,
        }
        for each in quotations_of(session, disbursement_id)
    ]
