"""Proving that notices, objections and holds are those in the log."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.notice.models import Objection, PaymentHold, PublicNotice
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check


def check_notices(session: Session) -> list[Check]:
    """Every notice opened and ended, every objection and its answer, every hold placed and lifted against its leaf."""
    told: dict[str, list[Expected]] = {
        kind: []
        for kind in (
            "notice_opened",
            "notice_ended",
            "objection",
            "objection_answer",
            "hold_placed",
            "hold_lifted",
        )
    }
    for notice in session.scalars(select(PublicNotice).order_by(PublicNotice.id)):
        days = {"opens_on": notice.opens_on.isoformat(), "ends_on": notice.ends_on.isoformat()}
        told["notice_opened"].append(Expected(notice.id, {**_subject(notice), **days}))
        if notice.ended_at is not None:
            told["notice_ended"].append(Expected(notice.id, _subject(notice)))
    for objection in session.scalars(select(Objection).order_by(Objection.id)):
        begun = "repeated" if objection.repeats_id is not None else "open"
        body = {**_subject(objection), "ground": objection.ground, "status": begun}
        told["objection"].append(Expected(objection.id, body, {"text": objection.words}))
        if objection.status in ("answered", "dismissed"):
            ended = {**_subject(objection), "result": objection.status}
            told["objection_answer"].append(Expected(objection.id, ended, {"text": objection.answer}))
    for hold in session.scalars(select(PaymentHold).order_by(PaymentHold.id)):
        told["hold_placed"].append(Expected(hold.id, _subject(hold), {"reason": hold.reason}))
        if hold.lifted_at is not None:
            told["hold_lifted"].append(Expected(hold.id, _subject(hold), {"reason": hold.lift_reason}))
    return [compare_with_leaves(session, kind, rows) for kind, rows in told.items()]


def _subject(about: PublicNotice | Objection | PaymentHold) -> dict[str, object]:
    return {"fund": about.fund_id, "subject": [about.subject_type, about.subject_id]}
