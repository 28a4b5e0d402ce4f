"""A council that makes rules of its own, for tests."""

from __future__ import annotations

import hashlib

from sqlalchemy.orm import Session

from app.council import operations as council
from app.council.queries import matter
from app.council.rulebook.operations import adopt_rules
from app.council.rulebook.rules import PROPOSED, Rulebook, hash_of
from app.funds.queries import only_fund
from app.shared.db import transaction
from tests.factories import actor

MEMBERS = ("chair", "council", "council_2", "council_3", "council_4")


def adopt(session: Session, rulebook: Rulebook = PROPOSED) -> None:
    """Put ``rulebook`` into force for the fund of the cast, by a resolution of all five seats."""
    text_hash = hashlib.sha256(hash_of(rulebook).encode()).hexdigest()
    with transaction(session, books=True):
        opened = council.open_matter(
            session,
            actor(session, "secretary"),
            council.MatterDraft(only_fund(session, None).id, "example", 1, text_hash, "rules"),
        ).id
    for member in MEMBERS:
        with transaction(session, books=True):
            if matter(session, opened).status == "open":
                council.cast_vote(
                    session, actor(session, member), matter(session, opened), "approve", "", text_hash
                )
    with transaction(session, books=True):
        adopt_rules(session, actor(session, "chair"), matter(session, opened), rulebook)
