"""Budget lines and quotations of a request. Both are part of the text that the council votes on."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor
from app.shared.guards import Guard, declare, refuse, whole_numbers


class BudgetLine(Base):
    """One thing that the money is for. ``quantity_milli`` is in thousandths of ``unit``; without a quantity only the amount is
    stated. ``item_key`` recognises the same thing in other requests."""

    __tablename__ = "budget_line"
    __table_args__ = (
        UniqueConstraint("disbursement_id", "line"),
        CheckConstraint("amount_minor > 0", name="budget_line_amount_is_positive"),
        CheckConstraint("item <> ''", name="budget_line_has_an_item"),
        CheckConstraint(
            "(quantity_milli IS NULL) = (unit_price_minor IS NULL)", name="quantity_goes_with_a_price"
        ),
        CheckConstraint(
            "quantity_milli IS NULL OR (quantity_milli > 0 AND unit_price_minor > 0 "
            "AND quantity_milli * unit_price_minor = amount_minor * 1000)",
            name="budget_line_is_the_exact_product",
        ),
        Index("ix_budget_line_item", "item_key", "disbursement_id"),
    )

    id: Mapped[Id]
    disbursement_id: Mapped[int] = mapped_column(ForeignKey("disbursement.id"))
    line: Mapped[int]
    item: Mapped[str] = mapped_column(String(120))
    item_key: Mapped[str] = mapped_column(String(300))
    quantity_milli: Mapped[int | None] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(String(20), default="")
    unit_price_minor: Mapped[int | None] = mapped_column(Minor)
    amount_minor: Mapped[int] = mapped_column(Minor)


class Quotation(Base):
    """What a supplier asked for the same work or goods, with its paper when there is one. For the office: it names suppliers."""

    __tablename__ = "quotation"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="quotation_amount_is_positive"),
        CheckConstraint("supplier <> ''", name="quotation_has_a_supplier"),
        Index("ix_quotation_disbursement", "disbursement_id", "id"),
        Index("ix_quotation_attachment", "attachment_id"),
    )

    id: Mapped[Id]
    disbursement_id: Mapped[int] = mapped_column(ForeignKey("disbursement.id"))
    supplier: Mapped[str] = mapped_column(String(200))
    amount_minor: Mapped[int] = mapped_column(Minor)
    quoted_on: Mapped[date] = mapped_column(Date)
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id", ondelete="SET NULL"))


def _fixed(table: str) -> list[Guard]:
    """Lines of a request change only while its text may."""
    guards = []
    for event, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        when = (
            f"NOT EXISTS (SELECT 1 FROM disbursement d WHERE d.id = {row}.disbursement_id "
            "AND d.status IN ('drafted', 'returned'))"
        )
        name = f"{table}_is_fixed_{event.lower()}"
        guards.append(refuse(name, table, event, when, f"{table}_is_fixed_once_submitted"))
    return guards


_uneven = (
    "NEW.status = 'submitted' AND EXISTS (SELECT 1 FROM budget_line b WHERE b.disbursement_id = NEW.id) AND "
    "(SELECT SUM(b.amount_minor) FROM budget_line b WHERE b.disbursement_id = NEW.id) <> NEW.amount_minor"
)
declare(
    *_fixed("budget_line"),
    *_fixed("quotation"),
    whole_numbers("budget_line", "quantity_milli", "unit_price_minor", "amount_minor"),
    whole_numbers("quotation", "amount_minor"),
    refuse("budget_adds_up", "disbursement", "UPDATE OF status", _uneven, "budget_adds_up"),
)
