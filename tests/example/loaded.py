"""An installation with the example fund, loaded once for each kind of database."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.example.operations import load_example
from app.shared.db import transaction
from app.web import schema

FILES = Path(tempfile.mkdtemp(prefix="sunledger-example-"))


def migrate_and_load(engine: Engine) -> None:
    """Set up a database and load the example fund into it."""
    schema.upgrade(engine)
    with Session(engine, expire_on_commit=False) as session, transaction(session, books=True):
        load_example(session, FILES, in_production=False)
