"""Forms that come too late, too large, or from elsewhere: nothing is done, nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.people.models import SignInSession
from app.shared.db import transaction
from tests.factories import PASSWORD
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
TYPED = {
    "payee": "某施工队 <b>",
    "amount": "350,000.00",
    "paid_on": "2023-11-20",
    "kind": "works",
    "memo": "第一行\n第二行",
}


def _end_all_sessions(session: Session) -> None:
    with transaction(session):
        session.execute(update(SignInSession).values(ended_at=datetime.now(UTC)))


def test_form_with_an_expired_token_is_sent_again_with_everything_typed(visit: Visit) -> None:
    visitor = visit("cashier")
    form = visitor.get("/office/trial")
    with visitor.client.session_transaction() as cookie:
        del cookie["csrf_token"]
    answer = visitor.send(form, TYPED, path="/office/trial")
    assert answer.status == 400
    assert answer.heading == "请再确认一次"
    assert answer.value_of("payee") == "某施工队 <b>"
    again = visitor.send(answer)
    assert (again.status, again.location) == (303, "/office/")


def test_form_with_an_expired_sign_in_survives_signing_in_again(visit: Visit, session: Session) -> None:
    visitor = visit("cashier")
    form = visitor.get("/office/trial")
    _end_all_sessions(session)
    expired = visitor.send(form, TYPED, path="/office/trial")
    assert expired.status == 401
    assert "登录已过期" in expired.words
    wrong = visitor.send(expired, {"email": "cashier@example.org", "password": "not it"})
    assert wrong.status == 422
    back = visitor.send(wrong, {"email": "cashier@example.org", "password": PASSWORD})
    assert (back.status, back.heading) == (200, "请再确认一次")
    assert back.value_of("memo").splitlines() == ["第一行", "第二行"]
    assert back.value_of("once") == form.value_of("once")
    assert PASSWORD not in back.html
    done = visitor.send(back)
    assert (done.status, done.location) == (303, "/office/")


def test_form_without_any_cookie_asks_to_sign_in_first(visit: Visit) -> None:
    answer = visit().post("/office/trial", TYPED, token=False)
    assert answer.status == 401
    assert answer.heading == "办公登录"
    assert "350,000.00" in answer.html


def test_somebody_else_who_signs_in_may_not_send_it(visit: Visit, session: Session) -> None:
    visitor = visit("cashier")
    form = visitor.get("/office/trial")
    _end_all_sessions(session)
    expired = visitor.send(form, TYPED, path="/office/trial")
    back = visitor.send(expired, {"email": "secretary@example.org", "password": PASSWORD})
    assert visitor.send(back).status == 403


def test_kept_address_never_leads_elsewhere(visit: Visit) -> None:
    visitor = visit()
    answer = visitor.post(
        "/office/sign-in",
        {"email": "cashier@example.org", "password": PASSWORD, "kept_address": "https://evil.example/x"},
    )
    assert answer.status == 200
    assert [form.get("action") for form in answer.forms()] == ["/office/"]


def test_htmx_form_with_an_expired_token_says_so_in_its_place(visit: Visit) -> None:
    visitor = visit("cashier")
    answer = visitor.post("/office/trial", TYPED, token=False, HX_Request="true")
    assert answer.status == 400
    assert "<html" not in answer.html
    assert "这一页打开得太久，请刷新后重新提交" in answer.words


def test_htmx_page_with_an_expired_sign_in_leads_to_the_sign_in_page(visit: Visit) -> None:
    answer = visit().get("/office/trial", HX_Request="true")
    assert answer.status == 401
    assert answer.headers["HX-Redirect"] == "/office/sign-in?next=/office/trial"


def test_upload_that_is_far_too_large_says_so(visit: Visit) -> None:
    visitor = visit("cashier")
    answer = visitor.client.post(
        "/office/trial",
        data=b"x",
        environ_overrides={"CONTENT_LENGTH": str(500 * 1024 * 1024)},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    assert "您上传的内容超过了上限，没有保存。" in answer.get_data(as_text=True)


def test_stranger_cannot_send_a_large_body(visit: Visit) -> None:
    answer = visit().client.post(
        "/office/sign-in",
        data=b"x",
        environ_overrides={"CONTENT_LENGTH": str(5 * 1024 * 1024)},
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 413
