"""What the books hold already for a register of moves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.files.models import Attachment
from app.files.rules import readable_by
from app.ledger.models import JournalEntry
from app.shared.permissions import Actor, Permission

FILE_SUBJECT = "transfer_workbook"


def imported_at(session: Session, fund_id: int, sha256: str) -> datetime | None:
    """When the very same file was imported into this fund; None when it was not."""
    return session.scalar(
        select(Attachment.uploaded_at)
        .where(
            Attachment.subject_type == FILE_SUBJECT,
            Attachment.subject_id == fund_id,
            Attachment.sha256 == sha256,
        )
        .limit(1)
    )


def entries_of_keys(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """The entries that rows with these keys made, by key."""
    rows = session.execute(
        select(JournalEntry.idempotency_key, JournalEntry.number).where(
            JournalEntry.idempotency_key.in_(list(keys))
        )
    )
    return {str(key): number for key, number in rows}


@readable_by(FILE_SUBJECT)
def _may_read(session: Session, actor: Actor, fund_id: int) -> bool:
    """Who reads the books reads the register that moves came by."""
    return actor.may(Permission.BOOKS_READ, fund_id)
