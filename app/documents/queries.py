"""Reading issued documents. Lists never load the frozen figures, which may be large."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents.models import IssuedDocument
from app.shared.errors import N_, NotFound
from app.shared.periods import Period


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One version of a document in a list."""

    id: int
    number: str
    version: int
    kind: str
    fund_id: int
    period_from: date | None
    period_to: date | None
    figures_sha256: str
    correction_note: str
    issued_at: datetime
    log_position: int


_ROWS = select(*(IssuedDocument.__table__.c[field.name] for field in fields(DocumentRow)))


def document(session: Session, number: str, version: int | None = None) -> IssuedDocument:
    """A document with its figures: the version asked for, else the latest. Raises NotFound."""
    query = select(IssuedDocument).where(IssuedDocument.number == number)
    if version is not None:
        query = query.where(IssuedDocument.version == version)
    found = session.scalars(query.order_by(IssuedDocument.version.desc()).limit(1)).first()
    if found is None:
        raise NotFound(N_("没有编号为 %(number)s 的文件"), number=number)
    return found


def versions_of(session: Session, number: str) -> list[DocumentRow]:
    """Every version of a document, the latest first. Empty when there is none."""
    query = _ROWS.where(IssuedDocument.number == number).order_by(IssuedDocument.version.desc())
    return [DocumentRow(*row) for row in session.execute(query)]


def latest_of_period(
    session: Session, kind: str, fund_id: int, period: Period, subject_id: int | None = None
) -> DocumentRow | None:
    """The latest version of the document that a fund issued for exactly this period, of ``subject_id`` where it is of one."""
    query = (
        _ROWS.where(
            IssuedDocument.fund_id == fund_id,
            IssuedDocument.kind == kind,
            IssuedDocument.period_from == period.first,
            IssuedDocument.period_to == period.last,
            IssuedDocument.subject_id.is_(None)
            if subject_id is None
            else IssuedDocument.subject_id == subject_id,
        )
        .order_by(IssuedDocument.id.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else DocumentRow(*row)


def issued(
    session: Session, *kinds: str, fund_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[DocumentRow]:
    """Issued documents of these kinds, every version a row, the latest first, by keyset on the id; of one fund or of all."""
    query = _ROWS.where(IssuedDocument.kind.in_(kinds))
    if fund_id is not None:
        query = query.where(IssuedDocument.fund_id == fund_id)
    if before is not None:
        query = query.where(IssuedDocument.id < before)
    return [
        DocumentRow(*row) for row in session.execute(query.order_by(IssuedDocument.id.desc()).limit(limit))
    ]
