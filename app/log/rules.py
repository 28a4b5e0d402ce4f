"""Leaf bytes and commitments (docs/leaf-v1.md)."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from typing import Any

from app.shared.canonical import canonical_bytes

LEAF_VERSION = 1


def leaf_bytes(
    kind: str, subject_id: int, version: int, body: dict[str, Any], digests: dict[str, str]
) -> bytes:
    """The canonical bytes of a leaf: RFC 8785 JSON with integers only.

    ``body`` never holds a URL, slug, user id or name; ``digests`` maps a field to the hex commitment of its text.
    """
    leaf = {"v": LEAF_VERSION, "type": kind, "id": subject_id, "version": version, **body}
    if digests:
        leaf["texts"] = digests
    return canonical_bytes(leaf)


def commitment(salt: bytes, field: str, text: str) -> str:
    """Hex HMAC-SHA256 keyed by ``salt`` over field ‖ 0x00 ‖ NFC text: hides the text, binds the publisher to it."""
    message = field.encode("utf-8") + b"\x00" + unicodedata.normalize("NFC", text).encode("utf-8")
    return hmac.new(salt, message, hashlib.sha256).hexdigest()


def leaf_hash(body: bytes) -> bytes:
    """The Merkle leaf hash of RFC 6962 §2.1: SHA-256 over 0x00 ‖ leaf."""
    return hashlib.sha256(b"\x00" + body).digest()
