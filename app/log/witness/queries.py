"""Reading logs over HTTP, a witness's folder, and the cosignatures that this log was sent."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from app.log.checkpoint.rules import BadNote, Checkpoint, Verifier, opened_checkpoint
from app.log.merkle.rules import Node, subtree_root
from app.log.tiles.rules import HASH_BYTES, WIDTH, TileAddress, hashes_at
from app.log.witness.rules import Witness, cosignatures_in, parse_witness

_SECONDS = 30
_MOST_BYTES = 64 * 1024
FOLDER, KEYS, COSIGNED = "witnesses", "keys.txt", "cosigned"
"""In the data folder: the keys of the witnesses of this log, and the last checkpoint that each cosigned."""


class Unreachable(Exception):
    """A log did not answer, or not with what a log answers. Says nothing about whether it is honest."""


class Alarm(Exception):
    """A log broke its promise. ``kind``: forked, rewound, forged, key_changed."""

    def __init__(self, kind: str, sentence: str, notes: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.notes = notes


def require_address(address: str) -> str:
    """The address of a log, without a slash at the end: where ``checkpoint`` and ``tile/`` are. Raises ValueError."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{address} is not the http(s) address of a log")
    return address.rstrip("/")


def fetch(address: str) -> bytes | None:
    """The bytes at an address of a log; None when there is nothing. Raises Unreachable."""
    request = urllib.request.Request(address, headers={"User-Agent": "sunledger-witness"})  # noqa: S310 - scheme checked
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - scheme checked
            content: bytes = answer.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            return None
        raise Unreachable(f"{address} answered {error.code}") from error
    except (OSError, ValueError) as error:
        raise Unreachable(f"{address} cannot be reached: {error}") from error
    if len(content) > _MOST_BYTES:
        raise Unreachable(f"{address} answered more than {_MOST_BYTES} bytes")
    return content


def fetch_text(address: str) -> str:
    """The text at an address that must be there. Raises Unreachable."""
    content = fetch(address)
    try:
        return (content or b"").decode()
    except UnicodeDecodeError as error:
        raise Unreachable(f"{address} is not text") from error


class Tiles:
    """The hashes of a log of ``size`` leaves, from its tiles. They prove themselves only through a root."""

    def __init__(self, address: str, size: int) -> None:
        self._address = address
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._tiles:
            width = min(WIDTH, hashes_at(level, self._size) - number * WIDTH)
            content = fetch(f"{self._address}/tile/{TileAddress(level, number, width)}")
            if content is None and width < WIDTH:  # a partial tile may go once the full one is there
                content = fetch(f"{self._address}/tile/{TileAddress(level, number)}")
            if content is None or len(content) < width * HASH_BYTES:
                raise Unreachable(f"{self._address} does not serve tile {TileAddress(level, number, width)}")
            self._tiles[level, number] = content
        return self._tiles[level, number]

    @property
    def node(self) -> Node:
        """The roots of full subtrees, for ``app.log.merkle.rules``."""

        def found(height: int, index: int) -> bytes:
            level, within = divmod(height, 8)
            number, place = divmod(index << within, WIDTH)
            part = self._tile(level, number)[place * HASH_BYTES : (place + (1 << within)) * HASH_BYTES]
            return subtree_root([part[at : at + HASH_BYTES] for at in range(0, len(part), HASH_BYTES)])

        return found


def folder_of(folder: Path, origin: str) -> Path:
    """Where a witness keeps what it saw of a log."""
    return folder / quote(origin, safe="")


def kept_text(path: Path) -> str | None:
    """A text that was kept, or None."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class ShownCosignature:
    """What a configured witness said of this log: the size it saw grow consistently, and when."""

    name: str
    size: int
    at: datetime


def known_witnesses(folder: Path) -> list[Witness]:
    """The witnesses whose keys stand in ``keys.txt``, one a line. Raises BadNote for a line that is no key."""
    lines = (kept_text(folder / KEYS) or "").splitlines()
    return [parse_witness(line) for line in lines if line.strip() and not line.startswith("#")]


def cosigned_path(folder: Path, witness: Witness) -> Path:
    """Where the last checkpoint that a witness cosigned is kept."""
    return folder / COSIGNED / f"{quote(witness.name, safe='')}-{witness.key_id.hex()}"


def shown_cosignatures(folder: Path, log: Verifier) -> list[ShownCosignature]:
    """The cosignatures that this log was sent, each verified again, the newest first. A file that does not verify is left out."""
    try:
        witnesses = known_witnesses(folder)
    except BadNote:
        return []
    shown = []
    for witness in witnesses:
        note = kept_text(cosigned_path(folder, witness))
        if note is None:
            continue
        try:
            checkpoint: Checkpoint = opened_checkpoint(note, log)
            shown += [
                ShownCosignature(witness.name, checkpoint.size, each.at)
                for each in cosignatures_in(note, [witness])
            ]
        except BadNote:
            continue
    return sorted(shown, key=lambda each: each.at, reverse=True)
