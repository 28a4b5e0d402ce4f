"""`sunledger init`."""

from __future__ import annotations

import click

from app.cli import settings


@click.command()
def init() -> None:
    """Create the database or bring it up to this version. Safe to run again."""
    from app.web import schema
    from app.web.database import open_engine

    here = settings()
    here.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(here)
    try:
        before = schema.problem(engine)
        schema.upgrade(engine)
        schema.verify(engine)
    finally:
        engine.dispose()
    click.echo("The database is set up." if before else "The database was up to date.")
