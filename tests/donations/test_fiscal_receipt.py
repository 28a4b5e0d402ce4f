"""The host's official receipt for a gift: recorded as it stands on it, never printed, each record kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.donations.fiscal.checks import check_fiscal_receipts
from app.donations.fiscal.operations import correct_number, record_fiscal
from app.donations.fiscal.queries import fiscal_of, records_of
from app.donations.fiscal.rules import FiscalDraft
from app.donations.operations import reverse_donation
from app.ledger.checks import check_ledger
from app.log.models import Leaf
from app.shared.audit import AuditEvent
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused
from tests.donations.gifts import PLACE, books, gift, give
from tests.factories import actor
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
ISSUED = {
    "status": "issued",
    "number": "0012345678",
    "code": "65060123",
    "check_code": "a1b2c3",
    "issued_on": "2023-09-28",
}


def of(gift_id: int) -> str:
    return f"{PLACE}/{gift_id}/fiscal-receipt"


def put(session: Session, gift_id: int, *args: object, by: str = "secretary", **more: object) -> None:
    with transaction(session, books=True):
        record_fiscal(session, actor(session, by), gift_id, FiscalDraft(*args), **more)  # type: ignore[arg-type]


def test_number_is_public_and_the_other_particulars_are_the_donors(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    answer = secretary.submit(of(gift_id), ISSUED)
    assert answer.location == f"{PLACE}/{gift_id}"
    shown = secretary.follow(answer).words
    assert "已开具 · 0012345678 · 代码 65060123 · 校验码 a1b2c3 · 2023-09-28" in shown
    found = gift(session, gift_id)
    assert (found.receipt_number, found.version) == ("0012345678", 1)
    traced = visit().get(f"/trace/{found.receipt_code}").words
    assert "0012345678" in traced
    assert "a1b2c3" in traced
    assert "65060123" not in traced
    entry = visit().get(f"/entries/{found.entry_number}")
    assert "0012345678" in entry.words
    assert "a1b2c3" not in entry.html
    assert [
        check.problems
        for check in (*check_fiscal_receipts(session), *check_ledger(session))
        if check.problems
    ] == []


def test_number_that_came_with_the_gift_is_its_receipt(visit: Visit, session: Session) -> None:
    gift_id = give(session, receipt_number="R-7")
    assert fiscal_of(session, gift(session, gift_id)).status == "issued"
    seen = visit("secretary").get(of(gift_id))
    assert seen.value_of("number") == "R-7"
    assert "登记捐赠时写下的号码是 R-7" in seen.words


def test_void_receipt_leaves_the_public_and_stays_in_the_records(visit: Visit, session: Session) -> None:
    gift_id = give(session, receipt_number="R-7")
    secretary = visit("secretary")
    assert secretary.submit(of(gift_id), {"status": "void", "words": "开错金额"}).status == 303
    assert gift(session, gift_id).receipt_number == ""
    assert "R-7" not in visit().get(f"/trace/{gift(session, gift_id).receipt_code}").html
    assert secretary.submit(of(gift_id), {"status": "issued", "number": "R-8", "words": ""}).status == 303
    session.rollback()
    records = records_of(session, gift_id)
    assert [(each.version, each.status, each.number) for each in records] == [
        (2, "issued", "R-8"),
        (1, "void", "R-7"),
    ]
    shown = secretary.get(of(gift_id)).words
    assert "开错金额" in shown
    assert "秘书乙" in shown


def test_donor_may_waive_it_and_somebody_says_how(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    refused = secretary.submit(of(gift_id), {"status": "waived"})
    assert refused.status == 422
    assert refused.error_at("words") == "请写明捐赠人什么时候、怎样表示放弃票据"
    assert records_of(session, gift_id) == []
    session.rollback()
    assert secretary.submit(of(gift_id), {"status": "waived", "words": "9 月 20 日微信说不要"}).status == 303
    (record,) = records_of(session, gift_id)
    assert (record.status, record.words) == ("waived", "9 月 20 日微信说不要")
    assert record.recorded_by_id == actor(session, "secretary").user_id
    assert "微信说不要" not in visit().get(f"/trace/{gift(session, gift_id).receipt_code}").html


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"number": ""}, "number", "请填写票据号码"),
        ({"number": "9" * 61}, "number", "最多 60 个字"),
        ({"code": "65-06"}, "code", "票据代码是 5 到 20 位数字，请照票面填写"),
        ({"check_code": "a b"}, "check_code", "校验码是 4 到 20 位字母或数字，请照票面填写"),
        ({"issued_on": "2023-09-19"}, "issued_on", "捐赠在 2023-09-20 收到，票据不能开在这之前"),
        ({"issued_on": "2999-01-01"}, "issued_on", "日期 2999-01-01 在未来，请核对"),
        ({"status": "none", "words": "误记"}, "number", "没有开具票据，就不填号码、代码、校验码和日期"),
        ({"status": "void"}, "words", "请写明原因，例如开错金额、重复开具"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_saves_nothing(
    visit: Visit, session: Session, fields: dict[str, str], field: str, sentence: str
) -> None:
    gift_id = give(session)
    before = books(session)
    answer = visit("secretary").submit(of(gift_id), ISSUED | fields)
    assert (answer.status, answer.error_at(field)) == (422, sentence)
    assert answer.value_of("check_code") == (ISSUED | fields)["check_code"]
    assert books(session) == before


def test_second_click_records_nothing_more_and_a_stale_page_is_told(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    stale = secretary.get(of(gift_id))
    assert secretary.send(stale, ISSUED, path=of(gift_id)).status == 303
    assert secretary.send(stale, ISSUED, path=of(gift_id)).status == 303
    assert len(records_of(session, gift_id)) == 1
    session.rollback()
    other = secretary.send(stale, ISSUED | {"number": "0099"}, path=of(gift_id))
    assert other.status == 409
    assert "刚刚被别人改过" in other.words
    session.rollback()
    assert len(session.scalars(select(Leaf.position).where(Leaf.kind == "fiscal_receipt")).all()) == 1
    assert len(session.scalars(select(AuditEvent.id).where(AuditEvent.action == "record_fiscal")).all()) == 1


def test_reversed_gift_gets_no_receipt_but_its_own_is_made_void(session: Session) -> None:
    gift_id = give(session, receipt_number="R-7")
    with transaction(session, books=True):
        reverse_donation(session, actor(session, "accountant"), gift_id, "重复")
    with pytest.raises(Conflict):
        put(session, gift_id, "issued", "R-9")
    put(session, gift_id, "void", "R-7", "", "", None, "捐赠冲销")
    assert records_of(session, gift_id)[0].status == "void"


def test_only_who_records_gifts_records_it(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    for key in ("auditor", "supervisor", "cashier", "host"):
        assert visit(key).get(of(gift_id)).status == 403
        with pytest.raises(Forbidden):
            put(session, gift_id, "issued", "1", by=key)


def test_records_are_never_changed_and_say_what_their_state_needs(session: Session) -> None:
    gift_id = give(session)
    put(session, gift_id, "issued", "R-1", "65060123", "a1b2", date(2023, 9, 28))
    for statement in (
        "UPDATE fiscal_receipt SET number = 'R-2'",
        "DELETE FROM fiscal_receipt",
        "INSERT INTO fiscal_receipt (id, donation_id, version, status, number, code, check_code, words, recorded_at) "
        f"VALUES (99, {gift_id}, 2, 'issued', '', '', '', '', '2023-10-01 00:00:00')",
    ):
        with pytest.raises(DatabaseError), transaction(session, books=True):
            session.execute(text(statement))


def test_number_changed_behind_the_records_is_found(session: Session) -> None:
    gift_id = give(session)
    put(session, gift_id, "issued", "R-1")
    with transaction(session, books=True):
        session.execute(text("UPDATE donation SET receipt_number = 'R-2'"))
    assert any(check.problems for check in check_fiscal_receipts(session))


def test_empty_draft_is_refused_in_words(session: Session) -> None:
    gift_id = give(session)
    with pytest.raises(InputRefused):
        put(session, gift_id, "")


def test_register_sent_again_corrects_the_number_and_keeps_the_rest(session: Session) -> None:
    gift_id = give(session)
    put(session, gift_id, "issued", "R-1", "65060123", "a1b2", date(2023, 9, 28))
    for number in ("R-2", "R-2", ""):
        with transaction(session, books=True):
            correct_number(session, actor(session, "secretary"), gift_id, number, "登记表改过")
    records = [(each.status, each.number, each.code, each.words) for each in records_of(session, gift_id)]
    assert records == [
        ("none", "", "", "登记表改过"),
        ("issued", "R-2", "65060123", "登记表改过"),
        ("issued", "R-1", "65060123", ""),
    ]
    assert gift(session, gift_id).version == 1
