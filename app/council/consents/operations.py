"""Giving consent to be named, and taking it back at once."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.council.consents import queries
from app.council.consents.models import CouncilConsent
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden
from app.shared.permissions import COUNCIL_SEATS, Actor


def give_word(session: Session, actor: Actor, fund_id: int, *, is_given: bool) -> CouncilConsent:
    """Enter that the member agrees to be named beside their votes, or no longer does. Inside ``transaction(books=True)``,
    which makes every kept public page stale: a withdrawal counts from the next request on.

    Raises Forbidden for whoever holds no seat of this fund's council, Conflict when the same word stands already.
    """
    seat = next(
        (
            office.seat_number
            for office in actor.offices
            if office.role in COUNCIL_SEATS and office.fund_id == fund_id and office.seat_number is not None
        ),
        None,
    )
    if actor.user_id is None or seat is None:
        raise Forbidden(N_("只有本基金的理事可以决定自己的姓名是否公开"))
    standing = queries.consent_of(session, fund_id, actor.user_id)
    if (standing is not None and standing.is_given) == is_given:
        raise Conflict(
            N_("您已经同意公开姓名") if is_given else N_("您没有同意过公开姓名，公开页面只显示席位")
        )
    now = clock.now()
    consent = CouncilConsent(
        fund_id=fund_id, user_id=actor.user_id, seat_number=seat, is_given=is_given, at=now
    )
    session.add(consent)
    session.flush()
    body = {"fund": fund_id, "seat": seat, "given": is_given, "on": clock.local(now).date().isoformat()}
    append(session, [LeafDraft("council_consent", consent.id, body)])
    act = "give_council_consent" if is_given else "withdraw_council_consent"
    record(session, actor.user_id, act, "council_consent", consent.id)
    return consent
