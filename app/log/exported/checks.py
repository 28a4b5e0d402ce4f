"""Verifying an exported file or a published folder, with nothing but what is in it and the key that one trusts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.log.checkpoint.rules import BadNote, Checkpoint, Verifier, opened_checkpoint, parse_verifier
from app.log.exporting import FORMAT
from app.log.merkle.rules import Frontier, leaf_hash, subtree_root
from app.log.rules import LeafRefused, commitment, require_kind
from app.log.tiles.rules import HASH_BYTES, WIDTH, leaves_of, tiles_of
from app.shared.canonical import canonical_bytes
from app.shared.checks import Check


def check_export(path: Path, trusted: Verifier | None = None) -> list[Check]:
    """Signature, root, form of every leaf and every published text of a file that ``export_lines`` wrote.

    Without ``trusted`` the file's own key is believed: that shows that the file is of one piece, not whose it is.
    """
    signed, opened = Check("checkpoint_is_signed"), Check("texts_are_those_committed_to")
    with path.open("rb") as file:
        try:
            heading = json.loads(file.readline())
            assert isinstance(heading, dict)
            if heading.get("format") != FORMAT:
                raise BadNote(f"This is not a log in the format {FORMAT}.")
            checkpoint = _signed(str(heading["checkpoint"]), str(heading["public_key"]), trusted, signed)
        except (ValueError, KeyError, AssertionError) as error:
            signed.broken(
                str(error) if isinstance(error, BadNote) else "The file does not begin as a log does."
            )
            return [signed]
        leaves = _Leaves(checkpoint)
        lines = iter(file)
        promised: list[dict[str, str]] = []
        for line in lines:
            promised.append(leaves.add(line.rstrip(b"\n")))
            if len(promised) >= checkpoint.size:
                break
        for line in lines:
            _check_opening(line, promised, opened)
    return [signed, *leaves.checks(), opened]


def _check_opening(line: bytes, promised: list[dict[str, str]], check: Check) -> None:
    check.examined += 1
    try:
        said = json.loads(line)
        position, field, text = int(said["position"]), str(said["field"]), str(said["text"])
        shown = commitment(bytes.fromhex(said["salt"]), field, text)
    except (ValueError, KeyError, TypeError):
        check.broken(f"line {check.examined} behind the leaves cannot be read")
        return
    if not 0 <= position < len(promised) or promised[position].get(field) != shown:
        check.broken(f"leaf {position}: its {field} is not the text committed to")


def check_folder(folder: Path, trusted: Verifier | None = None) -> list[Check]:
    """Signature, every tile, every bundle of a folder that ``publish`` wrote, or that was fetched from a log."""
    signed, tiles = Check("checkpoint_is_signed"), Check("tiles_equal_the_leaves")
    try:
        note = (folder / "checkpoint").read_text(encoding="utf-8")
        key = (folder / "public-key").read_text(encoding="utf-8") if trusted is None else ""
        checkpoint = _signed(note, key, trusted, signed)
    except (OSError, ValueError) as error:
        signed.broken(str(error) if isinstance(error, BadNote) else "The folder holds no log.")
        return [signed]
    leaves = _Leaves(checkpoint)
    expected: list[bytes] = []
    level = 0
    for address in tiles_of(checkpoint.size):
        tiles.examined += 1
        content = _content(folder, str(address))
        if content is None:
            tiles.broken(f"tile {address} is missing")
        elif address.level is None:
            for leaf in _bundled(content, str(address), tiles):
                leaves.add(leaf)
            continue
        if address.level is None:
            continue
        if address.level != level or (address.level == 0 and not expected):
            whole = [expected[at : at + WIDTH] for at in range(0, len(expected) - WIDTH + 1, WIDTH)]
            expected = leaves.digests if address.level == 0 else [subtree_root(each) for each in whole]
            level = address.level
        first = address.number * WIDTH
        if content is not None and content != b"".join(expected[first : first + address.width]):
            tiles.broken(f"tile {address} is not made of the {len(content) // HASH_BYTES} hashes below it")
    return [signed, *leaves.checks(), tiles]


def _content(folder: Path, address: str) -> bytes | None:
    """A tile; the full one where the partial one was removed, as far as asked for is the caller's affair."""
    path = folder / "tile" / address
    return path.read_bytes() if path.is_file() else None


def _bundled(content: bytes, address: str, check: Check) -> Iterator[bytes]:
    try:
        yield from leaves_of(content)
    except ValueError as error:
        check.broken(f"bundle {address}: {error}")


def _signed(note: str, public_key: str, trusted: Verifier | None, check: Check) -> Checkpoint:
    checkpoint = opened_checkpoint(note, trusted or parse_verifier(public_key))
    check.examined = 1
    return checkpoint


class _Leaves:
    """Leaves as they stream by: their form, and in the end their root."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint, self._frontier = checkpoint, Frontier()
        self._form, self._root = Check("leaves_follow_their_kind"), Check("root_is_the_signed_one")
        self.digests: list[bytes] = []

    def add(self, leaf: bytes) -> dict[str, str]:
        """Count in the next leaf. Returns its commitments by field."""
        self.digests.append(leaf_hash(leaf))
        self._frontier.append(self.digests[-1])
        self._form.examined += 1
        body: dict[str, Any] = {}
        try:
            body = json.loads(leaf)
            if canonical_bytes(body) != leaf:
                raise LeafRefused("is not in canonical form")
            require_kind(body)
        except LeafRefused as error:
            self._form.broken(f"leaf {self._form.examined - 1}: {error}")
        except (ValueError, TypeError, AttributeError):
            self._form.broken(f"leaf {self._form.examined - 1} cannot be read")
            return {}
        texts: dict[str, str] = body.get("texts", {})
        return texts

    def checks(self) -> list[Check]:
        """The result, after the last leaf."""
        self._root.examined = 1
        if self._frontier.size != self._checkpoint.size:
            self._root.broken(f"{self._checkpoint.size} leaves were signed, {self._frontier.size} are here")
        elif self._frontier.root() != self._checkpoint.root:
            self._root.broken("the leaves are not those that were signed")
        return [self._form, self._root]
