"""A real PostgreSQL for the tests: a cluster of its own for each test process, in a temporary folder.

`create_database()` gives the URL of an empty database; `create_database(prepare)` gives a copy of a database
that `prepare` filled once, which takes a few hundredths of a second. The cluster listens on a socket in its own
folder, so it meets no other server, and it ends with the process that started it, however that one ends.
"""

import atexit
import itertools
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

OWNER = "postgres"
SECONDS_TO_START = 60

# Nothing here has to survive a power cut.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# Starts the server and waits for the end of its own input, which comes when the test process closes it or dies.
KEEPER = """
"$1/postgres" -D "$2/data" -k "$2" >"$2/log" 2>&1 </dev/null &
read -r _
kill -QUIT $!
wait $!
rm -rf "$2"
"""


class PostgresMissing(RuntimeError):
    """PostgreSQL's programs are not on this machine, or its server did not start."""


def programs() -> Path:
    """Return the folder of `initdb` and `postgres`, the newest version when there are several.

    Raises PostgresMissing when there is none: the tests of the second database are never left out in silence.
    """
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: float(p.parts[-3]))
    if debian:
        return debian[-1].parent
    if (found := shutil.which("initdb")) and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    raise PostgresMissing("These tests need PostgreSQL's server programs: install the package `postgresql`.")


class Cluster:
    """One running server. Databases of a cluster share nothing but the server."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._prepared: dict[Callable[[str], None], str] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="sunledger-pg-"))
        self._start(programs())

    def _start(self, folder_of_programs: Path) -> None:
        # PostgreSQL refuses to run as root.
        owner = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            owner = OWNER if OWNER in names else "nobody"
            shutil.chown(self._folder, owner)
        group = pwd.getpwnam(owner).pw_gid if owner else None
        extra_groups: list[str] | None = [] if owner else None

        locale = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
        initdb: list[str | Path] = [folder_of_programs / "initdb", "-D", self._folder / "data", "-U", OWNER]
        made = subprocess.run(
            [*initdb, "-E", "UTF8", f"--locale={locale}", "--auth=trust", "--no-sync"],
            cwd=self._folder,
            user=owner,
            group=group,
            extra_groups=extra_groups,
            capture_output=True,
            text=True,
        )
        if made.returncode != 0:
            raise PostgresMissing(f"PostgreSQL's initdb failed:\n{made.stdout}{made.stderr}")
        lines = [f"{name} = '{value}'\n" for name, value in SETTINGS.items()]
        with (self._folder / "data" / "postgresql.conf").open("a") as conf:
            conf.writelines(lines)
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "keeper", folder_of_programs, self._folder],
            cwd="/",
            user=owner,
            group=group,
            extra_groups=extra_groups,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self._maintenance = psycopg.connect(
                    host=str(self._folder), user=OWNER, dbname="postgres", autocommit=True
                )
                return
            except psycopg.OperationalError as problem:
                if time.monotonic() > deadline:
                    log = (self._folder / "log").read_text(errors="replace")
                    raise PostgresMissing(f"PostgreSQL did not start:\n{log}") from problem
                time.sleep(0.05)

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of the database `name`."""
        return f"postgresql+psycopg://{OWNER}@/{name}?host={self._folder}"

    def create_database(self, prepare: Callable[[str], None] | None = None) -> str:
        """Create a database and return its URL.

        `prepare` is called with the URL of an empty database the first time it is seen, and must close its
        connections; from then on its result is copied. Pass the same function each time, not a new lambda.
        """
        if prepare is None:
            return self.url(self._create("template0"))
        if prepare not in self._prepared:
            name = self._create("template0")
            prepare(self.url(name))
            self._prepared[prepare] = name
        return self.url(self._create(self._prepared[prepare]))

    def drop_database(self, url: str) -> None:
        """Drop the database at `url`, and whatever connections it still has."""
        name = make_url(url).database or ""
        self._maintenance.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._maintenance.close()
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper.wait(timeout=30)

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._maintenance.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name


@cache
def cluster() -> Cluster:
    """Return this process's cluster, started the first time."""
    started = Cluster()
    atexit.register(started.stop)
    return started


def create_database(prepare: Callable[[str], None] | None = None) -> str:
    """Create a database in this process's cluster and return its URL; see `Cluster.create_database`."""
    return cluster().create_database(prepare)


def drop_database(url: str) -> None:
    """Drop a database that `create_database` made."""
    cluster().drop_database(url)
