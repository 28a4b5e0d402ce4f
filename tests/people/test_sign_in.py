"""Signing in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.people import rules
from app.people.models import SignInSession, User
from app.shared.db import transaction
from tests.factories import PASSWORD
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
SIGN_IN = "/office/sign-in"


def _sign_in(visitor: Visitor, email: str, password: str = PASSWORD, path: str = SIGN_IN) -> Seen:
    return visitor.submit(path, {"email": email, "password": password})


def test_right_password_opens_the_office(visit: Visit) -> None:
    visitor = visit()
    answer = _sign_in(visitor, "cashier@example.org")
    assert (answer.status, answer.location) == (303, "/office/")
    assert visitor.get("/office/").heading == "等您处理"


def test_email_may_be_typed_in_capitals_with_spaces(visit: Visit) -> None:
    assert _sign_in(visit(), " Cashier@Example.ORG ").status == 303


def test_sign_in_leads_to_where_one_wanted_to_go(visit: Visit) -> None:
    visitor = visit()
    gate = visitor.get("/office/me")
    assert gate.status == 302
    answer = _sign_in(visitor, "cashier@example.org", path=gate.location)
    assert answer.location == "/office/me"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/%0d%0a//x\n"],
)
def test_sign_in_never_leads_to_another_site(visit: Visit, elsewhere: str) -> None:
    visitor = visit()
    token = visitor.token()
    answer = visitor.client.post(
        SIGN_IN,
        query_string={"next": elsewhere},
        data={"csrf_token": token, "email": "cashier@example.org", "password": PASSWORD},
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/office/")


def test_wrong_password_unknown_email_and_ended_user_get_the_same_answer(
    visit: Visit, session: Session
) -> None:
    with transaction(session):
        session.execute(
            update(User).where(User.email == "auditor@example.org").values(ended_at=datetime.now(UTC))
        )
    answers = [
        _sign_in(visit(), "cashier@example.org", "wrong password"),
        _sign_in(visit(), "nobody@example.org"),
        _sign_in(visit(), "auditor@example.org"),
    ]
    assert {answer.status for answer in answers} == {422}
    assert {answer.error_summary for answer in answers} == {
        "还不能保存，请先改正邮箱或密码不对，或者账号已停用"
    }


def test_refused_form_keeps_the_email_and_never_the_password(visit: Visit) -> None:
    answer = _sign_in(visit(), "cashier@example.org", "wrong password")
    assert answer.value_of("email") == "cashier@example.org"
    assert "wrong password" not in answer.html


def test_empty_form_names_both_fields(visit: Visit) -> None:
    answer = visit().submit(SIGN_IN, {"email": "", "password": ""})
    assert answer.status == 422
    assert answer.error_at("email") == "请填写这一项"
    assert answer.error_at("password") == "请填写这一项"


def test_signing_in_gives_a_new_secret_and_forgets_the_old_cookie(visit: Visit, session: Session) -> None:
    visitor = visit()
    visitor.get(SIGN_IN)
    with visitor.client.session_transaction() as cookie:
        token_before = cookie["csrf_token"]
    _sign_in(visitor, "cashier@example.org")
    with visitor.client.session_transaction() as cookie:
        first_secret, token = cookie["_user_id"], cookie.get("csrf_token")
    assert token != token_before
    assert rules.secret_hash(first_secret) in session.scalars(select(SignInSession.secret_hash)).all()
    other = visit()
    _sign_in(other, "cashier@example.org")
    with other.client.session_transaction() as cookie:
        assert cookie["_user_id"] != first_secret


def test_only_a_hash_of_the_secret_is_stored(visit: Visit, session: Session) -> None:
    visitor = visit()
    _sign_in(visitor, "cashier@example.org")
    with visitor.client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    stored = session.scalars(select(SignInSession.secret_hash)).all()
    assert secret.encode() not in stored
    assert all(len(each) == 32 for each in stored)


def test_eleventh_failure_closes_the_door_even_for_the_right_password(visit: Visit) -> None:
    for _ in range(rules.FAILURES_FOR_PAIR):
        assert _sign_in(visit(), "cashier@example.org", "wrong password").status == 422
    answer = _sign_in(visit(), "cashier@example.org")
    assert answer.status == 429
    assert "登录失败次数太多，请" in answer.error_summary
    assert answer.value_of("email") == "cashier@example.org"
    assert _sign_in(visit(), "secretary@example.org").status == 303


def test_successful_sign_ins_do_not_count(visit: Visit) -> None:
    for _ in range(rules.FAILURES_FOR_PAIR + 2):
        assert _sign_in(visit(), "cashier@example.org").status == 303


@pytest.mark.parametrize(
    ("column", "age"), [("last_seen_at", rules.IDLE_LIMIT), ("created_at", rules.ABSOLUTE_LIMIT)]
)
def test_session_ends_when_idle_or_old(visit: Visit, session: Session, column: str, age: timedelta) -> None:
    visitor = visit("cashier")
    assert visitor.get("/office/").status == 200
    with transaction(session):
        session.execute(
            update(SignInSession).values({column: datetime.now(UTC) - age - timedelta(seconds=5)})
        )
    assert visitor.get("/office/").status == 302


def test_sign_in_page_sends_whoever_is_signed_in_on(visit: Visit) -> None:
    answer = visit("cashier").get(SIGN_IN)
    assert (answer.status, answer.location) == (303, "/office/")


def test_sign_in_without_token_is_not_tried(visit: Visit) -> None:
    answer = visit().post(SIGN_IN, {"email": "cashier@example.org", "password": PASSWORD}, token=False)
    assert answer.status == 400
    assert PASSWORD not in answer.html
