"""`sunledger statement` and `sunledger export`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from app.cli import settings
from app.settings import LOCALES, Settings

if TYPE_CHECKING:
    from flask import Flask

FORMATS = ("csv", "json", "xlsx")


@click.command()
@click.option("--fund", "slug", help="Slug of the fund; may be left out when there is one.")
@click.option("--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE")
@click.option("--to", "last", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write the PDF."
)
@click.option("--locale", type=click.Choice(LOCALES), help="Language; the installation's if left out.")
@click.option(
    "--note", "correction_note", default="", help="Why figures of a period issued before differ now."
)
@click.option("--actor", "email", metavar="EMAIL", help="Who issues it; the installation itself if left out.")
def statement(
    slug: str | None,
    first: datetime,
    last: datetime,
    out: Path,
    locale: str | None,
    correction_note: str,
    email: str | None,
) -> None:
    """Issue the receipts and payments statement of a period and write its PDF.

    The same figures again are the same document.
    """
    from app.funds.queries import only_fund
    from app.people.queries import actor_by_email
    from app.shared.periods import Period
    from app.shared.permissions import Actor, Office, Role
    from app.statements.operations import issue_statement
    from app.statements.pdf import statement_file
    from app.web.database import transaction

    here = settings()
    with _site(here) as app, app.app_context():
        with transaction(books=True) as session:
            fund = only_fund(session, slug)
            actor = (
                actor_by_email(session, email)
                if email
                else Actor(None, "operator", (Office(Role.ACCOUNTANT, fund.id, term_id=0),))
            )
            period = Period(first.date(), last.date())
            issued = issue_statement(session, actor, fund.id, period, correction_note=correction_note)
        printed = statement_file(issued.document, locale or here.default_locale)
        with _written(out) as file:
            file.write(printed.read_bytes())
    words = "issued" if issued.is_new else "was issued before with the same figures"
    click.echo(f"{issued.document.number} version {issued.document.version} {words}: {out}")


@click.command()
@click.option("--format", "form", required=True, type=click.Choice(FORMATS))
@click.option("--fund", "slug", help="Slug of a fund; every fund if left out.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write; standard output if left out.",
)
def export(form: str, slug: str | None, out: Path | None) -> None:
    """Write the public ledger, every row of it: the same file that the site gives at /ledger.csv or /ledger.json."""
    from app.funds.queries import fund_by_slug
    from app.web.database import session

    with (
        _site(settings()) as app,
        app.test_request_context(f"/ledger.{form}", query_string={"fund": slug} if slug else {}),
    ):
        if slug:
            fund_by_slug(session(), slug)
        # Closing the answer ends the session that its rows are read by.
        with app.make_response(app.dispatch_request()) as answer, _written(out) as file:
            for part in answer.iter_encoded():
                file.write(part)


@contextmanager
def _site(here: Settings) -> Iterator[Flask]:
    """The site, for one command; its connections are closed at the end."""
    from app.main import create_app
    from app.web.database import db

    app = create_app(here)
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()


@contextmanager
def _written(out: Path | None) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all; standard output without a path."""
    if out is None:
        yield sys.stdout.buffer
        return
    if not out.resolve().parent.is_dir():
        raise click.BadParameter(f"There is no folder {out.parent}.", param_hint="--out")
    with tempfile.NamedTemporaryFile(dir=out.resolve().parent, prefix=".writing-", delete=False) as file:
        try:
            yield file  # type: ignore[misc]
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            Path(file.name).replace(out)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
