"""`python -m tests.bench` measures a synthetic fund, prints a table and writes JSON with `--json FILE`.

Everything is measured from outside, through the console script and over HTTP on this machine, with the clients on the
same processors as the server. Numbers of different machines, or of a busy one, cannot be compared.
"""

import argparse
import http.client
import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.postgres import create_database, drop_database
from tests.running import Site

SAMPLES = 50


@dataclass(frozen=True)
class Figure:
    """One measured number and its unit."""

    engine: str
    what: str
    number: float
    unit: str


def main() -> int:
    """Measure on the engines asked for, print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure a synthetic fund.")
    parser.add_argument("--gifts", type=int, default=10_000)
    parser.add_argument("--disbursements", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3, help="how long each load lasts")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    figures: list[Figure] = []
    for engine in options.engine or ["sqlite", "postgresql"]:
        figures += measured(engine, options)
    width = max(len(figure.what) for figure in figures)
    for figure in figures:
        print(f"{figure.engine:<11} {figure.what:<{width}} {figure.number:>12,.2f} {figure.unit}")
    if options.json:
        machine = {
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        }
        asked = {name: value for name, value in vars(options).items() if name != "json"}
        record = {"machine": machine, "options": asked, "figures": [asdict(figure) for figure in figures]}
        options.json.write_text(json.dumps(record, indent=2) + "\n")
    return 0


def measured(engine: str, options: argparse.Namespace) -> list[Figure]:
    """Build the synthetic fund on `engine` and measure it."""
    figures = []

    def add(what: str, number: float, unit: str) -> None:
        figures.append(Figure(engine, what, number, unit))
        print(f"{engine}: {what}: {number:,.2f} {unit}", file=sys.stderr)

    database_url = create_database() if engine == "postgresql" else ""
    with tempfile.TemporaryDirectory(prefix="sunledger-bench-") as folder:
        site = Site(Path(folder), database_url)
        site.sunledger("init")
        size = ["--gifts", str(options.gifts), "--disbursements", str(options.disbursements)]
        seconds = timed(lambda: site.sunledger("generate", *size, "--seed", str(options.seed)))
        add(f"generate {options.gifts:,} gifts, {options.disbursements:,} disbursements", seconds, "s")
        add("check-books", timed(lambda: site.sunledger("check-books")), "s")
        with site.served(workers=options.workers):
            for path in paths(options.gifts):
                for what, number, unit in visits(site, path, options):
                    add(f"{path} {what}", number, unit)
    if database_url:
        drop_database(database_url)
    return figures


def paths(gifts: int) -> list[str]:
    """Return the addresses that are measured: what visitors open most, and what costs most."""
    return [
        "/healthz",
        "/",
        "/ledger",
        f"/ledger?after={gifts // 2}",
        "/ledger?direction=in&min=1000",
        "/ledger?q=%E6%8D%90%E6%AC%BE",
        "/ledger.csv",
        "/verify",
    ]


def visits(site: Site, path: str, options: argparse.Namespace) -> list[tuple[str, float, str]]:
    """Measure one address: the first answer, the usual one, one that has not changed, and many at once."""
    connection = http.client.HTTPConnection(site.url.removeprefix("http://"), timeout=120)
    first, size, tag = fetched(connection, path)
    rows = [("first answer", first * 1000, "ms"), ("size", size / 1024, "KiB")]
    if first > 1:  # a whole file: nothing is gained by asking for it fifty times
        return rows
    times = sorted(fetched(connection, path)[0] for _ in range(SAMPLES))
    rows.append(("median answer", statistics.median(times) * 1000, "ms"))
    rows.append(("95 of 100 within", times[int(len(times) * 0.95)] * 1000, "ms"))
    if tag:
        again = [fetched(connection, path, {"If-None-Match": tag})[0] for _ in range(SAMPLES)]
        rows.append(("unchanged, median", statistics.median(again) * 1000, "ms"))
    connection.close()
    rows.append(
        (f"{options.clients} clients", load(site, path, options.clients, options.seconds), "answers/s")
    )
    return rows


def fetched(
    connection: http.client.HTTPConnection, path: str, headers: dict[str, str] | None = None
) -> tuple[float, int, str | None]:
    """Get `path` and return the seconds it took, the bytes of its body and its ETag."""
    start = time.perf_counter()
    connection.request("GET", path, headers=headers or {})
    response = connection.getresponse()
    body = response.read()
    seconds = time.perf_counter() - start
    if response.status not in (200, 304):
        raise SystemExit(f"{path} answered {response.status}")
    return seconds, len(body), response.headers["ETag"]


def load(site: Site, path: str, clients: int, seconds: float) -> float:
    """Return how many answers a second `clients` connections get that ask again as soon as they are answered."""
    counts = [0] * clients
    end = time.monotonic() + seconds

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection(site.url.removeprefix("http://"), timeout=120)
        while time.monotonic() < end:
            fetched(connection, path)
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - start)


def timed(action: Callable[[], object]) -> float:
    """Return how many seconds `action` took."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
