"""What one cell means, and the sentence for what it cannot mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shared.errors import Refused
from app.shared.money import MAX_MINOR, plain_yuan, yuan
from app.sheets.cells import (
    EARLIEST_DAY,
    parse_amount,
    parse_count,
    parse_date,
    parse_text,
    parse_yes_no_anonymous,
    parse_yes_no_public,
)
from app.sheets.grid import Cell
from tests.sheets.office_files import TODAY, cell

amounts = st.integers(1, MAX_MINOR)
days = st.dates(EARLIEST_DAY, TODAY)


def day(value: Any) -> date:
    return parse_date(cell(value), TODAY)


def said(parse: Callable[[Cell], object], value: object, **more: Any) -> str:
    with pytest.raises(Refused) as caught:
        parse(cell(value, **more))
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("350,000.00", 35_000_000),
        ("200元", 20_000),
        ("¥400", 40_000),
        ("￥４００", 40_000),
        ("１，６７５．５０", 167_550),
        ("1,675.00 元", 167_500),
        ("人民币1,675元整", 167_500),
        ("人民币：50元", 5_000),
        ("RMB 60", 6_000),
        ("CNY60.5", 6_050),
        ("30块", 3_000),
        ("1 000", 100_000),
        (" 12.3 ", 1_230),
        ("0.01", 1),
        (".5", 50),
        ("5.", 500),
        ("200.000", 20_000),
        ("\u200b88", 8_800),
        (5000, 500_000),
        (Decimal("88.8"), 8_880),
        (Decimal("0.1") + Decimal("0.20000000000000004"), 30),
        (Decimal("0.30000000000000004"), 30),
        (Decimal("1234567.8899999999"), 123_456_789),
        (Decimal("99999999999.990005"), MAX_MINOR),
        (99_999_999_999, MAX_MINOR - 99),
    ],
)
def test_amounts_as_offices_write_them(value: object, fen: int) -> None:
    assert parse_amount(cell(value)) == fen


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("-5", "“-5”：金额不能是负数"),
        ("-¥5.00", "“-¥5.00”：金额不能是负数"),
        ("¥-5.00", "“¥-5.00”：金额不能是负数"),
        ("(400.00)", "“(400.00)”：金额不能是负数"),
        ("−5", "“−5”：金额不能是负数"),
        (-5, "“-5”：金额不能是负数"),
        (0, "“0”：金额不能是零"),
        ("0.00元", "“0.00元”：金额不能是零"),
        ("1.005", "“1.005”：金额只能精确到分，最多两位小数"),
        (Decimal("1.005"), "“1.005”：金额只能精确到分，最多两位小数"),
        (Decimal("0.3000001"), "“0.3000001”：金额只能精确到分，最多两位小数"),
        (10**18, "“1000000000000000000”：金额太大，最多 99,999,999,999.99 元"),
        ("1" + "0" * 18, "“1000000000000000000”：金额太大，最多 99,999,999,999.99 元"),
        (Decimal("1E+300"), "“1E+300”：金额太大，最多 99,999,999,999.99 元"),
        ("100000000000", "“100000000000”：金额太大，最多 99,999,999,999.99 元"),
        ("2万", "“2万”请写成完整的数字，例如 20000"),
        ("1.5万元", "“1.5万元”请写成完整的数字，例如 15000"),
        ("3千", "“3千”请写成完整的数字，例如 3000"),
        ("贰佰元整", "“贰佰元整”是中文数字，请写成 1234.50 这样的数字"),
        ("二百元", "“二百元”是中文数字，请写成 1234.50 这样的数字"),
        ("$400", "“$400”不是人民币，请折合成人民币后填写"),
        ("100美元", "“100美元”不是人民币，请折合成人民币后填写"),
        ("USD 5", "“USD 5”不是人民币，请折合成人民币后填写"),
        ("若干", "“若干”不是金额，请写成 1234.50 这样的数字"),
        ("3元/个", "“3元/个”不是金额，请写成 1234.50 这样的数字"),
        ("约200元", "“约200元”不是金额，请写成 1234.50 这样的数字"),
        ("200-300", "“200-300”不是金额，请写成 1234.50 这样的数字"),
        ("1,67,5", "“1,67,5”不是金额，请写成 1234.50 这样的数字"),
        ("35,0000", "“35,0000”不是金额，请写成 1234.50 这样的数字"),
        ("1.675,00", "“1.675,00”不是金额，请写成 1234.50 这样的数字"),
        ("10²", "“10²”不是金额，请写成 1234.50 这样的数字"),
        ("1e5", "“1e5”不是金额，请写成 1234.50 这样的数字"),
        ("nan", "“nan”不是金额，请写成 1234.50 这样的数字"),
        (True, "“True”不是金额"),
        (date(2023, 9, 27), "2023-09-27 是日期，不是金额"),
        ("", "没有填写"),
        (None, "没有填写"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_own_sentence(value: object, sentence: str) -> None:
    assert said(parse_amount, value, text="" if value is None else str(value)) == sentence


def test_an_overlong_amount_is_quoted_short() -> None:
    assert len(said(parse_amount, "九" * 5000)) < 100


def test_zero_is_an_amount_only_where_it_is_allowed() -> None:
    assert parse_amount(cell(0), zero_allowed=True) == 0
    assert parse_amount(cell("0.00"), zero_allowed=True) == 0
    with pytest.raises(Refused, match="负数"):
        parse_amount(cell(-1), zero_allowed=True)


def test_formula_without_result_and_error_are_refused_whatever_is_read() -> None:
    unsaved = Cell(4, 7, formula=True, formula_text="=A1*2", stored=False)
    error = Cell(4, 7, value="#REF!", text="#REF!", broken=True)
    for parse in (
        parse_amount,
        parse_count,
        parse_text,
        parse_yes_no_public,
        lambda one: parse_date(one, TODAY),
    ):
        with pytest.raises(Refused, match="公式，文件里没有存储结果"):
            parse(unsaved)
        with pytest.raises(Refused, match="错误值 #REF!"):
            parse(error)


@given(
    amounts, st.sampled_from(["{}", "{}元", "¥{}", "人民币{}元", " {} "]), st.sampled_from([yuan, plain_yuan])
)
def test_every_amount_reads_back_from_how_it_is_written(
    fen: int, frame: str, write: Callable[[int], str]
) -> None:
    assert parse_amount(cell(frame.format(write(fen)))) == fen


@given(amounts)
def test_every_amount_reads_back_from_a_stored_double(fen: int) -> None:
    assert parse_amount(cell(Decimal(repr(fen / 100)))) == fen


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30))
def test_a_sum_of_doubles_is_the_sum_of_fen(parts: list[int]) -> None:
    total = 0.0
    for part in parts:
        total += part / 100
    assert parse_amount(cell(Decimal(repr(total)))) == sum(parts)


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_refusal(text: str) -> None:
    try:
        fen = parse_amount(cell(text))
    except Refused:
        return
    assert 0 < fen <= MAX_MINOR


@pytest.mark.parametrize(
    "value",
    [
        "2023年9月27日",
        "2023/9/27",
        "2023.9.27",
        "2023-09-27",
        "20230927",
        20230927,
        "２０２３年９月２７日",
        "2023．9．27",
        "2023 年 9 月 27 日",
        "2023年9月27号",
        "2023年9月27",
        "2023-9-27 星期三",
        "2023年9月27日(周三)",
        "2023-09-27 10:30:05",
        "2023/9/27 10:30",
        "2023-09-27T10:30:05",
        " 2023、9、27 ",
        date(2023, 9, 27),
        datetime(2023, 9, 27, 18, 45),  # noqa: DTZ001 - a cell has no zone
    ],
)
def test_dates_as_offices_write_them(value: object) -> None:
    assert day(value) == date(2023, 9, 27)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("0203-09-27", "“0203-09-27”的年份不对"),
        ("1948-12-31", "“1948-12-31”的年份不对"),
        (date(1905, 1, 1), "“1905-01-01”的年份不对"),
        ("2026-03-02", "“2026-03-02”是将来的日期"),
        ("2203年9月27日", "“2203年9月27日”是将来的日期"),
        (datetime(2026, 3, 2, 0, 1), "“2026-03-02 00:01:00”是将来的日期"),  # noqa: DTZ001
        ("2023-02-29", "没有“2023-02-29”这一天"),
        ("2023年13月1日", "没有“2023年13月1日”这一天"),
        ("20231301", "没有“20231301”这一天"),
        ("2023-00-10", "没有“2023-00-10”这一天"),
        ("0000-01-01", "没有“0000-01-01”这一天"),
        ("23.9.27", "“23.9.27”的年份请写四位，如 2023"),
        ("23年9月27日", "“23年9月27日”的年份请写四位，如 2023"),
        ("20023-9-27", "“20023-9-27”的年份请写四位，如 2023"),
        ("2023年9月", "“2023年9月”没有写哪一日，请写成 2023-09-27 这样"),
        ("9月27日", "“9月27日”没有写年份，请写成 2023-09-27 这样"),
        ("27/09/2023", "“27/09/2023”请把年份写在前面，如 2023-09-27"),
        ("昨天", "“昨天”不是日期，请写成 2023-09-27 这样"),
        ("2023-09-27至28", "“2023-09-27至28”不是日期，请写成 2023-09-27 这样"),
        (45196, "“45196”是数字，不是日期，请把单元格设为日期格式，或写成 2023-09-27 这样"),
        (Decimal("45196.5"), "“45196.5”不是日期，请写成 2023-09-27 这样"),
        (True, "“True”不是日期，请写成 2023-09-27 这样"),
        ("", "没有填写"),
    ],
)
def test_what_is_no_date_is_refused_with_its_own_sentence(value: object, sentence: str) -> None:
    assert said(lambda one: parse_date(one, TODAY), value) == sentence


@given(
    days,
    st.sampled_from(
        [
            "{0.year}年{0.month}月{0.day}日",
            "{0.year}/{0.month}/{0.day}",
            "{0.year}.{0.month}.{0.day}",
            "{0:%Y-%m-%d}",
            "{0:%Y%m%d}",
        ]
    ),
)
def test_every_day_reads_back_from_how_it_is_written(written: date, form: str) -> None:
    assert day(form.format(written)) == written


def test_today_is_not_the_future_and_tomorrow_is() -> None:
    assert day(TODAY) == TODAY
    with pytest.raises(Refused, match="将来"):
        day(TODAY + timedelta(days=1))


@given(st.text(max_size=20))
def test_any_text_is_a_day_in_range_or_a_refusal(text: str) -> None:
    try:
        found = day(text)
    except Refused:
        return
    assert EARLIEST_DAY <= found <= TODAY


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (14, 14),
        ("１４", 14),
        ("14件", 14),
        ("1,200 个", 1200),
        ("十四", 14),
        ("两百零五", 205),
        (Decimal("12.0"), 12),
        ("12.0", 12),
    ],
)
def test_counts_as_offices_write_them(value: object, number: int) -> None:
    assert parse_count(cell(value)) == number


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (0, "“0”：数量不能是零"),
        (-3, "“-3”：数量不能是负数"),
        ("-3", "“-3”：数量不能是负数"),
        (Decimal("2.5"), "“2.5”：数量要是整数"),
        ("2.5箱", "“2.5箱”：数量要是整数"),
        (10**8, "“100000000”：数量太大"),
        ("2万", "“2万”不是数量，请写成 12 这样的数字"),
        ("一批", "“一批”不是数量，请写成 12 这样的数字"),
        ("若干", "“若干”不是数量，请写成 12 这样的数字"),
        ("3-5个", "“3-5个”不是数量，请写成 12 这样的数字"),
        (True, "“True”不是数量，请写成 12 这样的数字"),
        (date(2023, 9, 27), "“2023-09-27”不是数量，请写成 12 这样的数字"),
    ],
)
def test_what_is_no_count_is_refused_with_its_own_sentence(value: object, sentence: str) -> None:
    assert said(parse_count, value) == sentence


def test_texts_are_taken_as_seen() -> None:
    assert parse_text(cell(" 两行\r\n备注 ")) == "两行\n备注"
    assert parse_text(cell(42, text="00042")) == "00042"
    assert parse_text(cell(date(2023, 9, 27))) == "2023-09-27"
    assert parse_text(cell("张\u200b三")) == "张三"
    assert parse_text(cell(None, text="")) == ""
    assert parse_text(cell("123456789012345678")) == "123456789012345678"


@pytest.mark.parametrize("value", [123_456_789_012_345, -(10**17), "1.23457E+17", "6E+18"])
def test_a_long_number_that_lost_its_digits_is_refused(value: object) -> None:
    assert "长号码" in said(parse_text, value)
    assert parse_text(cell(13_800_000_001)) == "13800000001"


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("公开", True), ("同意", True), ("是", True), ("愿意公开", True), ("✓", True), ("Yes", True), (" 公 开 ", True),
        ("不公开", False), ("匿名", False), ("否", False), ("不同意公开", False), ("不愿意", False), ("No", False), ("×", False),
        ("", None),
    ],
)  # fmt: skip
def test_the_tick_for_a_public_name(text: str, public: bool | None) -> None:
    assert parse_yes_no_public(cell(text)) is public


def test_a_heading_that_asks_for_anonymity_turns_the_answer_round() -> None:
    assert [parse_yes_no_anonymous(cell(text)) for text in ("是", "否", "匿名", "公开", "")] == [
        True,
        False,
        True,
        False,
        None,
    ]


@pytest.mark.parametrize("text", ["也许", "公开?不", "待定"])
def test_an_unclear_tick_is_refused(text: str) -> None:
    assert said(parse_yes_no_public, text) == f"看不懂“{text}”，请写“公开”或“不公开”"
    assert said(parse_yes_no_anonymous, text) == f"看不懂“{text}”，请写“是”或“否”"
