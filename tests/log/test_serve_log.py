"""/log as a tlog client meets it: written here from the specifications alone, with none of the site's own code."""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from app.funds.operations import change_fund
from app.log import queries as log
from app.log.checkpoint.operations import published_note
from app.log.checkpoint.queries import identity
from app.log.exporting import publish
from app.log.operations import LeafDraft, append
from app.log.tiles.rules import TileAddress, parse_address, tiles_of
from app.people.rules import OPERATOR
from app.settings import Settings
from app.shared.db import transaction
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
FOREVER = "public, max-age=31536000, immutable"


class Client:
    """A client of C2SP tlog-tiles, signed-note and tlog-checkpoint."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        name, key_id, encoded = self.get("public-key").decode().strip().split("+", 2)
        key = b64decode(encoded)
        assert key[:1] == b"\x01"
        assert len(key) == 33
        assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id
        self.name, self.key_id, self._key = (
            name,
            bytes.fromhex(key_id),
            Ed25519PublicKey.from_public_bytes(key[1:]),
        )

    def get(self, path: str) -> bytes:
        """What lies at a path under the prefix."""
        seen = self._visitor.get(f"/log/{path}")
        assert seen.status == 200, path
        return seen.content

    def checkpoint(self) -> tuple[int, bytes]:
        """(size, root) of the verified checkpoint."""
        text, signature = self.get("checkpoint").decode().split("\n\n")
        found = re.fullmatch(r"— (\S+) (\S+)\n", signature)
        assert found is not None
        content = b64decode(found[2], validate=True)
        assert (found[1], content[:4]) == (self.name, self.key_id)
        self._key.verify(content[4:], f"{text}\n".encode())
        origin, size, root = text.split("\n")
        assert origin == self.name
        assert str(int(size)) == size
        return int(size), b64decode(root, validate=True)

    def tile(self, level: str, index: int, width: int) -> bytes:
        """A tile of a verified size."""
        digits = f"{index:03d}" if index < 1000 else f"x{index // 1000:03d}/{index % 1000:03d}"
        return self.get(f"tile/{level}/{digits}" + (f".p/{width}" if width < 256 else ""))

    def level(self, level: str, count: int) -> list[bytes]:
        """All tiles of a level (or "entries") with ``count`` hashes."""
        return [self.tile(level, start // 256, min(256, count - start)) for start in range(0, count, 256)]

    def leaves(self, size: int) -> list[bytes]:
        """Every leaf, out of the bundles."""
        found = []
        for content in self.level("entries", size):
            while content:
                length = int.from_bytes(content[:2], "big")
                found.append(content[2 : 2 + length])
                content = content[2 + length :]
        return found


def _root(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + _root(hashes[:split]) + _root(hashes[split:])).digest()


def grow(session: Session, count: int) -> None:
    """Append leaves without any other event."""
    with transaction(session, books=True):
        append(session, [LeafDraft("project", number, {"fund": 1}) for number in range(1000, 1000 + count)])


@pytest.mark.parametrize("more", [0, 230, 500, 256 * 256])
def test_client_rebuilds_the_tree_from_entries_and_from_tiles(
    visit: Visit, session: Session, more: int
) -> None:
    grow(session, more)
    client = Client(visit())
    size, root = client.checkpoint()
    assert size == log.size(session) > more
    leaves = client.leaves(size)
    assert leaves == [leaf.body for leaf in log.leaves(session)]
    hashes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    assert _root(hashes) == root
    assert b"".join(client.level("0", size)) == b"".join(hashes)
    level, row = 0, hashes
    while len(row) >= 256:
        row = [_root(row[start : start + 256]) for start in range(0, len(row) - 255, 256)]
        level += 1
        assert b"".join(client.level(str(level), len(row))) == b"".join(row)
    assert visit().get(f"/log/tile/{level + 1}/000.p/1").status == 404


def test_only_what_is_signed_is_served(visit: Visit, session: Session) -> None:
    client = Client(visit())
    size, _ = client.checkpoint()
    grow(session, 1)
    assert visit().get(f"/log/tile/0/000.p/{size}").status == 200
    assert visit().get(f"/log/tile/0/000.p/{size + 1}").status == 404
    assert client.checkpoint()[0] == size + 1
    assert visit().get(f"/log/tile/0/000.p/{size + 1}").status == 200
    assert visit().get(f"/log/tile/0/000.p/{size}").status == 200, (
        "a partial tile stays for those who began with it"
    )
    assert visit().get("/log/tile/0/000").status == 404


def test_checkpoint_is_the_same_until_something_is_recorded(visit: Visit, session: Session) -> None:
    first = visit().get("/log/checkpoint")
    assert first.content == visit().get("/log/checkpoint").content
    with transaction(session, books=True):
        change_fund(session, OPERATOR, 1, founded_on=None, name="改了名的基金")
    assert visit().get("/log/checkpoint").content != first.content


def test_headers_are_those_of_the_specification(visit: Visit, session: Session) -> None:
    grow(session, 300)
    expected = [
        ("checkpoint", "text/plain; charset=utf-8", "public, max-age=3"),
        ("public-key", "text/plain; charset=utf-8", "public, max-age=3600"),
        ("tile/0/000", "application/octet-stream", FOREVER),
        ("tile/1/000.p/1", "application/octet-stream", FOREVER),
        ("tile/entries/000", "application/octet-stream", FOREVER),
        ("tile/entries/001.p/7", "application/octet-stream", FOREVER),
    ]
    for path, kind, caching in expected:
        seen = visit().get(f"/log/{path}")
        assert (seen.status, seen.headers["Content-Type"], seen.headers["Cache-Control"]) == (
            200,
            kind,
            caching,
        )
        assert seen.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in seen.headers
    assert len(visit().get("/log/tile/0/000").content) == 8192


def test_bundles_are_compressed_for_those_who_can_read_it(visit: Visit, session: Session) -> None:
    grow(session, 256)
    visit().get("/log/checkpoint")
    plain = visit().get("/log/tile/entries/000")
    packed = visit().get("/log/tile/entries/000", Accept_Encoding="gzip, br")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 3


@pytest.mark.parametrize(
    "path",
    [
        "0/0", "0/00", "0/0000", "0/x000/000", "00/000", "64/000", "0/000.p/0", "0/000.p/256", "0/000.p/01",
        "0/000.p/", "0/000/", "0/001", "1/000", "entries/001", "entries/x000/000", "0/-01", "0/000.p/1/2", "x/000",
        "0/x001", "0/999", "0/x999/x999/999", "", "0/000?x=1/..", "0/٠٠٠",
    ],
)  # fmt: skip
def test_any_other_spelling_and_anything_beyond_is_not_there(visit: Visit, path: str) -> None:
    visit().get("/log/checkpoint")
    if path != "0/000?x=1/..":
        assert visit().get(f"/log/tile/{path}").status == 404
    assert parse_address(path) is None or not path.startswith("0/000")


def test_addresses_are_spelled_as_the_specification_says() -> None:
    assert str(TileAddress(0, 1234067)) == "0/x001/x234/067"
    assert str(TileAddress(None, 1234067, 5)) == "entries/x001/x234/067.p/5"
    for address in (
        TileAddress(0, 0),
        TileAddress(63, 999, 1),
        TileAddress(2, 1000, 255),
        TileAddress(None, 10**9),
    ):
        assert parse_address(str(address)) == address
    # The example of the specification: a tree of 70,000.
    tiles = [address for address in tiles_of(70_000) if address.level is not None]
    widths = [(address.level, address.width) for address in tiles]
    assert widths == [(0, 256)] * 273 + [(0, 112), (1, 256), (1, 17), (2, 1)]
    assert [str(address) for address in tiles_of(256)] == ["entries/000", "0/000", "1/000.p/1"]
    assert list(tiles_of(0)) == []


def test_folder_for_a_static_host_is_what_is_served(
    visit: Visit, session: Session, tmp_path: Path, settings: Settings
) -> None:
    grow(session, 700)
    visit()  # the first start names the log
    note = published_note(session, settings.log_key_file)
    verifier = identity(session)
    assert verifier is not None
    first = publish(session, tmp_path / "log", note, verifier)
    written = sorted(path for path in (tmp_path / "log").rglob("*") if path.is_file())
    assert first == len(written) > 6
    for path in written:
        assert (
            visit().get(f"/log/{path.relative_to(tmp_path / 'log').as_posix()}").content == path.read_bytes()
        )
    grow(session, 3)
    second = publish(session, tmp_path / "log", published_note(session, settings.log_key_file), verifier)
    assert (
        second == 4
    )  # the partial bundle, the partial tile, key and checkpoint; the full ones are not written again
