"""`sunledger init`."""

from __future__ import annotations

import click

from app.cli import settings


@click.command()
def init() -> None:
    """Create the database and the log's key, or bring the database up to this version. Safe to run again."""
    from sqlalchemy.orm import Session

    from app.log.checkpoint.operations import establish
    from app.web import schema
    from app.web.database import open_engine

    here = settings()
    here.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(here)
    try:
        before = schema.problem(engine)
        schema.upgrade(engine)
        schema.verify(engine)
        with Session(engine) as session:
            establish(session, here.log_key_file, here.log_origin)
    finally:
        engine.dispose()
    click.echo("The database is set up." if before else "The database was up to date.")
