"""The register of interests in the office, page by page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.interests.models import Interest
from app.council.interests.operations import InterestDraft, declare_interest
from app.people.models import User
from app.shared import clock
from app.shared.db import transaction
from tests.disbursements import scenes
from tests.factories import actor
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PLACE = "/office/interests"
FORM = {"kind": "family", "party_name": "阿依古丽", "relation": "姐姐"}


def _user(session: Session, name: str) -> int:
    session.rollback()
    return session.scalars(select(User.id).where(User.name == name)).one()


def test_whoever_never_declared_is_asked_on_the_first_page_and_may_say_none(visit: Visit) -> None:
    council = visit("council")
    assert "请登记利害关系" in council.get("/office/").words
    empty = council.get(f"{PLACE}/")
    assert "您还没有声明过" in empty.words
    assert f"{PLACE}/declare-none" in empty.links()
    done = council.follow(council.submit(f"{PLACE}/declare-none"))
    assert "声明已登记" in done.notices
    assert "今年已声明" in done.words
    assert "请登记利害关系" not in council.get("/office/").words


def test_member_declares_and_sees_only_their_own(visit: Visit) -> None:
    council = visit("council")
    page = council.follow(council.submit(f"{PLACE}/declare", FORM))
    for words in ("利害关系已登记", "阿依古丽", "亲属", "姐姐"):
        assert words in page.words
    for key in ("council_2", "chair", "secretary", "cashier", "accountant"):
        assert "阿依古丽" not in visit(key).get(f"{PLACE}/").words
    assert "阿依古丽" not in visit("secretary").get(f"{PLACE}/people").words
    for key in ("supervisor", "auditor"):
        assert "理事己：阿依古丽" in visit(key).get(f"{PLACE}/register").words


def test_what_is_missing_is_said_beside_its_field_and_what_was_typed_is_kept(visit: Visit) -> None:
    council = visit("council")
    for name in ("", "（——）"):
        page = council.submit(f"{PLACE}/declare", {**FORM, "party_name": name})
        assert page.status == 422
        assert page.error_at("party_name")
        assert page.value_of("relation") == "姐姐"
    assert council.submit(f"{PLACE}/declare", {**FORM, "kind": None}).error_at("kind")


def test_declaration_a_year_ago_is_asked_for_again(visit: Visit, session: Session) -> None:
    fund_id, who = scenes.fund_id(session), actor(session, "chair")
    assert who.user_id is not None
    with clock.simulated(clock.now() - timedelta(days=366)), transaction(session, books=True):
        declare_interest(session, who, InterestDraft(fund_id, who.user_id, "employer", "新疆三为"))
    chair = visit("chair")
    assert "已满一年" in chair.get("/office/").words
    page = chair.get(f"{PLACE}/declare-none")
    assert "新疆三为（任职单位）" in page.words
    assert "今年已声明" in chair.follow(chair.send(page)).words


def test_secretary_sees_who_has_not_declared_and_records_with_a_note(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    assert "人一年内没有声明利害关系" in secretary.get("/office/").words
    path = f"{PLACE}/people/{_user(session, '理事己')}/record"
    assert path in secretary.get(f"{PLACE}/people").links()
    refused = secretary.submit(path, {**FORM, "note": ""})
    assert refused.error_at("note")
    assert refused.value_of("party_name") == "阿依古丽"
    page = secretary.follow(secretary.submit(path, {**FORM, "note": "会上说明"}))
    assert "理事己：阿依古丽" in page.words
    assert "秘书处代为登记：会上说明" in visit("council").get(f"{PLACE}/").words


def test_secretary_records_nothing_for_whom_it_does_not_concern(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    assert secretary.get(f"{PLACE}/people/{_user(session, '审计丑')}/record").status == 404
    own = secretary.get(f"{PLACE}/people/{_user(session, '秘书乙')}/record")
    assert own.location == f"{PLACE}/"


@pytest.mark.parametrize("key", ["chair", "supervisor", "secretary"])
def test_nobody_ends_the_interest_of_another(visit: Visit, session: Session, key: str) -> None:
    council = visit("council")
    council.submit(f"{PLACE}/declare", FORM)
    session.rollback()
    path = f"{PLACE}/{session.scalars(select(Interest.id)).one()}/end"
    assert visit(key).get(path).status == 404
    assert council.get(path).status == 200


def test_interest_ends_once_and_stays_in_the_list(visit: Visit, session: Session) -> None:
    council = visit("council")
    council.submit(f"{PLACE}/declare", FORM)
    session.rollback()
    path = f"{PLACE}/{session.scalars(select(Interest.id)).one()}/end"
    page = council.get(path)
    assert council.send(page, {"ended_on": "2001-01-01"}, path=path).error_at("ended_on")
    shown = council.follow(council.send(page, path=path))
    assert "结束日期已登记" in shown.notices
    assert f"到 {clock.today().isoformat()} 结束" in shown.words
    assert path not in shown.links()
    assert council.get(path).location == f"{PLACE}/"
