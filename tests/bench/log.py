"""`python -m tests.bench.log` measures the transparency log, on SQLite, and prints a table.

What a leaf adds to recording a gift: the same gifts through the same operations with and without appending leaves, in turns,
the fastest of each; in batches, as an import does, and one in a transaction, as the office does. A tile: over HTTP, one
connection, the client on the same processors. The one-file verifier: a process of its own, on an exported log.
"""

from __future__ import annotations

import argparse
import http.client
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.log import operations as log
from app.log.checkpoint.rules import parse_checkpoint
from app.log.tiles.rules import tiles_of
from app.settings import ROOT
from app.shared.db import book_head
from app.synthetic import operations as synthetic
from app.web.database import open_engine
from tests.installation import settings_for
from tests.running import Site

VERIFIER = ROOT / "static" / "verify" / "verify_sunledger.py"
ROUNDS = 5
GIFTS = 100_000
TILES = 2000
Measured = tuple[str, float, str]


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.log", description="Measure the log.")
    parser.add_argument(
        "--gifts", type=int, default=GIFTS, help="gifts in the log that is served and verified"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sunledger-bench-log-") as folder:
        for what, number, unit in measured(Path(folder), options.gifts):
            print(f"{what:<52} {number:>9,.2f} {unit}", flush=True)
    return 0


def measured(folder: Path, gifts: int) -> Iterator[Measured]:
    """(what, number, unit) of appending, of tiles, of the verifier."""
    empty = Site(folder / "empty")
    empty.data_dir.mkdir(parents=True)
    empty.sunledger("init")
    yield "a leaf, on top of gifts in bulk", share_of_leaves(empty.data_dir, gifts=5000, batch=5000), "%"
    yield "a leaf, on top of gifts one by one", share_of_leaves(empty.data_dir, gifts=500, batch=1), "%"
    site = Site(folder / "filled")
    shutil.copytree(empty.data_dir, site.data_dir)
    site.sunledger("generate", "--gifts", str(gifts), "--disbursements", "100")
    with site.served():
        yield from tiles(site)
    exported = folder / "log.jsonl"
    site.sunledger("log", "export", str(exported))
    started, used = time.perf_counter(), processor_seconds()
    subprocess.run([sys.executable, VERIFIER, exported], check=True, stdout=subprocess.DEVNULL)
    yield f"verify_sunledger.py, {gifts:,} gifts", time.perf_counter() - started, "s"
    yield "of which on a processor", processor_seconds() - used, "s"


def processor_seconds() -> float:
    """What the ended children of this process used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def share_of_leaves(empty: Path, *, gifts: int, batch: int) -> float:
    """By how many per cent recording gifts takes longer with its leaves than without."""
    with_leaves, without = [], []
    for _ in range(ROUNDS):
        with_leaves.append(seconds_to_record(empty, gifts, batch))
        with no_leaves():
            without.append(seconds_to_record(empty, gifts, batch))
    return (min(with_leaves) / min(without) - 1) * 100


def seconds_to_record(empty: Path, gifts: int, batch: int) -> float:
    """How long recording takes in a copy of ``empty``, without setting up the fund."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "var"
        shutil.copytree(empty, folder)
        settings = settings_for(folder, "")
        engine = open_engine(settings)
        at: list[float] = []

        def progress(_made: int) -> None:
            at.append(time.perf_counter())

        with patch.object(synthetic, "_BATCH", batch), Session(engine) as session:
            synthetic.generate(
                session, settings.files_dir, gift_count=gifts, disbursement_count=0, seed=1, progress=progress
            )
        engine.dispose()
        return at[-1] - at[0]


@contextmanager
def no_leaves() -> Iterator[None]:
    """Positions are counted for as long as the block lasts, but nothing is appended."""
    append: Callable[..., list[int]] = log.append

    def count(session: Session, drafts: list[log.LeafDraft]) -> list[int]:
        head = book_head(session)
        first = head.leaf_count
        head.leaf_count = first + len(drafts)
        return list(range(first, head.leaf_count))

    users = [module for module in sys.modules.values() if getattr(module, "append", None) is append]
    for module in users:
        module.append = count  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in users:
            module.append = append  # type: ignore[attr-defined]


def tiles(site: Site) -> Iterator[Measured]:
    """Median and 99th percentile of whole tiles and of bundles, spread over the log."""
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc)

    def get(path: str) -> bytes:
        connection.request("GET", f"/log/{path}")
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"/log/{path} answered {answer.status}")
        return content

    text = get("checkpoint").decode().partition("\n\n")[0] + "\n"
    every = list(tiles_of(parse_checkpoint(text).size))
    for what, some in (
        ("a tile", [each for each in every if each.level is not None]),
        ("a bundle of leaves", [each for each in every if each.level is None]),
    ):
        for each in some[:50]:
            get(f"tile/{each}")
        took = []
        for turn in range(TILES):
            started = time.perf_counter()
            get(f"tile/{some[turn % len(some)]}")
            took.append((time.perf_counter() - started) * 1000)
        yield f"{what}, median", statistics.median(took), "ms"
        yield f"{what}, 99 of 100 within", sorted(took)[len(took) * 99 // 100], "ms"


if __name__ == "__main__":
    sys.exit(main())
