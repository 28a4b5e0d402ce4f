"""Papers of the example: one page of text each, marked 示例, written without any library."""

from __future__ import annotations

_CODES_AT_ONCE = 100


def paper(title: str, lines: list[str]) -> bytes:
    """A PDF of one A4 page. Its font is the reader's own for Chinese; the words can be searched and copied."""
    drawn = [_text(28, 60, 760, "示例"), _text(18, 60, 712, title)]
    drawn += [_text(11, 60, 676 - 22 * place, line) for place, line in enumerate(lines)]
    drawn.append(_text(9, 60, 60, "本文件由示例数据生成，不是真实的会议纪要或银行凭证。"))
    page = "\n".join(drawn).encode("ascii")
    return _document(
        [
            b"<</Type/Catalog/Pages 2 0 R/Lang(zh-CN)>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
            _stream(page),
            b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]"
            b"/ToUnicode 8 0 R>>",
            b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/FontDescriptor 7 0 R/DW 1000/W[1 95 500]"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>",
            b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0"
            b"/Ascent 880/Descent -120/CapHeight 880/StemV 93>>",
            _stream(_to_unicode()),
        ]
    )


def _text(size: int, left: int, bottom: int, text: str) -> str:
    codes = text.encode("utf-16-be").hex().upper()
    return f"BT /F1 {size} Tf {left} {bottom} Td <{codes}> Tj ET"


def _to_unicode() -> bytes:
    """Codes in the page are UTF-16 already: each stands for itself, in rows of 256 as the format wants them."""
    rows = [f"<{row:02X}00> <{row:02X}FF> <{row:02X}00>" for row in range(256)]
    ranges = [rows[start : start + _CODES_AT_ONCE] for start in range(0, len(rows), _CODES_AT_ONCE)]
    blocks = "\n".join(f"{len(block)} beginbfrange\n" + "\n".join(block) + "\nendbfrange" for block in ranges)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /Example-UCS2 def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{blocks}\nendcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode("ascii")


def _stream(content: bytes) -> bytes:
    return b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content)


def _document(objects: list[bytes]) -> bytes:
    parts, places = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"], []
    for number, body in enumerate(objects, start=1):
        places.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = sum(map(len, parts))
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    parts.append(
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, rows, len(objects) + 1, start)
    )
    return b"".join(parts)
