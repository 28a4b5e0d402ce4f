"""Motions in every state, made through the operations, for tests. The council of the cast: five seats, quorum four."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.council import operations as council
from app.council.motions import operations, queries
from app.council.motions.models import Motion
from app.council.motions.rules import MotionDraft
from app.council.queries import matter_of
from app.council.repurposing.rules import Plan, details_of, words_of
from app.council.rulebook.queries import rules_in_force
from app.council.rulebook.rules import DEFAULT, PROPOSED, Rulebook, as_data
from app.shared.db import transaction
from tests.disbursements import scenes
from tests.factories import actor

MEMBERS = scenes.MEMBERS
TEXT = "借用社区活动室开义卖会，双方各写明责任和期限。"
NAMED = replace(DEFAULT, names_published=True)


def drafted(session: Session, topic: str = "other", *, by: str = "secretary", **changes: Any) -> int:
    """A draft; returns its id."""
    given: dict[str, Any] = {
        "fund_id": scenes.fund_id(session),
        "topic": topic,
        "title": "借用社区活动室",
        "text": TEXT,
    }
    with transaction(session, books=True):
        return operations.draft_motion(session, actor(session, by), MotionDraft(**{**given, **changes})).id


def rules_drafted(session: Session, book: Rulebook = PROPOSED, *, by: str = "secretary") -> int:
    """A draft of other rules than those in force; returns its id."""
    base = rules_in_force(session, scenes.fund_id(session)).number
    details = {"rulebook": as_data(book), "base": base}
    return drafted(session, "rules", by=by, title="按建议稿设定议事规则", details=details)


PLAN = Plan(
    "路面修缮的余款。", "修路用去 350 元，还剩 500 元。", "路已修完，余款用于慰问。", needs_filing=False
)


def purpose_drafted(session: Session, minor: int, road: int, target: int, plan: Plan = PLAN) -> int:
    """A change of purpose; returns its id."""
    return drafted(
        session,
        "purpose",
        title="修路余款改作慰问",
        text=words_of(plan),
        amount_minor=minor,
        details=details_of(road, target, plan),
    )


def submit(session: Session, motion_id: int, *, by: str = "secretary") -> int:
    """Put a draft before the council; the secretary's is voted on at once."""
    with transaction(session, books=True):
        operations.submit_motion(session, actor(session, by), motion_id)
    return motion_id


def vote(session: Session, motion_id: int, choices: dict[str, str]) -> str:
    """Votes on a motion's text as it stands, by member; returns the state of the matter after them."""
    status = ""
    for member, choice in choices.items():
        with transaction(session, books=True):
            matter = matter_of(session, "motion", motion_id)
            assert matter is not None
            reason = "不需要" if choice == "reject" else "是本人亲属的单位" if choice == "recuse" else ""
            status = council.cast_vote(
                session, actor(session, member), matter, choice, reason, matter.text_hash
            )
            if status != "open":
                break
    return status


def approve(session: Session, motion_id: int) -> str:
    """Everybody for it, until that settles it."""
    return vote(session, motion_id, dict.fromkeys(MEMBERS, "approve"))


def motion(session: Session, motion_id: int) -> Motion:
    """The motion as it is now."""
    session.rollback()
    session.expire_all()
    return queries.motion(session, motion_id)


def adopt(session: Session, book: Rulebook) -> int:
    """Other rules, by a resolution of the council; returns the id of the motion."""
    found = submit(session, rules_drafted(session, book))
    assert approve(session, found) == "approved"
    return found
