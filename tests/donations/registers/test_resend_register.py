"""An edited register is sent again: compared row by row with what came before and with the books."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.donations.models import Donation, DonationVersion, RegisterRow
from app.donations.operations import correct_words
from app.donations.registers.rules import DonationPreview
from app.parties.models import Consent, Party
from app.shared.db import transaction
from app.shared.errors import Refused
from tests import factories
from tests.donations.registers.books import edited
from tests.donations.registers.conftest import ANSWERS, Import, Read
from tests.donations.registers.test_import_register import csv

NEW_ROW = (9, "2023-10-01", "李四", "个人", "微信", None, 88.5, None, "不公开", None)


@pytest.fixture(autouse=True)
def first(imported: Import, example: bytes) -> Any:
    """The register as it came first."""
    return imported(example, **ANSWERS)


def _states(preview: DonationPreview) -> list[str]:
    return [row.state for row in preview.rows]


def _offered(preview: DonationPreview) -> list[tuple[str, list[tuple[str, Any, Any]], bool]]:
    return [
        (one.kind, [(change.field, change.old, change.new) for change in one.changes], one.by_default)
        for row in preview.rows
        for one in row.corrections
    ]


def _donation(session: Session, number: str) -> Donation:
    session.expire_all()
    return session.scalars(select(Donation).where(Donation.office_number == number)).one()


def _entries(session: Session) -> int:
    return session.scalar(text("SELECT entry_count FROM book_head")) or 0


def test_a_new_row_is_added_and_the_others_are_skipped_without_asking_again(
    session: Session, imported: Import, read: Read
) -> None:
    content = edited({}, append=(NEW_ROW,))
    preview = read(content)
    assert _states(preview) == ["same"] * 8 + ["new"]
    assert preview.vanished == ()
    done = imported(content)
    assert (len(done.donation_ids), done.skipped, _entries(session)) == (1, 8, 9)


def test_words_are_offered_ticked_and_money_unticked(read: Read) -> None:
    preview = read(edited({"J5": "首批", "G5": 6000, "C5": "新疆三为公司"}))
    assert _states(preview) == ["same", "changed", *["same"] * 6]
    assert _offered(preview) == [
        ("words", [("memo", "", "首批")], True),
        (
            "donor",
            [("donor", "新疆三为城市生态环境科技服务有限公司", "新疆三为公司")],
            True,
        ),
        ("money", [("amount", 500_000, 600_000)], False),
    ]


def test_words_are_corrected_with_the_version_before_kept_and_declined_money_is_offered_again(
    session: Session, imported: Import, read: Read
) -> None:
    done = imported(edited({"J5": "首批", "G5": 6000}))
    assert (done.corrected, len(done.donation_ids), _entries(session)) == (1, 0, 8)
    gift = _donation(session, "2")
    assert (gift.memo, gift.amount_minor) == ("首批", 500_000)
    assert session.scalar(select(func.count()).select_from(DonationVersion)) == 1
    again = read(edited({"J5": "首批", "G5": 6000, "J6": "3元/个"}))
    assert [(kind, [name for name, _, _ in changes]) for kind, changes, _ in _offered(again)] == [
        ("money", ["amount"]),
        ("words", ["memo"]),
    ]


def test_accepted_money_is_reversed_and_booked_anew(session: Session, imported: Import, read: Read) -> None:
    content = edited({"G5": 6000})
    done = imported(content, who="accountant", corrections=["5:money"])
    assert (done.corrected, _entries(session)) == (1, 10)
    assert _donation(session, "2").amount_minor == 600_000
    rows = session.execute(
        text(
            "SELECT reverses_number, replaces_number, amount_minor FROM ledger_row WHERE number > 8 ORDER BY number"
        )
    ).all()
    assert [tuple(row) for row in rows] == [(2, None, 500_000), (None, 2, 600_000)]
    assert _states(read(edited({"G5": 6000, "J7": "旧书"}))).count("same") == 7


def test_accepted_goods_replace_the_lines_in_stock(session: Session, imported: Import) -> None:
    imported(edited({"F11": "鞋子 5双", "G11": 150}), who="accountant", corrections=["11:money"])
    gift = _donation(session, "8")
    lines = session.execute(
        text("SELECT quantity, quantity_left, value_minor FROM goods_line WHERE source_id = :id ORDER BY id"),
        {"id": gift.id},
    ).all()
    assert [tuple(line) for line in lines] == [(6, 0, 18_000), (5, 5, 15_000)]
    assert gift.amount_minor == 15_000


def test_who_may_not_correct_money_is_told_which_row(imported: Import) -> None:
    with pytest.raises(Refused, match="第 5 行不能更正：您的岗位没有这项权限"):
        imported(edited({"G5": 6000}), who="secretary", corrections=["5:money"])


def test_a_donor_who_gave_more_is_renamed_only_when_ticked(imported: Import, read: Read) -> None:
    oil = "中国石油克拉玛依石化有限责任公司"
    imported(edited({}, append=((9, "2023-10-01", oil, "单位", "现金", None, 100, None, "公开", None),)))
    content = edited(
        {"C4": "中石油"}, append=((9, "2023-10-01", oil, "单位", "现金", None, 100, None, "公开", None),)
    )
    (offer,) = [one for row in read(content).rows for one in row.corrections]
    assert (offer.kind, offer.by_default) == ("donor", False)
    assert str(offer.note) == "这个捐赠人还有 1 笔捐赠，姓名会一起改"


def test_money_does_not_become_goods(read: Read) -> None:
    (offer,) = [one for row in read(edited({"E5": "实物", "F5": "米 50袋"})).rows for one in row.corrections]
    assert str(offer.refusal) == "捐款和捐物不能互相更正；请冲销后重新登记"


def test_a_vanished_row_is_listed_and_nothing_is_deleted(
    session: Session, imported: Import, read: Read
) -> None:
    content = edited({}, remove=11)
    assert [kept.last["number"] for kept in read(content).vanished] == ["8"]
    imported(content)
    assert session.scalar(select(func.count()).select_from(Donation)) == 8
    assert _donation(session, "8").status == "recorded"


def test_renumbered_rows_are_the_same_gifts(session: Session, imported: Import, read: Read) -> None:
    content = edited({f"A{row}": row - 2 for row in range(4, 12)})  # 2 to 9 instead of 1 to 8
    assert {kind for kind, _, _ in _offered(read(content))} == {"words"}
    imported(content)
    assert _entries(session) == 8
    numbers = session.scalars(select(Donation.office_number).order_by(Donation.id)).all()
    assert list(numbers) == [str(number) for number in range(2, 10)]
    assert set(session.scalars(select(RegisterRow.row_key))) == {
        f"number:{number}" for number in range(2, 10)
    }
    assert (
        _states(read(edited({f"A{row}": row - 2 for row in range(4, 12)} | {"J5": "x"}))).count("same") == 7
    )


def test_another_gift_under_an_old_number_is_refused_and_not_taken_for_a_correction(read: Read) -> None:
    preview = read(edited({"B5": "2024-01-05", "C5": "另一家公司", "G5": 70}))
    (refused,) = preview.refused
    assert [(one.address, str(one.refusal)) for one in refused.refusals] == [
        (
            "A5",
            "序号“2”原来登记的是 新疆三为城市生态环境科技服务有限公司，这一行像是另一笔捐赠；"
            "如果是另一本登记表，请另起标题",
        )
    ]
    assert _states(
        read(edited({"B5": "2024-01-05", "C5": "另一家公司", "G5": 70}), title="2024", **ANSWERS)
    ) == (["new"] * 8)


def test_what_the_office_corrected_in_the_meantime_is_not_undone(
    session: Session, imported: Import, read: Read
) -> None:
    gift = _donation(session, "2")
    with transaction(session, books=True):
        correct_words(session, factories.actor(session, "secretary"), gift.id, "电话核实", memo="办公室更正")
    content = edited({}, append=(NEW_ROW,))
    assert _offered(read(content)) == []
    imported(content)
    assert _donation(session, "2").memo == "办公室更正"


def test_an_organisation_that_says_no_now_is_masked_everywhere(
    session: Session, imported: Import, read: Read
) -> None:
    sanwei = "新疆三为城市生态环境科技服务有限公司"
    content = csv(f"1,2023-12-01,{sanwei},单位,现金,,50,,不公开,")
    preview = read(content, title="十二月")
    assert preview.rows[0].public_name == "爱心单位"
    assert any("此前登记为公开，这份登记表写着不公开" in str(note) for note in preview.notes)
    with pytest.raises(Refused, match="请由秘书处导入"):
        imported(content, who="accountant", title="十二月")
    imported(content, title="十二月")
    party = session.scalars(select(Party).where(Party.name == sanwei)).one()
    assert party.public_name == "爱心单位"
    shown = session.scalars(
        text("SELECT DISTINCT party FROM ledger_row WHERE party_id = :id"), {"id": party.id}
    )
    assert list(shown) == ["爱心单位"]


def test_a_changed_wish_to_be_named_is_offered_and_recorded(
    session: Session, imported: Import, read: Read
) -> None:
    content = edited({"I5": "不公开"})
    assert [(kind, default) for kind, _, default in _offered(read(content))] == [("consent", True)]
    imported(content)
    wishes = session.scalars(
        select(Consent.wish)
        .join(Party, Party.id == Consent.party_id)
        .where(Party.name.like("新疆三为%"))
        .order_by(Consent.id)
    )
    assert list(wishes) == ["named", "not_named"]


def test_a_reversed_gift_is_not_recorded_again(session: Session, read: Read) -> None:
    from app.donations.operations import reverse_donation

    gift = _donation(session, "2")
    with transaction(session, books=True):
        reverse_donation(session, factories.actor(session, "accountant"), gift.id, "退回")
    preview = read(edited({"J5": "退回"}))
    assert _states(preview) == ["same"] * 8
    assert "这一行登记的捐赠已经冲销，不再重新记入" in [str(note) for note in preview.rows[1].notes]


def test_rows_without_numbers_are_told_apart_by_their_words(
    session: Session, imported: Import, read: Read
) -> None:
    headings = "日期,捐赠人,金额,备注\n"
    rows = ["2023-10-01,爱心居民,10,", "2023-10-01,爱心居民,10,", "2023-10-02,王五,20,"]
    before = _entries(session)
    imported(csv(*rows, headings=headings), title="箱")
    assert _entries(session) == before + 3
    more = csv(*rows[:2], "2023-10-01,爱心居民,10,", "2023-10-02,王五,25,电话", headings=headings)
    preview = read(more, title="箱")
    assert _states(preview) == ["same", "same", "new", "changed"]
    assert {kind for kind, _, _ in _offered(preview)} == {"words", "money"}
    assert preview.vanished == ()
    imported(more, title="箱")
    assert _states(read(more + b"\n", title="箱")) == ["same", "same", "same", "changed"]


def test_a_date_is_a_word_that_can_be_put_right(session: Session, imported: Import) -> None:
    imported(edited({"B5": "2023-09-21"}))
    assert _donation(session, "2").received_on == date(2023, 9, 21)
