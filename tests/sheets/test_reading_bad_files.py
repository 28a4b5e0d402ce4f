"""What is not a table, or more than is read, is refused with one sentence, quickly."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shared.errors import Refused
from app.sheets import grid, reading_xlsx
from app.sheets.grid import MAX_FILE_BYTES
from app.sheets.reading import read_pasted, read_workbook
from tests.sheets import office_files as office

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
WHOLE_FILES = [office.shahe(), office.gaocheng(), office.beixin()]
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))


def zipped(names: list[str]) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as target:
        for name in names:
            target.writestr(name, "x")
    return output.getvalue()


def refusal(content: bytes, name: str = "捐赠登记表.xlsx") -> str:
    with pytest.raises(Refused) as caught:
        read_workbook(content, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PNG, "其实是图片"),
        (JPEG, "其实是图片"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "其实是图片"),
        (b"BM\x36\x00\x0c\x00\x00\x00\x00\x00" + bytes(50), "其实是图片"),
        (b"%PDF-1.7\n%\xe2\xe3", "其实是 PDF"),
        (b"Rar!\x1a\x07\x01\x00", "压缩包"),
        (zipped(["照片/1.jpg"]), "压缩包"),
        (zipped(["[Content_Types].xml", "word/document.xml"]), "Word 文档"),
        (zipped(["[Content_Types].xml", "ppt/presentation.xml"]), "演示文稿"),
        (zipped(["[Content_Types].xml", "xl/workbook.bin"]), "另存为 .xlsx"),
        (zipped(["mimetype", "content.xml"]), "另存为 .xlsx"),
        (b"\x09\x08\x08\x00\x00\x05\x10\x00", "格式太旧"),
        (office.compound_file("Book", b"\x09\x08\x08\x00\x00\x05\x05\x00"), "格式太旧"),
        (office.compound_file("WordDocument", b"x"), "Word 文档"),
        (office.compound_file("Contents", b"x"), "不是表格，或者已损坏"),
        (office.compound_file("EncryptedPackage", b"x"), "密码保护"),
        (office.encrypted_xls(), "密码保护"),
        ("<html><table><tr><td>日期</td></tr></table></html>".encode(), "网页格式"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "网页格式",
        ),
        (b"{\\rtf1\\ansi}", "文字文档"),
        (b"\x00\x01\x02\x03" * 50, "看不懂这个文件"),
        (b"\xff" * 100, "看不懂这个文件"),
        (b"", "文件是空的"),
        (b"\r\n \t\n", "文件是空的"),
        (b",,,\n,,,", "没有内容"),
        (office.xlsx([[None]]), "没有内容"),
    ],
)
def test_what_is_not_a_table_is_refused_by_what_it_is(content: bytes, said: str) -> None:
    assert said in refusal(content)


def test_a_file_of_more_than_twenty_megabytes_is_refused() -> None:
    assert refusal(b"a" * (MAX_FILE_BYTES + 1)) == "文件超过 20 MB，请分成几个文件"
    with pytest.raises(Refused, match="粘贴的内容太多"):
        read_pasted("捐" * (MAX_FILE_BYTES // 3 + 1))


def test_nothing_pasted_is_refused() -> None:
    with pytest.raises(Refused, match="没有粘贴任何内容"):
        read_pasted("\r\n \t \r\n")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_half_a_file_is_refused_as_damaged(kind: str, keep: float) -> None:
    content = office.gaocheng() if kind == "xlsx" else office.shahe()
    assert "已损坏" in refusal(content[: int(len(content) * keep)])


def test_damaged_bytes_inside_are_refused_as_damaged() -> None:
    content = office.example("捐赠登记表")
    at = content.index(b"xl/worksheets/sheet1.xml") + 60
    assert "已损坏" in refusal(content[:at] + b"\xff" * 40 + content[at + 40 :])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_gives_sheets_or_a_sentence_and_no_other_failure(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(WHOLE_FILES)))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        sheets = read_workbook(bytes(content), "x.xlsx")
    except Refused:
        return
    assert any(sheet.rows for sheet in sheets)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = office.bare_xlsx("<sheetData>" + " " * (reading_xlsx.MAX_UNPACKED_BYTES + 1) + "</sheetData>")
    assert len(bomb) < 1_000_000
    assert refusal(bomb) == "文件解开后超过 200 MB，无法读取，请分成几个文件"


def test_a_part_that_is_larger_than_it_says_is_damaged() -> None:
    bomb = bytearray(office.bare_xlsx("<sheetData>" + " " * 1_000_000 + "</sheetData>"))
    place = bomb.rindex(b"xl/worksheets/sheet1.xml") - 46
    bomb[place + 24 : place + 28] = struct.pack("<I", 500)
    assert "已损坏" in refusal(bytes(bomb))


@pytest.mark.parametrize(
    "part",
    ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "_rels/.rels"],
)
def test_a_declaration_in_any_part_is_refused_so_that_no_entity_expands(part: str) -> None:
    content = office.gaocheng()
    declared = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>'
    xml = office.part(content, part)
    end = xml.index(b"?>") + 2
    assert "不允许的 XML 声明" in refusal(
        office.replaced_parts(content, {part: xml[:end] + declared + xml[end:]})
    )


def test_a_sheet_that_declares_the_whole_grid_costs_only_what_it_holds() -> None:
    content = office.bare_xlsx(
        '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="A1048576"><v>2</v></c><c r="XFD1048576" s="1"/></row></sheetData>'
    )
    (sheet,) = read_workbook(content, "x.xlsx")
    assert [(row.number, row.cell(1).value) for row in sheet.rows] == [(1, 1), (1_048_576, 2)]


def test_more_rows_columns_or_places_than_are_read_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "GS1 单元格太靠右" in refusal(
        office.bare_xlsx('<sheetData><row r="1"><c r="GS1"><v>1</v></c></row></sheetData>')
    )
    assert read_workbook(
        office.bare_xlsx('<sheetData><row r="1"><c r="GR1"><v>1</v></c></row></sheetData>'), "x"
    )
    monkeypatch.setattr(grid, "MAX_ROWS", 3)
    assert "最多 3 行" in refusal("甲,乙\n1,2\n1,2\n1,2\n".encode())
    assert "最多 3 行" in refusal(office.xlsx([[1], [2], [3], [4]]))
    assert "最多 3 行" in refusal(office.xls([[1], [2], [3], [4]]))
    monkeypatch.setattr(grid, "MAX_FILLED_CELLS", 2)
    assert "单元格太多" in refusal(office.xlsx([[1, 2, 3]]))
    monkeypatch.setattr(reading_xlsx, "MAX_PLACES", 10)
    assert "单元格太多" in refusal(office.bare_xlsx("<sheetData><row>" + "<c/>" * 11 + "</row></sheetData>"))


def test_a_text_longer_than_a_cell_takes_is_refused_with_its_place() -> None:
    long = "字" * 32_768
    assert refusal(f"甲,乙\n1,{long}".encode()) == "B2 单元格里的文字太长，最多 32767 个字"
    inline = f'<sheetData><row r="2"><c r="B2" t="inlineStr"><is><t>{long}</t></is></c></row></sheetData>'
    assert refusal(office.bare_xlsx(inline)) == "B2 单元格里的文字太长，最多 32767 个字"


def test_a_number_of_absurd_size_does_not_fill_the_memory() -> None:
    (sheet,) = read_workbook(
        office.bare_xlsx(
            '<sheetData><row r="1"><c r="A1"><v>1E+300000000</v></c><c r="B1"><v>NaN</v></c></row></sheetData>'
        ),
        "x",
    )
    assert sheet.rows[0].cell(1).text == "1E+300000000"
    assert sheet.rows[0].cell(2).broken
