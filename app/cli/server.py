"""`sunledger serve` and `sunledger start`."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.cli import open_session, run, settings

_MOST_WORKERS = 8
THREADS = 4
_SECONDS_TO_STOP = 15
_SECONDS_BEFORE_ANOTHER = 5
# The pages answer first: at the start the processors belong to them.
_SECONDS_BEFORE_JOBS = 3
_WORKER = "import sys; from app.cli import main; sys.argv[0] = 'sunledger'; main()"

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
    _require_free(host, port)
    with open_session():
        pass  # refuses a database that is not ready, or older than what was published
    with _jobs_beside():
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

    _require_free(host, port)
    if run(["init"]) != 0:
        ctx.exit(1)
    if not settings().in_production:
        with open_session(settings()) as session:
            empty = not queries.funds(session) and not has_users(session)
        if empty and run(["example", "load"]) != 0:
            ctx.exit(1)
    click.echo(f"http://{host}:{port}")
    ctx.invoke(serve, host=host, port=port, workers=workers)


@contextmanager
def _jobs_beside() -> Iterator[None]:
    """Run one worker of jobs as a child process, and another when it ends too early. It looks for its parent, so that it
    also ends when this process is killed."""
    stopping = threading.Event()
    worker: list[subprocess.Popen[bytes]] = []
    command = [sys.executable, "-c", _WORKER, "jobs", "run", "--beside", str(os.getpid())]

    def keep_one() -> None:
        stopping.wait(_SECONDS_BEFORE_JOBS)
        while not stopping.is_set():
            worker[:] = [subprocess.Popen(command, stdin=subprocess.DEVNULL)]  # noqa: S603 - our own program
            worker[0].wait()
            stopping.wait(_SECONDS_BEFORE_ANOTHER)

    keeper = threading.Thread(target=keep_one, name="jobs", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        for process in worker:
            process.terminate()
        keeper.join(_SECONDS_TO_STOP)


def _require_free(host: str, port: int) -> None:
    """Refuse an address on which something listens: the server would share it, and either would answer."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise click.ClickException(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
        raise click.ClickException(
            f"Something listens on port {port} already: stop it, or choose another (--port, or PORT= with make)."
        ) from error


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
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_SECONDS_TO_STOP,
        log_level=LogLevels.warning,
    ).serve()
