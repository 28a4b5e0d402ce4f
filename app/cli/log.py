"""`sunledger log`: verify, publish, export the transparency log; take care of its key."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli import open_session, settings
from app.cli.witness import add_cosignature, add_witness


@click.group()
def log() -> None:
    """The transparency log: what was recorded cannot be changed unnoticed."""


@log.command()
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--public-key", help="The key that must have signed it (name+id+key), as you know it; not from the file."
)
def verify(file: Path | None, public_key: str | None) -> int:
    """Verify the own log, an exported FILE, or a published folder. It proves that nothing was changed since it was
    recorded; not that what was recorded is true."""
    from app.cli.check_books import told
    from app.log.checkpoint.rules import BadNote, parse_verifier
    from app.log.checks import check_log, check_published
    from app.log.exported.checks import check_export, check_folder

    try:
        trusted = parse_verifier(public_key) if public_key else None
    except BadNote as error:
        raise click.BadParameter(str(error), param_hint="--public-key") from error
    if file is not None:
        return told(check_folder(file, trusted) if file.is_dir() else check_export(file, trusted))
    with open_session(rewound_too=True) as session:
        return told([*check_log(session), check_published(session, settings().log_key_file)])


@log.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def publish(folder: Path) -> None:
    """Write the log into FOLDER as static files; only what is new is written."""
    from app.log import exporting
    from app.log.checkpoint.operations import published_note
    from app.log.checkpoint.queries import identity

    with open_session() as session:
        note = published_note(session, settings().log_key_file)
        verifier = identity(session)
        assert verifier is not None
        written = exporting.publish(session, folder, note, verifier)
    click.echo(f"{written} files written to {folder}")


@log.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Write the whole log and every text that may be published to FILE, to keep and to verify anywhere."""
    from app.log.checkpoint.operations import published_note
    from app.log.checkpoint.queries import identity
    from app.log.checkpoint.rules import opened_checkpoint
    from app.log.exporting import export_lines
    from app.public.openings.queries import openings

    with open_session() as session:
        note = published_note(session, settings().log_key_file)
        verifier = identity(session)
        assert verifier is not None
        size = opened_checkpoint(note, verifier).size
        with file.open("wb") as output:
            output.writelines(export_lines(session, note, verifier, openings(session, 0, size)))
    click.echo(f"{size} leaves written to {file}")


@log.command("accept-rewind")
@click.option(
    "--reason",
    required=True,
    help="Why the database is older than what was published. Everybody can read it.",
)
def accept_rewind(reason: str) -> None:
    """Go on with a database that does not continue what was published (a restored backup), and say why in public."""
    from app.log.checkpoint.operations import accept_rewind as accept
    from app.people.rules import OPERATOR

    with open_session(rewound_too=True) as session:
        note = accept(session, OPERATOR, settings().log_key_file, reason)
    click.echo(note, nl=False)


@log.command()
@click.argument("position", type=click.IntRange(min=0))
@click.argument("field")
@click.option("--reason", required=True, help="Why it is erased. Everybody can read it.")
def erase(position: int, field: str, reason: str) -> None:
    """Erase the text FIELD that the leaf at POSITION commits to; the log stays valid and says that it went."""
    from app.log.erasure.operations import erase as run
    from app.people.rules import OPERATOR
    from app.shared.db import transaction

    with open_session() as session, transaction(session, books=True):
        leaf = run(session, OPERATOR, position, field, reason)
    click.echo(f"erased; leaf {leaf} says so")


log.add_command(add_witness)
log.add_command(add_cosignature)
