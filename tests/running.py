"""A real server on data of its own, run by the console script as an installation runs it."""

import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("sunledger")
SECONDS_TO_START = 60
SECONDS_TO_STOP = 10

# Set, though empty, so that a developer's .env does not fill them.
DEFAULTS = (
    "SUNLEDGER_DATABASE_URL",
    "SUNLEDGER_REPLICA_URL",
    "SUNLEDGER_SECRET_KEY",
    "SUNLEDGER_PUBLIC_URL",
    "SUNLEDGER_DEFAULT_LOCALE",
    "SUNLEDGER_LOG_KEY_FILE",
    "SUNLEDGER_LOG_ORIGIN",
    "SUNLEDGER_DATA_KEY_FILE",
    "SUNLEDGER_SMTP_URL",
)


class SiteFailed(RuntimeError):
    """A command of the site ended with an error, or its server did not start; the text is what it printed."""


@dataclass(frozen=True)
class Site:
    """An installation in a folder: its data, its environment, and its address while it is served."""

    data_dir: Path
    database_url: str = ""
    url: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands: this process's, without any settings that it may hold."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SUNLEDGER_")}
        given = {"SUNLEDGER_DATA_DIR": str(self.data_dir), "SUNLEDGER_DATABASE_URL": self.database_url}
        return kept | dict.fromkeys(DEFAULTS, "") | {"SUNLEDGER_ENV": "development"} | given

    def sunledger(self, *arguments: str, text: str | None = None) -> str:
        """Run a command on this data, with `text` on its standard input, and return what it printed.

        Raises SiteFailed when it does not end with 0.
        """
        done = subprocess.run(
            [PROGRAM, *arguments],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SiteFailed(f"sunledger {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextmanager
    def served(self, *, workers: int = 1) -> Iterator[None]:
        """Serve it at `url` for as long as the block lasts."""
        log = self.data_dir / "server.log"
        port = self.url.rpartition(":")[2]
        with log.open("w") as output:
            server = subprocess.Popen(
                [PROGRAM, "serve", "--port", port, "--workers", str(workers)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while not answers(f"{self.url}/readyz"):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SiteFailed(f"The server did not get ready:\n{log.read_text(errors='replace')}")
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
            try:
                server.wait(timeout=SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def answers(address: str) -> bool:
    """Return whether `address` answers with 2xx."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """Return a port of this machine on which nothing listens. Browsers refuse some of the lower ones."""
    while True:
        port = random.randint(20_000, 59_999)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
