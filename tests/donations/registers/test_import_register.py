"""A gift register becomes gifts: exactly those that the worked example of the domain lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.donations.models import Donation, Register, RegisterFile, RegisterRow
from app.donations.registers.rules import AlreadyImported, DonationPreview
from app.files.models import Attachment
from app.goods.models import GoodsLine
from app.ledger.queries import earmark_with_slug, postings_of
from app.ledger.treasury.operations import close_month, create_earmark
from app.parties.models import Consent, Party
from app.settings import Settings
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, Refused
from tests import factories
from tests.donations.registers.conftest import ANSWERS, ROAD, Import, Read
from tests.sheets import office_files

HEADINGS = "序号,日期,捐赠人,类型,捐赠形式,物品,金额,指定用途,是否公开,备注\n"


def csv(*rows: str, headings: str = HEADINGS) -> bytes:
    return (headings + "".join(f"{row}\n" for row in rows)).encode()


def _counts(session: Session) -> tuple[int, ...]:
    session.rollback()
    tables = (Donation, Party, Register, RegisterFile, RegisterRow, GoodsLine)
    return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def _refusals(preview: DonationPreview) -> list[tuple[str, str]]:
    return [(one.address, str(one.refusal)) for row in preview.rows for one in row.refusals]


# What comes out


def test_the_office_register_gives_the_first_eight_entries_of_the_worked_example(
    session: Session, imported: Import, example: bytes
) -> None:
    imported(example, "捐赠登记表.xlsx", **ANSWERS)
    rows = session.execute(
        text("SELECT number, kind, occurred_on, amount_minor, party FROM ledger_row ORDER BY number")
    ).all()
    told = [(row.number, row.kind, str(row.occurred_on), row.amount_minor, row.party) for row in rows]
    oil, sanwei = "中国石油克拉玛依石化有限责任公司", "新疆三为城市生态环境科技服务有限公司"
    assert told == [
        (1, "donation", "2023-09-18", 35_000_000, oil),
        (2, "donation", "2023-09-20", 500_000, sanwei),
        (3, "goods_received", "2023-09-27", 90_000, "爱心商户"),
        (4, "goods_received", "2023-09-27", 20_000, "爱心居民"),
        (5, "goods_received", "2023-09-27", 24_000, "辖区职工"),
        (6, "goods_received", "2023-09-27", 40_000, "某商户"),
        (7, "goods_received", "2023-09-27", 30_000, "爱心居民"),
        (8, "goods_received", "2023-09-27", 18_000, "爱心居民"),
    ]
    road = earmark_with_slug(session, "road")
    assert road is not None
    assert (road.name, road.restriction) == (ROAD, "restricted")
    codes = {number: [one.account_code for one in postings_of(session, number)] for number in range(1, 9)}
    assert codes[1] == codes[2] == ["1002", "4101"]
    assert {tuple(codes[number]) for number in range(3, 9)} == {("1201", "4101")}
    earmarks = {number: {one.earmark_id for one in postings_of(session, number)} for number in range(1, 9)}
    assert earmarks[1] == {road.id}
    assert all(road.id not in earmarks[number] for number in range(2, 9))


def test_goods_are_valued_line_by_line_with_the_basis_that_the_remark_states(
    session: Session, imported: Import, example: bytes
) -> None:
    imported(example, **ANSWERS)
    lines = session.scalars(select(GoodsLine).order_by(GoodsLine.id)).all()
    assert [
        (line.item, line.quantity, line.unit, line.value_minor, line.valuation_basis, line.basis_is_confirmed)
        for line in lines
    ] == [
        ("馕", 300, "个", 90_000, "3元/个,店内售价", True),
        ("儿童图书", 40, "册", 20_000, "按二手书市价", True),
        ("儿童玩具", 12, "件", 24_000, "", False),
        ("商户优惠券", 20, "张", 40_000, "面值20元", False),
        ("衣帽", 14, "件", 28_000, "", False),
        ("手工围巾", 1, "条", 2_000, "", False),
        ("鞋子", 6, "双", 18_000, "", False),
    ]
    assert {donation.wish for donation in session.scalars(select(Donation)) if donation.kind == "goods"} == {
        "义卖"
    }


def test_labels_that_name_nobody_each_open_a_donor_of_their_own(
    session: Session, imported: Import, example: bytes
) -> None:
    imported(example, **ANSWERS)
    parties = session.scalars(select(Party).order_by(Party.id)).all()
    assert [(party.kind, party.name) for party in parties if party.kind == "unnamed"] == [
        ("unnamed", "爱心居民"),
        ("unnamed", "辖区职工"),
        ("unnamed", "某商户"),
        ("unnamed", "爱心居民"),
        ("unnamed", "爱心居民"),
    ]
    baker = next(party for party in parties if party.name == "友好社区馕店")
    assert (baker.kind, baker.public_name) == ("sole_trader", "爱心商户")
    claim = session.scalars(select(Consent).where(Consent.party_id == baker.id)).one()
    assert (claim.wish, claim.evidence) == ("named", "")


def test_the_total_without_a_stored_value_is_reported_and_does_not_refuse(read: Read, example: bytes) -> None:
    preview = read(example, **ANSWERS)
    assert [(note.address, str(note)) for note in preview.notes] == [
        ("G12", "表中合计是公式，没有存储结果；按各行相加为 357,220.00 元")
    ]
    assert (len(preview.refused), preview.new_money_minor, preview.new_goods_minor) == (
        0,
        35_500_000,
        222_000,
    )


def test_reading_writes_nothing(session: Session, read: Read, example: bytes) -> None:
    before = _counts(session)
    read(example, **ANSWERS)
    assert _counts(session) == before


# Questions


def test_several_things_under_one_amount_wait_for_an_answer(
    session: Session, read: Read, imported: Import, example: bytes
) -> None:
    preview = read(example)
    assert [(row.row.office_number, row.state) for row in preview.refused] == [("7", "asks")]
    before = _counts(session)
    with pytest.raises(Refused, match="有 1 行不能记入，什么都没有记"):
        imported(example)
    assert _counts(session) == before
    assert len(imported(example, accept_good_rows=True).donation_ids) == 7


@pytest.mark.parametrize(
    ("answer", "values"),
    [("even", [28_000, 2_000]), ("250,50", [25_000, 5_000]), ("1.00；299", [100, 29_900])],
)
def test_one_amount_is_spread_evenly_or_as_typed(
    read: Read, example: bytes, answer: str, values: list[int]
) -> None:
    row = read(example, splits={"7": answer}).rows[6]
    assert row.state == "new"
    assert [line.value_minor for line in row.row.goods] == values


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("250,60", "各种物品的价值相加是 310.00 元，与金额 300.00 元不一致"),
        ("300", "这一行有 2 种物品，请给每种各写一个价值"),
        ("a,b", "拆分：“a”不是金额，请写成 1234.50 这样的数字"),
    ],
)
def test_values_that_do_not_add_up_are_refused_at_the_amount(
    read: Read, example: bytes, answer: str, said: str
) -> None:
    assert _refusals(read(example, splits={"7": answer})) == [("G10", said)]


@pytest.mark.parametrize(("row", "said"), [("99", "没有第 99 行"), ("3", "第 3 行没有写几种物品")])
def test_an_answer_for_a_row_that_asks_nothing_is_refused(
    read: Read, example: bytes, row: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        read(example, splits={row: "even"})


def test_a_purpose_becomes_an_earmark_unless_one_has_its_name_or_it_is_only_a_wish(
    session: Session, read: Read, example: bytes
) -> None:
    proposed = read(example)
    assert [(one.purpose, one.slug) for one in proposed.new_earmarks] == [(ROAD, "yimi-yangguang-purpose-1")]
    assert proposed.wishes == ("义卖",)
    as_wish = read(example, earmarks={ROAD: ""})
    assert as_wish.new_earmarks == ()
    assert (as_wish.rows[0].wish, as_wish.rows[0].earmark.is_restricted) == (ROAD, False)
    with transaction(session, books=True):
        actor = factories.actor(session, "accountant")
        fund_id = as_wish.fund_id
        create_earmark(session, actor, fund_id, "old-road", ROAD, "restricted")
        create_earmark(session, actor, fund_id, "roads", "道路", "restricted")
    assert read(example).rows[0].earmark.slug == "old-road"
    assert read(example, earmarks={ROAD: "roads"}).rows[0].earmark.slug == "roads"
    bad = read(example, earmarks={ROAD: "Straße"})
    assert _refusals(bad)[0][0] == "H4"
    with pytest.raises(Refused, match="登记表里没有“修桥”这个用途"):
        read(example, earmarks={"修桥": "bridge"})


# What is refused, and where


@pytest.mark.parametrize(
    ("row", "address", "said"),
    [
        ("1,2023-10-01,张三,个人,现金,,200.005,,,", "G2", "“200.005”：金额只能精确到分，最多两位小数"),
        ("1,2023-10-01,张三,个人,现金,,-5,,,", "G2", "“-5”：金额不能是负数"),
        ("1,2023-10-01,张三,个人,现金,,0,,,", "G2", "“0”：金额不能是零"),
        ("1,2023-10-01,张三,个人,现金,,0.00,,,", "G2", "“0.00”：金额不能是零"),
        ("1,2023-10-01,张三,个人,现金,,一百,,,", "G2", "“一百”是中文数字，请写成 1234.50 这样的数字"),
        ("1,2023-10-01,张三,个人,现金,,,,,", "G2", "没有填写金额"),
        ("1,2023-10-01,张三,个人,现金,,1000000000000000000,,,", "G2", "金额太大，最多 99,999,999,999.99 元"),
        ("1,2099-01-01,张三,个人,现金,,5,,,", "B2", "“2099-01-01”是将来的日期"),
        ("1,0203-10-01,张三,个人,现金,,5,,,", "B2", "“0203-10-01”的年份不对"),
        ("1,,张三,个人,现金,,5,,,", "B2", "没有填写日期"),
        ("1,2023-10-01,,个人,现金,,5,,,", "C2", "没有填写捐赠人；不知道是谁，请写“匿名”"),
        ("1,2023-10-01,张三,个人,比特币,,5,,,", "E2", "不认识方式“比特币”"),
        ("1,2023-10-01,张三,个人,现金,大米 3袋,5,,,", "F2", "请把捐款和物资分成两行"),
        ("1,2023-10-01,张三,个人,实物,一批旧衣服,50,,,", "F2", "没有写数量"),
        ("1,2023-10-01,张三,个人,实物,,50,,,", "F2", "没有填写物品"),
        ("1,2023-10-01,张三,个人,实物,大米 3袋,,,,", "G2", "没有填写物资的价值"),
        ("1,2023-10-01,张三,个人,现金,,5,定向,,", "H2", "写了“定向”，但没有写是什么用途"),
        ("1,2023-10-01,张三,个人,现金,,5,,也许,", "I2", "看不懂“也许”，请写“公开”或“不公开”"),
        (f"1,2023-10-01,{'张' * 201},个人,现金,,5,,,", "C2", "最多 200 个字"),
        (f"1,2023-10-01,张三,个人,现金,,5,,,{'备' * 2001}", "J2", "最多 2000 个字"),
    ],
)
def test_a_wrong_cell_is_named_with_its_address_and_nothing_is_recorded(
    session: Session, read: Read, imported: Import, row: str, address: str, said: str
) -> None:
    content = csv(row, "2,2023-10-01,李四,个人,现金,,5,,,")
    ((where, sentence),) = _refusals(read(content))
    assert where == address
    assert said in sentence
    before = _counts(session)
    with pytest.raises(Refused, match="有 1 行不能记入"):
        imported(content)
    assert _counts(session) == before


def test_all_that_is_wrong_in_a_row_is_told_at_once(read: Read) -> None:
    preview = read(csv("1,2099-01-01,,个人,比特币,,1.234,,,"))
    assert [address for address, _ in _refusals(preview)] == ["B2", "E2", "C2", "G2"]


def test_a_formula_without_a_stored_value_is_refused_in_a_data_row(read: Read) -> None:
    content = office_files.xls(
        [
            ["日期", "捐赠人", "捐赠形式", "金额"],
            [date(2024, 5, 1), "张三", "现金", "=SUM(F1:F2)"],
            [date(2024, 5, 2), "李四", "现金", 8],
        ]
    )
    preview = read(content, "表.xls")
    ((address, said),) = _refusals(preview)
    assert address == "D2"
    assert said.startswith("单元格是公式，文件里没有存储结果")
    assert [row.state for row in preview.rows] == ["refused", "new"]


def test_a_total_that_disagrees_with_its_rows_is_reported(read: Read) -> None:
    content = csv("1,2023-10-01,张三,个人,现金,,5,,,", "2,2023-10-01,李四,个人,现金,,5,,,", "合计,,,,,,11,,,")
    assert [str(note) for note in read(content).notes] == [
        "表中合计是 11.00 元，各行相加是 10.00 元，两者不一致"
    ]


def test_a_number_used_twice_is_refused_but_things_merged_under_one_number_are_not(read: Read) -> None:
    twice = read(csv("1,2023-10-01,张三,个人,现金,,5,,,", "1,2023-10-02,李四,个人,现金,,6,,,"))
    assert _refusals(twice) == [("A3", "序号“1”在第 2 行已经用过")]
    again = read(csv("1,2023-10-01,张三,个人,现金,,5,,,", "1,2023-10-01,张三,个人,现金,,5,,,"))
    assert _refusals(again) == [("A3", "序号“1”在第 2 行已经用过")]
    merged = read(office_files.dongmen())
    assert [row.state for row in merged.rows] == ["new", "new", "new"]


def test_a_day_in_a_closed_month_is_refused_at_its_cell(session: Session, read: Read) -> None:
    content = csv("1,2023-10-01,张三,个人,现金,,5,,,", "2,2023-11-01,李四,个人,现金,,5,,,")
    with transaction(session, books=True):
        actor = factories.actor(session, "accountant")
        close_month(session, actor, read(content).fund_id, "2023-10")
    assert _refusals(read(content)) == [("B2", "2023-10 已结账，请把日期记在未结账的月份")]


# Words that offices use


def test_dates_and_amounts_in_any_writing_are_one_thing(read: Read) -> None:
    content = csv(
        "1,2023年9月20日,甲,个人,现金,,200元,,,",
        '2,2023/9/20,乙,个人,现金,,"350,000.00",,,',
        "3,2023.9.20,丙,个人,现金,,¥400,,,",
        "4,20230920,丁,个人,现金,,１２３．４５,,,",
    )
    rows = read(content).rows
    assert {row.row.received_on for row in rows} == {date(2023, 9, 20)}
    assert [row.row.amount_minor for row in rows] == [20_000, 35_000_000, 40_000, 12_345]


def test_a_donor_of_unknown_kind_is_a_person_without_consent_and_said_so(read: Read) -> None:
    row = read(csv("1,2023-10-01,王五,侨胞,现金,,5,,公开,")).rows[0]
    assert (row.row.donor_kind, row.public_name) == ("person", "爱心居民")
    assert "不认识类型“侨胞”，按个人登记，不公开姓名" in [str(note) for note in row.notes]


def test_a_name_under_anonymous_is_kept_inside_and_never_shown(read: Read) -> None:
    row = read(csv("1,2023-10-01,王五,匿名,现金,,5,,公开,")).rows[0]
    assert (row.row.donor_kind, row.row.claim, row.public_name) == ("person", False, "爱心居民")


def test_money_without_a_way_goes_to_the_bank_and_says_so(
    session: Session, imported: Import, read: Read
) -> None:
    content = csv("1,2023-10-01,王五,个人,,,5,,,")
    assert [str(note) for note in read(content).rows[0].notes] == ["没有写以什么方式捐赠，记入银行账户"]
    imported(content)
    donation = session.scalars(select(Donation)).one()
    assert donation.method == "bank"
    assert donation.money_account_id is not None


def test_a_price_in_the_remark_that_does_not_fit_is_told(read: Read) -> None:
    row = read(csv("1,2023-10-01,某店,商户,实物,馕 300个,800,,,3元/个")).rows[0]
    assert [str(note) for note in row.notes] == [
        "备注里的单价 × 数量是 900.00 元，登记的价值是 800.00 元，请核对"
    ]


@pytest.mark.parametrize(
    ("make", "title", "gifts"),
    [
        (
            office_files.gaocheng,
            "高城街道社区基金捐款登记",
            [("李建国", "wechat", 20_000), ("高城第一建筑公司", "bank", 1_200_000), ("王某", "cash", 5_050)],
        ),
        (
            office_files.shahe,
            "沙河社区爱心捐款明细",
            [("沙河小学", "bank", 300_000), ("爱心居民", "bank", 8_880), ("匿名", "bank", 10_000)],
        ),
        (office_files.beixin, "登记", [("䶮翠英", "goods", 80_000), ("无名氏", "bank", 2_000)]),
        (
            office_files.harbour,
            "登记",
            [("Harbour Trading Co.", "bank", 150_000), ("anonymous donor", "cash", 6_000)],
        ),
        (
            office_files.dongmen,
            "东门社区慈善物资与资金接收台账",
            [("东门超市", "goods", 100_000), ("东门超市", "goods", 60_000), ("赵敏", "bank", 30_000)],
        ),
    ],
)
def test_registers_with_other_headings_are_understood(
    imported: Import,
    read: Read,
    make: Callable[[], bytes],
    title: str,
    gifts: list[tuple[str, str, int]],
) -> None:
    content = make()
    preview = read(content, "登记")
    assert preview.title == title
    assert [(row.row.donor, row.row.method, row.total_minor) for row in preview.rows] == gifts
    assert len(imported(content, "登记").donation_ids) == len(gifts)


def test_columns_that_could_be_two_things_are_asked_about(read: Read, imported: Import) -> None:
    content = office_files.bilingual()
    preview = read(content)
    assert preview.question == "headings"
    assert preview.rows == ()
    assert preview.match is not None
    assert {heading.text for doubt in preview.match.unsure for heading in doubt.headings} == {
        "捐赠类型",
        "金额 Amount",
        "捐款金额",
    }
    with pytest.raises(Refused, match="还不知道每一列是什么"):
        imported(content)
    answered = read(content, mapping={"C": "donor_kind", "D": "amount", "E": ""})
    assert [(row.row.donor, row.row.donor_kind, row.total_minor) for row in answered.rows] == [
        ("张伟", "person", 500)
    ]


def test_pasted_rows_without_headings_are_read_by_column_letters(read: Read) -> None:
    content = "2023-10-02\t王五\t20\n2023-10-03\t王六\t30\n".encode()
    assert read(content, pasted=True).question == "headings"
    preview = read(content, pasted=True, mapping={"A": "date", "B": "donor", "C": "amount"})
    assert [(row.row.donor, row.total_minor) for row in preview.rows] == [("王五", 2_000), ("王六", 3_000)]


def test_of_several_sheets_a_person_chooses(read: Read, imported: Import) -> None:
    from tests.donations.registers.books import two_months

    content = two_months()
    preview = read(content)
    assert (preview.question, preview.sheet_names) == ("sheet", ("一月", "二月"))
    with pytest.raises(Refused, match="文件里有几个工作表"):
        imported(content)
    first = imported(content, sheet="一月")
    second = imported(content, sheet="二月")
    assert first.register_id != second.register_id
    with pytest.raises(AlreadyImported):
        read(content, sheet="一月")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_in_any_encoding_of_an_office_is_recorded_and_kept(imported: Import, encoding: str) -> None:
    content = csv("1,2023-10-01,䶮翠英,个人,现金,,5,,,").decode().encode(encoding)
    assert len(imported(content, "登记.csv").donation_ids) == 1


# Who may, and only once


@pytest.mark.parametrize("who", ["cashier", "council", "supervisor", "auditor", "host", "administrator"])
def test_only_who_records_gifts_may_import(
    session: Session, imported: Import, example: bytes, who: str
) -> None:
    before = _counts(session)
    with pytest.raises(Forbidden):
        imported(example, who=who, **ANSWERS)
    assert _counts(session) == before


def test_the_very_same_file_is_in_already(imported: Import, read: Read, example: bytes) -> None:
    done = imported(example, **ANSWERS)
    with pytest.raises(AlreadyImported, match="这份文件已经导入过") as caught:
        read(example, "anders.xlsx")
    assert caught.value.register_id == done.register_id


def test_a_preview_of_yesterday_does_not_record_what_was_imported_since(
    session: Session, settings: Settings, imported: Import, read: Read, example: bytes
) -> None:
    from app.donations.registers.operations import import_donations

    old = read(example, **ANSWERS)
    imported(example, **ANSWERS)
    before = _counts(session)
    actor = factories.actor(session, "secretary")
    with pytest.raises(AlreadyImported), transaction(session, books=True):
        import_donations(session, actor, old, files_dir=settings.files_dir)
    other = read(example + b" ", title="另一本", **ANSWERS)
    imported(example + b"  ", title="另一本", **ANSWERS)
    with pytest.raises(Conflict, match="刚刚变动"), transaction(session, books=True):
        import_donations(session, actor, other, files_dir=settings.files_dir)
    assert _counts(session)[0] == before[0] + 8


def test_the_file_is_kept_and_what_is_private_in_its_rows_is_encrypted(
    session: Session, settings: Settings, imported: Import
) -> None:
    content = csv(
        "1,2023-10-01,王五,5,13800000001,650203199001011234",
        headings="序号,日期,捐赠人,金额,联系电话,证件\n",
    )
    done = imported(content, "登记.csv")
    kept = session.scalars(
        select(Attachment).where(
            Attachment.subject_type == "register_file", Attachment.subject_id == done.file_id
        )
    ).one()
    assert (settings.files_dir / kept.sha256[:2] / kept.sha256).read_bytes() == content
    assert kept.is_public is False
    cells = session.scalars(select(RegisterRow.cells)).one()
    assert not any(private in cells for private in ("13800000001", "650203199001011234", "王五"))
    party = session.scalars(select(Party)).one()
    assert party.contact is not None
    assert b"13800000001" not in party.contact


def _disk_is_full(*_arguments: Any, **_more: Any) -> None:
    raise OSError("no space left on device")


def test_a_failure_in_the_middle_leaves_nothing_behind(
    session: Session, imported: Import, example: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.donations.registers import operations

    before = _counts(session)
    monkeypatch.setattr(operations, "attach_file", _disk_is_full)
    with pytest.raises(OSError, match="no space"):
        imported(example, **ANSWERS)
    assert _counts(session) == before
    assert session.scalar(text("SELECT entry_count FROM book_head")) == 0
    assert earmark_with_slug(session, "road") is None
