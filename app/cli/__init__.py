"""Every command line entry: `sunledger COMMAND`. Exit status 0 only when all was done; errors are one sentence."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import click
from babel.support import Translations
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.settings import ROOT, NotReady, Settings, SettingsError, load
from app.shared.errors import SunledgerError

# Name → where it is; imported when it is called, so that the small ones start at once.
COMMANDS: dict[str, str] = {
    "generate": "app.cli.generate:generate",
    "check-books": "app.cli.check_books:check_books",
    "example": "app.cli.example:example",
    "init": "app.cli.database:init",
    "jobs": "app.cli.jobs:jobs",
    "log": "app.cli.log:log",
    "serve": "app.cli.server:serve",
    "start": "app.cli.server:start",
    "user": "app.cli.people:user",
    "fund": "app.cli.funds:fund",
    "import": "app.cli.imports:imports",
    "statement": "app.cli.documents:statement",
    "export": "app.cli.documents:export",
    "witness": "app.cli.witness:witness",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        module, _, name = found.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="sunledger")
def sunledger() -> None:
    """Sunledger: the open books of a community charity fund."""


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; 0 only when all of it was done. What went wrong is one sentence on standard error."""
    try:
        outcome = sunledger.main(arguments, prog_name="sunledger", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except click.ClickException as error:
        click.echo(" ".join(error.format_message().split()), err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped; nothing was finished.", err=True)
        return 130
    except SunledgerError as error:
        click.echo(sentence(error), err=True)
    except OperationalError as error:
        click.echo(f"The database cannot be used: {str(error.orig).splitlines()[0]}.", err=True)
    except SettingsError as error:
        click.echo(str(error), err=True)
    return 1


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return load()


@contextmanager
def open_session(*, rewound_too: bool = False) -> Iterator[Session]:
    """A session on the installation's database, which must be set up for this version and continue the published log.

    ``rewound_too``: also when it does not, to say so.
    """
    from app.log.checkpoint.operations import establish
    from app.shared import encryption
    from app.web import schema
    from app.web.database import open_engine

    encryption.use_key(settings().data_key())
    engine = open_engine(settings())
    try:
        problem = schema.problem(engine)
        if problem:
            raise NotReady(problem)
        with Session(engine, expire_on_commit=False) as session:
            if not rewound_too:
                establish(session, settings().log_key_file, settings().log_origin)
            yield session
    finally:
        engine.dispose()


def sentence(error: SunledgerError) -> str:
    """A refusal in the installation's default language, which may be read before the settings can be."""
    try:
        locale = settings().default_locale
    except SettingsError:
        locale = "zh_Hans"
    catalogue = Translations.load(str(ROOT / "app" / "translations"), [locale])
    text = catalogue.ugettext(error.sentence)
    return text % error.values if error.values else text
