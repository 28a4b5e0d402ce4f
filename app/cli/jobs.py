"""`sunledger jobs`: the worker that does what runs later."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import threading

import click

from app.cli import open_session, settings
from app.settings import ROOT

_SECONDS_BETWEEN_LOOKS = 2.0

log = logging.getLogger(__name__)


@click.group()
def jobs() -> None:
    """Work that runs later: reminders, deadlines, e-mail."""


@jobs.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.option("--beside", type=int, hidden=True, help="End when this is not the parent process any more.")
def run(once: bool, beside: int | None) -> None:
    """Do what is due, until stopped. `sunledger serve` runs one of these; more, on other machines too, do no harm."""
    from sqlalchemy.exc import OperationalError

    from app.jobs.work.operations import run_due
    from app.web.database import open_engine

    stop = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())

    def is_stopping() -> bool:
        return stop.is_set() or (beside is not None and os.getppid() != beside)

    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s - %(name)s: %(message)s"
    )
    load_handlers()
    with open_session():
        pass  # refuses a database that is not ready; sets the data key
    engine = open_engine(settings())
    try:
        while not is_stopping():
            try:
                count = run_due(engine, settings(), is_stopping)
            except OperationalError as error:
                if once:
                    raise
                # The database is away for a while; leases see to it that nothing is lost.
                log.warning("the database cannot be used (%s)", type(error.orig).__name__)
                count = 0
            if once:
                click.echo(f"{count} jobs done")
                return
            stop.wait(_SECONDS_BETWEEN_LOOKS)
    finally:
        engine.dispose()


def load_handlers() -> None:
    """Import every operations.py, so that all handlers, recurring jobs and the address book are registered."""
    importlib.import_module("app.people.queries")
    for path in sorted((ROOT / "app").rglob("operations.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
