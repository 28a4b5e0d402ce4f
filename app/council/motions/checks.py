"""Proving that motions are those in the log."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.motions.models import Motion, MotionText
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_motions(session: Session) -> list[Check]:
    """Every submitted text and every motion taken back against its leaf."""
    rows = session.execute(
        select(MotionText, Motion.fund_id, Motion.number)
        .join(Motion, Motion.id == MotionText.motion_id)
        .order_by(MotionText.id)
    )
    submitted = []
    for text, fund_id, number in rows:
        body: dict[str, object] = {
            "fund": fund_id,
            "motion": number,
            "topic": text.topic,
            "text": text.text_hash,
            "version": text.version,
        }
        if text.amount_minor is not None:
            body["amount"] = text.amount_minor
        submitted.append(Expected(text.motion_id, body, {"title": text.title, "words": text.text}))
    withdrawn = session.scalars(
        select(Motion.id).where(Motion.status == "withdrawn", Motion.number.is_not(None)).order_by(Motion.id)
    )
    return [
        compare_with_leaves(session, "motion_submitted", submitted),
        compare_with_leaves(session, "motion_withdrawn", [Expected(each, {}) for each in withdrawn]),
    ]
