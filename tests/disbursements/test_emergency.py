"""An emergency from the form to its ratification: signed by two officers, paid at once, told to everyone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.council import operations as council
from app.council.models import Vote
from app.council.queries import matter_of
from app.disbursements.emergency.queries import emergency_view
from app.disbursements.proof import operations as proof
from app.disbursements.queries import disbursement
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Forbidden
from tests.council.adopting import adopt
from tests.disbursements import scenes
from tests.factories import actor
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
FREE = ("council_2", "council_3", "council_4")
"""Members who did not sign what ``_approved`` approves."""
FORM = {
    "project": "火灾临时安置",
    "amount": "3000",
    "spending_kind": "organisation_aid",
    "applicant_kind": "organisation",
    "applicant": "金华社区居委会",
    "payee_kind": "organisation",
    "payee": "社区旅馆",
    "beneficiary": "9 户受灾家庭",
    "is_emergency": "y",
    "reason": "火灾后临时住宿",
}


def _address(found: int) -> str:
    return f"/office/disbursements/{found}"


def _act(visitor: Visitor, found: int, choice: str, reason: str = "") -> Seen:
    check = visitor.submit(_address(found), {"choice": choice, "reason": reason})
    assert check.heading in ("核对您的签字", "核对您的表决"), check.words
    return visitor.send(check, {"confirmed": "1"})


def _approved(visit: Visit, session: Session) -> int:
    """An emergency that two officers signed."""
    found = scenes.submitted(session, 300_000, is_emergency=True, beneficiary="9 户受灾家庭")
    for member in ("chair", "council"):
        assert _act(visit(member), found, "approve").status == 303
    assert scenes.status_of(session, found) == "payable"
    return found


def _state(session: Session, found: int) -> str:
    session.rollback()
    session.expire_all()
    view = emergency_view(session, disbursement(session, found))
    assert view is not None
    return view.state


def _public(visit: Visit, session: Session, found: int) -> Seen:
    session.rollback()
    return visit().get(f"/disbursements/{disbursement(session, found).number}")


def test_form_offers_the_emergency_only_when_the_rules_know_one(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    secretary = visit("secretary")
    page = secretary.get("/office/disbursements/draft")
    assert page.tree.xpath("//input[@name='is_emergency']") == []
    assert "不要写任何人的姓名" in page.words
    earmark = str(scenes.unrestricted(session))
    # A browser that sends the box all the same gets an ordinary request.
    data = {**FORM, "earmark": earmark, "once": "k" * 32, "applied_on": clock.today().isoformat()}
    answer = secretary.post("/office/disbursements/draft", data)
    assert answer.status == 303
    assert "紧急支出" not in secretary.follow(answer).words
    adopt(session)
    offered = secretary.get("/office/disbursements/draft")
    assert offered.tree.xpath("//input[@name='is_emergency']") != []
    assert "每笔最多 10,000.00 元；2 名负责人签批（起草人除外）；批准后 48 小时内付款" in offered.words


def test_from_the_form_to_the_ratification(visit: Visit, session: Session, settings: Settings) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    secretary = visit("secretary")
    answer = secretary.submit(
        "/office/disbursements/draft",
        {**FORM, "earmark": str(scenes.unrestricted(session)), "then": "submit"},
    )
    assert answer.status == 303, answer.error_summary
    submitted = secretary.send(secretary.follow(answer), path=answer.location)
    assert submitted.status == 303
    found = int(submitted.location.rpartition("/")[2])
    page = secretary.get(_address(found))
    assert "9 户受灾家庭" in page.words
    assert "2 名负责人签批；先付款，后由理事会追认" in page.words
    chair = visit("chair")
    assert "紧急支出" in chair.get("/office/").words
    assert _act(chair, found, "approve").status == 303
    assert scenes.status_of(session, found) == "in_vote"
    assert _act(visit("council"), found, "approve", "确有必要").status == 303
    assert scenes.status_of(session, found) == "payable"
    assert _state(session, found) == "waits"
    assert "9 户受灾家庭" in _public(visit, session, found).words
    assert "理事会须在" in _public(visit, session, found).words
    assert f"{_address(found)}/pay" in visit("cashier").get("/office/").links()
    scenes.pay(session, settings.files_dir, found, 300_000)
    assert scenes.status_of(session, found) == "paid"
    for member in FREE:
        voter = visit(member)
        assert "追认：火灾临时安置" in voter.get("/office/").words
        assert _act(voter, found, "approve").status == 303
    assert _state(session, found) == "ratified"
    assert scenes.status_of(session, found) == "paid"
    # The decision about the request is still that of the officers.
    session.rollback()
    decided = matter_of(session, "disbursement", found)
    assert decided is not None
    assert (decided.decided_by, decided.status) == ("emergency", "approved")
    shown = visit("supervisor").get(_address(found)).words
    assert "理事会追认" in shown
    assert "到会 5（回避 2）：赞成 3，反对 0，弃权 0 → 通过" in shown
    assert "理事会追认" in _public(visit, session, found).words
    assert "理事会已追认这笔紧急支出" in _public(visit, session, found).words
    assert _address(found) not in visit("supervisor").get("/office/").links()


def test_ratification_that_is_refused_is_flagged_and_leaves_the_money_alone(
    visit: Visit, session: Session, settings: Settings
) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = _approved(visit, session)
    scenes.pay(session, settings.files_dir, found, 300_000)
    before = scenes.pool(session)
    for member in FREE:
        if _state(session, found) == "waits":
            assert _act(visit(member), found, "reject", "不属于紧急情况").status == 303
    assert _state(session, found) == "rejected"
    assert scenes.status_of(session, found) == "paid"
    assert scenes.pool(session) == before
    assert "追认未通过" in visit("supervisor").get("/office/").words
    assert "追认未通过" in visit("secretary").get(_address(found)).words
    assert "追认未通过" in _public(visit, session, found).words


def test_ratification_that_nobody_votes_on_is_flagged_when_its_days_are_over(
    visit: Visit, session: Session
) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = _approved(visit, session)
    with clock.simulated(clock.now() + timedelta(days=16)):
        # Flagged by the clock alone, before any job has run.
        assert "未按期追认" in _public(visit, session, found).words
        assert "未按期追认" in visit("supervisor").get("/office/").words
        scenes.advance(session, found)
        assert _state(session, found) == "late"
        session.rollback()
        ratification = matter_of(session, "ratification", found)
        assert ratification is not None
        assert ratification.status == "lapsed"
        assert scenes.status_of(session, found) == "payable"
        assert "未按期追认" in visit("secretary").get(_address(found)).words


def test_emergency_above_its_limit_is_refused_and_one_given_up_needs_no_ratification(
    visit: Visit, session: Session
) -> None:
    adopt(session)
    scenes.give(session, 3_000_000)
    draft = scenes.drafted(session, 1_000_001, is_emergency=True)
    refused = visit("secretary").submit(f"{_address(draft)}/submit")
    assert refused.status == 422
    assert "不允许按紧急支出办理" in refused.words
    found = _approved(visit, session)
    answer = visit("secretary").submit(f"{_address(found)}/cancel", {"reason": "改由民政救助"})
    assert answer.status == 303
    assert _state(session, found) == "dropped"
    assert _address(found) not in visit("council_3").get("/office/").links()


def test_submitter_is_recused_from_the_ratification(visit: Visit, session: Session) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, 300_000, by="council", is_emergency=True)
    for member in ("chair", "council_2"):
        assert _act(visit(member), found, "approve").status == 303
    page = visit("council").get(_address(found))
    assert page.tree.xpath("//input[@name='choice']") == []
    # With both signers out as well only two members are left, so the host decides.
    assert "待托管机构决定" in page.words
    assert _act(visit("host"), found, "approve").status == 303
    assert _state(session, found) == "ratified"


def test_officers_who_signed_are_recused_from_the_ratification(visit: Visit, session: Session) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = _approved(visit, session)
    session.rollback()
    ratification = matter_of(session, "ratification", found)
    assert ratification is not None
    for member in ("chair", "council"):
        page = visit(member).get(_address(found))
        assert "这笔紧急支出由您签批，追认时您已经回避" in page.words
        assert page.tree.xpath("//input[@name='choice']") == []
        with pytest.raises(Forbidden, match="由您签批"), transaction(session, books=True):
            council.cast_vote(
                session, actor(session, member), ratification, "approve", "", ratification.text_hash
            )
        session.rollback()
        # The database says so, too.
        ballot = Vote(
            matter_id=ratification.id,
            voter_id=actor(session, member).user_id or 0,
            version=2,
            seat_number=1,
            choice="approve",
            text_hash=ratification.text_hash,
            cast_at=clock.now(),
        )
        with (
            pytest.raises(DBAPIError, match="conflicted_member_is_recused"),
            transaction(session, books=True),
        ):
            session.add(ballot)
        session.rollback()


def test_payment_and_papers_that_are_late_are_flagged_and_stay_so(
    visit: Visit, session: Session, settings: Settings
) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = _approved(visit, session)
    pages = [lambda: visit("secretary").get(_address(found)), lambda: _public(visit, session, found)]
    late_payment, late_papers = "付款超过期限", "材料没有按期补齐"
    start = clock.now()
    with clock.simulated(start + timedelta(hours=47)):
        assert all(late_payment not in page().words for page in pages)
    with clock.simulated(start + timedelta(hours=49)):
        assert late_payment in pages[0]().words
    with clock.simulated(start + timedelta(hours=73)):
        assert all(late_payment in page().words for page in pages)
        scenes.pay(session, settings.files_dir, found, 300_000)
        assert all(late_payment in page().words for page in pages)
        assert all(late_papers not in page().words for page in pages)
    with clock.simulated(start + timedelta(days=12)):
        assert all(late_papers in page().words for page in pages)
        _show_papers(session, settings, found)
        assert all(late_papers in page().words and late_payment in page().words for page in pages)


def test_payment_and_papers_in_time_are_never_flagged(
    visit: Visit, session: Session, settings: Settings
) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = _approved(visit, session)
    scenes.pay(session, settings.files_dir, found, 300_000)
    _show_papers(session, settings, found)
    with clock.simulated(clock.now() + timedelta(days=14)):
        words = _public(visit, session, found).words
        assert "付款超过期限" not in words
        assert "材料没有按期补齐" not in words


def test_ratification_that_lapsed_is_put_up_again_and_stays_flagged(visit: Visit, session: Session) -> None:
    adopt(session)
    scenes.give(session, 1_000_000)
    found = _approved(visit, session)
    again = f"{_address(found)}/ratify-again"
    assert again not in visit("secretary").get(_address(found)).links()
    refused = visit("secretary").submit(again)
    assert refused.status == 409
    assert "没有到期未决的追认" in refused.words
    with clock.simulated(clock.now() + timedelta(days=16)):
        assert again in visit("secretary").get(_address(found)).links()
        assert visit("secretary").submit(again).status == 303
        assert _state(session, found) == "waits"
        assert _address(found) not in visit("supervisor").get("/office/").links()
        assert "未按期追认" in visit("secretary").get(_address(found)).words
        assert "这笔紧急支出由您签批" in visit("chair").get(_address(found)).words
        for member in FREE:
            assert _act(visit(member), found, "approve").status == 303
        assert _state(session, found) == "ratified"
        words = _public(visit, session, found).words
        assert "理事会已追认这笔紧急支出" in words
        assert "未按期追认" in words
        assert visit("secretary").submit(again).status == 409


def _show_papers(session: Session, settings: Settings, found: int) -> None:
    with transaction(session, books=True):
        proof.submit_proof(
            session,
            actor(session, "secretary"),
            settings.files_dir,
            found,
            used_minor=300_000,
            words="9 户住了 3 晚",
            papers={"invoice": [("发票.pdf", scenes.PDF)], "sign_off": [("签收表.pdf", scenes.PDF + b"1")]},
        )
