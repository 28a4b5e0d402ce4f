"""What issued minutes say, from the meeting as it stands: seats and counts, never a member's name."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.meetings import queries
from app.council.meetings.models import Meeting
from app.council.meetings.rules import (
    DOCUMENT_KIND,
    MinutedItem,
    MinutesFigures,
    SeatPresence,
    SeatVote,
)
from app.funds.models import Fund

VERSION = 1


def minutes_figures(session: Session, fund: Fund, found: Meeting) -> MinutesFigures:
    """The minutes of a meeting that was held, as they would be issued now."""
    return MinutesFigures(
        v=VERSION,
        kind=DOCUMENT_KIND,
        host_name=fund.host.name,
        fund_name=fund.name,
        example_notice=fund.example_notice or "",
        meeting_number=found.number,
        title=found.title,
        held_on=queries.held_on(found),
        held_at=f"{found.held_at:%Y-%m-%dT%H:%M:%SZ}",
        place=found.place,
        seats=found.seats or 0,
        quorum=found.quorum or 0,
        present=found.present or 0,
        minutes=found.minutes,
        attendance=tuple(
            SeatPresence(person.seat_number, person.is_chair, person.presence or "absent")
            for person in queries.called(session, found)
        ),
        items=tuple(_item(session, view) for view in queries.agenda_of(session, found.id)),
    )


def _item(session: Session, view: queries.ItemView) -> MinutedItem:
    item, matter = view.item, view.matter
    counts = council.tally(session, matter) if matter else None
    return MinutedItem(
        position=item.position,
        title=item.title,
        discussion=item.discussion,
        outcome=item.outcome,
        status=matter.status if matter else "",
        resolution_number="",
        seats=counts.seats if counts else 0,
        quorum=counts.quorum if counts else 0,
        approve=counts.approve if counts else 0,
        reject=counts.reject if counts else 0,
        abstain=counts.abstain if counts else 0,
        recuse=counts.recuse if counts else 0,
        votes=tuple(
            SeatVote(vote.seat_number, vote.choice, "") for vote in council.votes_of(session, matter.id)
        )
        if matter
        else (),
    )
