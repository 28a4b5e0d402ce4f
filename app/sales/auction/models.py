"""Paddles, the state of each lot, bids and their cancellations, and every fall of the hammer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.sales.auction.states import STATES, TRANSITIONS
from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, refuse, whole_numbers

_STATES = ", ".join(f"'{state}'" for state in STATES)


class Paddle(Base):
    """A number by which somebody bids at an event. Who holds it is known to the office alone, if at all."""

    __tablename__ = "paddle"
    __table_args__ = (
        UniqueConstraint("event_id", "number"),
        CheckConstraint("number BETWEEN 1 AND 9999", name="paddle_number_is_short"),
        Index("ix_paddle_issue", "issue_key"),
    )

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(ForeignKey("sale_event.id"))
    number: Mapped[int]
    # Keyed by the data key: who has the database alone cannot try a million PINs.
    pin_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    # A new PIN signs out the phones that came in with the one before.
    pin_version: Mapped[int] = mapped_column(default=1)
    name: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by_id: Mapped[int | None] = mapped_column(BigInteger)
    # The form that they were given out by: sent twice, it gives them out once.
    issue_key: Mapped[str] = mapped_column(String(80))
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Auction(Base):
    """The state of a lot in the auction. A lot without a row waits. ``turn`` counts who is to pay: 1 is the highest bidder."""

    __tablename__ = "auction"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATES})", name="auction_status_is_known"),
        CheckConstraint("(status = 'paid') = (sale_id IS NOT NULL)", name="paid_lot_has_its_sale"),
        CheckConstraint(
            "(turn > 0) = (status IN ('hammered', 'paid', 'unsold'))", name="hammered_lot_has_a_turn"
        ),
        Index(
            "ix_auction_on",
            "event_id",
            unique=True,
            sqlite_where=text("status = 'on'"),
            postgresql_where=text("status = 'on'"),
        ),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(ForeignKey("sale_event.id"))
    status: Mapped[str] = mapped_column(String(10))
    turn: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Announced by the auctioneer; moved on by a late bid. None: open until the hammer.
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sale_id: Mapped[int | None] = mapped_column(ForeignKey("sale.id"), unique=True)


class Bid(Base):
    """A bid that was taken. ``number`` is its place in the order of arrival, without gaps within the lot. Append-only."""

    __tablename__ = "bid"
    __table_args__ = (
        UniqueConstraint("lot_id", "number"),
        CheckConstraint("amount_minor > 0", name="bid_is_positive"),
        CheckConstraint("way IN ('room', 'phone')", name="bid_way_is_known"),
        CheckConstraint("way = 'room' OR entered_by_id IS NULL", name="phone_bid_is_nobody_elses"),
        Index("ix_bid_paddle", "paddle_id"),
    )

    id: Mapped[Id]
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    number: Mapped[int]
    paddle_id: Mapped[int] = mapped_column(ForeignKey("paddle.id"))
    amount_minor: Mapped[int] = mapped_column(Minor)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    way: Mapped[str] = mapped_column(String(10))
    entered_by_id: Mapped[int | None] = mapped_column(BigInteger)
    key: Mapped[str | None] = mapped_column(String(80), unique=True)


class BidCancellation(Base):
    """A bid that the auctioneer took back, and why. Append-only: a bid is cancelled once and for good."""

    __tablename__ = "bid_cancellation"
    __table_args__ = (CheckConstraint("length(reason) > 0", name="cancellation_has_a_reason"),)

    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_by_id: Mapped[int | None] = mapped_column(BigInteger)


class Hammer(Base):
    """Whom a lot went to: turn 1 when the hammer fell, the next ones when a winner did not pay. Append-only."""

    __tablename__ = "hammer"

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True, autoincrement=False)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), unique=True)
    amount_minor: Mapped[int] = mapped_column(Minor)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(BigInteger)


_is_on = "EXISTS (SELECT 1 FROM auction a WHERE a.lot_id = NEW.lot_id AND a.status = 'on')"
_stands = "NOT EXISTS (SELECT 1 FROM bid_cancellation c WHERE c.bid_id = b.id)"
# Each bid was above all that stood then, so the latest that stands is the highest.
_leading = f"FROM bid b WHERE b.lot_id = NEW.lot_id AND {_stands} ORDER BY b.number DESC LIMIT 1"
_allowed = " OR ".join(
    f"(OLD.status = '{before}' AND NEW.status = '{after}')" for before, after in sorted(TRANSITIONS)
)

declare(
    append_only("bid"),
    append_only("bid_cancellation", "bid_id"),
    append_only("hammer", "lot_id", "turn"),
    whole_numbers("bid", "amount_minor"),
    whole_numbers("hammer", "amount_minor"),
    refuse("bid_needs_an_open_lot", "bid", "INSERT", f"NOT {_is_on}", "bid_needs_an_open_lot"),
    refuse(
        "bids_are_numbered_without_gaps",
        "bid",
        "INSERT",
        "NEW.number <> 1 + COALESCE((SELECT MAX(b.number) FROM bid b WHERE b.lot_id = NEW.lot_id), 0)",
        "bids_are_numbered_without_gaps",
    ),
    refuse(
        "bid_is_high_enough",
        "bid",
        "INSERT",
        "NEW.amount_minor < COALESCE((SELECT b.amount_minor + (SELECT l.step_minor FROM lot l WHERE l.id = NEW.lot_id) "
        f"{_leading}), (SELECT l.price_minor FROM lot l WHERE l.id = NEW.lot_id))",
        "bid_is_high_enough",
    ),
    refuse(
        "leading_paddle_does_not_bid",
        "bid",
        "INSERT",
        f"NEW.paddle_id = (SELECT b.paddle_id {_leading})",
        "leading_paddle_does_not_bid",
    ),
    refuse(
        "bid_is_by_a_paddle_of_the_event",
        "bid",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM paddle p JOIN lot l ON l.event_id = p.event_id "
        "WHERE p.id = NEW.paddle_id AND l.id = NEW.lot_id AND p.blocked_at IS NULL)",
        "bid_is_by_a_paddle_of_the_event",
    ),
    refuse(
        "bid_is_cancelled_before_the_hammer",
        "bid_cancellation",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM bid b JOIN auction a ON a.lot_id = b.lot_id "
        "WHERE b.id = NEW.bid_id AND a.status = 'on')",
        "bid_is_cancelled_before_the_hammer",
    ),
    refuse(
        "hammer_falls_on_a_standing_bid",
        "hammer",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM bid b WHERE b.id = NEW.bid_id AND b.lot_id = NEW.lot_id "
        f"AND b.amount_minor = NEW.amount_minor AND {_stands})",
        "hammer_falls_on_a_standing_bid",
    ),
    refuse(
        "auction_goes_its_way",
        "auction",
        "UPDATE",
        f"NEW.lot_id <> OLD.lot_id OR (NEW.status <> OLD.status AND NOT ({_allowed})) OR (NEW.status = 'waiting' "
        "AND EXISTS (SELECT 1 FROM bid b WHERE b.lot_id = NEW.lot_id))",
        "auction_goes_its_way",
    ),
    refuse(
        "auction_begins_waiting",
        "auction",
        "INSERT",
        "NEW.status <> 'waiting' OR NOT EXISTS (SELECT 1 FROM lot l WHERE l.id = NEW.lot_id "
        "AND l.event_id = NEW.event_id AND l.step_minor IS NOT NULL)",
        "auction_begins_waiting",
    ),
    refuse(
        "lot_under_the_hammer_is_not_sold",
        "sale",
        "INSERT",
        _is_on,
        "lot_under_the_hammer_is_not_sold",
    ),
    refuse(
        "auction_is_over_before_the_event",
        "sale_event",
        "UPDATE OF status",
        "NEW.status = 'closed' AND EXISTS "
        "(SELECT 1 FROM auction a WHERE a.event_id = NEW.id AND a.status IN ('on', 'hammered'))",
        "auction_is_over_before_the_event",
    ),
)
