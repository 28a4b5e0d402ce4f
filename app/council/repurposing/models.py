"""Changes of purpose that the council resolved, the gifts whose money they are about, and what the donors said."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, Minor, UtcDateTime
from app.shared.guards import Guard, append_only, declare, refuse, whole_numbers


class Repurposing(Base):
    """One passed motion on a change of purpose, from its resolution on. It ends moved (``moved_minor`` fen, which is less than
    resolved when a donor refused) or given up with a public reason. ``is_bound``: donors bound the money; ``frees``: its new
    purpose binds nothing. ``filing_number`` is what the host got from civil affairs."""

    __tablename__ = "repurposing"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="repurposing_amount_is_positive"),
        CheckConstraint(
            "(filing_number IS NULL) = (filed_on IS NULL) AND (filing_number IS NULL OR length(filing_number) > 0)",
            name="filing_has_number_and_day",
        ),
        CheckConstraint(
            "(moved_on IS NULL) = (moved_at IS NULL) AND (moved_minor IS NULL) = (moved_at IS NULL)",
            name="move_has_day_and_amount",
        ),
        CheckConstraint("moved_minor > 0 AND moved_minor <= amount_minor", name="move_is_within_resolution"),
        CheckConstraint(
            "(given_up_at IS NULL) = (reason = '') AND (given_up_at IS NULL OR moved_at IS NULL)",
            name="given_up_change_has_a_reason",
        ),
        Index("ix_repurposing_fund", "fund_id", "moved_at", "given_up_at"),
    )

    motion_id: Mapped[int] = mapped_column(ForeignKey("motion.id"), primary_key=True, autoincrement=False)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    from_id: Mapped[int] = mapped_column(ForeignKey("earmark.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("earmark.id"))
    amount_minor: Mapped[int] = mapped_column(Minor)
    is_bound: Mapped[bool]
    frees: Mapped[bool]
    needs_filing: Mapped[bool]
    resolved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filing_number: Mapped[str | None] = mapped_column(String(80))
    filed_on: Mapped[date | None] = mapped_column(Date)
    moved_on: Mapped[date | None] = mapped_column(Date)
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved_minor: Mapped[int | None] = mapped_column(Minor)
    moved_by_id: Mapped[int | None] = mapped_column(BigInteger)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")


class RepurposingPart(Base):
    """Fen of one gift that a change is about, fixed when the council resolved it. ``party_id``: who gave it, None when nobody
    is recorded. Append-only."""

    __tablename__ = "repurposing_part"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="repurposing_part_is_positive"),
        UniqueConstraint("motion_id", "tranche_number"),
        Index("ix_repurposing_part_party", "party_id"),
    )

    id: Mapped[Id]
    motion_id: Mapped[int] = mapped_column(ForeignKey("repurposing.motion_id"))
    tranche_number: Mapped[int] = mapped_column(BigInteger, ForeignKey("tranche.number"))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    amount_minor: Mapped[int] = mapped_column(Minor)


class RepurposingAnswer(Base):
    """What a donor said to a change of the purpose of their gift, or that they were looked for in vain: when, how, with the
    evidence as files. The latest counts. Append-only."""

    __tablename__ = "repurposing_answer"
    __table_args__ = (
        CheckConstraint("answer IN ('consented', 'refused', 'unreachable')", name="donor_answer_is_known"),
        CheckConstraint("way IN ('letter', 'message', 'call', 'meeting')", name="way_of_answer_is_known"),
        UniqueConstraint("idempotency_key"),
        Index("ix_repurposing_answer_donor", "motion_id", "party_id", "id"),
    )

    id: Mapped[Id]
    motion_id: Mapped[int] = mapped_column(ForeignKey("repurposing.motion_id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    answer: Mapped[str] = mapped_column(String(20))
    answered_on: Mapped[date] = mapped_column(Date)
    way: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(80))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)


def _sixty_days() -> Guard:
    """A notice that stands in for a donor is never shorter than 60 days; engines count days each in their way."""
    name, message = "purpose_notice_is_sixty_days", "purpose_notice_is_sixty_days"
    about = (
        "NEW.subject_type = 'motion' AND EXISTS (SELECT 1 FROM motion m WHERE m.id = NEW.subject_id "
        "AND m.topic = 'purpose')"
    )
    short = f"{about} AND julianday(NEW.ends_on) - julianday(NEW.opens_on) < 60"
    return Guard(
        name,
        {
            f"{name}_{event.lower()}": f"BEFORE {event} ON public_notice WHEN {short} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            for event in ("INSERT", "UPDATE")
        },
        {
            name: (
                "BEFORE INSERT OR UPDATE ON public_notice FOR EACH ROW",
                f"IF {about} AND NEW.ends_on - NEW.opens_on < 60 THEN RAISE EXCEPTION '{message}' "
                "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW;",
            )
        },
    )


_LATEST = (
    "SELECT a.answer FROM repurposing_answer a WHERE a.motion_id = p.motion_id AND a.party_id = p.party_id "
    "ORDER BY a.id DESC LIMIT 1"
)
_NOTICE_IS_OVER = (
    "EXISTS (SELECT 1 FROM public_notice n WHERE n.subject_type = 'motion' AND n.subject_id = NEW.motion_id "
    "AND n.ends_on < NEW.moved_on)"
)
_MAY_MOVE = (
    f"(NOT NEW.is_bound OR COALESCE(({_LATEST}), '') = 'consented' OR (NOT NEW.frees AND {_NOTICE_IS_OVER} "
    f"AND (p.party_id IS NULL OR COALESCE(({_LATEST}), '') = 'unreachable')))"
)
_MOVES = "OLD.moved_at IS NULL AND NEW.moved_at IS NOT NULL"
_IS_OVER = (
    "EXISTS (SELECT 1 FROM repurposing r WHERE r.motion_id = NEW.motion_id "
    "AND (r.moved_at IS NOT NULL OR r.given_up_at IS NOT NULL))"
)

declare(
    _sixty_days(),
    refuse(
        "change_of_purpose_was_resolved",
        "repurposing",
        "INSERT",
        "NEW.moved_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM motion m WHERE m.id = NEW.motion_id "
        "AND m.fund_id = NEW.fund_id AND m.topic = 'purpose' AND m.status = 'approved')",
        "change_of_purpose_was_resolved",
    ),
    refuse(
        "change_of_purpose_keeps_what_it_was",
        "repurposing",
        "UPDATE",
        "OLD.moved_at IS NOT NULL OR OLD.given_up_at IS NOT NULL OR NEW.motion_id <> OLD.motion_id "
        "OR NEW.fund_id <> OLD.fund_id OR NEW.from_id <> OLD.from_id OR NEW.to_id <> OLD.to_id "
        "OR NEW.amount_minor <> OLD.amount_minor OR NEW.is_bound <> OLD.is_bound OR NEW.frees <> OLD.frees "
        "OR NEW.needs_filing <> OLD.needs_filing OR NEW.resolved_at <> OLD.resolved_at "
        "OR (OLD.filing_number IS NOT NULL AND (NEW.filing_number IS NULL OR NEW.filing_number <> OLD.filing_number))",
        "change_of_purpose_keeps_what_it_was",
    ),
    refuse("change_of_purpose_is_never_deleted", "repurposing", "DELETE", "", "change_of_purpose_is_kept"),
    refuse(
        "change_of_purpose_is_filed_first",
        "repurposing",
        "UPDATE",
        f"{_MOVES} AND NEW.needs_filing AND (NEW.filed_on IS NULL OR NEW.filed_on > NEW.moved_on)",
        "change_of_purpose_is_filed_first",
    ),
    refuse(
        "donors_let_the_money_move",
        "repurposing",
        "UPDATE",
        f"{_MOVES} AND NEW.moved_minor <> COALESCE((SELECT SUM(p.amount_minor) FROM repurposing_part p "
        f"WHERE p.motion_id = NEW.motion_id AND {_MAY_MOVE}), 0)",
        "donors_let_the_money_move",
    ),
    refuse(
        "objection_stops_a_change_of_purpose",
        "repurposing",
        "UPDATE",
        f"{_MOVES} AND (EXISTS (SELECT 1 FROM objection o WHERE o.subject_type = 'motion' "
        "AND o.subject_id = NEW.motion_id AND o.status = 'open') OR EXISTS (SELECT 1 FROM payment_hold h "
        "WHERE h.subject_type = 'motion' AND h.subject_id = NEW.motion_id AND h.lifted_at IS NULL))",
        "objection_stops_a_change_of_purpose",
    ),
    refuse(
        "who_recorded_a_donors_answer_does_not_move",
        "repurposing",
        "UPDATE",
        f"{_MOVES} AND EXISTS (SELECT 1 FROM repurposing_answer a WHERE a.motion_id = NEW.motion_id "
        "AND a.recorded_by_id = NEW.moved_by_id)",
        "who_recorded_a_donors_answer_does_not_move",
    ),
    refuse(
        "donor_answers_before_the_move",
        "repurposing_answer",
        "INSERT",
        f"{_IS_OVER} OR NOT EXISTS (SELECT 1 FROM repurposing_part p WHERE p.motion_id = NEW.motion_id "
        "AND p.party_id = NEW.party_id)",
        "donor_answers_before_the_move",
    ),
    refuse(
        "parts_of_a_change_are_within_it",
        "repurposing_part",
        "INSERT",
        f"{_IS_OVER} OR (SELECT r.amount_minor FROM repurposing r WHERE r.motion_id = NEW.motion_id) < NEW.amount_minor "
        "+ (SELECT COALESCE(SUM(p.amount_minor), 0) FROM repurposing_part p WHERE p.motion_id = NEW.motion_id) "
        "OR NOT EXISTS (SELECT 1 FROM repurposing r JOIN tranche t ON t.earmark_id = r.from_id "
        "WHERE r.motion_id = NEW.motion_id AND t.number = NEW.tranche_number)",
        "parts_of_a_change_are_within_it",
    ),
    append_only("repurposing_part"),
    append_only("repurposing_answer"),
    whole_numbers("repurposing", "amount_minor", "moved_minor"),
    whole_numbers("repurposing_part", "amount_minor"),
)
