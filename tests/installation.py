"""An installation for a test: its settings, and people in front of it."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.people import operations, queries
from app.settings import Settings, load
from app.shared import clock
from app.shared.db import transaction
from app.web import schema
from app.web.database import db
from tests import factories
from tests.visitor import Visitor

ENGINES = ("sqlite", "postgresql")
DATA_KEY = bytes(range(32))
EMAILS = {member.key: member.email for member in factories.CAST}


def settings_for(folder: Path, database_url: str) -> Settings:
    """The settings of an installation whose data lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.key").write_text(DATA_KEY.hex())
    return load(
        {
            "SUNLEDGER_ENV": "development",
            "SUNLEDGER_DATA_DIR": str(folder),
            "SUNLEDGER_DATABASE_URL": database_url,
            "SUNLEDGER_SECRET_KEY": "for tests only, never for a site",
        }
    )


def migrate(engine: Engine) -> None:
    """Set up an empty database."""
    schema.upgrade(engine)


def migrate_and_people(engine: Engine) -> None:
    """Set up a database with the fund and the cast."""
    schema.upgrade(engine)
    with (
        clock.simulated(factories.simulated_start()),
        Session(engine, expire_on_commit=False) as session,
        transaction(session, books=True),
    ):
        factories.make_cast(session)


def close(app: Flask) -> None:
    """Close the connections of a site."""
    with app.app_context():
        db.engine.dispose()


def visitor(app: Flask, engine: Engine, key: str | None = None, *, email: str | None = None) -> Visitor:
    """A browser of somebody of the cast (or of the user with this e-mail), signed in, or of a stranger."""
    found = Visitor(app.test_client())
    address = EMAILS[key] if key else email
    if address:
        with Session(engine, expire_on_commit=False) as session:
            person = queries.user_by_email(session, address)
            assert person is not None
            with transaction(session):
                secret = operations.start_session(session, person.id, browser="test")
        found.carry(secret)
    return found
