"""Public pages: one key says everything that a page depends on.

The key is (public revision, civil date, build, language, full or fragment, address). It is the ETag, so a conditional
request is answered by one indexed read, and rendered bytes may be kept under it in this process. Every use of a stored
page is checked with us first (max-age=0, must-revalidate), so a change of consent is seen at once.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, has_request_context, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction

from app.settings import ROOT
from app.shared import clock
from app.shared.db import BookHead
from app.web.database import db, session
from app.web.i18n import locale
from app.web.pages import wants_fragment

MAX_BYTES = 48 * 1024 * 1024
MAX_PAGE_BYTES = 512 * 1024
MAX_FACTS = 2_000
MAX_ROWS = 20_000
Fact = TypeVar("Fact")
Key = TypeVar("Key", bound=Hashable)
_REVISION = f"SELECT public_revision FROM {BookHead.__tablename__} WHERE id = 1"  # noqa: S608
VARY = "HX-Request, Accept-Language, Cookie"


@dataclass(frozen=True, slots=True)
class KeptPage:
    """The bytes of a page that was rendered before."""

    body: bytes
    media_type: str


class KeptPages:
    """Rendered pages by key, the least recently used ones dropped when they outgrow ``limit`` bytes."""

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._pages: OrderedDict[str, KeptPage] = OrderedDict()
        self._lock = Lock()

    def find(self, key: str) -> KeptPage | None:
        """The page kept under ``key``."""
        with self._lock:
            found = self._pages.get(key)
            if found is not None:
                self._pages.move_to_end(key)
            return found

    def keep(self, key: str, page: KeptPage) -> None:
        """Keep a page, unless it is too large to be worth it."""
        if len(page.body) > MAX_PAGE_BYTES:
            return
        with self._lock:
            replaced = self._pages.pop(key, None)
            self._size += len(page.body) - (len(replaced.body) if replaced else 0)
            self._pages[key] = page
            while self._size > self._limit:
                _, dropped = self._pages.popitem(last=False)
                self._size -= len(dropped.body)

    def clear(self) -> None:
        """Forget every page."""
        with self._lock:
            self._pages.clear()
            self._size = 0


class KeptFacts:
    """What many pages read from the books, as of one public revision; the least recently used ones dropped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._revision: int | None = None
        self._facts: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, revision: int, name: Hashable, make: Callable[[], Fact]) -> Fact:
        """The fact called ``name``, made now if it is not known for ``revision``."""
        with self._lock:
            if self._revision == revision and name in self._facts:
                self._facts.move_to_end(name)
                found: Fact = self._facts[name]
                return found
        made = make()
        self._keep(revision, {name: made})
        return made

    def get_each(
        self, revision: int, name: Hashable, keys: Sequence[Key], make: Callable[[list[Key]], dict[Key, Fact]]
    ) -> list[Fact]:
        """The facts called ``name`` of all ``keys``, in their order; those not known for ``revision`` are made at once."""
        names = [(name, key) for key in keys]
        found: dict[Hashable, Any] = {}
        with self._lock:
            if self._revision == revision:
                for each in names:
                    if each in self._facts:
                        self._facts.move_to_end(each)
                        found[each] = self._facts[each]
        missing = [each[1] for each in names if each not in found]
        if missing:
            made: dict[Hashable, Any] = {(name, key): fact for key, fact in make(missing).items()}
            self._keep(revision, made)
            found |= made
        return [found[each] for each in names]

    def _keep(self, revision: int, made: Mapping[Hashable, Any]) -> None:
        with self._lock:
            # A request that still reads an older state of the books keeps nothing.
            if self._revision is None or self._revision < revision:
                self._revision = revision
                self._facts.clear()
            if self._revision == revision:
                self._facts.update(made)
                while len(self._facts) > self._limit:
                    self._facts.popitem(last=False)

    def clear(self) -> None:
        """Forget every fact."""
        with self._lock:
            self._facts.clear()


def kept(name: Hashable, make: Callable[[], Fact]) -> Fact:
    """What ``make`` reads from the books, or what it read for another page since they last changed.

    ``make`` depends on nothing but the public data; whatever else it depends on (a date, a filter) is part of ``name``.
    """
    revision = g.get("public_revision")
    if revision is None:
        return make()
    facts: KeptFacts = current_app.extensions["sunledger_kept_facts"]
    return facts.get(revision, name, make)


def kept_each(
    name: Hashable, keys: Sequence[Key], make: Callable[[list[Key]], dict[Key, Fact]]
) -> list[Fact]:
    """As ``kept``, one for each of ``keys``; ``make`` is asked for all that are not known."""
    revision = g.get("public_revision")
    if revision is None:
        made = make(list(keys))
        return [made[key] for key in keys]
    rows: KeptFacts = current_app.extensions["sunledger_kept_rows"]
    return rows.get_each(revision, name, keys, make)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The pieces that the page of this request may show: a page asks for half a dozen."""

    facts: KeptFacts
    revision: int
    of: tuple[str, ...]

    def get(self, name: tuple[Hashable, ...], make: Callable[[], Markup]) -> Markup:
        """The piece called ``name``."""
        return self.facts.get(self.revision, ("piece", *self.of, *name), make)


def kept_piece(*name: Hashable, caller: Callable[[], Markup]) -> Markup:
    """Markup that many public pages share, for templates: ``{% call kept_piece("name", value…) %}…{% endcall %}``.

    What is inside may depend on public data, the date, the language and the values given, and on nothing else: not on
    the address. Anywhere but on public pages it is rendered anew each time.
    """
    pieces: _Pieces | None = g.get("pieces")
    return caller() if pieces is None else pieces.get(name, caller)


@lru_cache(maxsize=1)
def build_id() -> str:
    """A digest of everything that decides what a page looks like: code, templates, styles and catalogues."""
    digest = hashlib.sha256()
    for folder, pattern in (
        ("app", "*.py"),
        ("app/translations", "*.mo"),
        ("templates", "*.html"),
        ("static", "*.*"),
    ):
        for path in sorted((ROOT / folder).rglob(pattern)):
            if path.is_file() and path.suffix not in (".ttf", ".md"):
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\x00" + path.read_bytes())
    return digest.hexdigest()[:16]


def install(app: Flask) -> None:
    """Answer repeated requests for public pages without rendering them. After the gate, which sets what is public."""
    app.extensions["sunledger_build_id"] = build_id()
    app.extensions["sunledger_kept_pages"] = KeptPages()
    app.extensions["sunledger_kept_facts"] = KeptFacts(MAX_FACTS)
    app.extensions["sunledger_kept_rows"] = KeptFacts(MAX_ROWS)
    app.register_error_handler(_BooksMoved, _once_more)
    event.listen(db.session, "after_begin", _check_snapshot)
    app.before_request(_answer_from_kept)
    app.after_request(_keep)


class _BooksMoved(Exception):
    """The books were written between the look at their revision and the first reading."""


def _revision_now() -> int:
    """The public revision at this instant, outside of any snapshot: most requests need to know no more."""
    raw = db.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute(_REVISION)
        revision: int = cursor.fetchall()[0][0]
        return revision
    finally:
        raw.close()


def _check_snapshot(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    """A page that reads the books reads the very state that its key names."""
    if (
        has_request_context()
        and "page_key" in g
        and "snapshot_is_settled" not in g
        and g.public_revision != connection.exec_driver_sql(_REVISION).scalar()
    ):
        raise _BooksMoved


def _once_more(_moved: _BooksMoved) -> ResponseReturnValue:
    """Answer from the start, under the revision of one snapshot that is kept until the end."""
    settle_snapshot()
    g.pop("site", None)
    session().rollback()
    revision = session().connection().exec_driver_sql(_REVISION).scalar()
    return _answer_from_kept(revision) or current_app.dispatch_request()


def settle_snapshot() -> None:
    """Read whatever state of the books there is from now on: for answers that are not kept."""
    g.snapshot_is_settled = True


def page_key(revision: int) -> str:
    """The key of the page that this request asks for, in this state of the books."""
    g.public_revision = revision
    day, language, known = clock.today().isoformat(), locale(), current_app.extensions
    g.pieces = _Pieces(known["sunledger_kept_facts"], revision, (language, day))
    parts = (
        str(revision),
        day,
        known["sunledger_build_id"],
        language,
        "part" if wants_fragment() else "full",
        request.full_path,
    )
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _answer_from_kept(revision: int | None = None) -> Response | None:
    access = g.get("access")
    if access is None or not access.cached or request.method not in ("GET", "HEAD"):
        return None
    key = g.page_key = page_key(_revision_now() if revision is None else revision)
    if request.if_none_match.contains_weak(key):
        g.page_is_kept = True
        return Response(status=304)
    found: KeptPage | None = current_app.extensions["sunledger_kept_pages"].find(key)
    if found is None:
        return None
    g.page_is_kept = True
    return Response(found.body, content_type=found.media_type)


def _keep(response: Response) -> Response:
    key = g.get("page_key")
    if key is None or response.status_code not in (200, 304):
        if key is not None:
            response.headers.setdefault("Cache-Control", "no-cache")
        return response
    response.set_etag(key, weak=True)
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Vary"] = VARY
    if (
        response.status_code == 200
        and not g.get("page_is_kept")
        and not response.is_streamed
        and not response.direct_passthrough
    ):
        pages: KeptPages = current_app.extensions["sunledger_kept_pages"]
        pages.keep(key, KeptPage(response.get_data(), response.content_type))
    return response
