"""`sunledger example`."""

from __future__ import annotations

import click

from app.cli import open_session, settings
from app.cli.imports import words


@click.group()
def example() -> None:
    """The example fund."""


@example.command()
def load() -> None:
    """Load the example fund, entry by entry, and print its seats with their sign-ins."""
    from app.example import rules
    from app.example.operations import load_example
    from app.shared.db import transaction
    from app.shared.permissions import ROLE_NAMES

    here = settings()
    with open_session() as session, transaction(session, books=True):
        loaded = load_example(session, here.files_dir, in_production=here.in_production)
    click.echo(f"{rules.FUND_NAME}  {rules.FUND_SLUG}  {loaded.entries} entries")
    click.echo(words(rules.NOTICE))
    for name, answer in rules.ANSWERS:
        click.echo(f"{name:>4}  {words(answer)}")
    click.echo()
    for one in loaded.sign_ins:
        seat = f"#{one.person.seat}" if one.person.seat else ""
        role = words(ROLE_NAMES[one.person.role])
        click.echo(f"{one.person.email:<44} {one.password:<20} {role} {seat}".rstrip())
