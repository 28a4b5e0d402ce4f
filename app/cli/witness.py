"""`sunledger witness`: follow logs, this one or others."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from app.cli import settings


@click.command()
@click.argument("addresses", metavar="URL...", nargs=-1)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("witness"),
    show_default=True,
    help="Where what was seen is kept.",
)
@click.option(
    "--key",
    "key_text",
    help="The log's public key (name+id+key), printed on receipts; else the first seen is kept.",
)
@click.option(
    "--cosign",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A witness's private key: writes FOLDER/<log>/cosigned-checkpoint.",
)
@click.option(
    "--new-key",
    metavar="NAME",
    help="Make a witness's key called NAME in the file that --cosign names, and end.",
)
@click.option(
    "--every", type=click.IntRange(min=1), metavar="SECONDS", help="Go on looking until something is wrong."
)
def witness(
    addresses: tuple[str, ...],
    folder: Path,
    key_text: str | None,
    cosign: Path | None,
    new_key: str | None,
    every: int | None,
) -> int:
    """Check that logs only ever grow, keep what was seen, and say loudly when one forks or is wound back.

    URL is where a log's checkpoint and tile/ are, such as https://charity.example/log. Exit status 2: a log broke its
    promise (both checkpoints are kept under FOLDER/<log>/alarms). 1: a log could not be looked at.
    """
    from app.log.checkpoint.rules import BadNote, parse_verifier
    from app.log.witness.queries import require_address
    from app.log.witness.rules import parse_cosigner

    if new_key:
        return _make_key(new_key, cosign)
    if not addresses:
        raise click.UsageError("Name at least one log.")
    try:
        followed = [require_address(each) for each in addresses]
        key = parse_verifier(key_text) if key_text else None
        cosigner = parse_cosigner(cosign.read_text(encoding="utf-8")) if cosign else None
    except (BadNote, ValueError) as error:
        raise click.UsageError(f"{error}") from error
    except OSError as error:
        raise click.UsageError(f"{cosign} cannot be read: {error.strerror}.") from error
    while True:
        worst = max([_look(each, folder, key, cosigner) for each in followed])
        if every is None or worst == 2:
            return worst
        time.sleep(every)


def _look(address: str, folder: Path, key: object, cosigner: object) -> int:
    from app.log.witness.operations import follow
    from app.log.witness.queries import Alarm, Unreachable

    try:
        seen = follow(address, folder, key=key, cosigner=cosigner)  # type: ignore[arg-type]
    except Alarm as alarm:
        click.echo(
            f"ALARM {alarm.kind}: {address}: {alarm}. Both checkpoints are kept in {folder}.", err=True
        )
        return 2
    except Unreachable as error:
        click.echo(f"Not looked at: {error}.", err=True)
        return 1
    grown = "seen for the first time" if seen.before is None else f"{seen.before} before, consistent"
    click.echo(f"ok {seen.origin}: {seen.size} leaves ({grown})")
    return 0


def _make_key(name: str, path: Path | None) -> int:
    from app.log.witness.rules import new_cosigner

    if path is None:
        raise click.UsageError("Say with --cosign FILE where the key shall lie.")
    try:
        cosigner = new_cosigner(name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except ValueError as error:
        raise click.UsageError(f"{error}") from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(cosigner.secret_text() + "\n")
    click.echo(str(cosigner.witness))
    return 0


@click.command("add-witness")
@click.argument("key")
def add_witness(key: str) -> None:
    """Configure a witness by its public KEY (name+id+key): its cosignatures of this log are then shown on /verify."""
    from app.log.witness.operations import add_witness as add
    from app.log.witness.queries import FOLDER

    click.echo(add(settings().data_dir / FOLDER, key).name)


@click.command("add-cosignature")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def add_cosignature(file: Path) -> None:
    """Take in a cosigned checkpoint that a witness sent, after checking it against this log."""
    from app.cli import open_session
    from app.log.witness.operations import add_cosignature as add
    from app.log.witness.queries import FOLDER

    try:
        note = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not a checkpoint.") from error
    with open_session() as session:
        for name in add(session, settings().data_dir / FOLDER, note):
            click.echo(name)
