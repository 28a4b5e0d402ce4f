"""Workbooks in the format of Excel since 2007 (.xlsx, .xlsm; WPS writes the same).

The file's parts are read directly, in one pass each. What this gives over a general library is said in
docs/decisions/reading-workbooks.md: formula and result together, Chinese date formats, and limits while reading.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import IO
from xml.parsers import expat

from app.shared.errors import N_, Refused
from app.sheets.grid import Area, Cell, CellValue, Sheet, Tally, column_number, gather
from app.sheets.values import date_of_serial, is_date_format, number_of, shown_date, shown_number

MAX_UNPACKED_BYTES = 200 * 1024 * 1024
"""The largest sum of the unpacked sizes of the parts that are read."""
MAX_PLACES = 5_000_000
"""The largest number of rows and cells written in one sheet, empty ones included."""
MAX_MERGED_AREAS = 20_000
MAX_FORMATS = 100_000

_SPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_WANTED = (
    (
        "sheets sheet workbookPr si t rPh row c v f is sheetData mergeCell numFmt cellXfs xf"  # one list for all parts
    ).split()
)
_LOCAL = {f"{space} {name}": name for space in _SPACES for name in _WANTED}
_REFERENCE = re.compile(r"^\$?([A-Za-z]{1,3})\$?(\d{1,7})$")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Attributes = dict[str, str]


class Parts:
    """The parts of one file, opened under a common limit on their unpacked size."""

    def __init__(self, content: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(content))
        self._left = MAX_UNPACKED_BYTES
        self.names = {name.lower(): name for name in self._zip.namelist()}

    def has(self, name: str) -> bool:
        """Whether the file has this part. Part names do not tell capitals apart."""
        return name.lower() in self.names

    def open(self, name: str) -> IO[bytes]:
        """Open one part. Raises Refused when the parts together unpack to more than MAX_UNPACKED_BYTES."""
        info = self._zip.getinfo(self.names[name.lower()])
        if info.flag_bits & 1:
            raise encrypted()
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile("a packing that no workbook uses")
        self._left -= info.file_size
        if self._left < 0:
            raise Refused(
                N_("文件解开后超过 %(limit)s MB，无法读取，请分成几个文件"), limit=MAX_UNPACKED_BYTES // 2**20
            )
        return self._zip.open(info)


def encrypted() -> Refused:
    """The refusal of a file that needs a password."""
    return Refused(N_("文件有密码保护，请先在 Excel 或 WPS 中取消密码再上传"))


def read_xlsx(parts: Parts) -> list[Sheet]:
    """All worksheets in the order of the book. Raises Refused, or the errors of a broken file as they come."""
    book = _workbook_part(parts)
    targets = _relations(parts, book)
    entries: list[tuple[str, bool, str]] = []
    from_1904 = False

    def start(name: str | None, attributes: Attributes) -> None:
        nonlocal from_1904
        if name == "workbookPr":
            from_1904 = attributes.get("date1904", "0").lower() in ("1", "true", "on")
        elif name == "sheet":
            link = next((value for key, value in attributes.items() if key.endswith(" id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            entries.append((attributes.get("name", ""), hidden, link))

    _parse(parts.open(book), start)
    strings = _shared_strings(parts, targets)
    formats = _formats(parts, targets)
    tally = Tally()
    sheets = []
    for name, hidden, link in entries:
        kind, target = targets.get(link, ("", ""))
        if kind == "worksheet" and parts.has(target):  # charts on a sheet of their own hold no cells
            reader = _SheetReader(strings, formats, from_1904, tally)
            _parse(parts.open(target), reader.start, reader.end, reader.text)
            rows = gather(reader.cells, reader.hidden_rows, tally)
            sheets.append(Sheet(name=name, rows=rows, hidden=hidden, merged=tuple(reader.merged)))
    return sheets


def _parse(
    stream: IO[bytes],
    start: Callable[[str | None, Attributes], None],
    end: Callable[[str | None], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Send one part's elements to the handlers, by local name, None for those of other vocabularies."""

    def refuse_declarations(*_: object) -> None:
        # Spreadsheet programs write no DOCTYPE; a file with one tries to make the reader expand or fetch entities.
        raise Refused(N_("文件里有不允许的 XML 声明，无法读取，请用 Excel 或 WPS 打开后另存为 .xlsx"))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.buffer_size = 64 * 1024
    parser.StartDoctypeDeclHandler = refuse_declarations
    parser.StartElementHandler = lambda tag, attributes: start(_LOCAL.get(tag), attributes)
    if end is not None:
        close = end
        parser.EndElementHandler = lambda tag: close(_LOCAL.get(tag))
    if text is not None:
        parser.CharacterDataHandler = text
    with stream:
        parser.ParseFile(stream)


def _workbook_part(parts: Parts) -> str:
    for kind, target in _relations(parts, "").values():
        if kind == "officeDocument":
            return target
    return "xl/workbook.xml"


def _relations(parts: Parts, part: str) -> dict[str, tuple[str, str]]:
    """What ``part`` points to inside the file: id → (kind, name of the part)."""
    folder, name = posixpath.split(part)
    listing = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, tuple[str, str]] = {}

    def start(_: str | None, attributes: Attributes) -> None:
        if "Target" in attributes and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/")
            kind = posixpath.basename(attributes.get("Type", ""))
            found[attributes.get("Id", str(len(found)))] = (kind, target)

    if parts.has(listing):
        _parse(parts.open(listing), start)
    return found


def _target(parts: Parts, targets: dict[str, tuple[str, str]], kind: str) -> str | None:
    return next((target for found, target in targets.values() if found == kind and parts.has(target)), None)


def _shared_strings(parts: Parts, targets: dict[str, tuple[str, str]]) -> list[str]:
    part = _target(parts, targets, "sharedStrings")
    if part is None:
        return []
    strings: list[str] = []
    pieces: list[str] = []
    inside = reading_aloud = False

    def start(name: str | None, _: Attributes) -> None:
        nonlocal inside, reading_aloud
        if name == "si":
            pieces.clear()
        elif name == "rPh":  # how to pronounce it, not what it says
            reading_aloud = True
        elif name == "t":
            inside = not reading_aloud

    def end(name: str | None) -> None:
        nonlocal inside, reading_aloud
        if name == "t":
            inside = False
        elif name == "rPh":
            reading_aloud = False
        elif name == "si":
            strings.append(_unescaped("".join(pieces)))

    def text(piece: str) -> None:
        if inside:
            pieces.append(piece)

    _parse(parts.open(part), start, end, text)
    return strings


def _formats(parts: Parts, targets: dict[str, tuple[str, str]]) -> list[tuple[bool, str | None]]:
    """For each cell style: whether it shows a day, and the format's text where the file gives one."""
    part = _target(parts, targets, "styles")
    if part is None:
        return []
    codes: dict[int, str] = {}
    ids: list[int] = []
    in_cell_styles = False

    def start(name: str | None, attributes: Attributes) -> None:
        nonlocal in_cell_styles
        if name == "numFmt" and len(codes) < MAX_FORMATS:
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            in_cell_styles = True
        elif name == "xf" and in_cell_styles and len(ids) < MAX_FORMATS:
            ids.append(int(attributes.get("numFmtId", "0")))

    def end(name: str | None) -> None:
        nonlocal in_cell_styles
        if name == "cellXfs":
            in_cell_styles = False

    _parse(parts.open(part), start, end)
    return [(is_date_format(number, codes.get(number)), codes.get(number)) for number in ids]


def _unescaped(text: str) -> str:
    """_x000D_ stands for a character that XML cannot carry."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text) if "_x" in text else text


class _SheetReader:
    """Collects the cells of one worksheet while its part is parsed."""

    def __init__(
        self, strings: list[str], formats: list[tuple[bool, str | None]], from_1904: bool, tally: Tally
    ) -> None:
        self.cells: dict[int, dict[int, Cell]] = {}
        self.hidden_rows: set[int] = set()
        self.merged: list[Area] = []
        self._strings, self._formats, self._from_1904, self._tally = strings, formats, from_1904, tally
        self._row = self._column = self._places = 0
        self._in_grid = self._reading_aloud = False
        self._style = ""
        self._type = "n"
        self._value: str | None = None
        self._formula: str | None = None
        self._pieces: list[str] = []
        self._into = ""

    def start(self, name: str | None, attributes: Attributes) -> None:
        """An element begins."""
        if name is None:
            return
        if name == "sheetData":
            self._in_grid = True
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif not self._in_grid:
            return
        elif name == "c":
            self._place()
            reference = _REFERENCE.match(attributes.get("r", ""))
            self._column = column_number(reference.group(1)) if reference else self._column + 1
            self._type = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._value = self._formula = None
        elif name == "row":
            self._place()
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
            if attributes.get("hidden", "0").lower() in ("1", "true"):
                self.hidden_rows.add(self._row)
        elif name == "rPh":
            self._reading_aloud = True
        elif name in ("v", "t") and not self._reading_aloud:
            self._into = "value"
        elif name == "f":
            self._into = "formula"

    def end(self, name: str | None) -> None:
        """An element ends."""
        if name == "sheetData":
            self._in_grid = False
        elif not self._in_grid:
            return
        elif name in ("v", "f", "t"):
            text = "".join(self._pieces)
            if self._into == "value":
                self._value = (self._value or "") + text
            elif self._into == "formula":
                self._formula = text
            self._into = ""
            self._pieces.clear()
        elif name == "rPh":
            self._reading_aloud = False
        elif name == "c" and (self._value is not None or self._formula is not None):
            self._keep()

    def text(self, piece: str) -> None:
        """Characters between two tags."""
        if self._into:
            self._pieces.append(piece)

    def _place(self) -> None:
        self._places += 1
        if self._places > MAX_PLACES:
            raise Refused(N_("工作表里的单元格太多，请删除空行空列或分成几个文件"))

    def _merge(self, reference: str) -> None:
        corners = [_REFERENCE.match(corner) for corner in reference.split(":")]
        if len(corners) == 2 and corners[0] and corners[1]:
            self.merged.append(
                Area(
                    top=int(corners[0].group(2)),
                    left=column_number(corners[0].group(1)),
                    bottom=int(corners[1].group(2)),
                    right=column_number(corners[1].group(1)),
                )
            )
        if len(self.merged) > MAX_MERGED_AREAS:
            raise Refused(N_("工作表里的合并单元格太多，请取消合并后再上传"))

    def _keep(self) -> None:
        value, text, broken = self._typed()
        stored = (
            self._formula is None or value is not None or (self._type == "str" and self._value is not None)
        )
        if (value is None or (isinstance(value, str) and not value.strip())) and self._formula is None:
            return
        self._tally.add_cell(self._row, self._column, text)
        self.cells.setdefault(self._row, {})[self._column] = Cell(
            row=self._row,
            column=self._column,
            value=value,
            text=text,
            formula=self._formula is not None,
            formula_text=f"={self._formula}" if self._formula else "",
            stored=stored,
            broken=broken,
        )

    def _typed(self) -> tuple[CellValue, str, bool]:
        """The cell's value by its type, as seen, and whether it is an error."""
        raw = self._value
        if raw is None or (raw == "" and self._type != "str"):
            return None, "", False
        if self._type == "s":
            string = self._strings[int(raw)]
            return string, string, False
        if self._type in ("str", "inlineStr"):
            string = _unescaped(raw)
            return string or None, string, False
        if self._type == "b":
            true = raw.strip().lower() in ("1", "true")
            return true, "TRUE" if true else "FALSE", False
        if self._type == "e":
            return raw, raw, True
        if self._type == "d":
            return _iso_day(raw), raw, False
        return self._number(raw)

    def _number(self, raw: str) -> tuple[CellValue, str, bool]:
        number = number_of(raw)
        if number is None:
            return raw, raw, True
        shows_day, code = self._formats[int(self._style)] if self._style and self._formats else (False, None)
        day = date_of_serial(number, self._from_1904) if shows_day else None
        if day is not None:
            return day, shown_date(day), False
        return number, shown_number(number, code), False


def _iso_day(raw: str) -> date | datetime | str:
    try:
        moment = datetime.fromisoformat(raw.strip().removesuffix("Z"))
    except ValueError:
        return raw
    return moment if moment.time() != moment.min.time() else moment.date()
