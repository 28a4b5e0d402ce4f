"""Proving that public files are those in the log."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.files.models import Attachment
from app.files.rules import is_open_to_all
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_files(session: Session) -> list[Check]:
    """Every public file of a public record against its leaf."""
    files = [
        Expected(
            file.id,
            {
                "of": [file.subject_type, file.subject_id],
                "purpose": file.purpose,
                "sha256": file.sha256,
                "size": file.size,
            },
            {"name": file.name},
        )
        for file in session.scalars(select(Attachment).where(Attachment.is_public).order_by(Attachment.id))
        if is_open_to_all(session, file.subject_type, file.subject_id)
    ]
    return [compare_with_leaves(session, "file", files)]
