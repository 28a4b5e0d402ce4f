"""Photographs as they are kept: upright, and without the place, time and camera that a telephone writes into them."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from app.shared.errors import N_, Refused

MOST_PIXELS = 60_000_000
"""A picture beyond it would cost too much memory to read; no telephone takes one."""


def without_metadata(content: bytes, name: str, field: str) -> bytes:
    """A JPEG or PNG written anew from its pixels alone, upright; nothing that was hidden in or behind it stays.

    A JPEG keeps its own quality. Raises Refused, naming ``field``, for what is no whole picture, or is too large.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Refused(N_("图片“%(name)s”的像素太多，请缩小后再上传"), field=field, name=name)
            is_jpeg = picture.format == "JPEG"
            upright = ImageOps.exif_transpose(picture)
            turned = upright.size != picture.size or picture.getexif().get(0x0112, 1) != 1
            plain = picture if not turned else upright
            plain.load()
            for key in ("exif", "xmp", "comment", "photoshop", "XML:com.adobe.xmp"):
                plain.info.pop(key, None)
            written = io.BytesIO()
            if is_jpeg:
                plain.save(written, "JPEG", quality=92 if turned else "keep", exif=b"")
            else:
                plain.save(written, "PNG", exif=b"", pnginfo=None)
            return written.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(N_("图片“%(name)s”打不开或不完整，请重新拍照或导出"), field=field, name=name) from error
