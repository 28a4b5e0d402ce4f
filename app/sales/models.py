"""Sale events, lots, sales, the counting of the night."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    Time,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import declare, refuse, whole_numbers

METHODS = ("cash", "wechat", "alipay", "bank")
_METHODS = ", ".join(f"'{method}'" for method in METHODS)


class SaleEvent(Base):
    """A charity sale, auction or gala of one fund."""

    __tablename__ = "sale_event"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'closed')", name="sale_event_status_is_known"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="sale_event_is_closed_once"),
        # charity-rules §8: a sale in public is public fundraising, of a qualified host, filed before it is announced.
        CheckConstraint(
            "opened_at IS NULL OR (qualification <> '' AND filing_number <> '')",
            name="sale_is_announced_when_it_was_filed",
        ),
        CheckConstraint("ends_at IS NULL OR starts_at IS NOT NULL", name="sale_ends_after_it_started"),
        CheckConstraint(
            "counted_by_id IS NULL OR closed_by_id IS NULL OR counted_by_id <> closed_by_id",
            name="sale_is_counted_by_two",
        ),
        Index("ix_sale_event_fund", "fund_id", "held_on"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    held_on: Mapped[date] = mapped_column(Date)
    place: Mapped[str] = mapped_column(String(200), default="")
    # Hours by the clock of the fund.
    starts_at: Mapped[time | None] = mapped_column(Time)
    ends_at: Mapped[time | None] = mapped_column(Time)
    # The host's public-fundraising qualification and the filing of this campaign; empty shows as 备案信息缺失.
    qualification: Mapped[str] = mapped_column(String(80), default="")
    filing_number: Mapped[str] = mapped_column(String(80), default="")
    # When it was announced: before it, an event that is still to come is nobody's to see.
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_by_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10), default="open")
    box_cash_minor: Mapped[int] = mapped_column(Minor, default=0)
    box_wechat_minor: Mapped[int] = mapped_column(Minor, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The first of the two who count; the second closes.
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counted_by_id: Mapped[int | None] = mapped_column(BigInteger)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(BigInteger)
    first_entry_number: Mapped[int | None] = mapped_column(BigInteger)
    last_entry_number: Mapped[int | None] = mapped_column(BigInteger)
    # Who opens lots, hammers, and alone cancels a wrong bid.
    auctioneer_id: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def hours(self) -> str:
        """From when to when, as people read it: 19:30–22:00; "" when nobody said."""
        return "–".join(each.isoformat("minutes") for each in (self.starts_at, self.ends_at) if each)

    @property
    def is_counted_by_two(self) -> bool:
        """Whether one person counted the money and another one closed; else it is as a register says."""
        return self.counted_by_id is not None and self.closed_by_id is not None


class CollectionAccount(Base):
    """Where an announced event takes money that is not cash: a bank account of the host, or its merchant code."""

    __tablename__ = "collection_account"
    __table_args__ = (Index("ix_collection_account_account", "money_account_id", "event_id"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("sale_event.id"), primary_key=True)
    money_account_id: Mapped[int] = mapped_column(ForeignKey("money_account.id"), primary_key=True)
    merchant_code: Mapped[str] = mapped_column(String(40), default="")


class Lot(Base):
    """Something on sale: packs of donated goods at a fixed price, or to the highest bidder."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("event_id", "number"),
        CheckConstraint("mode IN ('fixed_price', 'auction')", name="lot_mode_is_known"),
        CheckConstraint("units_per_item > 0", name="units_per_item_is_positive"),
        CheckConstraint("quantity > 0", name="lot_quantity_is_positive"),
        CheckConstraint("sold_quantity >= 0 AND sold_quantity <= quantity", name="lot_is_not_oversold"),
        CheckConstraint(
            "step_minor IS NULL OR (step_minor > 0 AND mode = 'auction' AND quantity = 1)",
            name="lot_for_bids_is_one_pack",
        ),
        CheckConstraint(
            "reserve_minor IS NULL OR (step_minor IS NOT NULL AND reserve_minor >= price_minor)",
            name="reserve_is_not_below_the_start",
        ),
    )

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(ForeignKey("sale_event.id"))
    goods_line_id: Mapped[int] = mapped_column(ForeignKey("goods_line.id"))
    number: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    mode: Mapped[str] = mapped_column(String(20))
    units_per_item: Mapped[int] = mapped_column(default=1)
    quantity: Mapped[int]
    sold_quantity: Mapped[int] = mapped_column(default=0)
    price_minor: Mapped[int] = mapped_column(Minor)
    # Of a lot that takes bids: the least that each is above the one before. None: a fixed price, or a result on paper.
    step_minor: Mapped[int | None] = mapped_column(Minor)
    # Below it the hammer does not fall. Never public.
    reserve_minor: Mapped[int | None] = mapped_column(Minor)
    position: Mapped[int] = mapped_column(default=0)


class Sale(Base):
    """One sale of a lot. Operational until the event closes; voided with a reason, never deleted."""

    __tablename__ = "sale"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="sale_quantity_is_positive"),
        CheckConstraint("amount_minor > 0", name="sale_amount_is_positive"),
        CheckConstraint(f"method IN ({_METHODS})", name="sale_method_is_known"),
        CheckConstraint("(voided_at IS NULL) = (void_reason = '')", name="void_has_a_reason"),
        Index("ix_sale_lot", "lot_id", "id"),
    )

    id: Mapped[Id]
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(Minor)
    method: Mapped[str] = mapped_column(String(10))
    # A paddle number or a note; personal data once linked, never public.
    buyer: Mapped[str] = mapped_column(String(60), default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str] = mapped_column(Text, default="")
    # The entry that booked it: the closing's, or one of its own when it was paid later.
    entry_number: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("journal_entry.number"))


class Count(Base):
    """Money counted at closing against money recorded, by way of payment; a difference is explained."""

    __tablename__ = "sale_count"
    __table_args__ = (
        CheckConstraint(f"method IN ({_METHODS})", name="count_method_is_known"),
        CheckConstraint("recorded_minor >= 0 AND counted_minor >= 0", name="count_is_not_negative"),
        CheckConstraint(
            "recorded_minor = counted_minor OR length(explanation) > 0", name="difference_is_explained"
        ),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("sale_event.id"), primary_key=True)
    method: Mapped[str] = mapped_column(String(10), primary_key=True)
    recorded_minor: Mapped[int] = mapped_column(Minor)
    counted_minor: Mapped[int] = mapped_column(Minor)
    explanation: Mapped[str] = mapped_column(Text, default="")


class LotResult(Base):
    """What a closed lot came to, and the entry that booked it: the chain from goods to money."""

    __tablename__ = "lot_result"

    entry_number: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("journal_entry.number"), primary_key=True, autoincrement=False
    )
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    pieces: Mapped[int]
    proceeds_minor: Mapped[int] = mapped_column(Minor)
    cost_minor: Mapped[int] = mapped_column(Minor)


declare(
    whole_numbers("lot", "price_minor", "step_minor", "reserve_minor"),
    whole_numbers("sale", "amount_minor"),
    whole_numbers("lot_result", "proceeds_minor", "cost_minor"),
    whole_numbers("sale_event", "box_cash_minor", "box_wechat_minor"),
    *(
        refuse(
            f"collection_account_is_the_hosts_{event.lower()}",
            "collection_account",
            event,
            "NOT EXISTS (SELECT 1 FROM money_account WHERE id = NEW.money_account_id AND (kind = 'bank' "
            "OR (kind IN ('wechat', 'alipay') AND NEW.merchant_code <> '')))",
            "money is collected by a bank account or a merchant code of the host",
        )
        for event in ("INSERT", "UPDATE")
    ),
)
