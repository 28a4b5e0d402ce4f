"""Following a log and keeping what was seen; taking in cosignatures of this log. Everything is kept in plain files."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from app.log.checkpoint.queries import identity, published_size
from app.log.checkpoint.rules import (
    BadNote,
    Checkpoint,
    Verifier,
    opened_checkpoint,
    parse_checkpoint,
    parse_verifier,
)
from app.log.merkle.rules import consistency_proof, continues
from app.log.tiles.queries import Tree
from app.log.witness import queries
from app.log.witness.queries import KEYS, Alarm, Tiles, Unreachable
from app.log.witness.rules import Cosigner, Witness, cosignatures_in, cosigned, parse_witness
from app.shared import clock
from app.shared.errors import N_, Conflict, NotFound, Refused


@dataclass(frozen=True, slots=True)
class Watched:
    """How a log was found: its size now, and the size seen before (None the first time)."""

    origin: str
    size: int
    before: int | None


def follow(
    address: str, folder: Path, *, key: Verifier | None = None, cosigner: Cosigner | None = None
) -> Watched:
    """Look at a log, check that it continues what was seen of it before, from whichever address, and keep what is seen.

    ``key`` is the key to believe; without it the first key seen is kept and believed from then on. Raises Alarm, after
    keeping both checkpoints as evidence, and Unreachable.
    """
    note = queries.fetch_text(f"{address}/checkpoint")
    try:
        claimed = parse_checkpoint(note.rpartition("\n\n")[0] + "\n").origin
    except BadNote as error:
        raise Unreachable(f"{address}/checkpoint is not a checkpoint: {error}") from error
    place = queries.folder_of(folder, claimed)
    try:
        watched = _checked(address, note, place, key or _believed(address, claimed, place))
    except Alarm as alarm:
        _keep_evidence(place, address, alarm)
        raise
    if cosigner:
        latest = place / "checkpoint"
        if queries.kept_text(latest) == note:
            _write(place / "cosigned-checkpoint", cosigned(note, cosigner, clock.now()))
    return watched


def _believed(address: str, origin: str, place: Path) -> Verifier:
    """The key kept of this log, else the one that it shows now."""
    kept = queries.kept_text(place / "key")
    if kept is not None:
        return parse_verifier(kept)
    shown = queries.fetch_text(f"{address}/public-key")
    try:
        found = parse_verifier(shown)
    except BadNote as error:
        raise Unreachable(f"{address}/public-key is not a key: {error}") from error
    if found.name != origin:
        raise Unreachable(f"{address} shows the key of {found.name} with a checkpoint of {origin}")
    return found


def _checked(address: str, note: str, place: Path, verifier: Verifier) -> Watched:
    kept_key = queries.kept_text(place / "key")
    kept = queries.kept_text(place / "checkpoint")
    if kept_key is not None and parse_verifier(kept_key) != verifier:
        raise Alarm("key_changed", "the key is not the one that was believed before", (kept or "", note))
    try:
        seen = opened_checkpoint(note, verifier)
    except BadNote as error:
        raise Alarm(
            "forged", f"the checkpoint is not the log's: {str(error).rstrip('.')}", (kept or "", note)
        ) from error
    before = opened_checkpoint(kept, verifier) if kept is not None else None
    sizes: dict[str, int] = json.loads(queries.kept_text(place / "addresses.json") or "{}")
    if seen.size < sizes.get(address, 0):
        sentence = f"the log had {sizes[address]} leaves and now shows {seen.size}"
        raise Alarm("rewound", sentence, (kept or "", note))
    if before is not None:
        # The newer tiles are where the larger tree was seen: here, or at the address that showed it before.
        holder = address if seen.size >= before.size else max(sizes, key=lambda each: sizes[each])
        _require_consistent(holder, before, seen, (kept or "", note))
    place.mkdir(parents=True, exist_ok=True)
    if kept_key is None:
        _write(place / "key", f"{verifier}\n")
    if before is None or seen.size > before.size:
        _write(place / "checkpoint", note)
        with (place / "seen.jsonl").open("a", encoding="utf-8") as history:
            at = clock.now().isoformat(timespec="seconds")
            history.write(json.dumps({"at": at, "address": address, "note": note}, ensure_ascii=False) + "\n")
    if sizes.get(address) != seen.size:
        _write(place / "addresses.json", json.dumps({**sizes, address: seen.size}, indent=2) + "\n")
    return Watched(seen.origin, seen.size, before.size if before else None)


def _require_consistent(address: str, before: Checkpoint, seen: Checkpoint, notes: tuple[str, ...]) -> None:
    old, new = (before, seen) if before.size <= seen.size else (seen, before)
    if old.size == new.size or old.size == 0:
        is_consistent = old.size == 0 or old.root == new.root
    else:
        proof = consistency_proof(Tiles(address, new.size).node, old.size, new.size)
        is_consistent = continues(old.size, new.size, proof, old.root, new.root)
    if not is_consistent:
        sentence = f"its {seen.size} leaves do not continue the {before.size} that were seen before: the log was forked"
        raise Alarm("forked", sentence, notes)


def _keep_evidence(place: Path, address: str, alarm: Alarm) -> None:
    folder = place / "alarms"
    folder.mkdir(parents=True, exist_ok=True)
    at = clock.now()
    said = {"at": at.isoformat(), "address": address, "kind": alarm.kind, "sentence": str(alarm)}
    content = json.dumps({**said, "notes": alarm.notes}, ensure_ascii=False, indent=2)
    _write(folder / f"{at:%Y%m%dT%H%M%S%f}-{alarm.kind}.json", content + "\n")


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def add_witness(folder: Path, text: str) -> Witness:
    """Configure a witness whose cosignatures of this log will be shown. Raises Refused, Conflict."""
    try:
        witness = parse_witness(text)
    except BadNote as error:
        raise Refused(N_("这不是见证人的公钥：%(reason)s"), reason=str(error)) from error
    if witness in queries.known_witnesses(folder):
        raise Conflict(N_("见证人 %(name)s 的公钥已经登记"), name=witness.name)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / KEYS, (queries.kept_text(folder / KEYS) or "") + f"{witness}\n")
    return witness


def add_cosignature(session: Session, folder: Path, note: str) -> list[str]:
    """Take in a cosigned checkpoint of this log, and return the names of the witnesses whose lines hold.

    Raises Refused when it is not of this log, when no configured witness signed it, or when the witness saw another log
    than the one kept here.
    """
    log = identity(session)
    if log is None:
        raise NotFound(N_("账本还没有名称"))
    try:
        checkpoint = opened_checkpoint(note, log)
        found = cosignatures_in(note, queries.known_witnesses(folder))
    except BadNote as error:
        raise Refused(N_("这份检查点不能收下：%(reason)s"), reason=str(error)) from error
    if not found:
        raise Refused(N_("上面没有已登记的见证人的签名"))
    if checkpoint.size > published_size(session) or Tree(session).root(checkpoint.size) != checkpoint.root:
        raise Refused(N_("见证人看到的账本与这里的不同：%(size)s 条记录的根不一致"), size=checkpoint.size)
    names = []
    for each in found:
        path = queries.cosigned_path(folder, each.witness)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = queries.kept_text(path)
        if kept is None or opened_checkpoint(kept, log).size <= checkpoint.size:
            _write(path, note)
        names.append(each.witness.name)
    return names
