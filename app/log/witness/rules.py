"""Cosignatures as text: C2SP tlog-cosignature v1, Ed25519, timestamped. Pure."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.log.checkpoint.rules import BadNote

COSIGNATURE = b"\x04"
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_SECRET = "PRIVATE+KEY+"  # noqa: S105 - the mark by which such keys are known, not a key
_BODY_BYTES = 4 + 8 + 64


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness by its name and Ed25519 public key (32 bytes)."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ 0x04 ‖ public key), the first four bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + self.public_key).digest()[:4]

    def __str__(self) -> str:
        """As C2SP spells it: name+id+base64(0x04 ‖ public key)."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(COSIGNATURE + self.public_key).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness with its private key."""

    name: str
    key: Ed25519PrivateKey

    @property
    def witness(self) -> Witness:
        """Its public side."""
        return Witness(self.name, self.key.public_key().public_bytes_raw())

    def secret_text(self) -> str:
        """As it is kept in a file: PRIVATE+KEY+name+id+base64(0x04 ‖ seed)."""
        seed = b64encode(COSIGNATURE + self.key.private_bytes_raw()).decode("ascii")
        return f"{_SECRET}{self.name}+{self.witness.key_id.hex()}+{seed}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness saw, at that time, that the log had grown consistently to the checkpoint."""

    witness: Witness
    at: datetime


def require_witness_name(name: str) -> str:
    """A witness's name, such as "example.org/witness". Raises ValueError for one that a note cannot carry."""
    if not 1 <= len(name) <= 200 or not name.isprintable() or re.search(r"[\s+]", name):
        raise ValueError("a witness's name is 1 to 200 printable characters without spaces and “+”")
    return name


def parse_witness(text: str) -> Witness:
    """The witness that ``str`` of one wrote. Raises BadNote."""
    name, material = _key(text.strip())
    witness = Witness(name, material)
    if str(witness) != text.strip():
        raise BadNote("The witness's key does not have the id it claims.")
    return witness


def parse_cosigner(text: str) -> Cosigner:
    """The cosigner that ``secret_text`` wrote. Raises BadNote."""
    if not text.startswith(_SECRET):
        raise BadNote("This is not a witness's private key (PRIVATE+KEY+…).")
    name, seed = _key(text.removeprefix(_SECRET).strip())
    return Cosigner(name, Ed25519PrivateKey.from_private_bytes(seed))


def new_cosigner(name: str) -> Cosigner:
    """A witness with a fresh key. Raises ValueError for a name that cannot be used."""
    return Cosigner(require_witness_name(name), Ed25519PrivateKey.generate())


def _key(text: str) -> tuple[str, bytes]:
    parts = text.split("+", 2)
    try:
        material = b64decode(parts[2], validate=True)
    except (IndexError, binascii.Error, ValueError):
        material = b""
    if len(material) != 33 or material[:1] != COSIGNATURE or not parts[0]:
        raise BadNote("This is not a witness's key (name+id+key, type 0x04).")
    return parts[0], material[1:]


def _message(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def cosigned(note: str, cosigner: Cosigner, at: datetime) -> str:
    """``note``, a verified checkpoint, with the cosigner's line added; an earlier line of the same key gives way."""
    body, _, lines = note.rpartition("\n\n")
    witness, seconds = cosigner.witness, int(at.timestamp())
    signature = cosigner.key.sign(_message(body + "\n", seconds))
    content = witness.key_id + seconds.to_bytes(8, "big") + signature
    kept = [line for line in lines.splitlines() if not line.startswith(f"— {witness.name} ")]
    added = f"— {witness.name} {b64encode(content).decode('ascii')}"
    return "\n".join([body, "", *kept, added, ""])


def cosignatures_in(note: str, witnesses: list[Witness]) -> list[Cosignature]:
    """What known witnesses say on a checkpoint, in the order of its lines. Lines of unknown keys are ignored.

    Raises BadNote when a line in the name of a known witness does not verify.
    """
    known = {(each.name, each.key_id): each for each in witnesses}
    body, _, lines = note.rpartition("\n\n")
    found = []
    for line in lines.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        try:
            content = b64decode(match[2], validate=True)
        except binascii.Error:
            continue
        witness = known.get((match[1], content[:4]))
        if witness is None:
            continue
        seconds = int.from_bytes(content[4:12], "big")
        try:
            if len(content) != _BODY_BYTES:
                raise BadNote(f"The cosignature of {witness.name} is malformed.")
            key = Ed25519PublicKey.from_public_bytes(witness.public_key)
            key.verify(content[12:], _message(body + "\n", seconds))
            found.append(Cosignature(witness, datetime.fromtimestamp(seconds, UTC)))
        except (InvalidSignature, OverflowError, OSError, ValueError) as error:
            raise BadNote(f"The cosignature of {witness.name} is forged.") from error
    return found
