"""Rows changed behind the program's back, with every guard of the database off, for tests of the checks that find it."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.shared import guards


def tamper(session: Session, *statements: str) -> None:
    """Run statements that the database would refuse, in a connection of their own."""
    bind = session.get_bind()
    engine = bind.engine if isinstance(bind, Connection) else bind
    session.rollback()
    with engine.connect().execution_options(sunledger_write=True) as connection:
        guards.remove(connection)
        if connection.dialect.name == "sqlite":
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            connection.connection.dbapi_connection.execute("PRAGMA ignore_check_constraints=ON")  # type: ignore[union-attr]
        else:
            connection.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()
        connection.invalidate()
    session.expire_all()
