"""Write migrations/versions/0001_first.py anew from the models. Only until the first version is out: remove it then."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from alembic.autogenerate import produce_migrations, render_python_code  # noqa: E402
from alembic.runtime.migration import MigrationContext  # noqa: E402
from sqlalchemy import create_engine  # noqa: E402

from app.ledger.accounts import CHART  # noqa: E402
from app.shared.db import Base, Minor, UtcDateTime  # noqa: E402
from app.web import schema  # noqa: E402

HEAD = '''"""The first schema."""

import sqlalchemy as sa
from alembic import op

from app.shared.search import SearchIndex

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEARCH_INDEXES = ("public_search", "office_search")

CHART = (
{chart}
)


def upgrade() -> None:
    {upgrade}

    account = sa.table("account", sa.column("code"), sa.column("name"), sa.column("kind"))
    op.bulk_insert(account, [dict(zip(("code", "name", "kind"), row, strict=True)) for row in CHART])
    op.execute("INSERT INTO book_head (id, entry_count, leaf_count, public_revision) VALUES (1, 0, 0, 0)")
    for name in SEARCH_INDEXES:
        SearchIndex(name).create(op.get_bind())


def downgrade() -> None:
    for name in SEARCH_INDEXES:
        SearchIndex(name).drop(op.get_bind())
    {downgrade}
'''


def render_type(kind: str, item: object, context: object) -> str | bool:
    """Types of ours as the plain types that they are in the database."""
    if kind == "type" and isinstance(item, Minor):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def main() -> None:
    schema.load_models()
    with create_engine("sqlite://").connect() as connection:
        options = {"render_item": render_type, "render_as_batch": False, "compare_type": True}
        context = MigrationContext.configure(
            connection, opts={"target_metadata": Base.metadata, "sqlalchemy_module_prefix": "sa.", **options}
        )
        script = produce_migrations(context, Base.metadata)
        upgrade = render_python_code(script.upgrade_ops, migration_context=context, render_item=render_type)
        downgrade = render_python_code(
            script.downgrade_ops, migration_context=context, render_item=render_type
        )
    chart = "\n".join(f"    ({row.code!r}, {row.name!r}, {row.kind!r})," for row in CHART)
    target = ROOT / "migrations" / "versions" / "0001_first.py"
    target.write_text(HEAD.format(chart=chart, upgrade=upgrade, downgrade=downgrade), encoding="utf-8")
    sys.stdout.write(f"{target.relative_to(ROOT)}: {len(Base.metadata.tables)} tables\n")


main()
