"""Titles, blank rows, repeated headings, totals and remarks are told from the rows to record."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shared.errors import Refused
from app.sheets.cells import parse_amount, parse_date
from app.sheets.fields import DISBURSEMENT_FIELDS, DONATION_FIELDS, SALE_FIELDS, TRANSFER_FIELDS
from app.sheets.headings import columns_given
from app.sheets.reading import read_pasted, read_workbook
from app.sheets.register import TableRows, day_in_titles, read_table
from app.sheets.rows import CellRefusal
from app.sheets.totals import parse_method_totals, says_total
from tests.sheets import office_files as office
from tests.sheets.office_files import TODAY


def table(content: bytes, **overrides: str) -> TableRows:
    return read_table(read_workbook(content, "x")[0], DONATION_FIELDS, overrides)


def rows(*lines: str) -> TableRows:
    return read_table(read_pasted("\n".join(lines)), DONATION_FIELDS)


def amounts(found: TableRows) -> list[int]:
    return [parse_amount(row.cell("amount")) for row in found.rows if not row.cell("amount").blank]


def notes(found: TableRows) -> list[str]:
    return [str(note) for note in found.notes]


def test_the_gift_register_of_the_example() -> None:
    found = table(office.example("捐赠登记表"))
    assert found.titles == ("“一米阳光”社区慈善基金捐赠登记表(2023年)", "经办单位:金龙镇街道")
    assert [row.number for row in found.rows] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert amounts(found) == [35_000_000, 500_000, 90_000, 20_000, 24_000, 40_000, 30_000, 18_000]
    assert {parse_date(row.cell("date"), TODAY) for row in found.rows} == {
        date(2023, 9, 18), date(2023, 9, 20), date(2023, 9, 27),
    }  # fmt: skip
    assert not any(row.refusals or row.extras for row in found.rows)


def test_a_formula_total_without_a_result_is_noted_with_the_sum_of_the_rows() -> None:
    found = table(office.example("捐赠登记表"))
    (total,) = found.totals
    figure = total.figure("amount")
    assert figure is not None
    assert (total.number, total.label, figure.address, figure.stated, figure.computed) == (
        12,
        "合计",
        "G12",
        None,
        35_722_000,
    )
    assert figure.agrees is None
    assert notes(found) == ["表中合计是公式，没有存储结果；按各行相加为 357,220.00 元"]
    assert found.notes[0].address == "G12"


def test_the_sale_register_of_the_example() -> None:
    found = read_table(read_workbook(office.example("慈善晚会义卖义拍登记表"), "x")[0], SALE_FIELDS)
    assert [
        row.cell("lot").text for row in found.rows
    ] == "A01 A02 B01 B02 C01 D01 D02 E01 E02 F01 G01".split()
    assert sum(amounts(found)) == 167_500
    assert found.rows[1].cell("units_per_item").value == 10
    (total,) = found.totals
    figure = total.figure("amount")
    assert figure is not None
    assert figure.agrees
    assert total.method_totals == {"cash": 62_500, "wechat": 105_000}
    assert notes(found) == []
    assert day_in_titles(found.titles, TODAY) == date(2023, 9, 28)


def test_requests_and_transfers_of_the_example() -> None:
    requests = read_table(read_workbook(office.example("拨付申请表"), "x")[0], DISBURSEMENT_FIELDS)
    assert [(row.cell("number").text, parse_amount(row.cell("amount"))) for row in requests.rows] == [
        ("2023-01", 35_000_000),
        ("2023-02", 600_000),
    ]
    transfers = read_table(read_workbook(office.example("资金划转登记表"), "x")[0], TRANSFER_FIELDS)
    assert [(row.cell("from_account").text, parse_amount(row.cell("amount"))) for row in transfers.rows] == [
        ("现金", 62_500),
        ("微信", 105_000),
    ]
    assert [parse_amount(row.cell("fee"), zero_allowed=True) for row in transfers.rows] == [0, 0]


def test_a_stored_total_that_left_out_amounts_typed_as_text() -> None:
    found = table(office.gaocheng())
    assert amounts(found) == [20_000, 1_200_000, 5_050]
    assert [parse_date(row.cell("date"), TODAY) for row in found.rows] == [
        date(2024, 1, 9), date(2024, 1, 10), date(2024, 1, 11),
    ]  # fmt: skip
    assert notes(found) == [
        "表中合计是 250.50 元，各行相加是 12,250.50 元，两者不一致",
        "相差的是以文本存放的数：D6，表格程序求和时不计入",
        "第 11 行不是登记内容，已略过：制表人：张三    审核：李四",
    ]
    (total,) = found.totals
    assert total.figures[0].agrees is False
    assert total.figures[0].formula


def test_subtotals_of_pages_repeated_headings_and_the_grand_total() -> None:
    found = table(office.shahe())
    assert [row.cell("number").text for row in found.rows] == ["S-001", "S-002", "S-003"]
    assert [(total.label, total.figures[0].stated, total.figures[0].computed) for total in found.totals] == [
        ("本页小计", 308_880, 308_880),
        ("本页小计", 10_000, 10_000),
        ("总计", None, 318_880),
    ]
    assert notes(found) == ["表中合计是公式，没有存储结果；按各行相加为 3,188.80 元"]


def test_totals_of_pieces_are_compared_too() -> None:
    found = table(office.beixin())
    assert [
        (figure.field, figure.stated, figure.computed, figure.agrees) for figure in found.totals[0].figures
    ] == [
        ("quantity", 10, 10, True),
        ("amount", 82_000, 82_000, True),
    ]
    assert found.rows[0].cell("receipt_number").text == "00017"
    wrong = rows("日期\t捐赠人\t数量\t金额", "2024/1/1\t甲\t3\t5", "合计\t\t4\t5")
    assert notes(wrong) == ["表中合计数量是 4，各行相加是 3，两者不一致"]


def test_english_registers() -> None:
    found = table(office.harbour())
    assert amounts(found) == [150_000, 6_000]
    assert found.rows[0].cell("memo").text == "first; and last"
    assert found.totals[0].figures[0].agrees


def test_a_donor_merged_over_rows_is_read_in_each_and_numbered_blank_rows_are_skipped() -> None:
    found = table(office.dongmen())
    assert [(row.number, row.cell("donor").text, row.cell("donor").address) for row in found.rows] == [
        (4, "东门超市", "C4"), (5, "东门超市", "C5"), (6, "赵敏", "C6"),
    ]  # fmt: skip
    assert [parse_date(row.cell("date"), TODAY) for row in found.rows] == [
        date(2024, 8, 1), date(2024, 8, 1), date(2024, 8, 3),
    ]  # fmt: skip
    assert notes(found) == ["第 7–8 行只有序号，已略过", "第 6 行在表中是隐藏的，也会读入"]


def test_an_amount_merged_over_rows_is_refused_in_each() -> None:
    content = office.xlsx(
        [
            ["日期", "捐赠人", "物品", "金额"],
            ["2024-1-1", "甲", "米 1袋", 100],
            ["2024-1-1", "甲", "面 1袋", None],
        ],
        merged=["D2:D3"],
    )
    found = table(content)
    assert [[(one.address, str(one.refusal)) for one in row.refusals] for row in found.rows] == [
        [("D2", "D2:D3 是合并单元格，请取消合并，每行各写一个数")],
        [("D3", "D2:D3 是合并单元格，请取消合并，每行各写一个数")],
    ]


def test_a_formula_without_a_result_or_an_error_in_a_data_row_is_refused_with_its_cell() -> None:
    found = table(
        office.xlsx([["日期", "捐赠人", "金额"], ["2024-1-1", "甲", "=3*100"], ["2024-1-1", "乙", "#REF!"]])
    )
    refused = [(one.field, one.address, str(one.refusal)) for row in found.rows for one in row.refusals]
    assert refused == [
        (
            "amount",
            "C2",
            "单元格是公式，文件里没有存储结果，请在 Excel 或 WPS 中打开并保存一次，或直接填数值",
        ),
        ("amount", "C3", "单元格是错误值 #REF!"),
    ]


def test_reading_a_field_collects_each_refusal_once() -> None:
    found = rows("日期\t捐赠人\t金额", "2024-1-1\t甲\t=3*100", "2024-1-1\t乙\t若干", "2024-1-1\t丙\t")
    first, second, third = found.rows
    refusals: list[CellRefusal] = list(first.refusals)
    assert first.read("amount", parse_amount, refusals) is None
    assert len(refusals) == 1
    refusals = []
    assert second.read("amount", parse_amount, refusals) is None
    assert [(one.field, one.address) for one in refusals] == [("amount", "C3")]
    assert third.read("amount", parse_amount, refusals) is None
    assert third.read("method", parse_amount, refusals) is None
    assert len(refusals) == 1
    assert third.read("date", lambda cell: parse_date(cell, TODAY), refusals) == date(2024, 1, 1)
    assert (third.cell("amount").address, third.cell("method").address) == ("C4", "")


def test_columns_of_no_field_are_kept_beside_the_row() -> None:
    found = rows("日期\t捐赠人\t金额\t网格", "2024-1-1\t甲\t5\t三\t随手记")
    assert {number: cell.text for number, cell in found.rows[0].extras.items()} == {4: "三", 5: "随手记"}


def test_a_row_that_lacks_something_is_a_row_to_refuse_and_never_dropped() -> None:
    found = rows(
        "序号\t日期\t捐赠人\t金额", "1\t2024-1-1\t甲\t5", "2\t\t乙\t", "\t\t丙\t", "4\t2024-1-2\t\t7"
    )
    assert [row.number for row in found.rows] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    "line",
    [
        "制表人：张三\t\t审核：李四",
        "备注：以上均已公示",
        "一、单位捐款",
        "（二）个人捐款",
        "注：含实物",
        "Prepared by: Li",
    ],
)
def test_remarks_and_section_titles_are_skipped_and_told(line: str) -> None:
    found = rows("序号\t日期\t捐赠人\t金额", "1\t2024-1-1\t甲\t5", line, "2\t2024-1-1\t乙\t6")
    assert [row.number for row in found.rows] == [2, 4]
    assert notes(found)[0].startswith("第 3 行不是登记内容，已略过：")


@pytest.mark.parametrize(
    "label",
    ["合计", "总 计", "小计", "合计：", "本页合计", "共计", "累计", "Total", "Sub-total", "grand total:"],
)
@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_total_row_is_known_by_its_label_in_the_first_columns(label: str, column: int) -> None:
    cells = ["", "", ""]
    cells[column] = label
    found = rows("日期\t捐赠人\t类型\t金额", "2024-1-1\t甲\t个人\t5", "\t".join([*cells, "5"]))
    assert len(found.rows) == 1
    assert found.totals[0].figures[0].agrees


def test_a_gift_by_someone_whose_name_says_total_is_a_gift() -> None:
    found = rows("日期\t捐赠人\t金额", "2024-1-1\t合计\t5", "2024-1-1\t总计算机公司\t6")
    assert len(found.rows) == 2
    assert not says_total("总计算机公司")
    assert not says_total("小计划幼儿园")


def test_a_total_inside_its_label_is_compared() -> None:
    found = rows("日期\t捐赠人\t金额", "2024-1-1\t甲\t5", "合计：6.00元")
    assert notes(found) == ["表中合计是 6.00 元，各行相加是 5.00 元，两者不一致"]


def test_rows_that_cannot_be_added_are_told_beside_the_total() -> None:
    found = rows("日期\t捐赠人\t金额", "2024-1-1\t甲\t5", "2024-1-1\t乙\t若干", "合计\t\t5")
    assert notes(found) == ["有 1 行看不懂，没有计入相加的数"]
    assert found.totals[0].figures[0].agrees is False


def test_a_total_of_a_section_is_right_for_its_section_or_for_all() -> None:
    lines = ["日期\t捐赠人\t金额", "2024-1-1\t甲\t5", "合计\t\t5", "2024-1-1\t乙\t6"]
    assert notes(rows(*lines, "合计\t\t6")) == []
    assert notes(rows(*lines, "合计\t\t11")) == []
    assert notes(rows(*lines, "合计\t\t12")) == ["表中合计是 12.00 元，各行相加是 11.00 元，两者不一致"]
    assert notes(rows(*lines, "小计\t\t11")) == ["表中合计是 11.00 元，各行相加是 6.00 元，两者不一致"]


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=20), st.integers(-3, 3))
def test_a_total_agrees_exactly_when_it_is_the_sum(fen: list[int], off: int) -> None:
    stated = sum(fen) + off
    if stated < 0:
        return
    lines = [f"2024-1-1\t甲{number}\t{part / 100:.2f}" for number, part in enumerate(fen)]
    found = rows("日期\t捐赠人\t金额", *lines, f"合计\t\t{stated / 100:.2f}")
    assert found.totals[0].figures[0].agrees is (off == 0)
    assert bool(found.notes) is (off != 0)


def test_amounts_in_ten_thousands_said_above_the_table_are_refused() -> None:
    with pytest.raises(Refused, match="单位不是元"):
        rows("2024年捐款\t\t单位：万元", "日期\t捐赠人\t金额", "2024-1-1\t甲\t5")


def test_rows_pasted_without_headings() -> None:
    sheet = read_pasted("2024/9/1\t张三\t30\n2024/9/2\t李四\t50\n合计\t\t80")
    match = columns_given(sheet, {"A": "date", "B": "donor", "C": "amount"}, DONATION_FIELDS)
    found = read_table(sheet, DONATION_FIELDS, match=match)
    assert amounts(found) == [3000, 5000]
    assert found.totals[0].figures[0].agrees


def test_a_doubtful_table_is_still_shown_with_its_certain_columns() -> None:
    found = table(office.bilingual())
    assert not found.match.complete
    assert found.rows[0].cell("donor").text == "张伟"
    assert found.rows[0].cell("amount").address == ""
    settled = table(office.bilingual(), D="amount", E="", 捐赠类型="donor_kind")
    assert settled.match.complete
    assert amounts(settled) == [500]


@pytest.mark.parametrize(
    ("text", "totals"),
    [
        ("现金 625 元,微信 1050 元", {"cash": 62_500, "wechat": 105_000}),
        ("现金：1,625.50元；微信收款1,050；支付宝 0", {"cash": 162_550, "wechat": 105_000, "alipay": 0}),
        ("微信支付共1050元、银行转账 20000 元", {"wechat": 105_000, "bank": 2_000_000}),
        ("现金 1,050,微信 2", {"cash": 105_000, "wechat": 200}),
        ("已全部缴存", {}),
        ("微信 18号", {}),
        ("微信 12 笔", {}),
        ("", {}),
    ],
)
def test_totals_by_way_of_payment_in_a_remark(text: str, totals: dict[str, int]) -> None:
    assert parse_method_totals(text) == totals


@pytest.mark.parametrize(
    ("text", "said"), [("现金 5 元，现金 6 元", "写了两次"), ("现金 2万", "完整的数字"), ("现金 -5", "负数")]
)
def test_unclear_totals_by_way_of_payment_are_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        parse_method_totals(text)


def test_a_day_in_the_titles_is_taken_only_when_it_is_one() -> None:
    assert day_in_titles(["晚会  2023年9月28日", "（2023.9.28）"], TODAY) == date(2023, 9, 28)
    assert day_in_titles(["2023年9月28日至2023年9月30日"], TODAY) is None
    assert day_in_titles(["2023年", "2099年1月1日"], TODAY) is None


def test_an_amount_cut_in_two_at_its_comma_is_refused() -> None:
    text = "日期,捐赠人,捐赠形式,金额,备注\n2023-09-20,某单位,现金,1,000.00\n2023-09-21,某单位,现金,20,月捐\n"
    (sheet,) = read_workbook(text.encode(), "登记表.csv")
    first, second = read_table(sheet, DONATION_FIELDS).rows
    assert [(one.field, one.address) for one in first.refusals] == [("amount", "D2")]
    assert "1,000.00" in str(first.refusals[0].refusal)
    assert second.refusals == ()
