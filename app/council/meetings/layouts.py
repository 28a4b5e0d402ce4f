"""What issued minutes say, from the meeting as it stands: seats and counts, never a member's name."""

from __future__ import annotations

from collections import Counter

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
    votes_from,
)
from app.council.rules import Tally, outcome
from app.funds.models import Fund

VERSION = 1


def minutes_figures(session: Session, fund: Fund, found: Meeting) -> MinutesFigures:
    """The minutes of a meeting that was held, as they would be issued now, with the votes that would be cast with them."""
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
        items=tuple(_item(session, found, view) for view in queries.agenda_of(session, found.id)),
    )


def _item(session: Session, found: Meeting, view: queries.ItemView) -> MinutedItem:
    item, matter = view.item, view.matter
    if matter is None:
        return MinutedItem(item.position, item.title, item.discussion, item.outcome)
    votes = {
        vote.seat_number: SeatVote(vote.seat_number, vote.choice, vote.conflict_kind or "")
        for vote in council.votes_of(session, matter.id)
    }
    status, counts = matter.status, council.tally(session, matter)
    noted = votes_from(item.votes_draft)
    ballots = queries.ballots_of(session, found, matter) if noted else []
    if ballots:  # still to be cast, with the minutes
        votes |= {
            ballot.seat_number: SeatVote(
                ballot.seat_number, vote.choice, "declared" if vote.choice == "recuse" else ""
            )
            for ballot in ballots
            if (vote := noted.get(ballot.user_id)) and ballot.conflict_kind is None
        }
        counts = Tally(counts.seats, counts.quorum, **Counter(vote.choice for vote in votes.values()))
        status = outcome(counts, council.terms_of(session, matter), closing=True)
        if status == "approved" and (matter.needs_opinion or matter.needs_host):
            status = "endorsing"
    return MinutedItem(
        position=item.position,
        title=item.title,
        discussion=item.discussion,
        outcome=item.outcome,
        status=status,
        resolution_number=matter.resolution_number or "",
        seats=counts.seats,
        quorum=counts.quorum,
        approve=counts.approve,
        reject=counts.reject,
        abstain=counts.abstain,
        recuse=counts.recuse,
        votes=tuple(votes[seat] for seat in sorted(votes)),
    )
