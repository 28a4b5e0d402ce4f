"""The audit trail: who did what, when, to which record. Appended in the transaction of the act itself."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.shared import clock
from app.shared.db import Base, Id, UtcDateTime, insert_rows


class AuditEvent(Base):
    """One act of one person. Never changed or deleted (guarded by triggers)."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_subject", "subject_type", "subject_id"),)

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    detail: Mapped[str] = mapped_column(Text, default="{}")


class PersonalReading(Base):
    """One page or file with personal data in it that somebody of the office was shown (PIPL Art. 51: who may see is limited,
    and who saw is known). No word of the page is kept, nor what was searched for. Never changed or deleted."""

    __tablename__ = "personal_reading"
    __table_args__ = (
        Index("ix_personal_reading_fund", "fund_id", "id"),
        Index("ix_personal_reading_reader", "reader_id", "id"),
        Index("ix_personal_reading_subject", "subject_type", "subject_id", "id"),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reader_id: Mapped[int] = mapped_column(BigInteger)
    # The fund that the reader worked in; None where there was none yet.
    fund_id: Mapped[int | None] = mapped_column(BigInteger)
    endpoint: Mapped[str] = mapped_column(String(100))
    # The record in the page's address ("donation", 7); "" and None for a list.
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None] = mapped_column(BigInteger)


def record(
    session: Session, actor_id: int | None, action: str, subject_type: str, subject_id: int, **detail: Any
) -> None:
    """Append one event. ``detail`` holds plain JSON values and never a person's contact or secret."""
    record_many(session, actor_id, action, subject_type, [(subject_id, detail)])


def record_many(
    session: Session,
    actor_id: int | None,
    action: str,
    subject_type: str,
    subjects: list[tuple[int, dict[str, Any]]],
) -> None:
    """Append the same act for many records, as an import does."""
    at = clock.now()
    insert_rows(
        session,
        AuditEvent,
        [
            {
                "at": at,
                "actor_id": actor_id,
                "action": action,
                "subject_type": subject_type,
                "subject_id": subject_id,
                "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True, default=str),
            }
            for subject_id, detail in subjects
        ],
    )
