"""Issuing documents, and the numbers that papers and requests carry."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.documents.models import DocumentNumber


def next_number(session: Session, series: str, year: int) -> str:
    """The next public number of a series in a year, as "2023-01". Gapless inside ``transaction(books=True)``."""
    row = session.get(DocumentNumber, (series, year))
    if row is None:
        row = DocumentNumber(series=series, year=year, last=0)
        session.add(row)
    row.last += 1
    session.flush()
    return f"{year:04d}-{row.last:02d}"


def keep_number(session: Session, series: str, number: str) -> None:
    """Count on from a number that an office gave itself ("2023-02"), so that it is never given again."""
    year, _, position = number.partition("-")
    row = session.get(DocumentNumber, (series, int(year)))
    if row is None:
        row = DocumentNumber(series=series, year=int(year), last=0)
        session.add(row)
    row.last = max(row.last, int(position))
    session.flush()
