"""Attachments of records, and their bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pikepdf
from PIL import Image, ImageOps
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.files.models import Attachment
from app.files.rules import MOST_PIXELS, is_open_to_all, may_read
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor

SMALL_EDGE = 480
"""Pixels along the longer edge of a picture as lists show it."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """An attachment as pages list it."""

    id: int
    subject_id: int
    purpose: str
    name: str
    media_type: str
    sha256: str
    size: int
    is_public: bool
    uploaded_at: datetime

    @property
    def size_text(self) -> str:
        """Kind and size as people read them: PDF · 120 KB."""
        amount = (
            f"{self.size / 1_000_000:.1f} MB" if self.size >= 1_000_000 else f"{max(1, self.size // 1000)} KB"
        )
        return f"{self.name.rpartition('.')[2].upper()} · {amount}"


def _row(each: Attachment) -> FileRow:
    return FileRow(
        each.id,
        each.subject_id,
        each.purpose,
        each.name,
        each.media_type,
        each.sha256,
        each.size,
        each.is_public,
        each.uploaded_at,
    )


def files_of(
    session: Session, subject_type: str, subject_id: int, *, only_public: bool = False
) -> list[FileRow]:
    """The attachments of one record, oldest first."""
    return files_of_many(session, subject_type, [subject_id], only_public=only_public).get(subject_id, [])


def files_of_many(
    session: Session, subject_type: str, subject_ids: Iterable[int], *, only_public: bool = False
) -> dict[int, list[FileRow]]:
    """The attachments of several records of one kind, by record."""
    statement = select(Attachment).where(
        Attachment.subject_type == subject_type, Attachment.subject_id.in_(list(subject_ids))
    )
    if only_public:
        statement = statement.where(Attachment.is_public)
    found: dict[int, list[FileRow]] = {}
    for each in session.scalars(statement.order_by(Attachment.id)):
        found.setdefault(each.subject_id, []).append(_row(each))
    return found


def readable_file(session: Session, actor: Actor, file_id: int) -> FileRow:
    """An attachment that the actor may read; NotFound for any other, so that numbers tell nothing."""
    found = session.get(Attachment, file_id)
    if found is None or not may_read(session, actor, found.subject_type, found.subject_id):
        raise NotFound(N_("没有这个文件"))
    return _row(found)


def public_file(session: Session, file_id: int) -> FileRow:
    """A public attachment of a record that anyone may read. Raises NotFound for any other file."""
    found = session.get(Attachment, file_id)
    if (
        found is None
        or not found.is_public
        or not is_open_to_all(session, found.subject_type, found.subject_id)
    ):
        raise NotFound(N_("没有这个文件"))
    return _row(found)


def path_of(folder: Path, sha256: str) -> Path:
    """Where the bytes with this digest lie."""
    return folder / sha256[:2] / sha256


def small_picture(path: Path) -> bytes | None:
    """A picture as a JPEG of at most SMALL_EDGE pixels, upright and without what a camera writes beside it (place, time).

    None for what is no readable picture, or one so large that reading it would be too much.
    """
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return None
            picture.draft("RGB", (SMALL_EDGE, SMALL_EDGE))
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            upright.thumbnail((SMALL_EDGE, SMALL_EDGE))
            plain = Image.new("RGB", upright.size, "white")
            plain.paste(upright, mask=upright)
            written = io.BytesIO()
            plain.save(written, "JPEG", quality=78)
            return written.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


@lru_cache(maxsize=1024)
def pdf_pages(path: Path) -> int | None:
    """How many pages a PDF has; None when it does not say, or is locked. ``path`` never holds anything else later."""
    try:
        with pikepdf.open(path) as document:
            return len(document.pages)
    except (pikepdf.PdfError, OSError, ValueError):
        return None
