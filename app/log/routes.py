"""The log for any tlog client: checkpoint, tiles, entry bundles, public key (C2SP tlog-tiles), all under /log."""

from __future__ import annotations

import gzip

from flask import Blueprint, Response, abort, current_app, request

from app.log.checkpoint import operations
from app.log.checkpoint import queries as checkpoints
from app.log.tiles import queries as tiles
from app.log.tiles.rules import parse_address
from app.settings import Settings
from app.web.access import public
from app.web.database import session

# A client that asks twice in a row gets what it got; "beyond a few seconds" nothing may keep it.
_BRIEFLY = "public, max-age=3"
_FOR_EVER = f"public, max-age={365 * 86400}, immutable"
_COMPRESSION = 1

blueprint = Blueprint("log", __name__, url_prefix="/log")


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Verifiers run anywhere, also from a page that somebody saved."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/checkpoint")
@public(cached=False)
def checkpoint() -> Response:
    """The log as it stands now, signed; 503 while the database does not continue what was published."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    try:
        note = operations.published_note(session(), settings.log_key_file)
    except operations.LogRewound as error:
        current_app.logger.critical("%s", error)
        return _text(f"{error}\n", "no-store", status=503)
    return _text(note, _BRIEFLY)


@blueprint.get("/public-key")
@public(cached=False)
def public_key() -> Response:
    """The verifier key: name, id and public key, as tlog clients take it."""
    identity = checkpoints.identity(session())
    if identity is None:
        abort(404)
    return _text(f"{identity}\n", "public, max-age=3600")


@blueprint.get("/tile/<path:path>")
@public(cached=False)
def tile(path: str) -> Response:
    """A tile of hashes, or a bundle of leaves, of the published tree; 404 beyond it or for any other spelling."""
    address = parse_address(path)
    content = tiles.published_tile(session(), address) if address else None
    if address is None or content is None:
        abort(404)
    response = Response(content, content_type="application/octet-stream")
    response.headers["Cache-Control"] = _FOR_EVER
    if address.level is None:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] > 0:
            response.set_data(gzip.compress(content, _COMPRESSION, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
    return response


def _text(content: str, caching: str, status: int = 200) -> Response:
    response = Response(content, status=status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = caching
    return response
