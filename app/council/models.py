"""Matters, votes, conflicts of interest and the signatures that some decisions need."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.council.states import CONFLICTS, DECIDERS, ENDORSEMENTS, STATUSES, TOPICS, UNDECIDED
from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import append_only, declare, refuse, whole_numbers


def _one_of(column: str, words: object) -> str:
    return f"{column} IN ({', '.join(f'{word!r}' for word in words)})"  # type: ignore[attr-defined]


class Matter(Base):
    """Something to be decided, bound to the exact text (``text_hash``) that was put before the council and to the rules in
    force at that moment. A changed text is a new matter; the old one is voided with its votes."""

    __tablename__ = "matter"
    __table_args__ = (
        UniqueConstraint("type", "subject_id", "text_hash"),
        CheckConstraint(_one_of("status", STATUSES), name="matter_status_is_known"),
        CheckConstraint(_one_of("topic", TOPICS), name="matter_topic_is_known"),
        CheckConstraint(_one_of("decided_by", DECIDERS), name="matter_decider_is_known"),
        CheckConstraint(
            f"({_one_of('status', UNDECIDED)}) = (decided_at IS NULL)", name="matter_is_decided_once"
        ),
        CheckConstraint(
            "(decided_by = 'council') = (officers_needed = 0)", name="officers_sign_what_no_council_decides"
        ),
        UniqueConstraint("resolution_number"),
        Index("ix_matter_fund", "fund_id", "status"),
        Index("ix_matter_closing", "status", "closes_at"),
        Index("ix_matter_decided", "decided_at", "id"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[str] = mapped_column(String(20), default="spending")
    text_hash: Mapped[str] = mapped_column(String(64))
    amount_minor: Mapped[int | None] = mapped_column(Minor)
    submitter_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(20), default="open")
    # The rules as they stood when the matter was opened, and what they ask for in this case.
    rules_number: Mapped[int] = mapped_column(default=0)
    rules_sha256: Mapped[str] = mapped_column(String(64), default="")
    tier: Mapped[int] = mapped_column(default=0)
    counted_minor: Mapped[int | None] = mapped_column(Minor)
    decided_by: Mapped[str] = mapped_column(String(20), default="council")
    majority: Mapped[str] = mapped_column(String(20), default="ordinary")
    officers_needed: Mapped[int] = mapped_column(default=0)
    chair_signs: Mapped[bool] = mapped_column(default=False)
    needs_opinion: Mapped[bool] = mapped_column(default=False)
    needs_host: Mapped[bool] = mapped_column(default=False)
    seats: Mapped[int]
    quorum: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolution_number: Mapped[str | None] = mapped_column(String(20))
    # For decisions made before this system (record_past_decision): the day, and the counts from the minutes.
    decided_before_on: Mapped[date | None] = mapped_column(Date)
    past_counts: Mapped[str] = mapped_column(Text, default="")


class Vote(Base):
    """One vote of one seat on one text. Append-only: a vote that is changed is a further version, and the latest counts."""

    __tablename__ = "vote"
    __table_args__ = (
        CheckConstraint("choice IN ('approve', 'reject', 'abstain', 'recuse')", name="vote_choice_is_known"),
        CheckConstraint("choice <> 'reject' OR length(reason) > 0", name="rejection_has_a_reason"),
        CheckConstraint(
            "(choice = 'recuse') = (conflict_kind IS NOT NULL)", name="recusal_has_a_published_kind"
        ),
        CheckConstraint("source IN ('online', 'room', 'matched')", name="vote_source_is_known"),
        CheckConstraint("version > 0", name="vote_versions_start_at_one"),
        UniqueConstraint("matter_id", "voter_id", "version"),
        Index("ix_vote_voter", "voter_id", "matter_id"),
    )

    id: Mapped[Id]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matter.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    version: Mapped[int] = mapped_column(default=1)
    seat_number: Mapped[int]
    choice: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    conflict_kind: Mapped[str | None] = mapped_column(String(20))
    text_hash: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(10), default="online")
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)
    cast_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MatterConflict(Base):
    """Somebody who has an interest in a matter: out of its discussion, its vote and its signatures. Append-only.

    ``kind`` is all that is ever published of it.
    """

    __tablename__ = "matter_conflict"
    __table_args__ = (
        CheckConstraint(_one_of("kind", CONFLICTS), name="conflict_kind_is_known"),
        UniqueConstraint("matter_id", "user_id"),
    )

    id: Mapped[Id]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matter.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(String(20))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Endorsement(Base):
    """A signature beside the vote: of an officer, the supervisor's opinion, the host's countersignature or decision."""

    __tablename__ = "endorsement"
    __table_args__ = (
        CheckConstraint(_one_of("kind", ENDORSEMENTS), name="endorsement_kind_is_known"),
        CheckConstraint("choice IN ('approve', 'reject')", name="endorsement_choice_is_known"),
        CheckConstraint(
            "(choice <> 'reject' AND kind <> 'opinion') OR length(reason) > 0",
            name="opinion_and_refusal_have_words",
        ),
        UniqueConstraint("matter_id", "kind", "user_id"),
    )

    id: Mapped[Id]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matter.id"))
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[str] = mapped_column(String(20))
    choice: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    text_hash: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


def _matter(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM matter WHERE matter.id = NEW.matter_id AND {condition})"


def _in_conflict(column: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM matter_conflict c "
        f"WHERE c.matter_id = NEW.matter_id AND c.user_id = NEW.{column})"
    )


_other_text = _matter("matter.text_hash <> NEW.text_hash")
_submitter_votes = "NEW.choice <> 'recuse' AND " + _matter("matter.submitter_id = NEW.voter_id")
_submitter_signs = "NEW.kind <> 'opinion' AND " + _matter("matter.submitter_id = NEW.user_id")
declare(
    append_only("vote"),
    append_only("matter_conflict"),
    append_only("endorsement"),
    whole_numbers("matter", "amount_minor", "counted_minor"),
    refuse("approver_is_not_requester", "vote", "INSERT", _submitter_votes, "approver_is_not_requester"),
    refuse(
        "vote_is_before_the_decision",
        "vote",
        "INSERT",
        _matter("matter.status <> 'open'"),
        "vote_is_before_the_decision",
    ),
    refuse("vote_is_on_this_text", "vote", "INSERT", _other_text, "vote_is_on_this_text"),
    refuse(
        "conflicted_member_is_recused",
        "vote",
        "INSERT",
        "NEW.choice <> 'recuse' AND " + _in_conflict("voter_id"),
        "conflicted_member_is_recused",
    ),
    refuse(
        "endorser_is_not_requester", "endorsement", "INSERT", _submitter_signs, "endorser_is_not_requester"
    ),
    refuse(
        "endorser_has_no_conflict",
        "endorsement",
        "INSERT",
        _in_conflict("user_id"),
        "endorser_has_no_conflict",
    ),
    refuse(
        "endorsement_is_on_this_text", "endorsement", "INSERT", _other_text, "endorsement_is_on_this_text"
    ),
    refuse(
        "endorsement_is_before_the_decision",
        "endorsement",
        "INSERT",
        _matter("matter.decided_at IS NOT NULL"),
        "endorsement_is_before_the_decision",
    ),
)
