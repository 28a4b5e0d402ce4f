"""`sunledger user`: the first administrator, and what the office pages do too."""

from __future__ import annotations

import select
import sys

import click

from app.cli import open_session
from app.shared.permissions import COUNCIL_SEATS, Role

_SECONDS_FOR_INPUT = 3


@click.group()
def user() -> None:
    """Users and their terms of office."""


_role = click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
_fund = click.option("--fund", "slug", help="Slug of the fund; may be left out when there is one.")
_seat = click.option(
    "--seat", type=click.IntRange(1, 99), help="Seat in the council; the next free one if left out."
)


@user.command()
@click.option("--email", required=True)
@click.option("--name", required=True)
@_role
@_fund
@_seat
def add(email: str, name: str, role: str, slug: str | None, seat: int | None) -> None:
    """Add a user with an office from today. The password is read from standard input; without one, one is made and
    printed once, to be changed at the first sign-in."""
    from app.people import operations, rules
    from app.shared.db import transaction

    given = _password_from_input()
    password = given or rules.new_password()
    with open_session() as session, transaction(session, books=True):
        person = operations.create_user(
            session,
            rules.OPERATOR,
            email=email,
            name=name,
            password=password,
            must_change_password=given is None,
        )
        _start(session, person.id, Role(role), slug, seat)
    click.echo(f"{person.email}  {role}")
    if given is None:
        click.echo(f"password: {password}")


@user.command()
@click.option("--email", required=True)
@_role
@_fund
@_seat
def appoint(email: str, role: str, slug: str | None, seat: int | None) -> None:
    """Give a user one more office, from today."""
    from app.people import queries
    from app.shared.db import transaction

    with open_session() as session, transaction(session, books=True):
        person = queries.actor_by_email(session, email)
        assert person.user_id is not None
        _start(session, person.user_id, Role(role), slug, seat)
    click.echo(f"{email}  {role}")


@user.command()
@click.option("--email", required=True)
def end(email: str) -> None:
    """End a user's access at once and their terms of office today. Their records stay."""
    from app.people import operations, queries, rules
    from app.shared.db import transaction

    with open_session() as session, transaction(session, books=True):
        person = queries.actor_by_email(session, email)
        assert person.user_id is not None
        operations.end_user(session, rules.OPERATOR, person.user_id)
    click.echo(f"{email} ended")


def _start(session: object, user_id: int, role: Role, slug: str | None, seat: int | None) -> None:
    from sqlalchemy.orm import Session

    from app.funds import queries as funds
    from app.people import operations, queries, rules
    from app.shared import clock

    assert isinstance(session, Session)
    everywhere = role in rules.INSTALLATION_ROLES and not slug
    fund_id = None if everywhere else funds.only_fund(session, slug).id
    if role in COUNCIL_SEATS and seat is None and fund_id is not None:
        seat = rules.next_free_seat(queries.terms_beside(session, fund_id), clock.today())
    operations.start_term(
        session,
        rules.OPERATOR,
        user_id=user_id,
        role=role,
        fund_id=fund_id,
        starts_on=clock.today(),
        seat_number=seat,
    )


def _password_from_input() -> str | None:
    """One line of standard input, if somebody sends one: not from a terminal, and no endless wait for an open pipe."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return None
    try:
        ready, _, _ = select.select([sys.stdin], [], [], _SECONDS_FOR_INPUT)
    except (OSError, ValueError):  # not a real file, as under a test runner
        ready = [sys.stdin]
    line = sys.stdin.readline() if ready else ""
    return line.rstrip("\r\n") or None
