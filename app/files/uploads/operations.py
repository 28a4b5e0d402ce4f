"""Keeping an upload until it is confirmed. Nothing of it is in the database."""

from __future__ import annotations

import base64
import time
from pathlib import Path

from app.files.operations import keep_bytes
from app.files.uploads.queries import KEPT_SECONDS, path_of_upload
from app.shared.encryption import encrypt


def keep_upload(folder: Path, content: bytes) -> str:
    """Keep ``content`` under ``folder``, encrypted, and return its key. What nobody confirmed for a day is deleted."""
    forget_old_uploads(folder)
    return keep_bytes(folder, encrypt(base64.b64encode(content).decode("ascii")))


def forget_upload(folder: Path, key: str) -> None:
    """Delete an upload that was confirmed."""
    path_of_upload(folder, key).unlink(missing_ok=True)


def forget_old_uploads(folder: Path) -> None:
    """Delete uploads that are older than KEPT_SECONDS."""
    oldest = time.time() - KEPT_SECONDS
    for path in folder.glob("*/*"):
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except FileNotFoundError:  # another process was faster
            continue
