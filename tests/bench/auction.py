"""`python -m tests.bench.auction` measures bids for one lot on SQLite, prints a table, and checks that none was lost.

First through the operation (threads of one process, each with a session of its own), then over HTTP as phones send them,
with the clients on the same processors as the server. Every bidder bids one step above the highest sum that it knows of, so
some are overtaken and refused: both answers count.
"""

from __future__ import annotations

import argparse
import http.client
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sales.auction.models import Bid, Paddle
from app.sales.bidding.operations import place_phone_bid
from app.sales.paddles.operations import issue_paddles
from app.settings import Settings
from app.shared import encryption
from app.shared.db import transaction
from app.shared.errors import Refused
from app.shared.money import Money
from app.web.database import open_engine
from tests import installation
from tests.factories import actor
from tests.running import Site
from tests.sales.auction import scenes

STEP = 100
START = 10_000
LEAST = re.compile(r'data-least="([0-9.]+)"')
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Room:
    """The highest sum that anybody in the room knows of."""

    def __init__(self) -> None:
        self.highest = START - STEP

    def next(self) -> int:
        """The least bid, as far as is known."""
        return self.highest + STEP

    def heard(self, minor: int) -> None:
        """Somebody's bid was taken, or somebody was told what leads."""
        self.highest = max(self.highest, minor)


Bidder = Callable[[int], int | None]
"""Bids a sum in fen. None: it was taken; else the least that it was told to bid."""


def measured(seconds: float, bidders: list[Bidder]) -> tuple[int, int, float]:
    """(taken, refused, seconds) of all bidders at once."""
    room, start = Room(), threading.Barrier(len(bidders) + 1)
    over = threading.Event()

    def run(bid: Bidder) -> tuple[int, int]:
        taken = refused = 0
        start.wait()
        while not over.is_set():
            minor = room.next()
            least = bid(minor)
            room.heard(minor if least is None else least - STEP)
            taken, refused = taken + (least is None), refused + (least is not None)
        return taken, refused

    with ThreadPoolExecutor(len(bidders)) as threads:
        running = [threads.submit(run, bidder) for bidder in bidders]
        start.wait()
        began = time.perf_counter()
        time.sleep(seconds)
        over.set()
        counted = [each.result() for each in running]
        took = time.perf_counter() - began
    return sum(each[0] for each in counted), sum(each[1] for each in counted), took


def prepare(settings: Settings, bidders: int) -> tuple[int, int, dict[int, str]]:
    """An event with a lot that is on: (event, lot, PIN by paddle number)."""
    encryption.use_key(settings.data_key())
    engine = open_engine(settings)
    installation.migrate_and_people(engine)
    with Session(engine, expire_on_commit=False) as session:
        event = scenes.prepared(session, paddles=1)
        with transaction(session, books=True):
            pins = issue_paddles(session, actor(session, "secretary"), event, count=bidders, key="bench")
        lot = scenes.on(session, event, price_minor=START, step_minor=STEP)
    engine.dispose()
    return event, lot, pins


def by_operation(folder: Path, bidders: int, seconds: float) -> tuple[int, int, float]:
    """Bids through the operation."""
    settings = installation.settings_for(folder, f"sqlite:///{folder / 'bench.sqlite3'}")
    event, lot, _pins = prepare(settings, bidders)
    engine = open_engine(settings)
    with Session(engine) as session:
        paddles = list(session.scalars(select(Paddle.id).where(Paddle.event_id == event, Paddle.number > 1)))

    def bidder(paddle: int) -> Bidder:
        session = Session(engine, expire_on_commit=False)

        def bid(minor: int) -> int | None:
            try:
                with transaction(session, books=True):
                    place_phone_bid(session, paddle, lot, amount_minor=minor)
            except Refused as refusal:
                least = refusal.values.get("least")
                return least.minor if isinstance(least, Money) else minor
            return None

        return bid

    result = measured(seconds, [bidder(paddle) for paddle in paddles])
    check(settings, lot, result[0])
    engine.dispose()
    return result


def by_phone(folder: Path, bidders: int, seconds: float, workers: int) -> tuple[int, int, float]:
    """Bids over HTTP."""
    settings = installation.settings_for(folder, "")
    _event, lot, pins = prepare(settings, bidders)
    site = Site(folder)
    with site.served(workers=workers):
        phones = [_phone(site.url, number, pin, lot) for number, pin in pins.items()]
        result = measured(seconds, phones)
    check(settings, lot, result[0])
    return result


def _phone(url: str, number: int, pin: str, lot: int) -> Bidder:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    cookies: dict[str, str] = {}
    count = 0

    def ask(method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(fields) if fields else None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                cookies[key] = rest.partition(";")[0]
        return answer.status, body

    def token(body: str) -> str:
        found = TOKEN.search(body)
        assert found, body[:500]
        return found[1]

    _, body = ask("GET", "/sales/gala-2023/bid")
    status, body = ask(
        "POST",
        "/sales/gala-2023/bid/enter",
        {"csrf_token": token(body), "number": str(number), "pin": pin},
    )
    assert status == 303, body[:500]
    _, body = ask("GET", "/sales/gala-2023/bid")
    secret = token(body)

    def bid(minor: int) -> int | None:
        nonlocal count
        count += 1
        fields = {
            "csrf_token": secret,
            "lot": str(lot),
            "amount": f"{minor / 100:.2f}",
            "once": f"paddle {number} bid {count}".ljust(16),
        }
        status, body = ask("POST", "/sales/gala-2023/bid", fields)
        assert status in (303, 422), f"{status}: {body[:500]}"
        if status == 303:
            return None
        told = LEAST.search(body)
        assert told, body[:500]
        return int(told[1].replace(".", ""))

    return bid


def check(settings: Settings, lot: int, taken: int) -> None:
    """Raise SystemExit unless exactly the bids that were said to be taken are there, without gaps and rising."""
    engine = open_engine(settings)
    with Session(engine) as session:
        rows = session.execute(
            select(Bid.number, Bid.amount_minor).where(Bid.lot_id == lot).order_by(Bid.number)
        ).all()
    engine.dispose()
    amounts = [row.amount_minor for row in rows]
    if [row.number for row in rows] != list(range(1, taken + 1)) or amounts != sorted(set(amounts)):
        raise SystemExit(f"bids were lost or out of order: {taken} were taken, {len(rows)} are there")


def main() -> int:
    """Measure both ways and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.auction", description="Measure bids.")
    parser.add_argument("--bidders", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--workers", type=int, default=2, help="of the server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sunledger-auction-") as folder:
        for what, (taken, refused, took) in (
            ("operation", by_operation(Path(folder) / "operation", options.bidders, options.seconds)),
            ("HTTP", by_phone(Path(folder) / "http", options.bidders, options.seconds, options.workers)),
        ):
            print(
                f"sqlite  {what:<10} {(taken + refused) / took:8,.1f} bids a second  "
                f"({taken:,} taken, {refused:,} refused in {took:.1f} s; none lost, all in order)"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
