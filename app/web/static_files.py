"""Static files under addresses that carry a digest of their content, so that browsers keep them for a year."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from flask import Blueprint, Response, current_app, send_from_directory

from app.settings import ROOT
from app.web.access import public

STATIC = ROOT / "static"
_FOREVER = 365 * 86400

blueprint = Blueprint("static_files", __name__)


@lru_cache(maxsize=1024)
def url(path: str) -> str:
    """The address of a file of static/, for templates: ``static_url('css/site.css')``.

    As it was when it was first asked for, like the templates: a process that runs on after its files were replaced
    names the old digest, under which the new content is not kept (see ``file``).
    """
    return f"/static/{_version(path)}/{path}"


def integrity(path: str) -> str:
    """The recorded hash of a vendored file ("vendor/…"), from vendor.json: the browser refuses anything else."""
    return _recorded()[path.removeprefix("vendor/")]


@lru_cache(maxsize=1)
def _recorded() -> dict[str, str]:
    packages = json.loads((STATIC / "vendor" / "vendor.json").read_text(encoding="utf-8"))
    return {file["path"]: file["integrity"] for package in packages for file in package["files"]}


def _version(path: str) -> str:
    stamp = (STATIC / path).stat()
    return _digest(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=1024)
def _digest(path: str, _changed: int, _size: int) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


@blueprint.get("/static/<version>/<path:path>")
@public(cached=False)
def file(version: str, path: str) -> Response:
    """A static file. A style sheet finds its pictures beside it, under its own version: those are checked by ETag."""
    answer = send_from_directory(STATIC, path, max_age=0, conditional=True)
    exact = (STATIC / path).is_file() and version == _version(path)
    answer.headers["Cache-Control"] = (
        f"public, max-age={_FOREVER}, immutable" if exact else "public, max-age=3600"
    )
    return answer


@blueprint.get("/favicon.ico")
@public(cached=False)
def favicon() -> Response:
    """Browsers ask for it whatever the page says."""
    return send_from_directory(STATIC, "img/favicon.png", max_age=86400)


@blueprint.get("/healthz")
@public(cached=False)
def health() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@public(cached=False)
def ready() -> Response:
    """The process can serve: its database answers and is of this version."""
    problem = current_app.extensions["sunledger_readiness"]()
    return Response(f"{problem or 'ok'}\n", status=503 if problem else 200, mimetype="text/plain")
