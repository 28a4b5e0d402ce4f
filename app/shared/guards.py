"""Guards: triggers by which the database itself keeps an invariant, written once for each engine.

Only migrations install them; start-up compares what is installed with what is declared and refuses to run otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Guard:
    """A rule on a table. ``sqlite`` and ``postgresql`` map trigger names to their bodies.

    A SQLite body is everything after ``CREATE TRIGGER name``. A PostgreSQL body is (head, plpgsql): the head is
    everything between ``CREATE TRIGGER name`` and ``EXECUTE``, the plpgsql the function's statements.
    """

    name: str
    sqlite: dict[str, str]
    postgresql: dict[str, tuple[str, str]]


def refuse(name: str, table: str, event: str, when: str, message: str) -> Guard:
    """Refuse ``event`` ("INSERT", "UPDATE OF x", "DELETE") on a row of ``table`` where ``when`` (plain SQL on NEW/OLD) holds."""
    condition = when or "1=1"
    result = "OLD" if event.startswith("DELETE") else "NEW"
    return Guard(
        name,
        {name: f"BEFORE {event} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"},
        {
            name: (
                f"BEFORE {event} ON {table} FOR EACH ROW",
                f"IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
                f"END IF; RETURN {result};",
            )
        },
    )


def append_only(table: str, *keys: str) -> Guard:
    """Rows of ``table`` (primary key ``keys``, by default id) are inserted once, never changed, replaced or deleted."""
    name = f"{table}_is_append_only"
    message = f"{name}"
    sqlite = {
        f"{name}_{event.lower()}": f"BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for event in ("UPDATE", "DELETE")
    }
    same = " AND ".join(f"{key} = NEW.{key}" for key in keys or ("id",))
    # INSERT OR REPLACE would rewrite a row without firing UPDATE.
    sqlite[f"{name}_replace"] = (
        f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
    stop = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
    postgresql = {
        f"{name}_row": (f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW", stop),
        f"{name}_truncate": (f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", stop),
    }
    return Guard(name, sqlite, postgresql)


def whole_numbers(table: str, *columns: str) -> Guard:
    """Money columns of ``table`` hold integers: SQLite would keep 1.5 or 'abc' in a BIGINT column (PostgreSQL cannot)."""
    name = f"{table}_amounts_are_whole"
    wrong = " OR ".join(f"typeof(NEW.{each}) NOT IN ('integer', 'null')" for each in columns)
    return Guard(
        name,
        {
            f"{name}_{event.lower()}": f"BEFORE {event} ON {table} WHEN {wrong} BEGIN SELECT RAISE(ABORT, '{name}'); END"
            for event in ("INSERT", "UPDATE")
        },
        {},
    )


_declared: list[Guard] = []


def declare(*guards: Guard) -> None:
    """Add guards to those that every database of this application must have; called by models.py of each domain."""
    _declared.extend(guards)


def install(connection: Connection) -> None:
    """Create every declared guard anew. For migrations, after the tables are as the models say."""
    remove(connection)
    for name, body in _wanted(connection):
        if isinstance(body, str):
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {body}")
        else:
            head, statements = body
            connection.exec_driver_sql(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$guard$ BEGIN {statements} END $guard$".replace("%", "%%")
            )
            kind = "CONSTRAINT TRIGGER" if "DEFERRABLE" in head else "TRIGGER"
            connection.exec_driver_sql(
                f"CREATE {kind} {name} {head} EXECUTE FUNCTION {name}()".replace("%", "%%")
            )


def remove(connection: Connection) -> None:
    """Drop every guard of this application that the database has."""
    for name, table, _ in _installed(connection, disabled_too=True):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}()")


def missing(connection: Connection) -> list[str]:
    """Names of declared guards that the database lacks or has in another wording. Empty when all is well."""
    present = {name: digest for name, _, digest in _installed(connection)}
    wanted = {name: _digest(connection, name, body) for name, body in _wanted(connection)}
    return sorted(name for name, digest in wanted.items() if present.get(name) != digest)


def count(connection: Connection) -> int:
    """How many guards every database of this kind must have."""
    return len(list(_wanted(connection)))


def _wanted(connection: Connection) -> Iterable[tuple[str, str | tuple[str, str]]]:
    for guard in _declared:
        bodies = guard.sqlite if connection.dialect.name == "sqlite" else guard.postgresql
        yield from bodies.items()


def _squeezed(words: str) -> str:
    return "".join(words.split())


def _digest(connection: Connection, name: str, body: str | tuple[str, str]) -> str:
    if isinstance(body, str):
        return hashlib.sha256(_squeezed(f"CREATE TRIGGER {name} {body}").encode()).hexdigest()
    return hashlib.sha256(_squeezed(f"BEGIN {body[1]} END").encode()).hexdigest()


def _installed(connection: Connection, *, disabled_too: bool = False) -> list[tuple[str, str, str]]:
    if connection.dialect.name == "sqlite":
        rows = connection.execute(
            text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        )
    else:
        rows = connection.execute(
            text(
                "SELECT t.tgname, c.relname, p.prosrc FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE NOT t.tgisinternal AND (:disabled_too OR t.tgenabled IN ('O', 'A')) "
                "AND n.nspname = current_schema()"
            ),
            {"disabled_too": disabled_too},
        )
    return [(row[0], row[1], hashlib.sha256(_squeezed(row[2]).encode()).hexdigest()) for row in rows]
