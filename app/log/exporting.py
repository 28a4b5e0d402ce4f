"""The log as files: a folder that any static host can serve, and one file to keep (docs/leaf-v1.md, "Files")."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from app.log.checkpoint.rules import BadNote, Checkpoint, Verifier, opened_checkpoint
from app.log.queries import Opening, leaves
from app.log.tiles.queries import Tree, tile
from app.log.tiles.rules import tiles_of
from app.shared.errors import N_, Conflict

FORMAT = "sunledger-log/1"


def publish(session: Session, folder: Path, note: str, verifier: Verifier) -> int:
    """Write what is new of the log of checkpoint ``note`` into ``folder``, the checkpoint last. Returns the files written.

    Tiles that are there already stay as they are: they never change. Raises Conflict when ``folder`` holds another log, or
    one that this does not continue.
    """
    checkpoint = opened_checkpoint(note, verifier)
    _require_continued(session, folder, verifier, checkpoint)
    written = 0
    for address in tiles_of(checkpoint.size):
        path = folder / "tile" / str(address)
        if not path.exists():
            _write(path, tile(session, address))
            written += 1
    _write(folder / "public-key", f"{verifier}\n".encode())
    _write(folder / "checkpoint", note.encode())
    return written + 2


def _require_continued(session: Session, folder: Path, verifier: Verifier, checkpoint: Checkpoint) -> None:
    path = folder / "checkpoint"
    if not path.exists():
        return
    try:
        earlier = opened_checkpoint(path.read_text(encoding="utf-8"), verifier)
    except (BadNote, UnicodeDecodeError) as error:
        raise Conflict(N_("%(folder)s 里是另一份存证日志"), folder=str(folder)) from error
    if earlier.size > checkpoint.size or Tree(session).root(earlier.size) != earlier.root:
        raise Conflict(
            N_("%(folder)s 里已公布 %(size)s 条，与现在的日志不一致"), folder=str(folder), size=earlier.size
        )


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def export_lines(
    session: Session, note: str, verifier: Verifier, openings: Iterable[Opening]
) -> Iterator[bytes]:
    """The log of checkpoint ``note`` as one file, line by line: a heading, every leaf, every text that may be published."""
    size = opened_checkpoint(note, verifier).size
    yield _line({"format": FORMAT, "leaves": size, "public_key": str(verifier), "checkpoint": note})
    for leaf in leaves(session, 0, size):
        yield leaf.body + b"\n"
    for each in openings:
        yield _line(
            {"position": each.position, "field": each.field, "salt": each.salt.hex(), "text": each.text}
        )


def _line(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
