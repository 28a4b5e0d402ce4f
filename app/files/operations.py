"""Keeping files: the bytes under their SHA-256 in the data folder, what they belong to in the database."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO

from sqlalchemy.orm import Session

from app.files.models import Attachment
from app.files.queries import FileRow, files_of, path_of
from app.files.rules import (
    MAX_BYTES,
    PICTURES,
    PUBLIC_COPY,
    SCANS,
    plain_name,
    require_acceptable,
    without_metadata,
)
from app.log.operations import LeafDraft, append
from app.log.queries import latest_version
from app.shared import audit, clock
from app.shared.errors import N_, Conflict, NotFound, Refused
from app.shared.permissions import Actor


def read_upload(stream: IO[bytes], limit: int = MAX_BYTES) -> bytes:
    """The bytes of an upload, but never more than one beyond ``limit``: what is too large is refused, not read whole."""
    return stream.read(limit + 1)


def attach_file(
    session: Session,
    actor: Actor,
    folder: Path,
    *,
    subject_type: str,
    subject_id: int,
    purpose: str,
    name: str,
    content: bytes,
    is_public: bool = False,
    field: str = "file",
    kinds: frozenset[str] | None = None,
) -> Attachment:
    """Keep ``content`` as a file of a record whose own operation has checked that the actor may do so.

    ``folder`` is ``settings.files_dir``. Raises Refused, naming ``field``, for an empty file, one over 20 MB, or one that
    is by its content none of ``kinds`` (all known kinds if left out), carries macros, or is no whole picture. A photograph
    loses the place and time that the telephone wrote into it. The bytes are on disk before the row is; bytes whose
    transaction failed belong to nothing and harm nothing.
    """
    media_type = require_acceptable(content, name, field, kinds)
    if media_type in PICTURES:
        content = without_metadata(content, name, field)
    digest = keep_bytes(folder, content)
    attachment = Attachment(
        subject_type=subject_type,
        subject_id=subject_id,
        purpose=purpose,
        name=plain_name(name, media_type),
        media_type=media_type,
        sha256=digest,
        size=len(content),
        is_public=is_public,
        uploaded_by_id=actor.user_id,
        uploaded_at=clock.now(),
    )
    session.add(attachment)
    session.flush()
    audit.record(
        session, actor.user_id, "attach_file", subject_type, subject_id, file=attachment.id, sha256=digest
    )
    return attachment


def log_public_files(session: Session, subject_type: str, subject_id: int) -> None:
    """Append a leaf for every public file of a public record that has none yet. Inside ``transaction(books=True)``.

    To be called when the record becomes public, and after every public file that it is given later.
    """
    files = [
        file
        for file in files_of(session, subject_type, subject_id, only_public=True)
        if latest_version(session, "file", file.id) == 0
    ]
    append(
        session,
        [
            LeafDraft(
                "file",
                file.id,
                {
                    "of": [subject_type, subject_id],
                    "purpose": file.purpose,
                    "sha256": file.sha256,
                    "size": file.size,
                },
                {"name": file.name},
            )
            for file in files
        ],
    )


def share_files(
    session: Session, actor: Actor, files: list[FileRow], *, subject_type: str, subject_id: int
) -> None:
    """Files of a record that was replaced belong to the record in its place too: the same bytes, rows and leaves of their own.

    Whoever replaced the record has checked that the actor may do so.
    """
    for file in files:
        old = session.get_one(Attachment, file.id)
        session.add(
            Attachment(
                subject_type=subject_type,
                subject_id=subject_id,
                purpose=old.purpose,
                name=old.name,
                media_type=old.media_type,
                sha256=old.sha256,
                size=old.size,
                is_public=old.is_public,
                uploaded_by_id=old.uploaded_by_id,
                uploaded_at=clock.now(),
            )
        )
    session.flush()
    if files:
        log_public_files(session, subject_type, subject_id)
        audit.record(session, actor.user_id, "share_files", subject_type, subject_id, files=len(files))


def add_public_copies(
    session: Session,
    actor: Actor,
    folder: Path,
    files: list[tuple[str, bytes]],
    *,
    subject_type: str,
    subject_id: int,
    most: int,
) -> None:
    """Keep redacted copies (name, content) of the papers of a public record; the originals stay in the office.

    The record's own operation has checked that the actor may do so. ``most``: files that one record may have. Raises Refused
    without a file or with too many of them.
    """
    if not files:
        raise Refused(N_("请选择文件"), field=PUBLIC_COPY)
    if len(files_of(session, subject_type, subject_id)) + len(files) > most:
        raise Refused(N_("最多 %(limit)s 个附件"), field=PUBLIC_COPY, limit=most)
    for name, content in files:
        attach_file(
            session,
            actor,
            folder,
            subject_type=subject_type,
            subject_id=subject_id,
            purpose=PUBLIC_COPY,
            name=name,
            content=content,
            is_public=True,
            field=PUBLIC_COPY,
            kinds=SCANS,
        )
    log_public_files(session, subject_type, subject_id)
    audit.record(session, actor.user_id, "add_public_copy", subject_type, subject_id)


def detach_file(
    session: Session, actor: Actor, attachment_id: int, *, subject_type: str, subject_id: int
) -> None:
    """Take a file off a record whose own operation has checked that it may still change. The bytes stay where they are.

    Raises NotFound when the record has no such file, Conflict when it is public and in the log already.
    """
    attachment = session.get(Attachment, attachment_id)
    if attachment is None or (attachment.subject_type, attachment.subject_id) != (subject_type, subject_id):
        raise NotFound(N_("没有这个文件"))
    if latest_version(session, "file", attachment_id):
        raise Conflict(N_("这个文件已经公开并记入日志，不能移除"))
    session.delete(attachment)
    session.flush()
    audit.record(
        session,
        actor.user_id,
        "detach_file",
        subject_type,
        subject_id,
        file=attachment_id,
        sha256=attachment.sha256,
    )


def keep_bytes(folder: Path, content: bytes) -> str:
    """Write ``content`` under its SHA-256, whole or not at all, and return the digest."""
    digest = hashlib.sha256(content).hexdigest()
    path = path_of(folder, digest)
    if path.is_file() and path.stat().st_size == len(content):
        return digest
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o640)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return digest
