"""Signing checkpoints, and keeping the promise that nothing is signed that contradicts what was signed before."""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.log import queries as log
from app.log.checkpoint import queries
from app.log.checkpoint.rules import Checkpoint, Verifier, require_origin, signed_note, verifier_of
from app.log.models import LogIdentity, PublishedCheckpoint
from app.log.operations import LeafDraft, append
from app.log.tiles.queries import Tree
from app.settings import NotReady
from app.shared import clock
from app.shared.audit import record
from app.shared.db import Base, transaction
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission

MAX_REASON = 2000


class LogRewound(NotReady):
    """The database does not continue what was published under the log's name; nothing more may be signed."""


def establish(session: Session, key_file: Path, wanted_origin: str | None) -> Verifier:
    """Give the log its name and its key at the first start, and see at every start that both are still there.

    The origin is ``wanted_origin``, else random; it stands in the database for ever. Raises NotReady, with what to do,
    when key or origin are not those of before, LogRewound when the database is older than what was published.
    """
    found = queries.identity(session)
    if found is None:
        found = _first_start(session, key_file, wanted_origin)
    problem = start_problem(session, key_file, wanted_origin)
    if problem:
        raise NotReady(problem)
    return found


def start_problem(session: Session, key_file: Path, wanted_origin: str | None) -> str | None:
    """What keeps this database from being served under this key, as one sentence; None when all is well."""
    found = queries.identity(session)
    if found is None:
        return "The log has no name yet; run `sunledger init`."
    if wanted_origin and wanted_origin != found.name:
        return (
            f"The log is called {found.name} for ever; SUNLEDGER_LOG_ORIGIN says {wanted_origin}. "
            "Remove the setting or put it right."
        )
    try:
        key = queries.read_key(key_file)
        if verifier_of(found.name, key) != found:
            return f"The key in {key_file} is not the one of this log; put back the right one from the backup of the keys."
        published = queries.remembered(key_file, found)
    except NotReady as error:
        return str(error)
    session.rollback()  # what was published meanwhile is in the next snapshot
    return queries.rewind(session, published, log.size(session))


def _first_start(session: Session, key_file: Path, wanted_origin: str | None) -> Verifier:
    try:
        origin = require_origin(wanted_origin or f"sunledger.invalid/{secrets.token_hex(8)}")
    except ValueError as error:
        raise NotReady(f"SUNLEDGER_LOG_ORIGIN cannot be used: {error}.") from error
    key = _kept_key(key_file)
    with transaction(session):
        _insert_unless_there(
            session,
            LogIdentity,
            id=1,
            origin=origin,
            public_key=key.public_key().public_bytes_raw(),
            established_at=clock.now(),
        )
    found = queries.identity(session)  # two processes may start at once; one of them was first
    assert found is not None
    return found


def _kept_key(path: Path) -> Ed25519PrivateKey:
    """The key in ``path``, made there when there is none: whole or not at all, for its owner alone."""
    if path.exists():
        return queries.read_key(path)
    fresh = Ed25519PrivateKey.generate()
    content = fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _written(path, content)
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another process was first
        finally:
            temporary.unlink()
    except OSError as error:
        raise NotReady(f"The log's key cannot be kept in {path}: {error.strerror}.") from error
    return queries.read_key(path)


def published_note(session: Session, key_file: Path) -> str:
    """The signed checkpoint of the log as committed now, remembered beside the key before it leaves the house.

    Commits on its own; not inside a transaction. Raises LogRewound when the database does not continue what was published.
    """
    verifier = queries.identity(session)
    if verifier is None:
        raise NotReady("The log has no name yet; run `sunledger init`.")
    size = log.size(session)
    latest = queries.latest_checkpoint(session)
    if latest is not None and latest.size == size:
        published = queries.remembered(key_file, verifier)
        if published is not None and (published.size, published.root) == (size, latest.root):
            return latest.note
    with _alone(key_file):
        published = queries.remembered(key_file, verifier)
        session.rollback()
        size = log.size(session)
        problem = queries.rewind(session, published, size)
        if problem:
            raise LogRewound(problem)
        checkpoint = Checkpoint(verifier.name, size, Tree(session).root(size))
        return _publish(session, key_file, checkpoint)


def accept_rewind(session: Session, actor: Actor, key_file: Path, reason: str) -> str:
    """Go on with a database that does not continue what was published, and say why, for all to read. Returns the new note.

    Whoever kept the earlier checkpoint sees that the log was forked; the leaf tells them that the fund knows. The earlier
    checkpoint stays beside the key. Commits on its own. Raises Refused without a reason, Conflict when nothing is amiss.
    """
    actor.require(Permission.FUND_MANAGE)
    words = reason.strip()
    if not words or len(words) > MAX_REASON:
        raise Refused(N_("请写明原因，最多 %(longest)s 个字"), field="reason", longest=MAX_REASON)
    verifier = queries.identity(session)
    published = queries.remembered(key_file, verifier) if verifier else None
    session.rollback()
    size = log.size(session)
    if verifier is None or published is None or queries.rewind(session, published, size) is None:
        raise Conflict(N_("数据库与已公布的存证一致，无需登记"))
    body = {
        "published_size": published.size,
        "published_root": published.root.hex(),
        "size": size,
        "root": Tree(session).root(size).hex(),
    }
    with transaction(session, books=True):
        append(session, [LeafDraft("rewind", published.size, body, {"reason": words})])
        record(session, actor.user_id, "accept_rewind", "log", published.size, size=size)
    with _alone(key_file):
        kept = queries.published_file(key_file)
        os.replace(kept, kept.with_name(f"{kept.name}.given-up-{published.size}"))
        size = log.size(session)
        return _publish(session, key_file, Checkpoint(verifier.name, size, Tree(session).root(size)))


def _publish(session: Session, key_file: Path, checkpoint: Checkpoint) -> str:
    note = signed_note(checkpoint.text(), checkpoint.origin, queries.read_key(key_file))
    # First the memory that survives a restored database, then the database, then the world.
    path = queries.published_file(key_file)
    os.replace(_written(path, note.encode()), path)
    _sync_folder(path.parent)
    with transaction(session):
        _insert_unless_there(
            session,
            PublishedCheckpoint,
            size=checkpoint.size,
            root=checkpoint.root,
            note=note,
            signed_at=clock.now(),
        )
    return note


def _insert_unless_there(session: Session, mapped: type[Base], **values: object) -> None:
    """Inside a transaction. SQLite's guard sees the row before ON CONFLICT does; its writers wait for each other anyway."""
    key = inspect(mapped).primary_key[0]
    if session.scalar(select(key).where(key == values[key.name])) is not None:
        return
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(mapped).values(**values).on_conflict_do_nothing())


@contextmanager
def _alone(key_file: Path) -> Iterator[None]:
    """Only one process of this house signs at a time."""
    lock = key_file.with_name(key_file.name + ".lock")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _written(path: Path, content: bytes) -> Path:
    """A file beside ``path`` with this content, on disk, for its owner alone."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
