"""Proofs of public records, under the latest checkpoint."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.log.checkpoint.queries import identity, proof_of, published_size
from app.log.checkpoint.rules import Proof
from app.log.models import Leaf
from app.log.tiles.queries import Tree

JSON_FORMAT = "sunledger-proof/v1"


@dataclass(frozen=True, slots=True)
class ProvedRecord:
    """A leaf of the log with its proof: None while no checkpoint covers it. Nothing here but what the log publishes."""

    leaf: str
    position: int
    number: int
    proof: Proof | None
    key: str

    def as_json(self) -> dict[str, Any]:
        """As /verify and the kept file read it. Only of a record that has a proof."""
        assert self.proof is not None
        return {
            "format": JSON_FORMAT,
            "key": self.key,
            "index": self.position,
            "leaf": self.leaf,
            "hashes": [b64encode(each).decode("ascii") for each in self.proof.path],
            "checkpoint": self.proof.note,
        }


def proved_entry(session: Session, number: int) -> ProvedRecord | None:
    """The leaf of a journal entry, or None."""
    leaf = session.scalar(select(Leaf).where(Leaf.kind == "entry", Leaf.subject_id == number))
    log = identity(session)
    if leaf is None or log is None:
        return None
    # The record travels along as the proof's extra data, so that one file is enough.
    return ProvedRecord(
        leaf.body.decode("ascii"),
        leaf.position,
        number,
        proof_of(session, leaf.position, leaf.body),
        str(log),
    )


def entry_of_receipt(session: Session, code: str) -> int | None:
    """The number of the entry that a gift's receipt stands for now: that of the gift as corrected."""
    return session.scalar(select(Donation.entry_number).where(Donation.receipt_code == code))


def consistency(session: Session, old: int, new: int) -> list[str] | None:
    """The proof, in base64, that the log of ``old`` leaves is the beginning of that of ``new``; None beyond the published."""
    if not 0 < old <= new <= published_size(session):
        return None
    return [b64encode(each).decode("ascii") for each in Tree(session).consistency(old, new)]
