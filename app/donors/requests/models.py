"""Requests by donors."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.donors.requests.states import KINDS, STATES, WAYS
from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import declare, refuse


def _words(values: dict[str, str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


class DonorRequest(Base):
    """Something that a donor asks of the office (CL Art. 42; PIPL Arts. 44 to 47), to be answered by the end of ``due_on``.

    About one gift or one donor. The words are for the office and for whoever holds the gift's code, never public; the
    contact is encrypted. ``parts``: what the bundle that goes with the answer holds, by name, with commas.
    """

    __tablename__ = "donor_request"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_words(KINDS)})", name="donor_request_kind_is_known"),
        CheckConstraint(f"came IN ({_words(WAYS)})", name="donor_request_came_in_a_known_way"),
        CheckConstraint(f"status IN ({_words(STATES)})", name="donor_request_status_is_known"),
        CheckConstraint(
            "donation_id IS NOT NULL OR party_id IS NOT NULL", name="donor_request_is_about_somebody"
        ),
        CheckConstraint("length(words) > 0", name="donor_request_says_something"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="donor_request_is_closed_once"),
        CheckConstraint(
            "status NOT IN ('answered', 'refused') OR length(answer) > 0",
            name="donor_request_answer_is_written",
        ),
        CheckConstraint("parts = '' OR status = 'answered'", name="bundle_goes_with_an_answer"),
        Index("ix_donor_request_fund", "fund_id", "status", "due_on"),
        Index("ix_donor_request_donation", "donation_id"),
        Index("ix_donor_request_party", "party_id"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    donation_id: Mapped[int | None] = mapped_column(ForeignKey("donation.id"))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    words: Mapped[str] = mapped_column(Text)
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    locale: Mapped[str] = mapped_column(String(10), default="zh_Hans")
    came: Mapped[str] = mapped_column(String(20))
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(20), default="open")
    answer: Mapped[str] = mapped_column(Text, default="")
    parts: Mapped[str] = mapped_column(String(200), default="")
    closed_by_id: Mapped[int | None] = mapped_column(BigInteger)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str | None] = mapped_column(String(80), unique=True)


_stays = ("number", "kind", "fund_id", "came", "received_at", "due_on")
_changed = " OR ".join(f"NEW.{each} <> OLD.{each}" for each in _stays)
_ended = ("status", "answer", "parts")
_rewritten = " OR ".join(f"NEW.{each} <> OLD.{each}" for each in _ended)

declare(
    refuse(
        "donor_request_stays_as_it_came",
        "donor_request",
        "UPDATE",
        _changed,
        "donor_request_stays_as_it_came",
    ),
    refuse(
        "donor_request_is_answered_once",
        "donor_request",
        "UPDATE",
        f"OLD.status <> 'open' AND ({_rewritten})",
        "donor_request_is_answered_once",
    ),
    refuse(
        "donor_request_is_not_deleted",
        "donor_request",
        "DELETE",
        "OLD.status <> ''",
        "donor_request_is_not_deleted",
    ),
)
