"""Signing out, and ending the own sessions."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.models import SignInSession
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


def test_signing_out_closes_the_office(visit: Visit) -> None:
    visitor = visit("cashier")
    answer = visitor.post("/office/sign-out")
    assert (answer.status, answer.location) == (303, "/office/sign-in")
    assert visitor.get("/office/").status == 302


def test_a_copied_cookie_is_worth_nothing_after_signing_out(visit: Visit) -> None:
    visitor, thief = visit("cashier"), visit()
    with visitor.client.session_transaction() as cookie:
        thief.carry(cookie["_user_id"])
    assert thief.get("/office/").status == 200
    visitor.post("/office/sign-out")
    assert thief.get("/office/").status == 302


def test_signing_out_by_a_link_does_nothing(visit: Visit) -> None:
    visitor = visit("cashier")
    assert visitor.get("/office/sign-out").status == 405
    assert visitor.get("/office/").status == 200


def test_own_page_lists_browsers_and_ends_another(visit: Visit) -> None:
    here, other = visit("cashier"), visit("cashier")
    page = here.get("/office/me")
    assert page.heading == "出纳丙"
    assert "出纳" in page.words
    assert page.words.count("退出这个浏览器") == 1
    answer = here.send(page)
    assert (answer.status, answer.location) == (303, "/office/me")
    assert here.follow(answer).notices == ["那个浏览器已退出登录"]
    assert other.get("/office/").status == 302
    assert here.get("/office/").status == 200


def test_nobody_ends_the_session_of_somebody_else(visit: Visit, session: Session) -> None:
    victim, attacker = visit("accountant"), visit("cashier")
    assert victim.get("/office/").status == 200
    row = session.scalars(select(SignInSession).order_by(SignInSession.id)).first()
    assert row is not None
    assert attacker.post(f"/office/me/sessions/{row.id}/end").status == 409
    assert victim.get("/office/").status == 200
