"""Registers as differing offices keep them, built the way their programs store them."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import xlsxwriter
import xlwt
from xlwt.CompoundDoc import XlsDoc

from app.sheets.grid import Cell

EXAMPLE = Path(__file__).parents[2] / "app" / "example" / "jinlong-2023"
TODAY = date(2026, 3, 1)


def cell(value: object, text: str | None = None, **more: object) -> Cell:
    """A cell as it is read, at G12."""
    return Cell(row=12, column=7, value=value, text=str(value) if text is None else text, **more)  # type: ignore[arg-type]


def example(name: str) -> bytes:
    """One of the four workbooks of the example fund."""
    return (EXAMPLE / f"{name}.xlsx").read_bytes()


def xlsx(rows: list[list[object]], **more: object) -> bytes:
    """A plain workbook of one sheet, written by openpyxl (formulas without results)."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for area in more.get("merged", ()):  # type: ignore[attr-defined]
        sheet.merge_cells(area)
    for number in more.get("hidden_rows", ()):  # type: ignore[attr-defined]
        sheet.row_dimensions[number].hidden = True
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def replaced_parts(
    content: bytes, changes: dict[str, bytes | None], added: dict[str, bytes] | None = None
) -> bytes:
    """The same workbook with some parts' bytes exchanged, left out (None) or added."""
    source = zipfile.ZipFile(io.BytesIO(content))
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = changes.get(name, source.read(name))
            if part is not None:
                target.writestr(name, part)
        for name, part in (added or {}).items():
            target.writestr(name, part)
    return output.getvalue()


def part(content: bytes, name: str) -> bytes:
    """One part of a workbook."""
    return zipfile.ZipFile(io.BytesIO(content)).read(name)


def bare_xlsx(sheet_xml: str, *, prolog: str = "") -> bytes:
    """The least that is a workbook, around one sheet's own XML."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"

    def pointing(identifier: str, kind: str, target: str) -> str:
        link = f'<Relationship Id="{identifier}" Type="{links}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{package}/relationships">{link}</Relationships>'

    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"/>')
        target.writestr("_rels/.rels", pointing("a", "officeDocument", "xl/workbook.xml"))
        target.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="表" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        target.writestr("xl/_rels/workbook.xml.rels", pointing("rId1", "worksheet", "worksheets/sheet1.xml"))
        target.writestr(
            "xl/worksheets/sheet1.xml", f'{prolog}<worksheet xmlns="{main}">{sheet_xml}</worksheet>'
        )
    return output.getvalue()


def xls(
    rows: list[list[object]], *, from_1904: bool = False, date_format: str = 'yyyy"年"m"月"d"日"'
) -> bytes:
    """A workbook of Excel 97, as WPS writes with .et too. Text that begins with = becomes a formula without a result."""
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = from_1904
    sheet = book.add_sheet("捐赠")
    day_style = xlwt.easyxf(num_format_str=date_format)
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, str) and value.startswith("="):
                sheet.write(number, column, xlwt.Formula(value[1:]))
            elif isinstance(value, date):
                sheet.write(number, column, value, day_style)
            elif value is not None:
                sheet.write(number, column, value)
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def compound_file(stream_name: str, stream: bytes) -> bytes:
    """A compound file with one stream, as other office programs and encryption write them."""
    output = io.BytesIO()
    XlsDoc().save(output, stream + bytes(-len(stream) % 4096))
    content = output.getvalue()
    old = "Workbook".encode("utf-16-le")
    new = stream_name.encode("utf-16-le")
    place = content.index(old + bytes(64 - len(old)))
    entry = new + bytes(64 - len(new)) + struct.pack("<H", len(new) + 2)
    return content[:place] + entry + content[place + 66 :]


def encrypted_xls() -> bytes:
    """A workbook of Excel 97 that needs a password: a FILEPASS record follows the first."""
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    password = struct.pack("<HHHHHH", 0x002F, 8, 1, 1, 1, 0) + bytes(2)
    return compound_file("Workbook", begin + password[: 4 + 8] + struct.pack("<HH", 0x000A, 0))


# --- the registers -------------------------------------------------------------------------------------------------


def gaocheng() -> bytes:
    """Excel: two title rows, Chinese date cells in the built-in format, a total that Excel computed without the text amounts,
    a note below, an identity number column of its own."""
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output)
    sheet = book.add_worksheet("2024年")
    day = book.add_format({"num_format": 31})
    sheet.merge_range("A1:H1", "高城街道社区基金捐款登记")
    sheet.merge_range("A2:H2", "单位：元")
    sheet.write_row(
        "A4", ["序号", "登记日期", "捐款人", "捐款金额（元）", "支付方式", "定向用途", "联系电话", "说明"]
    )
    rows = [
        (1, 45300, "李建国", 200, "微信", "助学", "13800000001", ""),
        (2, 45301, "高城第一建筑公司", "12,000.00", "对公转账", "", "", "支票"),
        (3, 45302, "王某", 50.5, "现金", "非定向", "", ""),
    ]
    for place, row in enumerate(rows, start=4):
        for column, value in enumerate(row):
            if column == 1:
                sheet.write_number(place, column, value, day)
            elif value != "":
                sheet.write(place, column, value)
    sheet.write_string("C9", "合 计")
    sheet.write_formula("D9", "=SUM(D5:D7)", None, 250.5)
    sheet.merge_range("A11:H11", "制表人：张三    审核：李四")
    book.close()
    return output.getvalue()


def shahe() -> bytes:
    """Excel 97 or WPS .et, counting days from 1904; page subtotals, headings printed again, a formula total without result."""
    heading = ["编号", "捐款日期", "捐赠单位（个人）", "类别", "折合金额", "用途", "备注"]
    return xls(
        [
            ["沙河社区爱心捐款明细"],
            heading,
            ["S-001", date(2024, 5, 1), "沙河小学", "单位", 3000, "", ""],
            ["S-002", date(2024, 5, 2), "爱心居民", "个人", 88.8, "义卖", ""],
            [None, None, "本页小计", None, 3088.8],
            heading,
            ["S-003", date(2024, 6, 1), "匿名", "个人", "￥１００", "", ""],
            [None, None, "本页小计", None, 100],
            [None, None, "总计", None, "=SUM(E3:E7)"],
        ],
        from_1904=True,
    )


def beixin() -> bytes:
    """CSV in GB18030 with a name that GBK cannot write, as an older program exports it."""
    return (
        "捐赠时间,姓名/单位,性质,物资名称,数量,单位,单价,金额（元）,是否匿名,收据号\r\n"
        '2024-7-1,䶮翠英,个人,棉被,10,床,80,"800.00",否,="00017"\r\n'
        "2024-7-2,无名氏,个人,,,,,20,是,\r\n"
        "合计,,,,10,,,820,,\r\n"
    ).encode("gb18030")


def harbour() -> bytes:
    """CSV with semicolons and a byte order mark, in English."""
    return (
        "\ufeffNo.;Date;Donor;Donor type;Amount (CNY);Payment method;Purpose;May be named;Remarks\n"
        '1;2024-03-01;Harbour Trading Co.;company;"1,500.00";bank transfer;Library;yes;"first; and last"\n'
        "2;2024/3/2;anonymous donor;person;60;cash;;no;\n"
        "Total;;;;1560;;;;\n"
    ).encode()


def dongmen() -> bytes:
    """Excel: a heading of two rows, one donor merged over the rows of several goods, money and goods in columns of their own,
    a hidden row, rows that are only numbered."""
    return xlsx(
        [
            ["东门社区慈善物资与资金接收台账"],
            ["序号", "接收时间", "捐赠者", "捐赠内容", None, None, "资金", "是否公开"],
            [None, None, None, "物资名称及数量", "物资折价", "计量单位", "捐赠金额", None],
            [1, "2024.8.1", "东门超市", "大米 20袋", 1000, "袋", None, "公开"],
            [None, None, None, "食用油 10桶", 600, "桶", None, None],
            [2, "2024年8月3日", "赵敏", None, None, None, 300, "同意"],
            [3, None, None, None, None, None, None, None],
            [4, None, None, None, None, None, None, None],
        ],
        merged=["A1:H1", "A2:A3", "B2:B3", "C2:C3", "D2:F2", "H2:H3", "A4:A5", "B4:B5", "C4:C5", "H4:H5"],
        hidden_rows=[6],
    )


def pasted() -> str:
    """Rows copied out of Excel: a cell with a line end in quotes, another that only begins with a quote."""
    return (
        "日期\t捐赠人\t金额\t捐赠方式\t备注\r\n"
        '2024/9/1\t"大工委"成员单位\t1,000\t银行转账\t"两行\n备注 ""引号"""\r\n'
        "2024/9/2\t陈静\t30\t微信\t\r\n"
    )


def bilingual() -> bytes:
    """Headings in two languages, a column that could be two things, another of money beside the amount."""
    return xlsx(
        [
            ["捐赠日期 Date", "捐赠人 Donor", "捐赠类型", "金额 Amount", "捐款金额"],
            [date(2024, 1, 2), "张伟", "个人", 5, 5],
        ]
    )


def with_builtin_date(content: bytes, number: int) -> bytes:
    """The workbook with its own date formats exchanged for a built-in one that the file only numbers."""
    styles = re.sub(
        rb'numFmtId="16\d"(?! formatCode)', f'numFmtId="{number}"'.encode(), part(content, "xl/styles.xml")
    )
    return replaced_parts(content, {"xl/styles.xml": styles})
