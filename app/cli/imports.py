"""`sunledger import`: an office's own registers. What all of them take is here; each register has a module of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click
from babel.support import Translations
from sqlalchemy.orm import Session

from app.cli import settings
from app.shared.errors import SunledgerError
from app.shared.permissions import Actor, Office, Role
from app.sheets.rows import CellRefusal, Note

# Name → where it is; imported when it is called.
IMPORTS: dict[str, str] = {
    "disbursements": "app.cli.import_disbursements:disbursements",
    "donations": "app.cli.import_donations:donations",
    "sales": "app.cli.import_sales:sales",
    "transfers": "app.cli.import_transfers:transfers",
}


class _Imports(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(IMPORTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = IMPORTS.get(cmd_name)
        if found is None:
            return None
        module, _, name = found.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group("import", cls=_Imports)
def imports() -> None:
    """Import registers that an office keeps: .xlsx, .xls or .csv."""


def import_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every import takes."""
    for option in (
        click.option("--fund", "slug", help="Slug of the fund; may be left out when there is one."),
        click.option("--dry-run", is_flag=True, help="Show what would be recorded; record nothing."),
        click.option(
            "--map",
            "mapping",
            multiple=True,
            metavar="HEADING=FIELD",
            help="Which field a heading or column letter is; empty for none.",
        ),
        click.option(
            "--actor", "email", metavar="EMAIL", help="Who imports; the installation itself if left out."
        ),
        click.option("--accept-good-rows", is_flag=True, help="Record the rest when some rows are refused."),
        click.option(
            "--split",
            "splits",
            multiple=True,
            metavar="ROW=even",
            help="Spread one amount over several things of a row: even, or an amount for each (280,20).",
        ),
    ):
        command = option(command)
    return command


def pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    """NAME=VALUE options by name. Raises click.BadParameter for one without its sign."""
    found = {}
    for one in given:
        name, sign, value = one.rpartition("=")
        if not sign or not name.strip():
            raise click.BadParameter(f"“{one}” is not NAME=VALUE.", param_hint=option)
        found[name.strip()] = value.strip()
    return found


def importer(session: Session, email: str | None, fund_id: int) -> Actor:
    """Who imports: the user with this e-mail, or the installation itself with what a register needs in this fund."""
    from app.people import queries

    if email:
        return queries.actor_by_email(session, email)
    offices = tuple(
        Office(role, fund_id, term_id=0) for role in (Role.SECRETARY, Role.ACCOUNTANT, Role.CASHIER)
    )
    return Actor(None, "operator", offices)


def words(sentence: str, **values: Any) -> str:
    """A sentence in the installation's default language."""
    from app.settings import ROOT

    catalogue = Translations.load(str(ROOT / "app" / "translations"), [settings().default_locale])
    text = catalogue.ugettext(sentence)
    shown = {
        name: words(value.sentence, **value.values) if isinstance(value, SunledgerError) else value
        for name, value in values.items()
    }
    return text % shown if shown else text


def told(note: Note) -> str:
    """Something that the person who imports should know, with its cell."""
    return (f"{note.address}：" if note.address else "") + words(note.sentence, **note.values)


def why_refused(refusals: Iterable[CellRefusal]) -> Iterator[str]:
    """One line for each cell of a row that cannot be taken."""
    for one in refusals:
        yield f"    {one.address or '—'}：{words(one.refusal.sentence, **one.refusal.values)}"
