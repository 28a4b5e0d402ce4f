"""Proving that the log is whole: leaves, tree, commitments, and everything that was signed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.log import queries as log
from app.log.checkpoint import queries as checkpoints
from app.log.checkpoint.rules import BadNote, opened_checkpoint
from app.log.merkle.rules import Frontier, subtree_root
from app.log.models import Commitment, Erasure, Leaf, PublishedCheckpoint, Tile
from app.log.queries import LeafRow
from app.log.rules import LeafRefused, commitment, leaf_hash, require_kind
from app.log.tiles.rules import HASH_BYTES, WIDTH
from app.settings import NotReady
from app.shared.canonical import canonical_bytes
from app.shared.checks import Check

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Expected:
    """What a leaf must say, as its row says it now: at least these keys, exactly the ``texts`` named (empty: none)."""

    subject_id: int
    body: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)


def compare_with_leaves(
    session: Session, kind: str, rows: Iterable[Expected], *, latest: bool = False, all_rows: bool = True
) -> Check:
    """That rows and leaves of ``kind`` say the same, both ways; a subject may have several of each, in any order.

    ``latest``: only the newest leaf of a subject counts, and rows that are gone had their say there. ``all_rows`` False: a
    leaf whose row has moved on since is no breach.
    """
    check = Check(f"{kind}_leaves_equal_the_records")
    waiting: dict[int, list[Expected]] = {}
    for row in rows:
        waiting.setdefault(row.subject_id, []).append(row)
        check.examined += 1
    for subject_id, told in _told(session, kind, latest).items():
        for said in told:
            wanted = waiting.get(subject_id, [])
            same = next((row for row in wanted if said.says(row)), None)
            if same is not None:
                wanted.remove(same)
            elif wanted:
                check.broken(
                    f"{kind} {subject_id} is not what leaf {said.position} says: {said.difference(wanted.pop(0))}"
                )
            elif all_rows and not said.body.get("withdrawn"):
                check.broken(
                    f"{kind} {subject_id} is in the log (leaf {said.position}) but not in the records"
                )
    for subject_id, wanted in waiting.items():
        for _ in wanted:
            check.broken(f"{kind} {subject_id} is in the records but not in the log")
    return check


@dataclass(frozen=True, slots=True)
class _Told:
    """A leaf as read back, with the texts that still stand behind it."""

    position: int
    body: dict[str, Any]
    texts: dict[str, str]
    erased: frozenset[str]

    def says(self, row: Expected) -> bool:
        """Whether this is the leaf of ``row``."""
        return not self.difference(row)

    def difference(self, row: Expected) -> str:
        """What the row says otherwise, in words; empty when nothing."""
        wrong = [
            f"{key} is {value!r}, the leaf says {self.body.get(key)!r}"
            for key, value in row.body.items()
            if self.body.get(key) != value
        ]
        for name, words in row.texts.items():
            if name not in self.erased and self.texts.get(name, "") != words:
                wrong.append(f"its {name} is not the one committed to")
        return "; ".join(wrong)


def _told(session: Session, kind: str, latest: bool) -> dict[int, list[_Told]]:
    texts: dict[int, dict[str, str]] = {}
    for row in session.execute(
        select(Commitment.leaf_position, Commitment.field, Commitment.text)
        .join(Leaf, Leaf.position == Commitment.leaf_position)
        .where(Leaf.kind == kind)
    ):
        texts.setdefault(row.leaf_position, {})[row.field] = row.text
    told: dict[int, list[_Told]] = {}
    for position, subject_id, content in session.execute(
        select(Leaf.position, Leaf.subject_id, Leaf.body).where(Leaf.kind == kind).order_by(Leaf.position)
    ):
        body = json.loads(content)
        kept = texts.get(position, {})
        said = _Told(position, body, kept, frozenset(body.get("texts", {})) - kept.keys())
        if latest:
            told[subject_id] = [said]
        else:
            told.setdefault(subject_id, []).append(said)
    return told


def check_log(session: Session) -> list[Check]:
    """Every invariant of the log itself, read once from end to end in bounded memory."""
    positions, unchanged, opened = (
        Check("leaves_are_gapless"),
        Check("leaves_are_unchanged"),
        Check("commitments_open"),
    )
    signed = _Signed(session)
    digests: list[bytes] = []
    expected = 0
    stream = log.leaves(session)
    while chunk := list(islice(stream, _CHUNK)):
        bodies = []
        for leaf in chunk:
            positions.examined += 1
            if leaf.position != expected:
                positions.broken(f"leaf {expected} is missing; the next one is {leaf.position}")
                expected = leaf.position
            expected += 1
            bodies.append(_body(leaf, unchanged))
            digests.append(leaf_hash(leaf.body))
            signed.append(digests[-1])
        _check_commitments(session, opened, chunk, bodies)
    counted = log.size(session)
    if counted != expected:
        positions.broken(f"the books count {counted} leaves, the log holds {expected}")
    return [positions, unchanged, _check_tiles(session, digests), signed.check(), opened]


def check_published(session: Session, key_file: Path) -> Check:
    """That the database continues the last checkpoint that left this house, as remembered beside the key."""
    check = Check("log_continues_what_was_published")
    verifier = checkpoints.identity(session)
    if verifier is None:
        return check
    try:
        published = checkpoints.remembered(key_file, verifier)
    except NotReady as error:
        check.broken(str(error))
        return check
    session.rollback()
    check.examined = 1 if published else 0
    problem = checkpoints.rewind(session, published, log.size(session))
    if problem:
        check.broken(problem)
    return check


def _body(leaf: LeafRow, check: Check) -> dict[str, Any]:
    check.examined += 1
    named = f"leaf {leaf.position} ({leaf.kind} {leaf.subject_id})"
    if leaf_hash(leaf.body) != leaf.digest:
        check.broken(f"{named} does not have its digest")
    body: dict[str, Any] = {}
    try:
        body = json.loads(leaf.body)
        if canonical_bytes(body) != leaf.body:
            check.broken(f"{named} is not in canonical form")
        if (body.get("type"), body.get("id"), body.get("version")) != (
            leaf.kind,
            leaf.subject_id,
            leaf.version,
        ):
            check.broken(f"{named} says that it is {body.get('type')} {body.get('id')}")
        require_kind(body)
    except LeafRefused as error:
        check.broken(f"{named}: {error}")
    except (ValueError, TypeError, AttributeError):
        check.broken(f"{named} cannot be read")
        return {}
    return body


class _Signed:
    """Every checkpoint ever signed, compared with the root of as many leaves as they stream by."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._check = Check("signed_checkpoints_are_of_this_log")
        rows = session.scalars(select(PublishedCheckpoint).order_by(PublishedCheckpoint.size))
        self._waiting = {row.size: (row.root, row.note) for row in rows}
        self._verifier = checkpoints.identity(session)
        self._frontier = Frontier()
        # A leaf of kind rewind admits, in public, that what was signed before it may not be of this log.
        self._admitted = log.latest_position(session, "rewind")
        self._compare()

    def append(self, digest: bytes) -> None:
        """The next leaf."""
        self._frontier.append(digest)
        self._compare()

    def _compare(self) -> None:
        size = self._frontier.size
        found = self._waiting.pop(size, None)
        if found is None:
            return
        self._check.examined += 1
        root, note = found
        if size > self._admitted and self._frontier.root() != root:
            self._check.broken(f"the checkpoint of {size} leaves was signed with another root")
        try:
            assert self._verifier is not None
            told = opened_checkpoint(note, self._verifier)
            if (told.size, told.root) != (size, root):
                self._check.broken(f"the checkpoint of {size} leaves is stored with another note")
        except BadNote as error:
            self._check.broken(f"the checkpoint of {size} leaves: {error}")

    def check(self) -> Check:
        """The result, after the last leaf."""
        for size in sorted(self._waiting):
            self._check.broken(
                f"a checkpoint of {size} leaves was signed, the log has {self._frontier.size}: it was rewound"
            )
        return self._check


def _check_tiles(session: Session, digests: list[bytes]) -> Check:
    check = Check("tiles_equal_the_leaves")
    level, hashes = 0, digests
    stored = _tiles(session)
    row = next(stored, None)
    while len(hashes) >= WIDTH:
        roots = []
        for number in range(len(hashes) // WIDTH):
            check.examined += 1
            part = hashes[number * WIDTH : (number + 1) * WIDTH]
            roots.append(subtree_root(part))
            while row is not None and (row.level, row.number) < (level, number):
                check.broken(f"tile {row.level}/{row.number} does not belong to this tree")
                row = next(stored, None)
            if row is None or (row.level, row.number) != (level, number):
                check.broken(f"tile {level}/{number} is missing")
                continue
            if row.hashes != b"".join(part) or row.root != roots[-1]:
                check.broken(
                    f"tile {level}/{number} is not made of its {WIDTH * HASH_BYTES // 1024} KiB of hashes"
                )
            row = next(stored, None)
        level, hashes = level + 1, roots
    while row is not None:
        check.broken(f"tile {row.level}/{row.number} does not belong to this tree")
        row = next(stored, None)
    return check


def _tiles(session: Session) -> Iterator[Tile]:
    return iter(
        session.scalars(select(Tile).order_by(Tile.level, Tile.number).execution_options(yield_per=200))
    )


def _check_commitments(
    session: Session, check: Check, chunk: Iterable[LeafRow], bodies: list[dict[str, Any]]
) -> None:
    """Every commitment opens to its text, or a leaf says that the text was erased; nothing else lies in the table."""
    positions = [leaf.position for leaf in chunk]
    first, last = positions[0], positions[-1]
    texts: dict[int, dict[str, tuple[bytes, str]]] = {}
    for row in session.execute(
        select(Commitment.leaf_position, Commitment.field, Commitment.salt, Commitment.text).where(
            Commitment.leaf_position >= first, Commitment.leaf_position <= last
        )
    ):
        texts.setdefault(row.leaf_position, {})[row.field] = (row.salt, row.text)
    erased = {
        (row.leaf_position, row.field): row.log_position
        for row in session.execute(
            select(Erasure.leaf_position, Erasure.field, Erasure.log_position).where(
                Erasure.leaf_position >= first, Erasure.leaf_position <= last
            )
        )
    }
    for position, body in zip(positions, bodies, strict=True):
        stored = texts.pop(position, {})
        for name, promised in body.get("texts", {}).items():
            check.examined += 1
            found = stored.pop(name, None)
            where = erased.pop((position, name), None)
            if found is not None and promised != commitment(found[0], name, found[1]):
                check.broken(f"leaf {position}: its {name} is not the text committed to")
            elif found is None and (where is None or not log.says_erased(session, where, position, name)):
                check.broken(f"leaf {position}: its {name} is gone, and no leaf says that it was erased")
        for name in stored:
            check.broken(f"leaf {position}: a {name} is stored that the leaf does not commit to")
    for position, fields in texts.items():
        check.broken(f"leaf {position} is not there, but texts of it are stored: {', '.join(fields)}")
    for position, name in erased:
        check.broken(f"leaf {position}: an erased {name} is recorded that the leaf does not commit to")
