"""Text with separators: CSV files, and rows copied out of a spreadsheet program."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from app.shared.errors import N_, Refused
from app.sheets.grid import Cell, Row, Tally

_SEPARATORS = ("\t", ",", ";")
_AS_TEXT = re.compile(r'^="([^"]*)"$')
_NEUTRALISED = re.compile(r"^'(?=[=+\-@\t\r＝＋－＠])")
_LOOKED_AT = 64 * 1024  # characters, to find out the separator
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")


def decoded(content: bytes) -> str | None:
    """The text of a file in UTF-8, UTF-16 with a mark, or GB18030. None for what is not text in any of these."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        # gbk, which GB18030 contains, has no place for rare characters in names.
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if _BINARY.search(text) else text
    return None


def rows_of_text(text: str, *, pasted: bool = False) -> tuple[Row, ...]:
    """The rows of ``text``, all values as text, separated by tab, comma or semicolon, whichever fits.

    A field in quotes may hold separators and line ends. A quote that does not close its field is an ordinary
    character: a pasted cell may begin with one. Raises Refused for more than is read.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    separator = _separator(text, pasted)
    told = re.match(r"^sep=(.)\n", text)
    if told:
        separator, text = told.group(1), text[told.end() :]
    tally = Tally()
    rows = []
    for number, fields in enumerate(_records(text, separator), start=1):
        cells = {}
        for column, field in enumerate(fields, start=1):
            if field.strip():
                tally.add_cell(number, column, field)
                cells[column] = _cell(number, column, field)
        if cells:
            tally.add_row()
            rows.append(Row(number=number, cells=cells))
    return tuple(rows)


def _separator(text: str, pasted: bool) -> str:
    """The separator that cuts the first rows into the most rows of one width."""
    if pasted and "\t" in text:
        return "\t"
    best, best_rows = ",", 0
    for separator in _SEPARATORS:
        widths = Counter(len(fields) for fields in islice(_records(text[:_LOOKED_AT], separator), 30))
        widths.pop(1, None)
        if widths and max(widths.values()) > best_rows:
            best, best_rows = separator, max(widths.values())
    return best


def _records(text: str, separator: str) -> Iterator[list[str]]:
    mark = re.escape(separator)
    # A quoted field must end at a separator or a line end; the possessive quantifiers keep a stray quote cheap.
    field = re.compile(rf'"([^"]*+(?:""[^"]*+)*+)"[ ]*(?={mark}|\n|\Z)|([^{mark}\n]*+)')
    position = 0
    fields: list[str] = []
    while position < len(text):
        match = field.match(text, position)
        assert match is not None  # the second alternative takes anything, also nothing
        quoted = match.group(1)
        fields.append(quoted.replace('""', '"') if quoted is not None else match.group(2))
        position = match.end()
        if position < len(text) and text[position] == separator:
            position += 1
            if position < len(text):
                continue
            fields.append("")
        else:
            position += 1
        yield fields
        fields = []


def _cell(row: int, column: int, field: str) -> Cell:
    kept = _AS_TEXT.match(field.strip())  # ="00123" is how exports keep leading zeros
    if kept:
        field = kept.group(1)
    elif field.startswith("="):
        return Cell(
            row=row, column=column, text=field, formula=True, formula_text=field.strip(), stored=False
        )
    else:
        field = _NEUTRALISED.sub("", field).strip(" \t")
    return Cell(row=row, column=column, value=field, text=field)


def refuse_markup(text: str) -> None:
    """Raises Refused when the text is a web page or XML that was named like a table."""
    start = text.lstrip("\ufeff \t\r\n")[:400].lower()
    if start.startswith(
        ("<html", "<!doctype", "<table", "<?xml", "<head", "<meta", "<style", "mime-version")
    ):
        raise Refused(N_("这个文件其实是网页格式，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"))
    if start.startswith("{\\rtf"):
        raise Refused(N_("这个文件其实是文字文档，不是表格，请另存为 .xlsx 再上传"))
