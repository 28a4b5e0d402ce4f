"""What every response carries, and what cookies and request sizes are allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from werkzeug.middleware.proxy_fix import ProxyFix

from app.settings import Settings
from app.web.access import PUBLIC_MAX_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # no-referrer would break the check of forms over https, which asks for a Referer.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
}
HSTS = "max-age=63072000; includeSubDomains"


_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class LocalProxy:
    """Believes what a proxy on this machine says of the visitor (X-Forwarded-For, -Proto), and nobody from elsewhere."""

    def __init__(self, application: WSGIApplication) -> None:
        self._direct = application
        self._behind = ProxyFix(application, x_for=1, x_proto=1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        local = environ.get("REMOTE_ADDR") in _LOOPBACK
        return (self._behind if local else self._direct)(environ, start_response)


class AlwaysSaid:
    """Adds the headers that every response carries, unless a view said otherwise: below Flask, where they are a list."""

    def __init__(self, application: WSGIApplication, headers: Iterable[tuple[str, str]]) -> None:
        self._application = application
        self._headers = [(name, value, name.lower()) for name, value in headers]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            given = {name.lower() for name, _ in headers}
            said = [(name, value) for name, value, low in self._headers if low not in given]
            return start_response(status, headers + said, *error)

        return self._application(environ, start)


class SignedCookies(SecureCookieSessionInterface):
    """Flask's sessions, with a signer that is made once: Flask makes one for each request, with a cookie or without."""

    def __init__(self) -> None:
        self._signer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer for the application's key, which does not change while it runs."""
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer


def install(app: Flask, settings: Settings) -> None:
    """Cookie flags, size limits and headers."""
    secure = settings.in_production
    always = [*HEADERS.items(), *([("Strict-Transport-Security", HSTS)] if secure else [])]
    app.wsgi_app = AlwaysSaid(LocalProxy(app.wsgi_app), always)  # type: ignore[method-assign]
    app.session_interface = SignedCookies()
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-sunledger" if secure else "sunledger",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=PUBLIC_MAX_BYTES,
        # Rows pasted from a spreadsheet are one field of a form.
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        MAX_FORM_PARTS=20_000,
        # The token lives as long as the session; an hour-old form is not a dead form.
        WTF_CSRF_TIME_LIMIT=None,
        # The gate checks tokens itself, after it knows who is there.
        WTF_CSRF_CHECK_DEFAULT=False,
    )

    @app.after_request
    def add_headers(response: Response) -> Response:
        if "HX-Request" not in response.headers.get("Vary", ""):
            response.vary.add("HX-Request")
        access = g.get("access")
        if "Cache-Control" not in response.headers and (access is None or not access.cached):
            response.headers["Cache-Control"] = "no-store"
        return response
