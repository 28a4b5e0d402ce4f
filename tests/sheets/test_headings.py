"""Columns are found by what their headings mean, and a person is asked where that is not certain."""

from __future__ import annotations

import pytest

from app.shared.errors import Refused
from app.sheets.fields import DISBURSEMENT_FIELDS, DONATION_FIELDS, SALE_FIELDS, TRANSFER_FIELDS
from app.sheets.grid import Sheet, column_letter
from app.sheets.headings import (
    Field,
    Heading,
    HeadingMatch,
    NoHeadings,
    columns_given,
    find_headings,
    match_headings,
    plain_heading,
    sheets_with,
)
from app.sheets.reading import read_pasted, read_workbook
from app.sheets.register import read_table
from tests.sheets import office_files as office


def headings(line: str) -> list[Heading]:
    texts = line.split("|")
    return [
        Heading(number, text, f"{column_letter(number)}1")
        for number, text in enumerate(texts, start=1)
        if text
    ]


def matched(line: str, fields: tuple[Field, ...] = DONATION_FIELDS, **overrides: str) -> HeadingMatch:
    return match_headings(headings(line), fields, overrides)


def by_key(match: HeadingMatch) -> dict[str, str]:
    return {key: heading.text for key, heading in match.columns.items()}


def letters(match: HeadingMatch) -> dict[str, str]:
    return {key: column_letter(heading.column) for key, heading in match.columns.items()}


def first(content: bytes) -> Sheet:
    return read_workbook(content, "x")[0]


def test_the_gift_register_of_the_example() -> None:
    match = find_headings(first(office.example("捐赠登记表")), DONATION_FIELDS)
    assert match.complete
    assert match.first_row == match.last_row == 3
    assert letters(match) == {
        "number": "A", "date": "B", "donor": "C", "donor_kind": "D", "method": "E", "items": "F", "amount": "G",
        "purpose": "H", "publicity": "I", "memo": "J",
    }  # fmt: skip
    assert match.unknown == ()


def test_the_sale_register_of_the_example_does_not_take_the_price_for_the_amount() -> None:
    match = find_headings(first(office.example("慈善晚会义卖义拍登记表")), SALE_FIELDS)
    assert match.complete
    assert letters(match) == {
        "lot": "A", "item": "B", "source": "C", "mode": "D", "quantity": "E", "units_per_item": "F", "price": "G",
        "amount": "H", "method": "I", "buyer": "J",
    }  # fmt: skip


def test_the_requests_and_transfers_of_the_example() -> None:
    requests = find_headings(first(office.example("拨付申请表")), DISBURSEMENT_FIELDS)
    assert letters(requests) == {
        "number": "A", "date": "B", "project": "C", "applicant": "D", "payee": "E", "amount": "F", "source": "G",
        "reason": "H", "attachments": "I",
    }  # fmt: skip
    transfers = find_headings(first(office.example("资金划转登记表")), TRANSFER_FIELDS)
    assert letters(transfers) == {
        "date": "A", "from_account": "B", "to_account": "C", "amount": "D", "fee": "E", "memo": "F",
    }  # fmt: skip
    assert requests.complete
    assert transfers.complete


def test_requests_for_money_are_not_gifts_of_those_who_are_to_be_paid() -> None:
    """Read as a register of gifts, the payee would become a donor of money that was never given."""
    match = find_headings(first(office.example("拨付申请表")), DONATION_FIELDS)
    assert "donor" not in match.columns
    assert [field.key for field in match.missing] == ["donor"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (office.gaocheng(), "A=number B=date C=donor D=amount E=method F=purpose G=contact H=memo"),
        (office.shahe(), "A=number B=date C=donor D=donor_kind E=amount F=purpose G=memo"),
        (
            office.beixin(),
            "A=date B=donor C=donor_kind D=items E=quantity F=unit G=unit_price H=amount I=anonymous J=receipt_number",
        ),
        (
            office.harbour(),
            "A=number B=date C=donor D=donor_kind E=amount F=method G=purpose H=publicity I=memo",
        ),
        (office.dongmen(), "A=number B=date C=donor D=items E=goods_value F=unit G=amount H=publicity"),
    ],
    ids=["gaocheng", "shahe", "beixin", "harbour", "dongmen"],
)
def test_registers_of_other_offices_match_without_asking(content: bytes, expected: str) -> None:
    match = find_headings(first(content), DONATION_FIELDS)
    assert (
        " ".join(f"{letter}={key}" for letter, key in sorted((b, a) for a, b in letters(match).items()))
        == expected
    )
    assert match.complete


def test_pasted_rows_match_too() -> None:
    match = find_headings(read_pasted(office.pasted()), DONATION_FIELDS)
    assert letters(match) == {"date": "A", "donor": "B", "amount": "C", "method": "D", "memo": "E"}


def test_a_heading_of_two_rows_is_read_as_one() -> None:
    match = find_headings(first(office.dongmen()), DONATION_FIELDS)
    assert (match.first_row, match.last_row) == (2, 3)


@pytest.mark.parametrize(
    "heading",
    [
        "捐款金额",
        "金额（元）",
        "Amount",
        "折合金额",
        "捐赠金额(人民币元)",
        "金 额",
        "金额/元",
        "金额:元",
        "*金额",
        "本次捐款金额",
        "Donation Amount (RMB)",
        "金额 Amount",
    ],
)
def test_names_of_the_amount(heading: str) -> None:
    assert by_key(matched(f"日期|捐赠人|{heading}")) == {"date": "日期", "donor": "捐赠人", "amount": heading}


@pytest.mark.parametrize(
    "heading",
    ["单价", "物品单价(元)", "手续费", "金额大写", "累计金额", "单价金额", "unit price", "账户余额"],
)
def test_what_is_not_the_amount(heading: str) -> None:
    match = matched(f"日期|捐赠人|{heading}")
    assert "amount" not in match.columns
    assert [field.key for field in match.missing] == ["amount"]


@pytest.mark.parametrize(
    "heading",
    [
        "捐款人",
        "捐赠者",
        "捐赠单位（个人）",
        "捐赠单位/个人",
        "Donor",
        "姓名",
        "爱心企业",
        "捐赠人（单位/个人）",
        "捐款人姓名",
    ],
)
def test_names_of_the_donor(heading: str) -> None:
    assert matched(f"日期|{heading}|金额").columns["donor"].text == heading


@pytest.mark.parametrize(("heading", "key"), [
    ("捐赠方式", "method"), ("支付方式", "method"), ("付款方式", "method"), ("Payment method", "method"),
    ("定向用途", "purpose"), ("指定用途", "purpose"), ("用途", "purpose"), ("Designated use", "purpose"),
    ("备注", "memo"), ("说明", "memo"), ("Remarks", "memo"), ("登记序号", "number"), ("捐赠人电话", "contact"),
    ("捐赠人类别", "donor_kind"), ("是否同意公开姓名", "publicity"), ("是否匿名", "anonymous"),
    ("捐赠票据号码", "receipt_number"),
])  # fmt: skip
def test_names_of_the_other_columns(heading: str, key: str) -> None:
    assert by_key(matched(f"日期|捐赠人|金额|{heading}"))[key] == heading


def test_traditional_characters_are_read_as_simplified() -> None:
    assert by_key(matched("捐贈日期|捐贈人|金額（元）|捐贈方式|備註")) == {
        "date": "捐贈日期", "donor": "捐贈人", "amount": "金額（元）", "method": "捐贈方式", "memo": "備註",
    }  # fmt: skip


def test_whether_earmarked_is_not_what_for_and_is_asked() -> None:
    (doubt,) = matched("日期|捐赠人|金额|定向/非定向").unsure
    assert doubt.fields == ("purpose",)


def test_a_column_of_no_field_is_kept_as_unknown_and_does_not_stop_anything() -> None:
    match = matched("日期|捐赠人|金额|捐款人身份证号|经办人|所属网格")
    assert match.complete
    assert [heading.text for heading in match.unknown] == ["捐款人身份证号", "经办人", "所属网格"]


def test_of_two_days_the_one_of_the_gift_is_taken() -> None:
    match = matched("登记日期|捐款日期|捐赠人|金额")
    assert match.columns["date"].text == "捐款日期"
    assert [heading.text for heading in match.unknown] == ["登记日期"]


def test_of_two_amounts_none_is_chosen_without_asking() -> None:
    match = matched("日期|捐赠人|金额|捐款金额")
    assert not match.complete
    assert [(doubt.fields, [one.text for one in doubt.headings]) for doubt in match.unsure] == [
        (("amount",), ["金额", "捐款金额"])
    ]
    assert (
        matched("日期|捐赠人|金额|捐款金额", 捐款金额="amount").complete is False
    )  # 金额 could still be the other
    settled = match_headings(
        headings("日期|捐赠人|金额|捐款金额"), DONATION_FIELDS, {"捐款金额": "amount", "金额": ""}
    )
    assert settled.complete
    assert settled.columns["amount"].text == "捐款金额"


def test_money_and_the_value_of_goods_in_columns_of_their_own() -> None:
    both = by_key(matched("日期|捐赠人|捐款金额|折合金额"))
    assert (both["amount"], both["goods_value"]) == ("捐款金额", "折合金额")
    assert by_key(matched("日期|捐赠人|折合金额"))["amount"] == "折合金额"


def test_a_heading_that_could_be_two_things_is_asked() -> None:
    (doubt,) = matched("日期|捐赠人|金额|捐赠类型").unsure
    assert doubt.fields == ("donor_kind", "method")
    (doubt,) = matched("日期|捐赠人|金额|捐赠类型|捐赠方式").unsure
    assert doubt.fields == ("donor_kind",)


def test_two_columns_of_one_name_are_asked_and_told_apart_by_letter() -> None:
    match = matched("日期|捐赠人|金额|备注|备注")
    assert [doubt.fields for doubt in match.unsure] == [("memo",)]
    with pytest.raises(Refused, match="有两列都叫“备注”"):
        matched("日期|捐赠人|金额|备注|备注", 备注="memo")
    settled = matched("日期|捐赠人|金额|备注|备注", E="memo", D="")
    assert settled.complete
    assert settled.columns["memo"].column == 5


def test_a_name_alike_is_proposed_and_not_taken() -> None:
    match = matched("日期|捐赠人|捐赠金额合计")
    assert "amount" not in match.columns
    assert [(doubt.fields[0], doubt.headings[0].text) for doubt in match.unsure] == [
        ("amount", "捐赠金额合计")
    ]
    assert match.missing == ()


def test_what_a_person_says_comes_first() -> None:
    match = matched("日期|捐赠人|金额|摘要|备注", 摘要="purpose", 捐赠人="memo")
    assert by_key(match)["purpose"] == "摘要"
    assert by_key(match)["memo"] == "捐赠人"
    assert [field.key for field in match.missing] == ["donor"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"金额": "money"}, "没有“money”这个栏目，可用的有："),
        ({"善款": "amount"}, "没有“善款”这一列"),
        ({"日期": "amount", "金额": "amount"}, "“amount”这个栏目指定了两列"),
    ],
)
def test_a_wrong_assignment_is_refused(overrides: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        find_headings(read_pasted(office.pasted()), DONATION_FIELDS, overrides)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("heading", ["金额（万元）", "捐款金额(千元)", "金额（美元）", "金额 Amount (USD)"])
def test_amounts_in_another_unit_are_refused_with_their_place(heading: str) -> None:
    with pytest.raises(Refused) as caught:
        matched(f"日期|捐赠人|{heading}")
    assert str(caught.value) == f"C1 表头“{heading}”的单位不是元，请换算成元后再上传"


def test_a_table_without_headings_is_refused_with_what_is_wanted() -> None:
    with pytest.raises(NoHeadings) as caught:
        find_headings(read_pasted("2024/9/1\t张三\t30\n2024/9/2\t李四\t50"), DONATION_FIELDS)
    assert str(caught.value) == "找不到表头：需要有 捐赠日期、捐赠人、金额 这样的列名"


def test_pasted_rows_without_headings_take_columns_by_letter() -> None:
    sheet = read_pasted("2024/9/1\t张三\t30\t微信")
    match = columns_given(sheet, {"A": "date", "B": "donor", "c": "amount"}, DONATION_FIELDS)
    assert match.complete
    assert letters(match) == {"date": "A", "donor": "B", "amount": "C"}
    assert [heading.text for heading in match.unknown] == ["D"]
    assert [field.key for field in columns_given(sheet, {"A": "date"}, DONATION_FIELDS).missing] == [
        "donor",
        "amount",
    ]
    with pytest.raises(Refused, match="没有“1”这一列"):
        columns_given(sheet, {"1": "date"}, DONATION_FIELDS)


@pytest.mark.parametrize("title", ["", "2024 年三月收的钱\n\n", "我们的\t登记表\n"])
def test_headings_in_words_of_the_offices_own_are_no_row_of_the_register(title: str) -> None:
    sheet = read_pasted(title + "什么时候\t谁\t给了多少\t说明甲\n2024/9/1\t张三\t30\t微信")
    match = columns_given(sheet, {"A": "date", "B": "donor", "C": "amount"}, DONATION_FIELDS)
    assert {key: heading.text for key, heading in match.columns.items()} == {
        "date": "什么时候",
        "donor": "谁",
        "amount": "给了多少",
    }
    assert [heading.text for heading in match.unknown] == ["说明甲"]
    (row,) = read_table(sheet, DONATION_FIELDS, match=match).rows
    assert row.cell("donor").text == "张三"


@pytest.mark.parametrize("first", ["昨天\t张三\t十二块", "2024/9/1\t张三\t不详", "待查\t张三\t30"])
def test_first_row_that_says_a_day_or_an_amount_is_read_as_a_row(first: str) -> None:
    sheet = read_pasted(first + "\n2024/9/2\t李四\t50")
    match = columns_given(sheet, {"A": "date", "B": "donor", "C": "amount"}, DONATION_FIELDS)
    assert [row.cell("donor").text for row in read_table(sheet, DONATION_FIELDS, match=match).rows] == [
        "张三",
        "李四",
    ]


def test_amounts_in_another_unit_are_refused_in_headings_of_any_words() -> None:
    sheet = read_pasted("什么时候\t谁\t给了多少（万元）\n2024/9/1\t张三\t30")
    with pytest.raises(Refused, match="单位不是元"):
        columns_given(sheet, {"A": "date", "B": "donor", "C": "amount"}, DONATION_FIELDS)


def test_the_sheets_of_a_book_that_hold_such_a_table() -> None:
    table = first(office.example("捐赠登记表"))
    cover = Sheet("说明", read_pasted("本表\t由街道填写").rows)
    hidden = Sheet("旧表", table.rows, hidden=True)
    wrong_unit = Sheet("万元表", read_pasted("日期\t捐赠人\t金额（万元）").rows)
    assert sheets_with([cover, table, hidden, wrong_unit], DONATION_FIELDS) == [table, wrong_unit]


def test_headings_are_compared_without_case_brackets_units_and_spaces() -> None:
    assert plain_heading(" 捐款 金额（元）\n") == "捐款金额"
    assert plain_heading("Payment  Method:") == "payment method"
    assert plain_heading("（元）") == "元"


@pytest.mark.parametrize("fields", [DONATION_FIELDS, SALE_FIELDS, DISBURSEMENT_FIELDS, TRANSFER_FIELDS])
def test_every_name_alone_finds_its_own_field_or_one_that_shares_it(fields: tuple[Field, ...]) -> None:
    owners = {
        label: {item.key for item in fields if plain_heading(label) in map(plain_heading, item.labels)}
        for item in fields
        for label in item.labels
    }
    for label, keys in owners.items():
        (found,) = match_headings([Heading(1, label, "A1")], fields).columns
        assert found in keys, label
