"""A stranger objects on the public page; the office answers, dismisses, holds; the public reads all of it but the contact."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.council.notice.models import Objection, PublicNotice
from app.council.notice.rules import MOST_FROM_ADDRESS
from app.disbursements.models import Disbursement
from app.disbursements.operations import queries as requests
from app.ledger import queries as ledger
from app.shared import clock
from app.shared.db import transaction
from app.shared.permissions import Role
from tests.council import objections
from tests.disbursements import scenes
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
FORM = {"ground": "price", "words": objections.WORDS, "contact": objections.CONTACT, "consent": "y"}


def _in_notice(session: Session) -> int:
    scenes.give(session, 1_000_000)
    return scenes.in_notice(session)


def _dossier(session: Session, found: int) -> str:
    session.rollback()
    return f"/disbursements/{requests.disbursement(session, found).number}"


def _form(session: Session, found: int) -> str:
    return f"/notices/{objections.notice_of(session, found).id}/object"


def _count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Objection)) or 0


def _number(seen: Seen) -> str:
    return re.findall(r"/objections/([^?]+)", seen.location)[0]


def test_stranger_objects_and_the_page_says_what_became_of_it(visit: Visit, session: Session) -> None:
    found = _in_notice(session)
    stranger = visit()
    page = stranger.get(_dossier(session, found))
    for words in ("公示期", "还剩 7 天", "还没有人提出异议", "已通过，公示中"):
        assert words in page.words
    form = _form(session, found)
    assert form in page.links()
    answer = stranger.submit(form, FORM)
    assert answer.status == 303
    number = _number(answer)
    shown = stranger.follow(answer)
    assert f"您的异议已收到，编号 {number}" in shown.words
    assert "内容待核对后公开" in shown.words
    after = stranger.get(_dossier(session, found))
    assert "付款暂停" in after.heading
    for words in (f"异议 {number}", "待答复，付款暂停", "理由：价格或数量不合理", "理事会最晚"):
        assert words in after.words
    assert objections.WORDS not in after.html
    assert scenes.status_of(session, found) == "held"


def test_words_and_answer_become_public_the_contact_and_names_never(visit: Visit, session: Session) -> None:
    found = _in_notice(session)
    number = objections.object_to(session, found)
    secretary = visit("secretary")
    work = secretary.get("/office/")
    assert f"/office/objections/{number}" in work.links()
    assert f"/office/objections/{number}/words" in work.links()
    page = secretary.get(f"/office/objections/{number}")
    assert objections.CONTACT in page.words
    assert "监督员" in page.words
    checked = secretary.submit(f"/office/objections/{number}/words", {"shown": "yes"})
    assert "内容已公开" in secretary.follow(checked).notices
    answered = secretary.submit(f"/office/objections/{number}/answer", {"answer": "三家比价，附报价单。"})
    assert "答复已公开" in secretary.follow(answered).notices
    objections.hold(session, found)
    stranger = visit()
    for address in (_dossier(session, found), f"/objections/{number}", "/"):
        seen = stranger.get(address)
        assert objections.CONTACT not in seen.html
        for name in ("监督员癸", "秘书乙", "理事长戊"):
            assert name not in seen.html
    dossier = stranger.get(_dossier(session, found))
    for words in (objections.WORDS, "三家比价，附报价单。", "监督员暂停了付款", "收款账户待核实"):
        assert words in dossier.words
    assert f"/office/objections/{number}" not in secretary.get("/office/").links()


def test_words_that_may_not_be_shown_stay_hidden(visit: Visit, session: Session) -> None:
    found = _in_notice(session)
    number = objections.object_to(session, found)
    visit("chair").submit(f"/office/objections/{number}/words", {"shown": "no"})
    dossier = visit().get(_dossier(session, found))
    assert "内容不宜公开" in dossier.words
    assert objections.WORDS not in dossier.html
    assert f"/office/objections/{number}/words" not in visit("secretary").get("/office/").links()


def test_refused_objection_keeps_what_was_typed(visit: Visit, session: Session) -> None:
    found = _in_notice(session)
    answer = visit().submit(
        _form(session, found), {**FORM, "contact": "", "consent": None, "words": "字" * 2001}
    )
    assert answer.status == 422
    assert answer.error_at("contact") == "请填写这一项"
    assert answer.error_at("words") == "最多 2000 个字"
    assert answer.error_at("consent")
    assert answer.value_of("words") == "字" * 2001
    assert answer.value_of("ground") == "price"
    assert _count(session) == 0


def test_double_click_is_one_objection(visit: Visit, session: Session) -> None:
    stranger, form = visit(), _form(session, _in_notice(session))
    page = stranger.get(form)
    first, second = (stranger.send(page, FORM, path=form) for _ in range(2))
    assert first.location == second.location
    assert _count(session) == 1


def test_program_that_fills_in_the_hidden_field_is_refused_and_a_person_can_go_on(
    visit: Visit, session: Session
) -> None:
    stranger, form = visit(), _form(session, _in_notice(session))
    refused = stranger.submit(form, {**FORM, "homepage": "https://spam.example"})
    assert refused.status == 422
    assert "还没有提交" in refused.error_summary
    assert _count(session) == 0
    assert refused.value_of("homepage") == ""
    assert stranger.send(refused, path=form).status == 303


def test_flood_from_one_address_is_stopped(visit: Visit, session: Session) -> None:
    stranger, form = visit(), _form(session, _in_notice(session))
    page = stranger.get(form)
    for _ in range(MOST_FROM_ADDRESS):
        assert stranger.send(page, FORM, path=form).status == 303
    stopped = stranger.send(page, {**FORM, "once": "f" * 32}, path=form)
    assert stopped.status == 429
    assert "分钟后再试" in stopped.error_summary
    assert stopped.value_of("words") == objections.WORDS
    assert _count(session) == 1


def test_notice_that_is_over_says_so(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    form = _form(session, found)
    stranger = visit()
    page = stranger.get(form)
    assert page.status == 409
    assert "公示已在" in page.words
    assert not page.forms()
    assert form not in stranger.get(_dossier(session, found)).links()
    assert stranger.get("/notices/999999/object").status == 404
    assert stranger.get("/objections/no-such-thing").status == 404


def test_notice_that_ends_while_somebody_types_is_answered_with_409(visit: Visit, session: Session) -> None:
    found = _in_notice(session)
    form, stranger = _form(session, found), visit()
    page = stranger.get(form)
    with clock.simulated(clock.now() + timedelta(days=9)):
        late = stranger.send(page, FORM, path=form)
        assert late.status == 409
        assert "公示已在" in late.error_summary


def test_form_needs_its_token(visit: Visit, session: Session) -> None:
    assert visit().post(_form(session, _in_notice(session)), FORM, token=False).status == 400


def test_second_answer_is_told_that_there_is_one(visit: Visit, session: Session) -> None:
    number = objections.object_to(session, _in_notice(session))
    address = f"/office/objections/{number}/answer"
    chair = visit("chair")
    page = chair.get(address)
    objections.answer(session, number)
    late = chair.send(page, {"answer": "我也答复"}, path=address)
    assert late.status == 409
    assert "这条异议已经有了答复" in late.error_summary
    assert late.value_of("answer") == "我也答复"
    assert "这条异议已经有了答复" in chair.follow(chair.get(address)).notices


@pytest.mark.parametrize("role", [Role.CASHIER, Role.COUNCIL, Role.ACCOUNTANT])
def test_others_neither_answer_nor_dismiss_nor_see_the_contact(
    visit: Visit, session: Session, role: Role
) -> None:
    found = _in_notice(session)
    number = objections.object_to(session, found)
    other = visit(role.value)
    page = other.get(f"/office/objections/{number}")
    assert page.status == 200
    assert objections.CONTACT not in page.html
    for path in ("answer", "dismiss", "words"):
        assert other.get(f"/office/objections/{number}/{path}").status == 403
    for path in ("hold", "lift"):
        assert other.get(f"/office/disbursements/{found}/{path}").status == 403


def test_chair_and_supervisor_dismiss_together_on_their_pages(visit: Visit, session: Session) -> None:
    found = _in_notice(session)
    number = objections.object_to(session, found)
    address = f"/office/objections/{number}/dismiss"
    chair, supervisor = visit("chair"), visit("supervisor")
    assert f"/office/objections/{number}" in supervisor.get("/office/").links()
    assert chair.submit(address, {"reason": ""}).error_at("reason") == "请写明驳回的理由"
    proposed = chair.submit(address, {"reason": "有三家报价，见附件"})
    assert "已提出驳回，等另一方确认" in chair.follow(proposed).notices
    assert "待您确认驳回" in supervisor.get("/office/").words
    assert address not in chair.get(f"/office/objections/{number}").links()
    page = supervisor.get(address)
    assert "有三家报价，见附件" in page.words
    confirmed = supervisor.send(page, path=address)
    assert "已驳回，理由已公开" in supervisor.follow(confirmed).notices
    dossier = visit().get(_dossier(session, found))
    assert "有三家报价，见附件" in dossier.words
    assert scenes.status_of(session, found) == "in_notice"


def test_supervisor_holds_and_lifts_and_the_cashier_is_told(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    supervisor, address = visit("supervisor"), f"/office/disbursements/{found}"
    assert f"{address}/hold" in supervisor.get(address).links()
    refused = supervisor.submit(f"{address}/hold", {"reason": ""})
    assert refused.status == 422
    assert refused.error_at("reason")
    held = supervisor.submit(f"{address}/hold", {"reason": "账户待核实"})
    assert "付款已暂停" in supervisor.follow(held).notices
    assert address in visit("secretary").get("/office/").links()
    payment = visit("cashier").submit(
        f"{address}/pay",
        {
            "amount": "6000",
            "account": str(ledger.money_account_of_kind(session, scenes.fund_id(session), "bank").id),
            "accepted": "accepted",
            "slip": (scenes.PDF, "回单.pdf"),
        },
    )
    assert payment.status == 409
    assert "有异议或监督员的暂停尚未解除，现在不能付款" in payment.error_summary
    assert f"{address}/lift" in supervisor.get(address).links()
    supervisor.submit(f"{address}/lift", {"reason": "已核实"})
    assert scenes.status_of(session, found) == "payable"
    again = supervisor.get(f"{address}/lift")
    assert "现在没有可以暂停或恢复的付款" in supervisor.follow(again).notices


def test_list_shows_what_waits_and_what_is_overdue(visit: Visit, session: Session) -> None:
    empty = visit("council").get("/office/objections/")
    assert "还没有异议" in empty.words
    with clock.simulated(clock.now() - timedelta(days=40)):
        found = _in_notice(session)
        number = objections.object_to(session, found)
        other = objections.object_to(session, found, ground="need")
        objections.answer(session, other)
    secretary = visit("secretary")
    assert "答复逾期" in secretary.get("/office/").words
    page = secretary.get("/office/objections/")
    assert f"{number} 价格或数量不合理" in page.words
    assert f"{other} 不需要，或受益人不符合条件" in page.words
    assert "答复逾期" in page.words
    waiting = secretary.get("/office/objections/?status=open")
    assert number in waiting.words
    assert other not in waiting.words


def test_first_page_says_what_is_in_notice_and_until_when(visit: Visit, session: Session) -> None:
    stranger = visit()
    assert "公示中，可以提出异议" not in stranger.get("/").words
    found = _in_notice(session)
    home = stranger.get("/")
    ends_on = objections.notice_of(session, found).ends_on.isoformat()
    assert f"异议截止 {ends_on}" in home.words
    assert f"{_dossier(session, found)}#notice" in home.links()
    with clock.simulated(clock.now() + timedelta(days=9)):
        assert "异议截止" not in stranger.get("/").words
    objections.object_to(session, found)
    assert "付款暂停" in stranger.get("/").words


def test_kept_pages_are_outdated_by_an_objection_and_an_answer(visit: Visit, session: Session) -> None:
    found = _in_notice(session)
    stranger, address = visit(), _dossier(session, found)

    def tag() -> str:
        return str(stranger.get(address).headers["ETag"])

    tags = [tag()]
    number = objections.object_to(session, found)
    tags.append(tag())
    objections.show(session, number)
    tags.append(tag())
    objections.answer(session, number)
    tags.append(tag())
    assert len(set(tags)) == 4


def test_emergency_that_was_paid_first_can_be_objected_to_all_the_same(
    visit: Visit, session: Session
) -> None:
    found = _in_notice(session)
    notice = objections.notice_of(session, found)
    with transaction(session, books=True):
        session.get_one(PublicNotice, notice.id).is_after_payment = True
        session.get_one(Disbursement, found).status = "paid"
    stranger = visit()
    assert "先付款后公示" in stranger.get(_dossier(session, found)).words
    answer = stranger.submit(_form(session, found), FORM)
    assert answer.status == 303
    assert scenes.status_of(session, found) == "paid"
    number = _number(answer)
    assert f"/office/objections/{number}" in visit("secretary").get("/office/").links()
