"""Openings: committed texts with their salts, as far as the public reads exactly these words now (docs/leaf-v1.md).

Withdrawn consent rewrites what is displayed, so the name is no longer among these from the same moment on.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, and_, case, or_, select
from sqlalchemy.orm import Session, aliased

from app.disbursements.models import Disbursement
from app.files.models import Attachment
from app.ledger.openings.queries import displayed_openings
from app.log.models import Commitment, Leaf
from app.log.queries import Opening, official_openings
from app.parties.models import Party

_CHUNK = 2000


def openings(session: Session, first: int, end: int) -> Iterator[Opening]:
    """Every text of leaves [first, end) that may be published, with its salt, by position."""
    for start in range(first, end, _CHUNK):
        stop = min(start + _CHUNK, end)
        found = [
            *official_openings(session, start, stop),
            *displayed_openings(session, start, stop),
            *_of_requests(session, start, stop),
            *_of_parties_and_files(session, start, stop),
        ]
        yield from sorted(found, key=lambda each: (each.position, each.field))


def _of_requests(session: Session, first: int, end: int) -> list[Opening]:
    """Applicant and payee where they are named in public as they were when the request was submitted."""
    applicant, payee = aliased(Party), aliased(Party)
    shown = case(
        (Commitment.field == "applicant", applicant.public_name),
        (Commitment.field == "payee", payee.public_name),
    )
    rows = session.execute(
        _opening()
        .join(Leaf, Leaf.position == Commitment.leaf_position)
        .join(Disbursement, Disbursement.id == Leaf.subject_id)
        .join(applicant, applicant.id == Disbursement.applicant_id)
        .join(payee, payee.id == Disbursement.payee_id)
        .where(_within(first, end), Leaf.kind == "submitted", Commitment.text == shown)
    )
    return [Opening(*row) for row in rows]


def _of_parties_and_files(session: Session, first: int, end: int) -> list[Opening]:
    """Names put right later, and names of public files, while both are shown."""
    rows = session.execute(
        _opening()
        .join(Leaf, Leaf.position == Commitment.leaf_position)
        .outerjoin(Party, and_(Leaf.kind == "party_words", Party.id == Leaf.subject_id))
        .outerjoin(
            Attachment,
            and_(Leaf.kind == "file", Attachment.id == Leaf.subject_id, Attachment.is_public),
        )
        .where(
            _within(first, end),
            Commitment.field == "name",
            or_(Commitment.text == Party.public_name, Commitment.text == Attachment.name),
        )
    )
    return [Opening(*row) for row in rows]


def _opening() -> Select[int, str, bytes, str]:
    return select(Commitment.leaf_position, Commitment.field, Commitment.salt, Commitment.text)


def _within(first: int, end: int) -> ColumnElement[bool]:
    return and_(Commitment.leaf_position >= first, Commitment.leaf_position < end)
