"""What was signed, and what lies beside the key."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.log.checkpoint.rules import BadNote, Checkpoint, Proof, Verifier, opened_checkpoint
from app.log.models import LogIdentity, PublishedCheckpoint
from app.log.tiles.queries import Tree
from app.settings import NotReady


def identity(session: Session) -> Verifier | None:
    """The log's name and public key; None before its first start."""
    row = session.get(LogIdentity, 1)
    return Verifier(row.origin, row.public_key) if row else None


def latest_checkpoint(session: Session) -> PublishedCheckpoint | None:
    """The largest checkpoint that was signed."""
    return session.scalar(select(PublishedCheckpoint).order_by(PublishedCheckpoint.size.desc()).limit(1))


def published_size(session: Session) -> int:
    """The size of the largest checkpoint; what lies beyond is not served yet, so that no tile is ever served in two versions."""
    return session.scalar(select(func.max(PublishedCheckpoint.size))) or 0


def proof_of(session: Session, position: int, extra: bytes = b"") -> Proof | None:
    """The proof of a leaf under the latest checkpoint; None while no checkpoint covers it."""
    checkpoint = latest_checkpoint(session)
    if checkpoint is None or not 0 <= position < checkpoint.size:
        return None
    path = Tree(session).inclusion(position, checkpoint.size)
    return Proof(position, tuple(path), checkpoint.note, extra)


def read_key(path: Path) -> Ed25519PrivateKey:
    """The log's private key. Raises NotReady when it cannot be read, is no Ed25519 key, or others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise NotReady(f"The log's key {path} can be read by others; run `chmod 600 {path}`.")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise NotReady(
            f"The log's key cannot be read from {path} ({error.strerror}); put it back from the backup of the keys."
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotReady(f"{path} is not the log's key: an Ed25519 private key in PEM.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotReady(f"{path} is not the log's key: an Ed25519 private key in PEM.")
    return key


def published_file(key_file: Path) -> Path:
    """Where the last checkpoint that left this house is remembered, outside of the database and its backups."""
    return key_file.with_name(key_file.name + ".published")


def remembered(key_file: Path, verifier: Verifier) -> Checkpoint | None:
    """The last checkpoint that left this house; None when nothing is remembered. Raises NotReady for a damaged file."""
    path = published_file(key_file)
    try:
        return opened_checkpoint(path.read_text(encoding="utf-8"), verifier)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, BadNote) as error:
        raise NotReady(
            f"{path} does not hold the last published checkpoint ({error}); put it back or remove it."
        ) from error


def rewind(session: Session, published: Checkpoint | None, size: int) -> str | None:
    """One sentence when the log of ``size`` leaves does not continue what was published; None when all is well.

    ``published`` is read before ``size``: another process may publish meanwhile.
    """
    if published is None:
        return None
    if size < published.size:
        return (
            f"The database is older than what was published: its log has {size} leaves, the last published checkpoint "
            f"{published.size}. Restore a newer backup, or record in public why not: "
            "`sunledger log accept-rewind --reason …`."
        )
    if Tree(session).root(published.size) != published.root:
        return (
            f"The log is not the one that was published: the root of its first {published.size} leaves differs from the "
            "last published checkpoint. Find out who changed it and restore a backup, or record in public why not: "
            "`sunledger log accept-rewind --reason …`."
        )
    return None
