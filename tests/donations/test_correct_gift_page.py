"""Putting a recorded gift right: words, money, goods, and undoing one that never was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.operations import correct_words
from app.funds.queries import only_fund
from app.goods import operations as goods
from app.goods.models import GoodsLine
from app.ledger.models import JournalEntry, LedgerRow, Posting
from app.ledger.queries import pools_of
from app.ledger.treasury.operations import create_earmark
from app.shared.db import transaction
from tests.donations.gifts import BAD_AMOUNTS, PERSON, PLACE, books, gift, give, give_goods
from tests.factories import actor
from tests.visitor import Fields, Seen, Visitor

Visit = Callable[..., Visitor]


def _confirmed(visitor: Visitor, path: str, fields: Fields) -> Seen:
    """Fill in a correction, look at the confirm page, confirm."""
    confirm = visitor.submit(path, fields)
    assert confirm.status == 200, confirm.error_summary
    assert confirm.heading == "核对更正"
    return _press(visitor, confirm, "confirm", path)


def _press(visitor: Visitor, confirm: Seen, step: str, path: str) -> Seen:
    fields = dict(confirm.forms()[0].form_values())
    return Seen(visitor.client.post(path, data=fields | {"step": step}))


def _entries(session: Session, gift_id: int) -> list[JournalEntry]:
    session.rollback()
    return list(
        session.scalars(
            select(JournalEntry).where(
                JournalEntry.source_id == gift_id, JournalEntry.source_type == "donation"
            )
        )
    )


def test_words_are_put_right_without_touching_the_books(visit: Visit, session: Session) -> None:
    gift_id = give(session, agreement_number="R-1", receipt_number="S-1", memo="旧")
    before = books(session)
    secretary = visit("secretary")
    answer = secretary.submit(
        f"{PLACE}/{gift_id}/words",
        {"agreement_number": "R-2", "memo": "新", "wish": "义卖", "reason": "抄错了"},
    )
    page = secretary.follow(answer)
    changed = gift(session, gift_id)
    assert (changed.agreement_number, changed.memo, changed.wish, changed.version) == ("R-2", "新", "义卖", 2)
    assert books(session) == before | {"leaf": before["leaf"] + 1}, "new words are committed to, money stays"
    assert session.get_one(LedgerRow, (changed.entry_number, False)).document == "S-1"
    for words in ("原捐赠协议编号：R-1", "原备注：旧", "原捐赠人的心愿：（空）", "原因：抄错了", "秘书乙"):
        assert words in page.words


def test_words_need_a_reason(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    answer = visit("secretary").submit(f"{PLACE}/{gift_id}/words", {"memo": "新", "reason": " "})
    assert (answer.status, answer.error_at("reason")) == (422, "请填写这一项")
    assert answer.value_of("memo") == "新"
    assert gift(session, gift_id).version == 1


def test_second_click_on_words_changes_nothing(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    form = secretary.get(f"{PLACE}/{gift_id}/words")
    for _ in range(2):
        answer = secretary.send(form, {"memo": "新", "reason": "补记"}, path=f"{PLACE}/{gift_id}/words")
        assert answer.status == 303
    assert gift(session, gift_id).version == 2


def test_words_changed_by_somebody_else_are_not_written_over(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    form = secretary.get(f"{PLACE}/{gift_id}/words")
    with transaction(session, books=True):
        correct_words(session, actor(session, "accountant"), gift_id, "先改", memo="别人写的")
    answer = secretary.send(form, {"memo": "我写的", "reason": "后改"}, path=f"{PLACE}/{gift_id}/words")
    assert answer.status == 409
    assert "刚刚被别人改过" in answer.error_summary
    assert answer.value_of("memo") == "我写的"
    assert gift(session, gift_id).memo == "别人写的"


def test_amount_is_corrected_by_reversal_and_new_entry_after_confirming(
    visit: Visit, session: Session
) -> None:
    gift_id = give(session, 500_000)
    accountant = visit("accountant")
    path = f"{PLACE}/{gift_id}/money"
    confirm = accountant.submit(path, {"amount": "6000", "reason": "银行回单是六千元"})
    for words in ("5,000.00", "6,000.00", "银行回单是六千元", "冲销第 1 号分录，并重新登记？"):
        assert words in confirm.words
    assert len(_entries(session, gift_id)) == 1
    page = accountant.follow(_press(accountant, confirm, "confirm", path))
    assert page.notices[0] == "已更正：原分录已冲销，新分录是第 3 号"
    first, reversal, replacement = _entries(session, gift_id)
    assert (reversal.reverses_number, replacement.replaces_number) == (first.number, first.number)
    changed = gift(session, gift_id)
    assert (changed.amount_minor, changed.entry_number) == (600_000, replacement.number)
    assert pools_of(session, changed.fund_id)[0].held_minor == 600_000
    assert "原金额：5,000.00 元" in page.words
    assert "冲销第 1 号" in page.words


def test_going_back_from_confirming_keeps_what_was_typed(visit: Visit, session: Session) -> None:
    gift_id = give(session, 500_000)
    accountant = visit("accountant")
    path = f"{PLACE}/{gift_id}/money"
    confirm = accountant.submit(path, {"amount": "6000", "reason": "银行回单是六千元"})
    form = _press(accountant, confirm, "edit", path)
    assert form.status == 200
    assert form.heading == "更正金额、方式或用途"
    assert (form.value_of("amount"), form.value_of("reason")) == ("6000", "银行回单是六千元")
    assert len(_entries(session, gift_id)) == 1


def test_second_click_on_confirming_corrects_once(visit: Visit, session: Session) -> None:
    gift_id = give(session, 500_000)
    accountant = visit("accountant")
    path = f"{PLACE}/{gift_id}/money"
    confirm = accountant.submit(path, {"amount": "6000", "reason": "回单"})
    assert _press(accountant, confirm, "confirm", path).status == 303
    once = books(session)
    assert _press(accountant, confirm, "confirm", path).status == 303
    assert books(session) == once


def test_way_and_purpose_are_corrected(visit: Visit, session: Session) -> None:
    gift_id = give(session, 500_000)
    with transaction(session, books=True):
        fund = only_fund(session, None)
        road = create_earmark(
            session, actor(session, "accountant"), fund.id, "road", "路面修缮", "restricted"
        ).id
    accountant = visit("accountant")
    answer = _confirmed(
        accountant, f"{PLACE}/{gift_id}/money", {"method": "cash", "earmark": str(road), "reason": "记错"}
    )
    page = accountant.follow(answer)
    changed = gift(session, gift_id)
    assert (changed.method, changed.earmark_id) == ("cash", road)
    codes = session.scalars(
        select(Posting.account_code).where(Posting.entry_number == changed.entry_number)
    ).all()
    assert sorted(codes) == ["1001", "4101"]
    assert "路面修缮" in page.words


def test_gift_at_the_gala_stays_in_its_row_when_corrected(visit: Visit, session: Session) -> None:
    gift_id = give(session, 5_000, at_event=True)
    _confirmed(visit("accountant"), f"{PLACE}/{gift_id}/money", {"amount": "60", "reason": "数错"})
    lines = session.scalars(
        select(Posting.statement_line).where(Posting.entry_number == gift(session, gift_id).entry_number)
    ).all()
    assert "gala_other" in lines


def test_correction_that_changes_nothing_is_refused(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/{gift_id}/money", {"reason": "看看"})
    assert answer.status == 422
    assert "没有任何改动" in answer.error_summary
    assert books(session) == before


def test_correction_of_a_gift_that_changed_meanwhile_is_refused(visit: Visit, session: Session) -> None:
    gift_id = give(session, 500_000)
    accountant = visit("accountant")
    path = f"{PLACE}/{gift_id}/money"
    confirm = accountant.submit(path, {"amount": "6000", "reason": "回单"})
    _confirmed(visit("accountant"), path, {"amount": "7000", "reason": "另一张回单"})
    before = books(session)
    answer = _press(accountant, confirm, "confirm", path)
    assert answer.status == 409
    assert "刚刚被别人改过" in answer.error_summary
    assert books(session) == before


@pytest.mark.parametrize(("typed", "sentence"), BAD_AMOUNTS.values(), ids=BAD_AMOUNTS)
def test_wrong_amount_is_refused_beside_its_field(
    visit: Visit, session: Session, typed: str, sentence: str
) -> None:
    gift_id = give(session)
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/{gift_id}/money", {"amount": typed, "reason": "错了"})
    assert (answer.status, answer.error_at("amount")) == (422, sentence)
    assert answer.value_of("amount") == typed
    assert answer.value_of("reason") == "错了"
    assert books(session) == before


def test_goods_are_corrected_line_by_line(visit: Visit, session: Session) -> None:
    gift_id = give_goods(session)
    accountant = visit("accountant")
    path = f"{PLACE}/{gift_id}/goods"
    answer = _confirmed(
        accountant, path, {"goods-1-quantity": "42", "goods-1-value": "210", "reason": "重新清点"}
    )
    page = accountant.follow(answer)
    changed = gift(session, gift_id)
    assert changed.amount_minor == 111_000
    now = session.scalars(select(GoodsLine).where(GoodsLine.quantity_left > 0).order_by(GoodsLine.id)).all()
    assert [(line.item, line.quantity, line.value_minor) for line in now] == [
        ("馕", 300, 90_000),
        ("儿童图书", 42, 21_000),
    ]
    assert "儿童图书 42 册" in page.words
    waiting = visit("secretary").get("/office/goods/valuations").words
    assert "儿童图书 42 册" in waiting
    assert "儿童图书 40 册" not in waiting, "the line that was withdrawn waits for nobody"


def test_estimate_is_not_confirmed_by_correcting_the_pieces(visit: Visit, session: Session) -> None:
    gift_id = give_goods(session, "估计")
    _confirmed(
        visit("accountant"), f"{PLACE}/{gift_id}/goods", {"goods-1-quantity": "42", "reason": "重新清点"}
    )
    session.rollback()
    now = session.scalars(select(GoodsLine).where(GoodsLine.quantity_left > 0).order_by(GoodsLine.id)).all()
    assert [(line.valuation_basis, line.basis_is_confirmed) for line in now] == [
        ("店里售价", True),
        ("估计", False),
    ]


def test_goods_that_are_partly_gone_are_not_corrected(visit: Visit, session: Session) -> None:
    gift_id = give_goods(session)
    with transaction(session, books=True):
        line = session.scalars(select(GoodsLine)).first()
        assert line is not None
        goods.take_out(
            session, line.id, 1, 300, "sold", entry_number=line.entry_number, source_type="test", source_id=1
        )
    before = books(session)
    accountant = visit("accountant")
    path = f"{PLACE}/{gift_id}/goods"
    confirm = accountant.submit(path, {"goods-1-quantity": "42", "reason": "重新清点"})
    answer = _press(accountant, confirm, "confirm", path)
    assert answer.status == 422
    assert "“馕”已有发出或卖出，不能冲销这笔捐赠" in answer.error_summary
    assert answer.value_of("goods-1-quantity") == "42"
    assert books(session) == before


def test_gift_that_never_was_is_reversed(visit: Visit, session: Session) -> None:
    gift_id = give(session, 500_000)
    accountant = visit("accountant")
    path = f"{PLACE}/{gift_id}/reverse"
    form = accountant.get(path)
    assert "冲销古丽·买买提 2023-09-20 的捐赠 5,000.00 元？" in form.words
    page = accountant.follow(accountant.send(form, {"reason": "重复登记"}, path=path))
    assert "这笔捐赠已经冲销" in " ".join(page.notices)
    assert gift(session, gift_id).status == "reversed"
    assert pools_of(session, only_fund(session, None).id)[0].held_minor == 0
    once = books(session)
    again = accountant.send(form, {"reason": "重复登记"}, path=path)
    assert again.status == 409
    assert "这笔捐赠已经冲销" in again.words
    for act in ("words", "money", "reverse"):
        assert accountant.get(f"{PLACE}/{gift_id}/{act}").status == 409
    assert books(session) == once


def test_reversing_goods_takes_them_out_of_stock(visit: Visit, session: Session) -> None:
    gift_id = give_goods(session)
    visit("accountant").submit(f"{PLACE}/{gift_id}/reverse", {"reason": "没有收到"})
    session.rollback()
    assert [line.quantity_left for line in session.scalars(select(GoodsLine))] == [0, 0]
    assert "没有待确认的估值" in visit("secretary").get("/office/goods/valuations").words


def test_reversing_needs_a_reason(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/{gift_id}/reverse")
    assert (answer.status, answer.error_at("reason")) == (422, "请填写这一项")
    assert books(session) == before


def test_spent_money_is_not_reversed_away(visit: Visit, session: Session) -> None:
    gift_id = give(session, 500_000)
    fee = {"account": "1", "amount": "1", "occurred_on": "2023-10-01", "earmark": "1"}
    assert visit("accountant").submit("/office/treasury/fee", fee).status == 303
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/{gift_id}/reverse", {"reason": "错"})
    assert answer.status == 422
    assert answer.error_summary
    assert books(session) == before


def test_money_and_goods_have_pages_of_their_own(visit: Visit, session: Session) -> None:
    money, goods_id = give(session), give_goods(session)
    accountant = visit("accountant")
    assert accountant.get(f"{PLACE}/{money}/goods").status == 404
    assert accountant.get(f"{PLACE}/{goods_id}/money").status == 404


def test_who_may_correct_what(visit: Visit, session: Session) -> None:
    gift_id = give(session, donor=PERSON)
    before = books(session)
    for act in ("words", "money", "reverse"):
        path = f"{PLACE}/{gift_id}/{act}"
        assert visit().get(path).location.startswith("/office/sign-in")
        assert visit().post(path, {"reason": "x"}).status == 401
        for key in ("cashier", "council", "supervisor", "auditor"):
            assert visit(key).post(path, {"reason": "x", "amount": "1"}).status == 403
        assert visit("accountant").client.delete(path).status_code == 405
    for act in ("money", "reverse"):
        assert visit("secretary").post(f"{PLACE}/{gift_id}/{act}", {"reason": "x"}).status == 403
    assert books(session) == before
