"""Which committed words of entries the public may check: exactly those that it reads now."""

from __future__ import annotations

from sqlalchemy import and_, case, exists, select
from sqlalchemy.orm import Session, aliased

from app.ledger.models import LedgerRow
from app.log.models import Commitment, Leaf
from app.log.queries import Opening


def displayed_openings(session: Session, first: int, end: int) -> list[Opening]:
    """Salt and text of what the public ledger shows word for word, of the entries whose leaves are in [first, end).

    A donor's name that is masked differs from the committed one and stays closed; so does a description that has it in it.
    """
    shown = case(
        (Commitment.field == "description", LedgerRow.description),
        (Commitment.field == "party", LedgerRow.party),
        (Commitment.field == "document", LedgerRow.document),
    )
    name = aliased(Commitment)
    masked_name_in_it = exists().where(
        name.leaf_position == Commitment.leaf_position,
        name.field == "party",
        name.text != LedgerRow.party,
        Commitment.text.contains(name.text),
    )
    rows = session.execute(
        select(Commitment.leaf_position, Commitment.field, Commitment.salt, Commitment.text)
        .join(Leaf, Leaf.position == Commitment.leaf_position)
        .join(LedgerRow, and_(LedgerRow.number == Leaf.subject_id, LedgerRow.is_event.is_(False)))
        .where(
            Commitment.leaf_position >= first,
            Commitment.leaf_position < end,
            Leaf.kind == "entry",
            Commitment.text == shown,
            ~masked_name_in_it,
        )
        .order_by(Commitment.leaf_position, Commitment.field)
    )
    return [Opening(*row) for row in rows]
