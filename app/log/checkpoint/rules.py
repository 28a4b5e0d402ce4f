"""Signed notes, checkpoints and proofs as text: C2SP signed-note, tlog-checkpoint, tlog-proof.

Pure; Ed25519 comes from ``cryptography``. Everything that reads what others wrote raises BadNote with one sentence.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.log.merkle.rules import includes

ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_HASH_BYTES = 32
_MOST_SIGNATURES = 64
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_PROOF = "c2sp.org/tlog-proof@v1"


class BadNote(ValueError):
    """A note, checkpoint or proof that says nothing: malformed, or not signed by the key that is trusted."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log of that name had ``size`` leaves and this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and an Ed25519 public key (32 bytes): whose signatures are believed."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), the first four bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        """As tlog clients are given it: name+id+base64(0x01 ‖ public key)."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public_key).decode('ascii')}"


def require_origin(origin: str) -> str:
    """An origin, which is also the key's name. Raises ValueError unless it is printable, without spaces and plus signs."""
    if (
        not 1 <= len(origin) <= 200
        or not origin.isascii()
        or not origin.isprintable()
        or re.search(r"[\s+]", origin)
    ):
        raise ValueError("an origin is 1 to 200 printable ASCII characters without spaces and “+”")
    return origin


def parse_verifier(text: str) -> Verifier:
    """The verifier that ``str`` of one wrote. Raises BadNote."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    key = _decoded(encoded)
    if not name or len(key) != 1 + _HASH_BYTES or key[:1] != ED25519:
        raise BadNote("This is not an Ed25519 verifier key (name+id+key).")
    verifier = Verifier(name, key[1:])
    if verifier.key_id.hex() != key_id:
        raise BadNote("The verifier key does not have the id it claims.")
    return verifier


def verifier_of(origin: str, key: Ed25519PrivateKey) -> Verifier:
    """The public side of the log's key."""
    return Verifier(origin, key.public_key().public_bytes_raw())


def signed_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """``text``, which ends in a newline, as a note signed under ``name``. The same text always gives the same note."""
    signature = verifier_of(name, key).key_id + key.sign(text.encode())
    return f"{text}\n— {name} {b64encode(signature).decode('ascii')}\n"


def opened_note(note: str, verifier: Verifier) -> str:
    """The text of a note whose signature by ``verifier`` holds. Signatures of unknown keys are ignored. Raises BadNote."""
    if any(character < " " and character != "\n" for character in note):
        raise BadNote("A signed note has no control characters.")
    text, separator, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not separator or not text or not note.endswith("\n") or not 1 < len(lines) <= _MOST_SIGNATURES + 1:
        raise BadNote("This is not a signed note: a text, an empty line, signatures.")
    text += "\n"
    is_signed = False
    for line in lines[:-1]:
        found = _SIGNATURE.fullmatch(line)
        content = _decoded(found[2]) if found else b""
        if found is None or len(content) <= _KEY_ID_BYTES:
            raise BadNote("A signature line of the note is malformed.")
        if (found[1], content[:_KEY_ID_BYTES]) != (verifier.name, verifier.key_id):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public_key).verify(
                content[_KEY_ID_BYTES:], text.encode()
            )
        except InvalidSignature:
            raise BadNote(f"The signature of {verifier.name} is forged.") from None
        is_signed = True
    if not is_signed:
        raise BadNote(f"The note is not signed by {verifier.name}.")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text says; extension lines are let be. Raises BadNote."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise BadNote("A checkpoint has three lines: origin, size, root.")
    root = _decoded(lines[2])
    if not _SIZE.fullmatch(lines[1]) or len(root) != _HASH_BYTES:
        raise BadNote("The size or the root of the checkpoint is malformed.")
    return Checkpoint(lines[0], int(lines[1]), root)


def opened_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint of this log in a note that its key signed. Raises BadNote, also for another log's."""
    found = parse_checkpoint(opened_note(note, verifier))
    if found.origin != verifier.name:
        raise BadNote(f"The checkpoint is of {found.origin}, not of {verifier.name}.")
    return found


@dataclass(frozen=True, slots=True)
class Proof:
    """That a leaf is in the log: its position, its way up the tree, the checkpoint that the way leads to."""

    position: int
    path: tuple[bytes, ...]
    note: str
    extra: bytes = b""

    def text(self) -> str:
        """As a .tlog-proof file."""
        extra = [f"extra {b64encode(self.extra).decode('ascii')}"] if self.extra else []
        hashes = [b64encode(each).decode("ascii") for each in self.path]
        return "\n".join([_PROOF, *extra, f"index {self.position}", *hashes, "", self.note])


def parse_proof(text: str) -> Proof:
    """The proof that a .tlog-proof file says; nothing of it is checked yet. Raises BadNote."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != _PROOF or not lines:
        raise BadNote("This is not a tlog proof.")
    extra = _decoded(lines.pop(0)[6:]) if lines[0].startswith("extra ") else b""
    index = lines.pop(0) if lines else ""
    path = tuple(_decoded(line) for line in lines)
    if not index.startswith("index ") or not _SIZE.fullmatch(index[6:]):
        raise BadNote("The proof does not say the position of its leaf.")
    if any(len(each) != _HASH_BYTES for each in path):
        raise BadNote("A hash of the proof is malformed.")
    return Proof(int(index[6:]), path, note, extra)


def checked_proof(proof: Proof, leaf_hash: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint that ``proof`` leads to, once signature and inclusion hold. Raises BadNote for anything else."""
    found = opened_checkpoint(proof.note, verifier)
    if not includes(leaf_hash, proof.position, found.size, proof.path, found.root):
        raise BadNote(
            f"The leaf is not at position {proof.position} of the log that the checkpoint describes."
        )
    return found


def _decoded(text: str) -> bytes:
    try:
        content = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("Something that should be base64 is not.") from None
    if b64encode(content).decode("ascii") != text:
        raise BadNote("Something is spelled in base64 as it must not be.")
    return content
