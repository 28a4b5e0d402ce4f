"""Runs the migrations, all in one transaction, and leaves every guard as the code declares it.

Tables with guards are never altered in Alembic's batch mode: on SQLite it makes the table anew and would drop the guards
and unnamed checks without a word. Add columns with plain ADD COLUMN, or a table beside it.
"""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from app.shared import guards
from app.shared.db import Base
from app.web import schema

schema.load_models()


def run(connection: Connection) -> None:
    """Run what was asked for on ``connection``, which begins as a writer."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,
        include_name=schema.is_ours,
        compare_type=True,
    )
    # Guards are declared as the models are now; an older revision may not have all of their tables.
    guards.remove(connection)
    with context.begin_transaction():
        context.run_migrations()
    if schema.is_at_head(connection):
        guards.install(connection)


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    raise SystemExit("Migrations run against a database; there is no offline mode.")
if given is not None:
    run(given)
else:  # flask db …
    engine = current_app.extensions["sqlalchemy"].engine
    with engine.connect().execution_options(sunledger_write=True) as own:
        run(own)
        own.commit()
