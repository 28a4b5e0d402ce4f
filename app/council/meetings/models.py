"""Meetings, their agendas, who attended, and what members say to the votes that were recorded for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime
from app.shared.guards import append_only, declare, refuse


class Meeting(Base):
    """One meeting of a fund's council. Once its minutes are issued, or it is cancelled, nothing of it changes any more.

    ``version`` counts every change, so that of two people who save at once the second is told.
    """

    __tablename__ = "meeting"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("idempotency_key"),
        CheckConstraint("state IN ('called', 'held', 'minuted', 'cancelled')", name="meeting_state_is_known"),
        CheckConstraint(
            "(state = 'minuted') = (document_id IS NOT NULL)", name="minuted_meeting_has_its_document"
        ),
        CheckConstraint(
            "(state IN ('held', 'minuted')) = (present IS NOT NULL)", name="held_meeting_has_its_attendance"
        ),
        # FR Art. 21, charity-rules §18: counted on all seats.
        CheckConstraint(
            "present IS NULL OR (present >= quorum AND present <= seats)", name="held_meeting_has_its_quorum"
        ),
        CheckConstraint(
            "(state = 'cancelled') = (length(cancel_reason) > 0)", name="cancelled_meeting_has_a_reason"
        ),
        Index("ix_meeting_fund", "fund_id", "held_at"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    number: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), default="called")
    version: Mapped[int] = mapped_column(default=1)
    called_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    called_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # All seats of the council on that day, how many had to come, how many came.
    seats: Mapped[int | None]
    quorum: Mapped[int | None]
    present: Mapped[int | None]
    # Leaves of kind "meeting" so far: attendance may be put right until the minutes are issued.
    attendance_version: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[str] = mapped_column(Text, default="")
    document_id: Mapped[int | None] = mapped_column(ForeignKey("issued_document.id"))
    cancel_reason: Mapped[str] = mapped_column(Text, default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(80))


class AgendaItem(Base):
    """One item of an agenda: a matter that waits for the council, or a plain title.

    ``votes_draft``: the votes in the room as the secretary noted them (JSON by user), until the minutes are issued.
    """

    __tablename__ = "agenda_item"
    __table_args__ = (
        UniqueConstraint("meeting_id", "position"),
        UniqueConstraint("meeting_id", "matter_id"),
        CheckConstraint("position > 0", name="agenda_positions_start_at_one"),
        CheckConstraint("length(title) > 0", name="agenda_item_has_a_title"),
        Index("ix_agenda_item_matter", "matter_id"),
    )

    id: Mapped[Id]
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    position: Mapped[int]
    matter_id: Mapped[int | None] = mapped_column(ForeignKey("matter.id"))
    title: Mapped[str] = mapped_column(String(300))
    discussion: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str] = mapped_column(Text, default="")
    votes_draft: Mapped[str] = mapped_column(Text, default="")


class Attendance(Base):
    """Whether somebody who was called came. Without a seat: the supervisor, who attends and has no vote (FR Art. 22)."""

    __tablename__ = "attendance"
    __table_args__ = (
        UniqueConstraint("meeting_id", "user_id"),
        CheckConstraint("presence IN ('present', 'absent', 'excused')", name="presence_is_known"),
    )

    id: Mapped[Id]
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    seat_number: Mapped[int | None]
    presence: Mapped[str] = mapped_column(String(10))


class VoteConfirmation(Base):
    """What a member says to the vote that was recorded for them in the room. Given once."""

    __tablename__ = "vote_confirmation"
    __table_args__ = (
        UniqueConstraint("vote_id"),
        CheckConstraint("answer IN ('confirmed', 'disputed')", name="confirmation_answer_is_known"),
        CheckConstraint("answer <> 'disputed' OR length(words) > 0", name="dispute_has_words"),
    )

    id: Mapped[Id]
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    answer: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


def _of_ended(row: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM meeting WHERE meeting.id = {row}.meeting_id "
        "AND meeting.state IN ('minuted', 'cancelled'))"
    )


_ENDED = "OLD.state IN ('minuted', 'cancelled')"
declare(
    append_only("vote_confirmation"),
    refuse(
        "only_room_votes_are_confirmed",
        "vote_confirmation",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM vote WHERE vote.id = NEW.vote_id AND vote.source = 'room')",
        "only_room_votes_are_confirmed",
    ),
    refuse("ended_meeting_is_final", "meeting", "UPDATE", _ENDED, "ended_meeting_is_final"),
    refuse("no_meeting_is_deleted", "meeting", "DELETE", "", "no_meeting_is_deleted"),
    *(
        refuse(
            f"{table}_{event.lower()}_is_before_the_end", table, event, _of_ended(row), f"{table}_is_final"
        )
        for table in ("agenda_item", "attendance")
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
)
