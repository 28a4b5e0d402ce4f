"""`sunledger serve` and `sunledger start`."""

from __future__ import annotations

import os

import click

from app.cli import open_session, run, settings

_MOST_WORKERS = 8
_THREADS = 4
_SECONDS_TO_STOP = 15

_host = click.option("--host", default="127.0.0.1", show_default=True)
_port = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
_workers = click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes; one for each processor if left out."
)


@click.command()
@_host
@_port
@_workers
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve the site. Put a proxy with TLS in front of it in production."""
    with open_session():
        pass  # refuses a database that is not ready, or older than what was published
    _serve(host, port, workers or min(os.cpu_count() or 1, _MOST_WORKERS))


@click.command()
@_host
@_port
@_workers
@click.pass_context
def start(ctx: click.Context, host: str, port: int, workers: int | None) -> None:
    """Set up the database, fill an empty development one with the example fund, and serve."""
    from app.funds import queries
    from app.people.queries import has_users
    from app.web.database import open_session

    if run(["init"]) != 0:
        ctx.exit(1)
    if not settings().in_production:
        with open_session(settings()) as session:
            empty = not queries.funds(session) and not has_users(session)
        if empty and run(["example", "load"]) != 0:
            ctx.exit(1)
    click.echo(f"http://{host}:{port}")
    ctx.invoke(serve, host=host, port=port, workers=workers)


def _serve(host: str, port: int, workers: int) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "app.main:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=_THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_SECONDS_TO_STOP,
        log_level=LogLevels.warning,
    ).serve()
