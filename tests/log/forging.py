"""Logs as a fund publishes them, honest ones and others: whoever has the key can sign anything."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.log.checkpoint.rules import Checkpoint, signed_note, verifier_of
from app.log.merkle.rules import Frontier, leaf_hash, subtree_root
from app.log.tiles.rules import WIDTH, bundle, tiles_of
from app.shared.canonical import canonical_bytes

ORIGIN = "log.example/fund"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def root_of(leaves: list[bytes]) -> bytes:
    """The root over leaves."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf_hash(leaf))
    return frontier.root()


def note_of(leaves: list[bytes], key: Ed25519PrivateKey = KEY, origin: str = ORIGIN) -> str:
    """A checkpoint that `key` signs over `leaves`."""
    return signed_note(Checkpoint(origin, len(leaves), root_of(leaves)).text(), origin, key)


def publish(folder: Path, leaves: list[bytes], key: Ed25519PrivateKey = KEY, origin: str = ORIGIN) -> str:
    """Write a log of `leaves` into `folder`, everything in it consistent, and return its checkpoint."""
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) >= WIDTH:
        row = levels[-1]
        levels.append(
            [subtree_root(row[at : at + WIDTH]) for at in range(0, len(row) - len(row) % WIDTH, WIDTH)]
        )
    for address in tiles_of(len(leaves)):
        path = folder / "tile" / str(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = slice(address.number * WIDTH, address.number * WIDTH + address.width)
        content = bundle(leaves[part]) if address.level is None else b"".join(levels[address.level][part])
        path.write_bytes(content)
    (folder / "public-key").write_text(f"{verifier_of(origin, key)}\n", encoding="utf-8")
    note = note_of(leaves, key, origin)
    (folder / "checkpoint").write_text(note, encoding="utf-8")
    return note


def replace_bundle(folder: Path, leaves: list[bytes]) -> None:
    """Put other leaves into the last, partial bundle, and leave everything else as it was."""
    (path,) = folder.glob("tile/entries/*.p/*")
    path.write_bytes(bundle(leaves))


def changed(leaf: bytes, **values: Any) -> bytes:
    """A leaf with other values, well spelled."""
    return canonical_bytes({**json.loads(leaf), **values})


def entries_in(leaves: list[bytes]) -> list[int]:
    """The positions of entries."""
    return [position for position, leaf in enumerate(leaves) if json.loads(leaf)["type"] == "entry"]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP, as any static host does; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
