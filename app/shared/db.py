"""The database: base class, column types, engine settings, transactions, the head row of the books.

SQLite and PostgreSQL behave alike here: reads run in a read-only snapshot, writes start by taking their lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    TypeDecorator,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column

from app.shared.money import require_minor

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every mapped class."""

    metadata = MetaData(naming_convention=NAMING)


class Minor(TypeDecorator[int]):
    """Whole minor units (fen). Refuses anything but a plain int before it reaches a database that would round it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Any) -> int | None:
        return None if value is None else require_minor(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Only aware datetimes go in; aware UTC comes out, on either engine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("an instant needs a time zone")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)]


class BookHead(Base):
    """The one row whose lock orders all writers of the books, with the counters that must be gapless."""

    __tablename__ = "book_head"
    __table_args__ = (CheckConstraint("id = 1", name="book_head_is_one_row"),)

    id: Mapped[Id]
    entry_count: Mapped[int] = mapped_column(BigInteger, default=0)
    leaf_count: Mapped[int] = mapped_column(BigInteger, default=0)
    public_revision: Mapped[int] = mapped_column(BigInteger, default=0)


def configure_engine(engine: Engine) -> None:
    """Give ``engine`` the settings that the traps of each database ask for.

    SQLite: no implicit transactions (they lose updates), WAL, foreign keys, triggers also for REPLACE; a read is a
    query_only snapshot, a write begins IMMEDIATE. PostgreSQL: a read is a read-only repeatable-read snapshot.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begins)
    else:
        event.listen(engine, "begin", _postgresql_begins)


def _sqlite_connected(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "busy_timeout=15000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "trusted_schema=OFF",
        "cache_size=-65536",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _writes(connection: Any) -> bool:
    return bool(connection.get_execution_options().get("sunledger_write"))


def _sqlite_begins(connection: Any) -> None:
    # query_only must be set before BEGIN: inside a transaction SQLite ignores the change.
    if _writes(connection):
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # straight through the driver: every page begins a read, and neither statement waits for a lock
        raw = connection.connection.dbapi_connection
        raw.execute("PRAGMA query_only=ON")
        raw.execute("BEGIN DEFERRED")


def _postgresql_begins(connection: Any) -> None:
    from psycopg import IsolationLevel

    raw = connection.connection.dbapi_connection
    writes = _writes(connection)
    raw.read_only = not writes
    raw.isolation_level = IsolationLevel.READ_COMMITTED if writes else IsolationLevel.REPEATABLE_READ


def insert_rows(session: Session, mapped: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert many rows of a mapped class as plain rows: no objects are made, which is what bulk recording lives on."""
    if rows:
        session.execute(insert(cast(Table, mapped.__table__)), rows)


def insert_tuples(
    session: Session, mapped: type[Base], columns: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> None:
    """Insert many rows given as tuples of ``columns``, straight through the driver: for what is written with every entry.

    Values go as they are: text, integers, bytes, or what ``driver_value`` made of anything else. No default is filled in.
    """
    if not rows:
        return
    connection = session.connection()
    table = cast(Table, mapped.__table__)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"  # noqa: S608
    connection.exec_driver_sql(statement, rows)


def driver_value(session: Session, column: InstrumentedAttribute[Any], value: Any) -> Any:
    """``value`` as the driver wants it for ``column``, for ``insert_tuples``."""
    dialect = session.connection().dialect
    processor = column.type.dialect_impl(dialect).bind_processor(dialect)
    return value if processor is None else processor(value)


@contextmanager
def transaction(session: Session, *, books: bool = False) -> Iterator[Session]:
    """One write, committed once at the end, rolled back whole on any exception.

    ``books=True`` first takes the head row, so that all writers of the books queue in one order and cannot deadlock,
    and marks every cached public page as outdated. What was read before is forgotten, so nothing stale is written back.
    Raises RuntimeError when one transaction is opened inside another.
    """
    if session.info.get("writing"):
        raise RuntimeError("transactions do not nest")
    session.rollback()
    session.connection(execution_options={"sunledger_write": True})
    session.info["writing"] = True
    try:
        if books:
            head = session.scalars(select(BookHead).where(BookHead.id == 1).with_for_update()).one()
            session.info["book_head"] = head
        yield session
        if books:
            session.flush()
            session.execute(
                update(BookHead)
                .where(BookHead.id == 1)
                .values(public_revision=BookHead.public_revision + 1)
                .execution_options(synchronize_session=False)
            )
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("writing", None)
        session.info.pop("book_head", None)


def book_head(session: Session) -> BookHead:
    """The locked head row of the running ``transaction(books=True)``. Raises RuntimeError outside of one."""
    head = session.info.get("book_head")
    if not isinstance(head, BookHead):
        raise RuntimeError("the books are written only inside transaction(books=True)")
    return head
