"""The council member's page: what is decided, the vote in two steps, the chair's closing, past decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.council.models import Vote
from app.council.queries import matter_of
from app.files.models import Attachment
from app.parties.operations import PartyDraft
from app.shared import clock
from tests.disbursements import scenes
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]


def _address(found: int, path: str = "") -> str:
    return f"/office/disbursements/{found}{path}"


def _ballot(session: Session, found: int, path: str = "/vote") -> str:
    session.rollback()
    matter = matter_of(session, "disbursement", found)
    assert matter is not None
    return f"/office/matters/{matter.id}{path}"


def _votes(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Vote)) or 0


def _text_hash(session: Session, found: int) -> str:
    matter = matter_of(session, "disbursement", found)
    assert matter is not None
    return matter.text_hash


def _cast(member: Visitor, found: int, choice: str, reason: str = "") -> Seen:
    check = member.submit(_address(found), {"choice": choice, "reason": reason})
    assert check.heading == "核对您的表决", check.words
    return member.send(check, {"confirmed": "1"})


def test_member_reads_and_votes_in_two_steps(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    work = member.get("/office/")
    assert "孤寡老人冬季慰问" in work.words
    assert _address(found) in work.links()
    page = member.get(_address(found))
    for words in ("6,000.00", "社区超市", "4,000.00", "10,000.00", scenes.REASON, "应到 5 席", "法定人数 4"):
        assert words in page.words
    check = member.send(page, {"choice": "approve", "reason": "价格合理"})
    assert check.heading == "核对您的表决"
    assert _votes(session) == 0
    answer = member.send(check, {"confirmed": "1"})
    assert answer.status == 303
    assert _votes(session) == 1
    after = member.follow(answer)
    assert "您已经表决过了" in after.words
    assert "5 席，法定人数 4，到会 1：赞成 1，反对 0，弃权 0 → 表决中" in after.words
    assert "还差 3 人达到法定人数" in after.words
    assert "价格合理" in after.words
    assert _address(found) not in member.get("/office/").links()


def test_second_vote_is_answered_with_409_and_a_sentence(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    check = member.submit(_address(found), {"choice": "approve"})
    assert member.send(check, {"confirmed": "1"}).status == 303
    again = member.send(check, {"confirmed": "1"})
    assert again.status == 409
    assert "您已经表决过了" in again.error_summary
    assert _votes(session) == 1


def test_going_back_from_the_check_keeps_what_was_typed(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    check = member.submit(_address(found), {"choice": "abstain", "reason": "再想想"})
    page = member.send(check, {"change": "1"})
    assert page.status == 200
    assert page.value_of("reason").strip() == "再想想"
    assert page.value_of("choice") == "abstain"
    assert _votes(session) == 0


INCOMPLETE_VOTES = [
    (None, "", "choice", "请填写这一项"),
    ("reject", "", "reason", "反对请写明理由"),
    ("recuse", "", "conflict_kind", "请选择回避的原因"),
    ("approve", "长" * 1001, "reason", "最多 1000 个字"),
]


def test_vote_that_lacks_something_is_refused_beside_its_field(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    page = member.get(_address(found))
    for choice, reason, field, sentence in INCOMPLETE_VOTES:
        refused = member.send(page, {"reason": reason, **({"choice": choice} if choice else {})})
        assert refused.status == 422, choice
        assert sentence in refused.error_at(field), choice
        assert refused.value_of("reason").strip() == reason.strip()
    assert _votes(session) == 0


def test_vote_on_an_older_text_is_refused(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    answer = visit("council").post(
        _ballot(session, found), {"choice": "approve", "text_hash": "0" * 64, "confirmed": "1"}
    )
    assert answer.status == 409
    assert "请重新阅读后再表决" in answer.error_summary


def test_requester_on_the_council_is_recused(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, by="chair")
    chair = visit("chair")
    page = chair.get(_address(found))
    assert "申请由您提交，您已经回避" in page.words
    assert page.tree.xpath("//input[@name='choice']") == []
    forced = chair.post(
        _ballot(session, found),
        {"choice": "approve", "text_hash": _text_hash(session, found), "confirmed": "1"},
    )
    assert forced.status == 403
    assert "申请由您提交，您不能参加表决" in forced.words
    assert _votes(session) == 1


def test_payee_on_the_council_is_recused(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, payee=PartyDraft("person", "理事己"))
    member = visit("council")
    page = member.get(_address(found))
    assert "您与这项议题有利害关系，已经回避" in page.words
    forced = member.post(
        _ballot(session, found),
        {"choice": "approve", "text_hash": _text_hash(session, found), "confirmed": "1"},
    )
    assert forced.status == 403
    assert "有利害关系" in forced.words


def test_last_needed_vote_decides_and_the_cashier_sees_it(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    for member in scenes.MEMBERS[:3]:
        scenes.vote(session, found, member, "approve")
    assert _cast(visit("council_3"), found, "reject", "太贵").status == 303
    assert scenes.status_of(session, found) == "in_notice"
    assert _address(found, "/pay") not in visit("cashier").get("/office/").links()
    late = visit("council_4").get(_address(found))
    assert late.tree.xpath("//input[@name='choice']") == []


def test_vote_that_would_promise_more_than_there_is_says_so(visit: Visit, session: Session) -> None:
    scenes.give(session, 700_000)
    found = scenes.submitted(session)
    other = scenes.submitted(session, 200_000, project_name="另一个项目")
    for member in scenes.MEMBERS[:3]:
        scenes.vote(session, found, member, "approve")
        scenes.vote(session, other, member, "approve")
    scenes.vote(session, other, "council_3", "approve")
    answer = _cast(visit("council_3"), found, "approve")
    assert answer.status == 422
    assert "可用余额只有 5,000.00 元，不够 6,000.00 元" in answer.error_summary
    assert scenes.status_of(session, found) == "in_vote"
    assert scenes.pool(session) == (700_000, 200_000)


def test_chair_ends_the_vote(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    address = _ballot(session, found, "/close")
    scenes.vote(session, found, "council", "approve")
    chair = visit("chair")
    assert address not in chair.get(_address(found)).links()
    refused = chair.submit(address)
    assert refused.status == 422
    assert "只有 1 人，未达到法定人数 4 人" in refused.error_summary
    for member, choice in (("council_2", "approve"), ("council_3", "abstain"), ("council_4", "abstain")):
        scenes.vote(session, found, member, choice)
    assert address in chair.get(_address(found)).links()
    assert visit("council").submit(address).status == 403
    page = chair.get(address)
    assert chair.send(page).status == 303
    assert scenes.status_of(session, found) == "rejected"
    assert chair.send(page).status == 409


def _past(**changes: object) -> dict[str, object]:
    return {
        "decided_on": "2023-11-07",
        "seats": "7",
        "approve": "5",
        "reject": "0",
        "abstain": "0",
        "recuse": "1",
        "minutes": (scenes.PDF, "纪要.pdf"),
        **changes,
    }


def test_past_decision_is_entered_with_its_minutes(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    address = _address(found, "/past-decision")
    assert address in member.get(_address(found)).links()
    page = member.get(address)
    assert "最晚 2023-11-10：基金在本站设立后 70 天内" in page.words
    answer = member.send(page, _past(), path=address)
    assert answer.status == 303
    shown = member.follow(answer)
    assert "使用本系统之前的决议，2023-11-07 作出" in shown.words
    assert "应到 7 席" in shown.words
    assert "纪要.pdf" in shown.words
    assert scenes.status_of(session, found) == "payable"
    assert member.send(page, _past(), path=address).status == 409
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Attachment)) == 1


WRONG_DECISIONS = [
    ({"minutes": None}, "minutes", "请上传会议纪要"),
    ({"minutes": (b"GIF89a", "纪要.gif")}, "minutes", "不是这里可用的文件类型"),
    ({"decided_on": "2023-11-01"}, "decided_on", "不能早于申请日期"),
    ({"decided_on": "0203-11-07"}, "decided_on", "太早"),
    ({"decided_on": "2023-11-11"}, "decided_on", "最晚可以登记 2023-11-10 作出的决议"),
    ({"approve": "3"}, "approve", "未达到法定人数"),
    ({"approve": "8"}, "approve", "不能多于应到"),
    ({"approve": "-1"}, "approve", "应在 0 到 99 之间"),
    ({"approve": "五"}, "approve", "请填写整数"),
    ({"seats": "9" * 30}, "seats", "应在 1 到 99 之间"),
    ({"decided_on": f"{clock.today() + timedelta(days=2):%Y-%m-%d}"}, "decided_on", "在未来"),
]


def test_wrong_past_decision_is_refused_and_keeps_no_file(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, applied_on=date(2023, 11, 6))
    address = _address(found, "/past-decision")
    member = visit("council")
    page = member.get(address)
    for changes, field, sentence in WRONG_DECISIONS:
        refused = member.send(page, _past(**changes), path=address)
        assert refused.status == 422, changes
        assert sentence in refused.error_at(field), changes
    assert scenes.status_of(session, found) == "in_vote"
    assert session.scalar(select(func.count()).select_from(Attachment)) == 0


def test_requester_does_not_enter_the_past_decision(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, by="council")
    answer = visit("council").submit(_address(found, "/past-decision"), _past())
    assert answer.status == 403
    assert "请由别人登记决议" in answer.words
    assert session.scalar(select(func.count()).select_from(Attachment)) == 0


def test_only_the_council_opens_and_sends_the_voting_pages(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    keys = ("secretary", "cashier", "accountant", "supervisor", "auditor", "host", "administrator")
    others = {key: visit(key) for key in keys}
    member, stranger = visit("council"), visit()
    for address in (
        _ballot(session, found),
        _ballot(session, found, "/close"),
        _address(found, "/past-decision"),
    ):
        assert stranger.post(address).status == 401, address
        assert member.post(address, token=False).status == 400, address
        assert member.client.delete(address).status_code in (400, 405), address
        for key, other in others.items():
            assert other.post(address).status == 403, (address, key)
    assert _votes(session) == 0


def test_expired_sign_in_keeps_the_reason(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    page = member.get(_address(found))
    with member.client.session_transaction() as cookie:
        cookie.pop("_user_id")
    answer = member.send(page, {"choice": "reject", "reason": "写了很久的理由"}, path=_address(found))
    assert answer.status == 401
    assert "写了很久的理由" in answer.html
    assert _votes(session) == 0
