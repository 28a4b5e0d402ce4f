"""`sunledger fund`."""

from __future__ import annotations

import click

from app.cli import open_session


@click.group()
def fund() -> None:
    """Funds of the host."""


@fund.command()
@click.option("--slug", required=True, help="Lower-case letters, digits and hyphens, for addresses.")
@click.option("--name", required=True)
@click.option(
    "--host",
    "host_name",
    required=True,
    help="Full name of the host charity, which is one for all funds of an installation.",
)
def add(slug: str, name: str, host_name: str) -> None:
    """Set up a fund with its unrestricted earmark and its money accounts."""
    from app.funds import operations, queries
    from app.ledger.treasury.operations import open_fund_books
    from app.people.rules import OPERATOR
    from app.shared.db import transaction

    with open_session() as session, transaction(session, books=True):
        host = queries.host_by_name(session, host_name) or operations.create_host(
            session, OPERATOR, name=host_name
        )
        created = operations.create_fund(session, OPERATOR, host_id=host.id, slug=slug, name=name)
        open_fund_books(session, OPERATOR, created)
    click.echo(f"{created.slug}  {created.name}")
