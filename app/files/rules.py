"""What kinds of file are kept, told by their content, and who may read the files of a record."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable

from PIL import Image, ImageOps
from sqlalchemy.orm import Session

from app.shared.errors import N_, Refused
from app.shared.permissions import Actor

MAX_BYTES = 20 * 1024 * 1024
NAME_MAX = 200

PDF = "application/pdf"
PNG = "image/png"
JPEG = "image/jpeg"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLS = "application/vnd.ms-excel"
DOC = "application/msword"
CSV = "text/csv"
TEXT = "text/plain"

ENDINGS = {
    PDF: "pdf",
    PNG: "png",
    JPEG: "jpg",
    XLSX: "xlsx",
    DOCX: "docx",
    XLS: "xls",
    DOC: "doc",
    CSV: "csv",
    TEXT: "txt",
}
MOST_PIXELS = 60_000_000
"""A picture beyond it would cost too much memory to read; no telephone takes one."""

PICTURES = frozenset({PNG, JPEG})
SHEETS = frozenset({XLSX, XLS, CSV, TEXT})
ACCEPT = ".pdf,.png,.jpg,.jpeg,.xlsx,.xls,.et,.docx,.doc,.wps,.csv,.txt"
"""For the ``accept`` attribute of a file field."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

PUBLIC_COPY = "public_copy"
"""The purpose of a redacted copy that anybody may read; the original stays in the office."""
SCANS = PICTURES | {PDF}

Reader = Callable[[Session, Actor, int], bool]
_readers: dict[str, Reader] = {}


def readable_by(subject_type: str) -> Callable[[Reader], Reader]:
    """Register who may read the internal files of a kind of record: (session, actor, subject_id) → bool.

    Without such a rule nobody may.
    """

    def register(reader: Reader) -> Reader:
        _readers[subject_type] = reader
        return reader

    return register


Openness = Callable[[Session, int], bool]
_open_records: dict[str, Openness] = {}


def open_to_all(subject_type: str) -> Callable[[Openness], Openness]:
    """Register which records of a kind anybody may read: (session, subject_id) → bool. Their public files are public with them;
    without such a rule none is."""

    def register(is_open: Openness) -> Openness:
        _open_records[subject_type] = is_open
        return is_open

    return register


def is_open_to_all(session: Session, subject_type: str, subject_id: int) -> bool:
    """Whether anybody may read the public files of this record."""
    is_open = _open_records.get(subject_type)
    return is_open is not None and is_open(session, subject_id)


def may_read(session: Session, actor: Actor, subject_type: str, subject_id: int) -> bool:
    """Whether the actor may read the internal files of this record."""
    reader = _readers.get(subject_type)
    return reader is not None and reader(session, actor, subject_id)


def media_type_of(content: bytes, name: str) -> str | None:
    """The media type of a file by its content; the name only tells a CSV from other plain text. None for other kinds."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(_OLE):
        return _ole_type(content)
    if content.startswith(b"PK"):
        return _zip_type(content)
    if _is_text(content):
        return CSV if name.lower().endswith(".csv") else TEXT
    return None


def _ole_type(content: bytes) -> str | None:
    if any(stream.encode("utf-16-le") in content for stream in ("Workbook", "Book")):
        return XLS
    return DOC if "WordDocument".encode("utf-16-le") in content else None


def _zip_type(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return None
    if "[Content_Types].xml" not in names:
        return None
    if any(name.startswith("xl/") for name in names):
        return XLSX
    return DOCX if any(name.startswith("word/") for name in names) else None


def _is_text(content: bytes) -> bool:
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # as Excel saves “Unicode text”
    if b"\x00" in content and not marked:
        return False
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(
            unicodedata.category(each) == "Cc" and each not in "\t\r\n\f" for each in text[:65_536]
        )
    return False


def require_acceptable(content: bytes, name: str, field: str, kinds: frozenset[str] | None = None) -> str:
    """The media type of an upload that may be kept. Raises Refused with a sentence for any other."""
    if not content:
        raise Refused(N_("文件“%(name)s”是空的"), field=field, name=name)
    if len(content) > MAX_BYTES:
        raise Refused(
            N_("文件“%(name)s”太大，最多 %(limit)s MB"),
            field=field,
            name=name,
            limit=MAX_BYTES // (1024 * 1024),
        )
    found = media_type_of(content, name)
    if found is None or (kinds is not None and found not in kinds):
        raise Refused(
            N_("不能接受文件“%(name)s”：按内容判断，它不是这里可用的文件类型"), field=field, name=name
        )
    if _has_macros(content, found):
        raise Refused(
            N_("文件“%(name)s”带有宏，不能接受；请另存为不带宏的格式或 PDF"), field=field, name=name
        )
    return found


def _has_macros(content: bytes, media_type: str) -> bool:
    """Whether an office document carries a program: none is needed to read figures, and some do harm."""
    if media_type in (XLSX, DOCX):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())
    return media_type in (XLS, DOC) and "_VBA_PROJECT".encode("utf-16-le") in content


def plain_name(name: str, media_type: str) -> str:
    """A file's name without folders and control characters, ending as its content says."""
    seen = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    seen = "".join(each for each in seen if unicodedata.category(each) not in ("Cc", "Cf", "Cs")).strip(" .")
    stem, _, ending = seen.rpartition(".")
    wanted = ENDINGS[media_type]
    same = {"jpg": {"jpg", "jpeg"}, "xls": {"xls", "et"}, "doc": {"doc", "wps"}}.get(wanted, {wanted})
    if ending.lower() not in same or not stem:
        stem, ending = seen or "file", wanted
    return f"{stem[: NAME_MAX - len(ending) - 1]}.{ending}"


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
