"""The database that migrations make is the one that the models describe, forwards and back, on both engines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from app.main import create_app
from app.settings import NotReady, Settings
from app.shared import guards
from app.shared.db import Base
from app.web import schema
from app.web.database import open_engine
from tests import installation, postgres

VERSIONS = schema.FOLDER / "versions"


@pytest.fixture
def blank(engine_kind: str, tmp_path: Path) -> Settings:
    """An installation without a database."""
    url = postgres.create_database() if engine_kind == "postgresql" else f"sqlite:///{tmp_path}/blank.sqlite3"
    return installation.settings_for(tmp_path / "data", url)


def test_head_equals_the_models(empty_settings: Settings) -> None:
    engine = open_engine(empty_settings)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": schema.is_ours}
        )
        differences = compare_metadata(context, Base.metadata)
        checks = {
            table: {each["name"] for each in inspect(connection).get_check_constraints(table)}
            for table in schema.tables()
        }
    engine.dispose()
    assert differences == []
    for table in Base.metadata.sorted_tables:
        declared = {str(each.name) for each in table.constraints if type(each).__name__ == "CheckConstraint"}
        assert declared <= checks[table.name], table.name


def test_goes_up_down_and_up_again(blank: Settings) -> None:
    engine = open_engine(blank)
    assert schema.problem(engine) == "The database is not set up for this version; run `sunledger init`."
    schema.upgrade(engine)
    assert schema.problem(engine) is None
    schema.downgrade(engine, "base")
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        if connection.dialect.name == "postgresql":
            left = connection.scalar(
                text(
                    "SELECT count(*) FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace "
                    "WHERE n.nspname = current_schema()"
                )
            )
            assert left == 0
    schema.upgrade(engine)
    assert schema.problem(engine) is None
    engine.dispose()


def test_second_upgrade_changes_nothing(empty_settings: Settings) -> None:
    engine = open_engine(empty_settings)
    schema.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM book_head")) == 1
        assert connection.scalar(text("SELECT count(*) FROM account")) == 28
    engine.dispose()


def test_site_refuses_to_start_without_a_database(blank: Settings) -> None:
    with pytest.raises(NotReady, match="sunledger init"):
        create_app(blank)


def test_site_refuses_to_start_without_one_of_its_guards(empty_settings: Settings) -> None:
    engine = open_engine(empty_settings)
    with engine.connect().execution_options(sunledger_write=True) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER leaf_is_append_only_update")
        else:
            connection.exec_driver_sql("ALTER TABLE leaf DISABLE TRIGGER leaf_is_append_only_row")
        connection.commit()
    with pytest.raises(NotReady, match="leaf_is_append_only"):
        create_app(empty_settings)
    schema.upgrade(engine)
    assert schema.problem(engine) is None
    engine.dispose()


def test_site_refuses_a_database_of_a_newer_version(empty_settings: Settings) -> None:
    engine = open_engine(empty_settings)
    with engine.connect().execution_options(sunledger_write=True) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    engine.dispose()
    with pytest.raises(NotReady, match="version of this program that this one does not know"):
        create_app(empty_settings)


def test_guards_keep_the_log_and_the_audit_trail(empty_settings: Settings) -> None:
    engine = open_engine(empty_settings)
    with engine.connect() as connection:
        assert guards.missing(connection) == []
    for table in ("leaf", "audit_event", "journal_entry", "posting"):
        assert table in schema.tables()
    engine.dispose()


def test_no_migration_alters_a_table_in_batch_mode() -> None:
    for path in VERSIONS.glob("*.py"):
        assert not re.search(r"batch_alter_table|render_as_batch", path.read_text(encoding="utf-8")), (
            path.name
        )
