"""Pictures as telephones and scanners make them, for tests."""

from __future__ import annotations

import io

from PIL import Image


def png(width: int = 8) -> bytes:
    """A small whole picture."""
    written = io.BytesIO()
    Image.new("RGB", (width, 6), "#c8b090").save(written, "PNG")
    return written.getvalue()


def photograph(orientation: int = 1) -> bytes:
    """A photograph, 40 × 30, that tells its camera, its place, a comment, and has something behind its end."""
    picture = Image.new("RGB", (40, 30), "#c8b090")
    told = picture.getexif()
    told[0x0112], told[0x010F] = orientation, "Huawei"
    place = told.get_ifd(0x8825)
    place[1], place[2] = "N", (45.0, 12.0, 3.0)
    written = io.BytesIO()
    picture.save(written, "JPEG", exif=told, comment=b"by the river", quality=80)
    return written.getvalue() + b"<script>"
