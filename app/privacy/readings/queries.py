"""Reading who was shown personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.queries import names_of
from app.shared.audit import PersonalReading

PAGE = 50


@dataclass(frozen=True, slots=True)
class ReadingFilter:
    """Which readings are asked for. ``before``: only those older than this id."""

    fund_id: int
    reader_id: int | None = None
    subject_type: str = ""
    subject_id: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading as it is listed. ``endpoint`` is the page, ``subject_id`` None for a list."""

    id: int
    at: datetime
    reader_id: int
    reader: str
    endpoint: str
    subject_type: str
    subject_id: int | None


def readings(session: Session, wanted: ReadingFilter) -> list[ReadingRow]:
    """The readings in a fund, the latest first: PAGE of them and one more where there are more."""
    asked = select(PersonalReading).where(PersonalReading.fund_id == wanted.fund_id)
    if wanted.reader_id is not None:
        asked = asked.where(PersonalReading.reader_id == wanted.reader_id)
    if wanted.subject_type and wanted.subject_id is not None:
        asked = asked.where(
            PersonalReading.subject_type == wanted.subject_type,
            PersonalReading.subject_id == wanted.subject_id,
        )
    if wanted.before is not None:
        asked = asked.where(PersonalReading.id < wanted.before)
    rows = session.scalars(asked.order_by(PersonalReading.id.desc()).limit(PAGE + 1)).all()
    names = names_of(session, [row.reader_id for row in rows])
    return [
        ReadingRow(
            row.id,
            row.at,
            row.reader_id,
            names.get(row.reader_id, ""),
            row.endpoint,
            row.subject_type,
            row.subject_id,
        )
        for row in rows
    ]
