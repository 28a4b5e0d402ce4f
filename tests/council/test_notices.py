"""Each person whom an event concerns gets one notice of it, fit for a chat group, and none twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.cli.jobs import load_handlers
from app.disbursements import operations
from app.jobs.models import OutboxMessage
from app.jobs.work.operations import run_due
from app.people.models import User
from app.settings import Settings
from app.shared import clock
from app.shared.db import BookHead, transaction
from tests.council import objections
from tests.disbursements import scenes
from tests.factories import actor
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
GROUP = "群"
MEMBERS = {"理事长戊", "理事己", "理事庚", "理事辛", "理事壬"}


@pytest.fixture(autouse=True)
def handlers() -> None:
    load_handlers()


def _notices(session: Session, kind: str, state: str = "waiting") -> dict[str, OutboxMessage]:
    """Notices of a kind by the name of who gets them."""
    session.rollback()
    session.expire_all()
    rows = session.execute(
        select(User.name, OutboxMessage)
        .outerjoin(User, User.id == OutboxMessage.recipient_id)
        .where(OutboxMessage.purpose == kind, OutboxMessage.state == state)
    ).all()
    found = {name or GROUP: message for name, message in rows}
    assert len(found) == len(rows), "somebody got two"
    return found


def test_open_vote_is_told_to_every_member_and_the_group(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    told = _notices(session, "vote_waits")
    assert set(told) == {*MEMBERS, GROUP}
    notice = told["理事己"]
    for words in ("孤寡老人冬季慰问", "6,000.00 元"):
        assert words in notice.title
    last = clock.today() + timedelta(days=14)
    assert notice.text == f"金额：6,000.00 元\n付给：社区超市\n截止：{last.isoformat()}（当天结束前）"
    member = visit("council")
    page = member.get("/office/notices/")
    (address,) = (each for each in page.links() if each == f"/office/notices/{notice.id}")
    copied = member.get(address).tree.xpath("//textarea[@id='copy-text']")[0].text
    assert copied.startswith("【请表决：拨付申请 ")
    assert copied.endswith(f"/office/disbursements/{found}")


def test_recused_member_is_not_asked_to_vote(session: Session) -> None:
    scenes.give(session, 1_000_000)
    scenes.submitted(session, by="council")
    assert set(_notices(session, "vote_waits")) == {*(MEMBERS - {"理事己"}), GROUP}


def test_member_who_has_voted_is_not_asked_any_more_until_the_text_changes(
    visit: Visit, session: Session
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    scenes.vote(session, found, "council", "approve")
    assert set(_notices(session, "vote_waits")) == (MEMBERS | {GROUP}) - {"理事己"}
    assert set(_notices(session, "vote_waits", "withdrawn")) == {"理事己"}
    assert f"/office/disbursements/{found}" not in visit("council").get("/office/").links()
    secretary = actor(session, "secretary")
    with transaction(session, books=True):
        operations.return_disbursement(session, secretary, found, "请补报价")
    with transaction(session, books=True):
        operations.submit_disbursement(session, secretary, found)
    assert set(_notices(session, "vote_waits")) == {*MEMBERS, GROUP}
    assert f"/office/disbursements/{found}" in visit("council").get("/office/").links()


def test_result_is_told_and_nobody_is_asked_any_more(session: Session) -> None:
    scenes.give(session, 1_000_000)
    scenes.in_notice(session)
    assert _notices(session, "vote_waits") == {}
    assert set(_notices(session, "vote_waits", "withdrawn")) == {*MEMBERS, GROUP}
    told = _notices(session, "decided")
    assert set(told) == {*MEMBERS, "秘书乙", GROUP}
    assert told[GROUP].title.startswith("通过：拨付申请")
    assert "赞成 4，反对 0" in told[GROUP].text
    opened = _notices(session, "notice_opened")
    assert set(opened) == {"秘书乙", "理事长戊", "监督员癸", GROUP}
    assert "任何人都可以在页面上提出异议" in opened[GROUP].text
    assert opened[GROUP].path.startswith("/disbursements/")


def test_signatures_are_asked_of_whoever_can_give_them(session: Session) -> None:
    scenes.give(session, 30_000_000)
    found = scenes.submitted(session, 20_000_000)
    assert set(_notices(session, "signature_waits")) == {"监督员癸"}
    for member in scenes.MEMBERS[1:]:
        scenes.vote(session, found, member, "approve")
    told = _notices(session, "signature_waits")
    assert set(told) == {"监督员癸", "托管机构子"}
    assert told["托管机构子"].title.startswith("请托管机构会签")


def test_objection_is_told_without_its_words_or_contact(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.in_notice(session)
    number = objections.object_to(session, found)
    told = _notices(session, "objection_received")
    assert set(told) == {"秘书乙", "理事长戊", "监督员癸"}
    for message in told.values():
        assert "价格或数量不合理" in message.text
        assert objections.WORDS not in message.text + message.title
        assert objections.CONTACT not in message.text + message.title
    objections.dismiss(session, number, "chair", "没有根据")
    assert set(_notices(session, "dismissal_proposed")) == {"监督员癸"}
    objections.dismiss(session, number, "supervisor")
    assert _notices(session, "objection_received") == {}
    assert _notices(session, "dismissal_proposed") == {}
    assert "出纳丙" in _notices(session, "objection_closed")
    objections.hold(session, found)
    assert "收款账户待核实" in _notices(session, "hold_placed")["出纳丙"].text
    objections.lift(session, found)
    assert _notices(session, "hold_placed") == {}
    assert "账户已核实" in _notices(session, "hold_lifted")["出纳丙"].text


def test_deadlines_are_met_without_anybody_visiting(
    session: Session, engine: Engine, settings: Settings
) -> None:
    """A notice that ended lets its request go on; a poll without its quorum lapses; both are told once."""
    with clock.simulated(clock.now()) as moment:
        moment.set_local(date(2023, 11, 6))
        scenes.give(session, 2_000_000)
        noticed, polled = scenes.in_notice(session), scenes.submitted(session, 100_000)
        scenes.vote(session, polled, "council", "approve")
        run_due(engine, settings)
        assert scenes.status_of(session, noticed) == "in_notice"
        moment.set_local(date(2023, 11, 14))
        run_due(engine, settings)
        assert scenes.status_of(session, noticed) == "payable"
        ended = _notices(session, "notice_ended")
        assert set(ended) == {"秘书乙", "出纳丙", GROUP}
        assert "可以付款" in ended["出纳丙"].text
        assert scenes.status_of(session, polled) == "in_vote"
        moment.set_local(date(2023, 11, 19))
        run_due(engine, settings)
        reminded = _notices(session, "vote_closes")
        assert set(reminded) == MEMBERS - {"理事己"}
        assert "2023-11-20" in reminded["理事庚"].text
        moment.set_local(date(2023, 11, 20))
        run_due(engine, settings)
        assert {each.id for each in _notices(session, "vote_closes").values()} == {
            each.id for each in reminded.values()
        }
        moment.set_local(date(2023, 11, 21), 0, 10)
        run_due(engine, settings)
        assert scenes.status_of(session, polled) == "lapsed"
        assert _notices(session, "vote_closes") == {}
        moment.set_local(date(2023, 11, 21))
        run_due(engine, settings)
        lapsed = select(OutboxMessage).where(OutboxMessage.title.startswith("到期未达法定人数："))
        session.rollback()
        assert len(session.scalars(lapsed).all()) == len({*MEMBERS, "秘书乙", GROUP})


def test_answers_that_are_due_or_overdue_are_told_once(
    session: Session, engine: Engine, settings: Settings
) -> None:
    with clock.simulated(clock.now()) as moment:
        moment.set_local(date(2023, 11, 6))
        scenes.give(session, 1_000_000)
        number = objections.object_to(session, scenes.in_notice(session))
        due = objections.objection(session, number).answer_due_on
        assert due == date(2023, 11, 20)
        moment.set_local(due - timedelta(days=1), 6)
        run_due(engine, settings)
        assert _notices(session, "answer_due") == {}, "nobody is woken up"
        moment.set_local(due - timedelta(days=1), 9)
        run_due(engine, settings)
        assert set(_notices(session, "answer_due")) == {"秘书乙", "理事长戊"}
        for day in (1, 2):
            moment.set_local(due + timedelta(days=day), 9)
            run_due(engine, settings)
            assert set(_notices(session, "answer_overdue")) == {"秘书乙", "理事长戊", "监督员癸"}
        objections.answer(session, number)
        assert _notices(session, "answer_overdue") == {}


def test_result_that_cannot_take_effect_keeps_no_other_deadline_from_being_met(
    session: Session, engine: Engine, settings: Settings
) -> None:
    with clock.simulated(clock.now()) as moment:
        moment.set_local(date(2023, 11, 6))
        scenes.give(session, 1_000_000)
        first, second = (scenes.submitted(session, 800_000, project_name=f"项目{each}") for each in "甲乙")
        scenes.vote(session, second, "chair", "recuse", "有经营往来")
        for member, choice in (("council", "approve"), ("council_2", "approve"), ("council_3", "abstain")):
            scenes.vote(session, second, member, choice)
        for member in scenes.MEMBERS[1:]:
            scenes.vote(session, first, member, "approve")
        third = scenes.submitted(session, 100_000)
        assert scenes.status_of(session, second) == "in_vote"
        moment.set_local(date(2023, 11, 21))
        run_due(engine, settings)
        assert scenes.status_of(session, third) == "lapsed"
        assert scenes.status_of(session, first) == "payable"
        assert scenes.status_of(session, second) == "in_vote"
        assert set(_notices(session, "matter_stuck")) == {"秘书乙", "理事长戊"}


def test_job_writes_nothing_when_nothing_is_due(session: Session, engine: Engine, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    scenes.in_notice(session)
    session.rollback()
    before = session.scalar(select(BookHead.public_revision))
    run_due(engine, settings)
    session.rollback()
    assert session.scalar(select(BookHead.public_revision)) == before
