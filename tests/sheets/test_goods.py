"""Goods as a register names them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shared.errors import Refused
from app.sheets.goods import parse_goods, proposed_units_per_item
from app.sheets.numerals import number_in_words


@pytest.mark.parametrize(
    ("text", "goods"),
    [
        ("馕 300个", [("馕", 300, "个")]),
        ("儿童图书 40册", [("儿童图书", 40, "册")]),
        ("鞋子6双", [("鞋子", 6, "双")]),
        ("商户优惠券 20张", [("商户优惠券", 20, "张")]),
        ("衣帽 14件、手工围巾 1条", [("衣帽", 14, "件"), ("手工围巾", 1, "条")]),
        ("衣帽14件,手工围巾1条;", [("衣帽", 14, "件"), ("手工围巾", 1, "条")]),
        ("衣帽14件\n手工围巾1条", [("衣帽", 14, "件"), ("手工围巾", 1, "条")]),
        ("衣帽14件手工围巾1条", [("衣帽", 14, "件"), ("手工围巾", 1, "条")]),
        ("衣帽14件和手工围巾1条", [("衣帽", 14, "件"), ("手工围巾", 1, "条")]),
        ("和田大枣5袋、馕 3个", [("和田大枣", 5, "袋"), ("馕", 3, "个")]),
        ("围巾一条，手套两双", [("围巾", 1, "条"), ("手套", 2, "双")]),
        ("棉被十二床", [("棉被", 12, "床")]),
        ("300个馕", [("馕", 300, "个")]),
        ("馕×300个", [("馕", 300, "个")]),
        ("馕：３００个", [("馕", 300, "个")]),
        ("大米 1,000斤", [("大米", 1000, "斤")]),
        ("大米10袋(每袋5kg、东北产)", [("大米(每袋5kg、东北产)", 10, "袋")]),
        ("儿童图书(套装) 1套", [("儿童图书(套装)", 1, "套")]),
        ("T恤衫 12件", [("T恤衫", 12, "件")]),
        ("A4纸 5包", [("A4纸", 5, "包")]),
        ("2023年挂历 30本", [("2023年挂历", 30, "本")]),
        ("五角星 3个", [("五角星", 3, "个")]),
        ("Latex gloves 40 pcs", [("Latex gloves", 40, "pcs")]),
        ("Latex 3盒", [("Latex", 3, "盒")]),
    ],
)  # fmt: skip
def test_goods_as_offices_write_them(text: str, goods: list[tuple[str, int, str]]) -> None:
    assert [tuple(one) for one in parse_goods(text)] == goods


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "没有填写物品"),
        ("；、 ", "没有填写物品"),
        ("馕", "“馕”没有写数量，请写成“馕 300个”这样"),
        ("衣物一批", "“衣物一批”没有写数量，请写成“馕 300个”这样"),
        ("图书若干", "“图书若干”没有写数量，请写成“馕 300个”这样"),
        ("馕 300个、图书若干本", "“图书若干本”没有写数量，请写成“馕 300个”这样"),
        ("馕300", "“馕300”没有写单位，请写成“馕 300个”这样"),
        ("300个", "“300个”没有写物品名称，请写成“馕 300个”这样"),
        ("馕 0个", "“馕 0个”：数量不能是零"),
        ("大米2.5公斤", "“大米2.5公斤”：数量要是整数"),
        ("馕 99999999999个", "“馕 99999999999个”：数量太大"),
        ("洗衣液5桶共300元", "看不懂“洗衣液5桶共300元”，请写成“馕 300个、鞋子 6双”这样"),
        ("馕 300个 100个", "看不懂“馕 300个 100个”，请写成“馕 300个、鞋子 6双”这样"),
    ],
)
def test_unclear_goods_are_refused_and_quoted(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_goods(text)
    assert str(caught.value) == sentence


names = st.text(st.sampled_from("馕米面油书衣鞋帽儿童手工"), min_size=1, max_size=6)


@given(
    st.lists(st.tuples(names, st.integers(1, 9999), st.sampled_from("个册件双条袋")), min_size=1, max_size=5),
    st.sampled_from(["、", "，", "; ", "\n"]),
)
def test_every_list_of_goods_reads_back(goods: list[tuple[str, int, str]], separator: str) -> None:
    text = separator.join(f"{item} {quantity}{unit}" for item, quantity, unit in goods)
    assert [tuple(one) for one in parse_goods(text)] == goods


@given(st.text(max_size=40))
def test_any_text_is_goods_or_a_refusal(text: str) -> None:
    try:
        found = parse_goods(text)
    except Refused:
        return
    assert found
    assert all(one.item and one.quantity > 0 and one.unit for one in found)


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("馕(十个装)", 10),
        ("馕（10个装）", 10),
        ("商户优惠券(五张)", 5),
        ("鸡蛋30枚装", 30),
        ("牛奶（24盒/箱）", 24),
        ("馕(每份10个)", 10),
        ("图书(一套12本)", 12),
        ("图书(12本一套)", 12),
        ("口罩(一打)", 12),
        ("儿童图书(套装)", None),
        ("馕", None),
        ("馕(10)", None),
        ("大米(5公斤装)", None),
        ("优惠券(20元)", None),
        ("童车(3岁以上)", None),
        ("图书(第二册)", None),
        ("图书(上下册)", None),
        ("馕(零个)", None),
    ],
)  # fmt: skip
def test_pieces_in_a_pack_are_proposed_only_where_the_name_says(name: str, units: int | None) -> None:
    assert proposed_units_per_item(name) == units


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("一", 1), ("十", 10), ("十二", 12), ("二十", 20), ("两百零五", 205), ("一千", 1000), ("九千九百九十九", 9999), ("零", 0),
        ("", None), ("二三", None), ("百千", None), ("馕", None), ("一批", None), ("十十", None),
    ],
)  # fmt: skip
def test_small_numbers_in_words(text: str, number: int | None) -> None:
    assert number_in_words(text) == number
