"""Any file an office may send as a table, told by its content and never by its name."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import PurePath
from xml.parsers import expat

from app.shared.errors import N_, Refused
from app.sheets.grid import MAX_FILE_BYTES, Sheet
from app.sheets.reading_text import decoded, refuse_markup, rows_of_text
from app.sheets.reading_xls import broken, read_xls
from app.sheets.reading_xlsx import Parts, encrypted, read_xlsx

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
_ARCHIVES = (b"Rar!\x1a", b"7z\xbc\xaf", b"\x1f\x8b", b"\xfd7zXZ")
_OLD_WORKBOOKS = tuple(bytes((9, version)) for version in (0, 2, 4, 8))


def read_workbook(content: bytes, file_name: str) -> list[Sheet]:
    """The sheets of a .xlsx, .xls (also as WPS writes them) or text file, hidden ones included and marked.

    ``file_name`` only names the single sheet of a text file. Raises Refused, with a sentence for the person who chose
    the file, when it is too large, empty, encrypted, damaged, of another kind, or holds nothing.
    """
    if not content.strip(b"\x00\t\r\n "):
        raise Refused(N_("文件是空的"))
    if len(content) > MAX_FILE_BYTES:
        raise Refused(N_("文件超过 %(limit)s MB，请分成几个文件"), limit=MAX_FILE_BYTES // 2**20)
    sheets = _sheets(content, PurePath(file_name).stem)
    if not any(sheet.rows for sheet in sheets):
        raise Refused(N_("文件里没有内容"))
    return sheets


def read_pasted(text: str) -> Sheet:
    """Rows copied out of Excel or WPS: cells separated by tabs, a cell with line ends in quotes. Raises Refused."""
    if len(text.encode(errors="replace")) > MAX_FILE_BYTES:
        raise Refused(N_("粘贴的内容太多，请改为上传文件"))
    rows = rows_of_text(text, pasted=True)
    if not rows:
        raise Refused(N_("没有粘贴任何内容"))
    return Sheet(name="", rows=rows)


def _sheets(content: bytes, name: str) -> list[Sheet]:
    if content.startswith(_ZIP):
        return _zipped(content)
    if content.startswith(_OLE):
        return _compound(content)
    if content.startswith(b"%PDF"):
        raise Refused(N_("这个文件其实是 PDF，不是表格，请上传 Excel、WPS 表格或 CSV 文件"))
    if _is_image(content):
        raise Refused(N_("这个文件其实是图片，不是表格，请上传 Excel、WPS 表格或 CSV 文件"))
    if content.startswith(_ARCHIVES):
        raise Refused(N_("这个文件是压缩包，请先解压，再上传里面的表格"))
    if content.startswith(_OLD_WORKBOOKS):
        raise _too_old()
    text = decoded(content)
    if text is None:
        raise Refused(N_("看不懂这个文件，请上传 Excel（.xlsx、.xls）、WPS 表格或 CSV 文件"))
    refuse_markup(text)
    return [Sheet(name=name, rows=rows_of_text(text))]


def _is_image(content: bytes) -> bool:
    return (
        content.startswith(_IMAGES)
        or content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif")
        or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")
        or (content[:2] == b"BM" and content[6:10] == b"\0\0\0\0")
    )


def _zipped(content: bytes) -> list[Sheet]:
    try:
        parts = Parts(content)
        _refuse_other_documents(parts)
        return read_xlsx(parts)
    except Refused:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        struct.error,
        EOFError,
        LookupError,
        NotImplementedError,
        OSError,
        ValueError,
    ) as error:
        raise broken() from error


def _refuse_other_documents(parts: Parts) -> None:
    names = parts.names
    if any(name.startswith("word/") for name in names):
        raise Refused(N_("这个文件其实是 Word 文档，不是表格，请把表格复制到 Excel 或 WPS 表格里再上传"))
    if any(name.startswith("ppt/") for name in names):
        raise Refused(N_("这个文件其实是演示文稿，不是表格"))
    if "xl/workbook.bin" in names or "content.xml" in names or "index/document.iwa" in names:
        raise Refused(N_("还不能读取这种表格格式，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"))
    if "[content_types].xml" not in names and "xl/workbook.xml" not in names:
        raise Refused(N_("这个文件是压缩包，请先解压，再上传里面的表格"))


def _compound(content: bytes) -> list[Sheet]:
    """A compound file: an old workbook, an encrypted new one, or another office document."""

    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        raise encrypted()
    if holds("Workbook"):
        return read_xls(content)
    if holds("WordDocument"):
        raise Refused(N_("这个文件其实是 Word 文档，不是表格，请把表格复制到 Excel 或 WPS 表格里再上传"))
    if holds("PowerPoint Document"):
        raise Refused(N_("这个文件其实是演示文稿，不是表格"))
    if holds("Book"):
        raise _too_old()
    raise Refused(N_("这个文件不是表格，或者已损坏，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"))


def _too_old() -> Refused:
    return Refused(N_("文件格式太旧（Excel 95 或更早），请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"))
