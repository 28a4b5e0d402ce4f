"""Failures as pages: a sentence, its status, and nothing that was typed is lost."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.shared.errors import N_, SunledgerError
from app.web.access import SAFE_METHODS, access_of, here, local_address, user
from app.web.caching import settle_snapshot
from app.web.i18n import translated
from app.web.pages import wants_fragment

log = logging.getLogger(__name__)

_PAGES = frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503})
# What is never sent back to a browser inside a page.
_NEVER_KEPT = ("password", "csrf_token", "secret")
_KEPT_BYTES = 512 * 1024


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(SunledgerError, _refused)
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(401, _sign_in_expired)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(IntegrityError, _integrity)
    app.register_error_handler(Exception, _unexpected)


def error_page(status: int, message: str = "", **context: Any) -> Response:
    """The page of a failure; for htmx only the notice, which goes where the form's result would have gone."""
    settle_snapshot()
    if wants_fragment():
        body = render_template("errors/fragment.html", status=status, message=message)
    else:
        name = str(status) if status in _PAGES else "error"
        body = render_template(f"errors/{name}.html", status=status, message=message, **context)
    return make_response(body, status)


def kept_fields() -> list[tuple[str, str]]:
    """What was typed into the form of this request, but no passwords, tokens or files."""
    try:
        fields = [
            (name, value)
            for name, values in request.form.lists()
            for value in values
            if not any(word in name for word in _NEVER_KEPT)
        ]
    except RequestEntityTooLarge:
        return []
    return fields if sum(len(value) for _, value in fields) <= _KEPT_BYTES else []


def send_again_page(address: str, fields: list[tuple[str, str]], status: int) -> Response:
    """A page that holds what was typed and sends it again, with a fresh token, when the person says so."""
    body = render_template(
        "errors/send_again.html", status=status, address=local_address(address, "/office/"), fields=fields
    )
    return make_response(body, status)


def _refused(error: SunledgerError) -> Response:
    if error.status >= 500:
        log.error("%s", error, exc_info=error)
        return error_page(500, site=None)
    return error_page(error.status, translated(error))


def _form_expired(error: CSRFError) -> Response:
    log.info("a form came without a valid token: %s", error.description)
    access = access_of(current_app.view_functions.get(request.endpoint or ""))
    if access is not None and access.kind in ("signed_in", "requires") and user() is None:
        return _sign_in_expired(error)
    if wants_fragment():
        return error_page(400, gettext(N_("这一页打开得太久，请刷新后重新提交")))
    return send_again_page(here(), kept_fields(), 400)


def _sign_in_expired(_error: HTTPException) -> Response:
    """A form whose sign-in expired: sign in on this page, then look at what was typed and send it again."""
    if wants_fragment():
        response = error_page(401)
        if request.method in SAFE_METHODS:
            response.headers["HX-Redirect"] = here()
        return response
    render: Any = current_app.extensions["sunledger_sign_in_page"]
    answer: Response = render(here(), kept_fields())
    return answer


def _too_large(_error: RequestEntityTooLarge) -> Response:
    return error_page(413)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    ours = error.description if error.response is None and _is_ours(error) else None
    response = error_page(status, gettext(ours) if ours else "")
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _is_ours(error: HTTPException) -> bool:
    """Whether the description is a sentence of ours and not Werkzeug's English."""
    return error.description is not None and error.description != type(error).description


def _integrity(error: IntegrityError) -> Response:
    """The database itself refused: the code should have said it first, and kindly."""
    log.error("the database refused a write: %s", error.orig, exc_info=error)
    return error_page(409)


def _unexpected(error: Exception) -> Response:
    busy = isinstance(error, OperationalError) and "locked" in str(error.orig)
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    # A page without the site's own rows: the database may be what failed.
    return make_response(
        render_template(
            f"errors/{503 if busy else 500}.html", status=503 if busy else 500, message="", site=None
        ),
        503 if busy else 500,
    )
