"""Encryption at rest of personal data (contacts, identity and bank numbers), with a key kept outside the database."""

from __future__ import annotations

import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_key: bytes | None = None


def use_key(key: bytes) -> None:
    """Set the installation's 32-byte data key, once, at start-up."""
    global _key
    if len(key) != 32:
        raise ValueError("the data key has 32 bytes")
    _key = key


def encrypt(text: str) -> bytes:
    """AES-256-GCM under the data key: nonce ‖ ciphertext. Raises RuntimeError when no key was set."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_required()).encrypt(nonce, text.encode("utf-8"), None)


def decrypt(data: bytes) -> str:
    """The text that ``encrypt`` was given. Raises InvalidTag when key or data are not the ones of then."""
    return AESGCM(_required()).decrypt(data[:_NONCE], data[_NONCE:], None).decode("utf-8")


def keyed_hash(purpose: str, text: str) -> bytes:
    """HMAC-SHA256 of ``text`` under a key made of the data key for this purpose alone: the same text is found again, and
    without the data key no list of names finds it. Raises RuntimeError when no key was set."""
    key = hmac.digest(_required(), f"hash\0{purpose}".encode(), "sha256")
    return hmac.digest(key, text.encode("utf-8"), "sha256")


def _required() -> bytes:
    if _key is None:
        raise RuntimeError("no data key was set")
    return _key
