"""The log of the server: one line for each event, with the id of the request it belongs to and never a secret."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from functools import lru_cache
from itertools import count

from flask import Flask, Response, g, has_request_context, request

from app.settings import Settings

_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")

_requests = count(1)


@lru_cache(maxsize=1)
def _process() -> str:
    # Drawn once for each worker, at its first request: drawing for each request lets go of the interpreter each time.
    return secrets.token_hex(4)


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id() if has_request_context() else "-"
        return True


def install(app: Flask, settings: Settings) -> None:
    """Log to standard error, and name each request in its answer."""
    root = logging.getLogger("app")
    if not any(getattr(each, "sunledger", False) for each in root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.sunledger = True  # type: ignore[attr-defined]
        handler.addFilter(_RequestId())
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(request_id)s %(name)s: %(message)s")
        )
        root.addHandler(handler)
        root.setLevel(logging.INFO if settings.in_production else logging.WARNING)
    app.after_request(_name_request)


def request_id() -> str:
    """The id of this request: the proxy's if it gave a plain one, else one that no other process gives, which is no secret."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _ID.match(given) else f"{_process()}{next(_requests):08x}"
    found: str = g.request_id
    return found


def _name_request(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    return response
