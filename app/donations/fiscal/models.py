"""What was recorded of official receipts, one row on another."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.donations.fiscal.states import STATUSES
from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import append_only, declare


class FiscalReceipt(Base):
    """What is known of a gift's official receipt from then on: the newest row counts, none is changed.

    A gift without a row has the receipt whose number came with its recording, or none. The number that the public reads now
    stands on the gift and in the ledger; here is what each record said, with who, when and why.
    """

    __tablename__ = "fiscal_receipt"
    __table_args__ = (
        UniqueConstraint("donation_id", "version"),
        CheckConstraint(
            f"status IN ({', '.join(f'{status!r}' for status in STATUSES)})",
            name="fiscal_receipt_status_is_known",
        ),
        CheckConstraint(
            "(status IN ('issued', 'void')) = (number <> '')", name="fiscal_receipt_with_a_number_exists"
        ),
        CheckConstraint(
            "number <> '' OR (code = '' AND check_code = '' AND issued_on IS NULL)",
            name="no_fiscal_receipt_has_no_particulars",
        ),
        CheckConstraint("status = 'issued' OR words <> ''", name="no_fiscal_receipt_has_a_reason"),
    )

    id: Mapped[Id]
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"))
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    # 票据号码, 票据代码, 校验码 as they stand on it.
    number: Mapped[str] = mapped_column(String(60), default="")
    code: Mapped[str] = mapped_column(String(20), default="")
    check_code: Mapped[str] = mapped_column(String(20), default="")
    issued_on: Mapped[date | None] = mapped_column(Date)
    # How the donor waived it, why it is void or was not issued; never public.
    words: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)


declare(append_only("fiscal_receipt"))
