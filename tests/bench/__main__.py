"""`python -m tests.bench` measures synthetic funds of several sizes, prints a table and writes JSON with `--json FILE`.

Everything is measured from outside: commands through the console script, pages over HTTP by wrk on this machine, with
the client on the same processors as the server. A bare Flask page on the same server software is measured just before
each address, in the same run, and rates are given as a ratio to it: only ratios can be compared between runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.server import THREADS
from app.donations.models import Donation
from app.settings import load as load_settings
from app.web.database import open_engine
from tests.bench import log
from tests.postgres import create_database, drop_database
from tests.running import Site, answers, free_port

HERE = Path(__file__).parent
DAYS = 2000
RATE = re.compile(r"recorded, ([\d,]+) a second")


@dataclass(frozen=True)
class Figure:
    """One measured number, its unit, and for rates the ratio to the bare page of the same moment."""

    engine: str
    gifts: int
    what: str
    number: float
    unit: str
    median_ms: float | None = None
    p95_ms: float | None = None
    to_bare: float | None = None


@dataclass(frozen=True)
class Load:
    """What wrk saw."""

    rate: float
    median_ms: float
    p95_ms: float


def main() -> int:
    """Measure on the engines and at the sizes asked for, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure synthetic funds.")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="numbers of gifts, with commas")
    parser.add_argument("--postgresql-sizes", default="10000", help="the same for PostgreSQL; empty for none")
    parser.add_argument("--disbursements", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=3, help="how long each load lasts")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("Measuring needs the program wrk: install the package `wrk`.", file=sys.stderr)
        return 1
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="sunledger-bench-") as folder,
        bare_page(options.workers, Path(folder)) as bare,
    ):
        for engine, sizes in (("sqlite", options.sizes), ("postgresql", options.postgresql_sizes)):
            for size in filter(None, sizes.split(",")):
                figures += list(measured(engine, int(size), bare, Path(folder) / f"{engine}-{size}", options))
        for what, number, unit in log.measured(Path(folder) / "log", log.GIFTS):
            figures.append(Figure("sqlite", log.GIFTS, f"log: {what}", number, unit))
    report(figures)
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


def measured(
    engine: str, gifts: int, bare: str, folder: Path, options: argparse.Namespace
) -> Iterator[Figure]:
    """Build the synthetic fund, measure commands, then pages beside the bare page."""

    def figure(what: str, number: float, unit: str, **more: float) -> Figure:
        print(f"{engine} {gifts:,}: {what}: {number:,.2f} {unit}", file=sys.stderr)
        return Figure(engine, gifts, what, number, unit, **more)

    database_url = create_database() if engine == "postgresql" else ""
    folder.mkdir()
    site = Site(folder, database_url)
    site.sunledger("init")
    printed = site.sunledger("generate", "--gifts", str(gifts), "--disbursements", str(options.disbursements))
    rate = RATE.search(printed)
    assert rate, printed
    yield figure("gifts recorded in bulk", float(rate[1].replace(",", "")), "a second")
    started = time.perf_counter()
    site.sunledger("check-books")
    yield figure("check-books", time.perf_counter() - started, "s")
    seconds, peak = statement(site, folder)
    yield figure("statement of one month", seconds, "s")
    yield figure("statement, largest process", peak, "MB")
    with site.served(workers=options.workers):
        yield figure("/trace/<code>, median of 50 gifts", followed(site, gifts), "ms")
        for what, path, fresh in addresses(gifts):
            beside = load(bare, options, fresh=False)
            seen = load(site.url + path, options, fresh=fresh)
            yield figure(
                what,
                seen.rate,
                "a second",
                median_ms=seen.median_ms,
                p95_ms=seen.p95_ms,
                to_bare=seen.rate / beside.rate,
            )
    if database_url:
        drop_database(database_url)


def addresses(gifts: int) -> list[tuple[str, str, bool]]:
    """(name, address, whether every answer is rendered anew) of what visitors open most and what costs most."""
    ledger = [
        ("/ledger first page", "/ledger"),
        ("/ledger deep page", f"/ledger?after={gifts // 2}"),
        ("/ledger filtered", "/ledger?kind=donation&direction=in&min=1000"),
        ("/ledger one month", "/ledger?from=2022-03-01&to=2022-03-31"),
        ("/ledger searched, rare", "/ledger?q=" + quote("友谊能源协会")),
        ("/ledger searched, in every row", "/ledger?q=" + quote("捐")),
        ("/entries/<n>", f"/entries/{gifts // 3}"),
        ("/", "/"),
    ]
    return [(what, path, True) for what, path in ledger] + [
        ("/ledger kept", "/ledger", False),
        ("/ kept", "/", False),
    ]


def followed(site: Site, gifts: int) -> float:
    """Milliseconds that a donor waits for the page of one gift, one after another: the page is limited for each visitor."""
    engine = open_engine(load_settings(site.environment))
    with Session(engine) as session:
        wanted = range(1, gifts + 1, max(1, gifts // 50))
        codes = session.scalars(select(Donation.receipt_code).where(Donation.id.in_(wanted)).limit(50)).all()
    engine.dispose()
    waited = []
    for code in codes:
        started = time.perf_counter()
        with urllib.request.urlopen(f"{site.url}/trace/{code}", timeout=60) as answer:
            answer.read()
        waited.append((time.perf_counter() - started) * 1000)
    return statistics.median(waited)


def load(url: str, options: argparse.Namespace, *, fresh: bool) -> Load:
    """Ask for ``url`` as fast as it answers, after a few answers that warm it up. Raises SystemExit on any failure."""
    for _ in range(4 * options.workers):
        with urllib.request.urlopen(url, timeout=60) as answer:
            answer.read()
    separator = "&" if "?" in url else "?"
    done = subprocess.run(
        [
            "wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "-s", str(HERE / "load.lua"), url,
            "--", separator, "fresh" if fresh else "same",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    result = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if result is None or int(result[5]):
        raise SystemExit(f"{url} failed under load:\n{done.stdout}{done.stderr}")
    count, micros, median, p95 = (int(result[index]) for index in range(1, 5))
    return Load(count / (micros / 1e6), median / 1000, p95 / 1000)


def statement(site: Site, folder: Path) -> tuple[float, float]:
    """(seconds, MB of the largest process) of the statement of one month."""
    started = time.perf_counter()
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
        + ("print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    )
    arguments = ["statement", "--fund", "synthetic", "--from", "2022-03-01", "--to", "2022-03-31"]
    done = subprocess.run(
        [sys.executable, "-c", program, Path(sys.executable).with_name("sunledger"), *arguments, "--out", folder / "month.pdf"],
        env=site.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return time.perf_counter() - started, int(done.stdout.strip()) / 1024


@contextmanager
def bare_page(workers: int, folder: Path) -> Iterator[str]:
    """The bare Flask page on the same server software, at its own address."""
    port = free_port()
    with (folder / "bare.log").open("w") as log:
        server = subprocess.Popen(
            [
                Path(sys.executable).with_name("granian"), "--interface", "wsgi", "--factory", "--port", str(port),
                "--workers", str(workers), "--blocking-threads", str(THREADS), "--log-level", "warning",
                "tests.bench.bare:create_app",
            ],
            cwd=HERE.parents[1], stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}/"
        while not answers(url):
            if server.poll() is not None:
                raise SystemExit((folder / "bare.log").read_text())
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def report(figures: list[Figure]) -> None:
    """Print every figure, then how each page at the largest size stands to the smallest."""
    width = max(len(figure.what) for figure in figures)
    for figure in figures:
        line = f"{figure.engine:<11}{figure.gifts:>10,}  {figure.what:<{width}} {figure.number:>10,.1f} {figure.unit:<9}"
        if figure.to_bare is not None:
            line += f" p50 {figure.median_ms:6.1f} ms  p95 {figure.p95_ms:6.1f} ms  {figure.to_bare:5.2f} × bare page"
        print(line)
    pages = [figure for figure in figures if figure.engine == "sqlite" and figure.to_bare]
    sizes = sorted({figure.gifts for figure in pages})
    if len(sizes) < 2:
        return
    print(
        f"\nTime of a page at {sizes[-1]:,} gifts, as a multiple of that at {sizes[0]:,} (each beside the bare page):"
    )
    for what in dict.fromkeys(figure.what for figure in pages):
        of = {figure.gifts: figure.to_bare for figure in pages if figure.what == what}
        small, large = of[sizes[0]], of[sizes[-1]]
        assert small
        assert large
        print(f"  {what:<{width}} {small / large:5.2f}")


if __name__ == "__main__":
    sys.exit(main())
