"""Answers: a page or the part of it that htmx asked for; the way on after something was done."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request, send_file
from jinja2_fragments.flask import render_block
from sqlalchemy.orm import Session

from app.settings import Settings
from app.web.database import transaction
from app.web.forms import Form

_NUMBER = re.compile(r"[0-9]{1,60}")


def wants_fragment() -> bool:
    """Whether htmx asks for a part of the page: not when it follows a boosted link, restores its history or wants it all."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
        and headers.get("HX-Request-Type") != "full"
    )


def page(
    template: str, *, fragment: str | None = None, status: int | None = None, **context: Any
) -> Response:
    """Render ``template``; for a request of htmx only its block ``fragment``, if the page declares one.

    The status is that of the refusal (422, or 409 for a conflict) when ``form`` in the context was refused, else 200.
    """
    form = context.get("form")
    if status is None:
        status = form.refused_status if isinstance(form, Form) and form.is_refused else 200
    if fragment is not None and wants_fragment():
        body = render_block(template, fragment, **context)
    else:
        body = render_template(template, **context)
    return make_response(body, status)


def saved(content: bytes, media_type: str, file_name: str) -> Response:
    """A file of the office to be saved: for its reader alone."""
    answer = Response(content, mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file_name)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def handed_over(path: Path, media_type: str, file_name: str) -> Response:
    """A private file made for this one answer: nobody keeps it, and here it is gone once it is sent."""
    content = path.open("rb")
    path.unlink()
    answer = send_file(content, mimetype=media_type, as_attachment=True, download_name=file_name, etag=False)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def private(answer: Response) -> Response:
    """``answer`` for its one reader: no cache keeps it, no search engine lists it."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def printed_address(path: str) -> str:
    """``path`` (from url_for) as it is printed on paper: under the public address, or the one of this visit if none is set."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return (settings.public_url or request.url_root).rstrip("/") + path


def asked_number(name: str, most: int = 2**63 - 1) -> int | None:
    """A number in the address; None where there is none. A larger one than its column holds finds as little as ``most``."""
    text = request.args.get(name, "")
    return min(int(text), most) if _NUMBER.fullmatch(text) else None


def done(address: str, message: str | None = None) -> Response:
    """The act is done: go on to ``address`` (from url_for), where ``message`` (translated) is shown once."""
    if message:
        flash(message, "done")
    if request.headers.get("HX-Request") == "true":
        # htmx would follow a 303 by itself and put the whole page into the target of the form.
        return Response(status=200, headers={"HX-Redirect": address})
    return make_response(redirect(address, code=303))


def attempt(form: Form, act: Callable[[Session], object], *, books: bool = True) -> bool:
    """Run ``act`` in a transaction of its own and say whether it was done. If not, nothing was saved, and ``form`` shows the
    refusal beside its field."""
    with form.refusals_shown():
        with transaction(books=books) as writing:
            act(writing)
        return True
    return False
