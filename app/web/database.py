"""The session of a request, and engines for commands and migrations."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import Session

from app.settings import Settings
from app.shared import db as shared_db

log = logging.getLogger(__name__)

db = SQLAlchemy(
    model_class=shared_db.Base,
    disable_autonaming=True,
    session_options={"expire_on_commit": False, "autoflush": True},
)
"""Flask-SQLAlchemy gives each request its session; the models are declared on app.shared.db.Base."""

# Fixed in SQLite 3.51.3: a write that races a second checkpoint in WAL mode may be lost.
_SAFE_SQLITE = (3, 51, 3)
_OLDEST_SQLITE = (3, 37, 0)


def sqlite_module() -> ModuleType:
    """The SQLite driver of this installation. One process never opens a file with two of them: their locks do not meet."""
    try:
        import pysqlite3 as module
    except ImportError:
        import sqlite3 as module

        if module.sqlite_version_info < _OLDEST_SQLITE:
            raise RuntimeError(
                f"SQLite {module.sqlite_version} is too old; 3.37 or newer is needed."
            ) from None
        if module.sqlite_version_info < _SAFE_SQLITE:
            log.warning(
                "SQLite %s has a rare WAL bug; install pysqlite3 or use PostgreSQL", module.sqlite_version
            )
    driver: ModuleType = module
    return driver


def engine_options(url: str) -> dict[str, Any]:
    """Arguments of ``create_engine`` for ``url``."""
    if make_url(url).get_backend_name() == "sqlite":
        return {
            "module": sqlite_module(),
            "connect_args": {"timeout": 15},
            "pool_size": 64,
            "max_overflow": 64,
        }
    # A statement is prepared by name never: behind a pooler another server session would not know it.
    return {
        "pool_pre_ping": True,
        "pool_size": 20,
        "max_overflow": 40,
        "connect_args": {"prepare_threshold": None},
    }


def open_engine(settings: Settings) -> Engine:
    """An engine outside of any web application, for commands, migrations and tests."""
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    shared_db.configure_engine(engine)
    return engine


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """A session outside of any web application; its engine is closed at the end."""
    engine = open_engine(settings)
    try:
        with Session(engine, expire_on_commit=False) as session:
            yield session
    finally:
        engine.dispose()


def session() -> Session:
    """The session of this request: reads happen in one read-only snapshot."""
    return db.session()


def transaction(*, books: bool = False) -> AbstractContextManager[Session]:
    """One write on this request's session, committed at the end; see app.shared.db.transaction."""
    return shared_db.transaction(session(), books=books)
