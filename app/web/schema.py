"""Whether the database is what this code needs, and bringing it there."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from app.settings import ROOT, NotReady
from app.shared import guards
from app.shared.db import Base

FOLDER = ROOT / "migrations"
# Any number does, as long as nothing else in the database uses it.
_ADVISORY_LOCK = 7_305_100_823
_SEARCH_TABLES = ("public_search", "office_search")
_upgrading = threading.Lock()


def load_models() -> None:
    """Import every models.py, so that the metadata and the declared guards are complete."""
    importlib.import_module("app.shared.audit")
    for path in sorted((ROOT / "app").rglob("models.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether a comparison of models and database looks at this table: search indexes are not mapped."""
    return kind != "table" or name is None or not name.startswith(_SEARCH_TABLES)


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our migrations, on ``connection`` if given."""
    found = Config()
    found.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    found.set_main_option("path_separator", "os")
    if connection is not None:
        found.attributes["connection"] = connection
    return found


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database forward to ``revision``: all of it or nothing. A database that is there already is only checked
    and its guards are installed anew."""
    with _writing(engine) as connection:
        command.upgrade(config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to ``revision``, for an upgrade that is undone at once."""
    with _writing(engine) as connection:
        command.downgrade(config(connection), revision)


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    """A connection in one transaction that no second migration can enter."""
    with _upgrading, engine.connect().execution_options(sunledger_write=True) as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw: Any = connection.connection.dbapi_connection
        if sqlite:
            # Only outside of a transaction does SQLite obey this; a table may have to be made anew.
            raw.execute("PRAGMA foreign_keys=OFF")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        try:
            yield connection
            if sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise NotReady(
                        f"A migration left a row of {broken[0]} that refers to nothing; nothing was changed."
                    )
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")


def is_at_head(connection: Connection) -> bool:
    """Whether the database has every migration of this code."""
    return MigrationContext.configure(connection).get_current_revision() == _scripts()[0]


def verify(engine: Engine) -> None:
    """Raise NotReady unless ``problem`` finds nothing."""
    found = problem(engine)
    if found:
        raise NotReady(found)


def problem(engine: Engine) -> str | None:
    """What keeps this code from serving the database, as one sentence; None when all is well."""
    load_models()
    head, known = _scripts()
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            if current is not None and current not in known:
                return (
                    "The database was made by a version of this program that this one does not know; "
                    "install that version, restore a backup, or start with an empty database."
                )
            if current != head:
                return "The database is not set up for this version; run `sunledger init`."
            missing = guards.missing(connection)
    except OperationalError as error:
        return f"The database cannot be opened: {str(error.orig).splitlines()[0]}."
    if missing:
        return (
            "The database has lost guards that keep the books from being altered "
            f"({', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}); find out why, then run `sunledger init`."
        )
    return None


@lru_cache(maxsize=1)
def _scripts() -> tuple[str | None, frozenset[str]]:
    directory = ScriptDirectory.from_config(config())
    return directory.get_current_head(), frozenset(each.revision for each in directory.walk_revisions())


def tables() -> list[str]:
    """The names of all mapped tables, those that others refer to first."""
    load_models()
    return [table.name for table in Base.metadata.sorted_tables]
