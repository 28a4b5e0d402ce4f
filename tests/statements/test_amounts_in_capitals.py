"""Amounts in the capital numerals of bills (正确填写票据和结算凭证的基本规定)."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.shared.money import MAX_MINOR, capitals

FIGURES = {figure: number for number, figure in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("minor", "words"),
    [
        (1, "壹分"),
        (10, "壹角整"),
        (53, "伍角叁分"),
        (100, "壹元整"),
        (105, "壹元零伍分"),
        (110, "壹元壹角整"),
        (1_000, "壹拾元整"),
        (1_050, "壹拾元伍角整"),
        (32_504, "叁佰贰拾伍元零肆分"),
        (84_000, "捌佰肆拾元整"),
        (140_950, "壹仟肆佰零玖元伍角整"),
        (168_032, "壹仟陆佰捌拾元叁角贰分"),
        (600_714, "陆仟零柒元壹角肆分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (10_700_053, "壹拾万柒仟元伍角叁分"),
        (35_000_000, "叁拾伍万元整"),
        (10_010_000, "壹拾万零壹佰元整"),
        (10_000_000_000, "壹亿元整"),
        (10_000_000_700, "壹亿零柒元整"),
        (10_000_700_000, "壹亿零柒仟元整"),
        (100_100_000_000, "壹拾亿零壹佰万元整"),
        (MAX_MINOR, "玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_amount_is_written_as_on_a_bill(minor: int, words: str) -> None:
    assert capitals(minor) == words


def test_nothing_and_what_is_no_amount() -> None:
    assert capitals(0) == "零元整"
    with pytest.raises(ValueError, match="not negative"):
        capitals(-1)
    with pytest.raises(TypeError):
        capitals(1.0)  # type: ignore[arg-type]


def value_of(words: str) -> int:
    """Fen that a reader of the words counts together, in one way only: figure by figure, place by place."""
    total = section = figure = 0
    for sign in words:
        if sign in FIGURES:
            figure = FIGURES[sign]
        elif sign in PLACES:
            section, figure = section + figure * PLACES[sign], 0
        elif sign in "万亿":
            total += (section + figure) * {"万": 10**4, "亿": 10**8}[sign]
            section = figure = 0
        elif sign == "元":
            total = (total + section + figure) * 100
            section = figure = 0
        elif sign in "角分":
            total, figure = total + figure * {"角": 10, "分": 1}[sign], 0
        else:
            assert sign == "整"
    return total


@given(st.integers(1, MAX_MINOR) | st.integers(1, 10**6) | st.integers(1, 10**7).map(lambda n: n * 10**4))
@example(MAX_MINOR)
@example(100_000_000_000_1)
def test_words_say_the_amount_and_nothing_can_be_added_to_them(minor: int) -> None:
    words = capitals(minor)
    assert value_of(words) == minor
    assert "零零" not in words
    assert not re.search("零[万亿元角整拾佰仟]", words)
    assert words.endswith("分") if minor % 10 else words.endswith("整")
    assert not words.startswith("零")
