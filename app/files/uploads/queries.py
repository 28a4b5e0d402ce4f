"""Finding an upload that waits for confirmation."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

from app.files.queries import path_of
from app.shared.encryption import decrypt
from app.shared.errors import N_, NotFound

KEPT_SECONDS = 24 * 3600
_KEY = re.compile(r"[0-9a-f]{64}")


def path_of_upload(folder: Path, key: str) -> Path:
    """Where an upload lies. Raises NotFound for what is no key."""
    if not _KEY.fullmatch(key):
        raise _gone()
    return path_of(folder, key)


def kept_upload(folder: Path, key: str) -> bytes:
    """The bytes that were uploaded. Raises NotFound when they are older than a day or were confirmed."""
    path = path_of_upload(folder, key)
    try:
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            raise _gone()
        return base64.b64decode(decrypt(path.read_bytes()))
    except FileNotFoundError as error:
        raise _gone() from error


def _gone() -> NotFound:
    return NotFound(N_("上传的文件只保留一天，请重新上传"))
