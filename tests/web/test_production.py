"""In production everything travels over https, and cookies stay with this host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.main import create_app
from app.settings import Settings
from tests import installation
from tests.factories import PASSWORD
from tests.visitor import Seen

SITE = "https://fund.example.org"


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The site as production runs it."""
    built = create_app(replace(settings, environment="production", public_url=SITE))
    yield built
    installation.close(built)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in front of it."""
    return app.test_client()


def _token(client: FlaskClient) -> str:
    seen = Seen(client.get("/office/sign-in", base_url=SITE))
    return str(seen.tree.xpath("//input[@name='csrf_token']/@value")[0])


def _sign_in(client: FlaskClient, **headers: str) -> Seen:
    return Seen(
        client.post(
            "/office/sign-in",
            base_url=SITE,
            data={"csrf_token": _token(client), "email": "cashier@example.org", "password": PASSWORD},
            headers=headers,
        )
    )


def test_cookie_is_bound_to_this_host_and_to_https(client: FlaskClient) -> None:
    cookie = _sign_in(client, Referer=f"{SITE}/office/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("__Host-sunledger=")
    for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert flag in cookie
    assert "Domain" not in cookie
    assert "Expires" not in cookie


def test_browsers_are_told_to_use_https_only(client: FlaskClient) -> None:
    assert "max-age=63072000" in client.get("/healthz", base_url=SITE).headers["Strict-Transport-Security"]


def test_form_from_another_page_is_refused(client: FlaskClient) -> None:
    assert _sign_in(client, Referer="https://evil.example/").status == 400
    assert _sign_in(client).status == 400
    assert _sign_in(client, Referer=f"{SITE}/office/sign-in").status == 303


def test_proxy_on_this_machine_is_believed_and_nobody_else(app: Flask) -> None:
    seen: list[tuple[str | None, bool]] = []

    @app.before_request
    def note() -> None:
        from flask import request

        seen.append((request.remote_addr, request.is_secure))

    claim = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    for address in ("127.0.0.1", "203.0.113.9"):
        app.test_client().get("/healthz", headers=claim, environ_base={"REMOTE_ADDR": address})
    assert seen == [("198.51.100.7", True), ("203.0.113.9", False)]
