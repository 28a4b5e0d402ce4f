"""Failures nobody planned."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.models import SignInAttempt
from tests.installation import ENGINES
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


@pytest.fixture(params=ENGINES)
def engine_kind(request: pytest.FixtureRequest) -> str:
    """Both databases."""
    kind: str = request.param
    return kind


def test_unexpected_failure_tells_the_log_and_not_the_visitor(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        seen = visit("cashier").get("/office/trial/broken")
    assert seen.status == 500
    assert seen.heading == "网站出了错"
    assert "4711" not in seen.html
    assert "Traceback" not in seen.html
    assert "4711" in caplog.text


def test_refusal_by_the_database_itself_is_a_conflict(visit: Visit) -> None:
    seen = visit("cashier").get("/office/trial/constraint")
    assert (seen.status, seen.heading) == (409, "这里刚刚被别人改过")


def test_reading_page_cannot_write(visit: Visit, session: Session) -> None:
    visit().submit("/office/sign-in", {"email": "cashier@example.org", "password": "wrong"})
    assert visit("cashier").get("/office/trial/writes").status == 500
    assert len(session.scalars(select(SignInAttempt)).all()) == 3


def test_every_answer_carries_the_id_of_its_request(visit: Visit) -> None:
    first, second = visit().get("/healthz"), visit().get("/healthz")
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    assert (
        visit().get("/healthz", X_Request_Id="proxy-4711-abcd").headers["X-Request-Id"] == "proxy-4711-abcd"
    )
    assert visit().get("/healthz", X_Request_Id="<script>").headers["X-Request-Id"] != "<script>"


@pytest.mark.parametrize(
    "path", ["/", "/no/such/page", "/office/sign-in", "/office/", "/healthz", "/static/0/css/site.css"]
)
def test_every_answer_carries_the_security_headers(visit: Visit, path: str) -> None:
    headers = visit("cashier").get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_ready_says_what_is_missing(visit: Visit, session: Session) -> None:
    assert visit().get("/readyz").status == 200
    connection = session.connection(execution_options={"sunledger_write": True})
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    session.commit()
    seen = visit().get("/readyz")
    assert seen.status == 503
    assert "version of this program that this one does not know" in seen.html
