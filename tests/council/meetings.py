"""Meetings in every state, made through the operations, for tests. The council of the cast: five seats, quorum four."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.council.meetings import operations, queries
from app.council.meetings.models import Meeting
from app.council.meetings.rules import ItemNotes, MeetingDraft, MinutesDraft
from app.council.rules import RoomVote
from app.documents.models import IssuedDocument
from app.shared import clock
from app.shared.db import transaction
from tests.disbursements.scenes import fund_id
from tests.factories import actor

DAY = date(2023, 11, 20)
HELD_AT = datetime(2023, 11, 20, 2, 0, tzinfo=UTC)
CALLED_AT = datetime(2023, 11, 10, 2, 0, tzinfo=UTC)
SEATS = ("chair", "council", "council_2", "council_3", "council_4")
WORDS = "秘书处汇报了三家报价，议定选最低的一家。"


def a_draft(session: Session, **changes: Any) -> MeetingDraft:
    """What a call says."""
    given: dict[str, Any] = {
        "fund_id": fund_id(session),
        "title": "第三次理事会会议",
        "held_at": HELD_AT,
        "place": "社区会议室",
        "matter_ids": tuple(matter_id for matter_id, _ in queries.proposed_agenda(session, fund_id(session))),
        "plain_items": ("听取三季度收支报告",),
    }
    return MeetingDraft(**{**given, **changes})


def called(session: Session, *, by: str = "secretary", **changes: Any) -> int:
    """A meeting that was called; returns its id."""
    with transaction(session, books=True):
        return operations.call_meeting(session, actor(session, by), a_draft(session, **changes)).id


def meeting(session: Session, meeting_id: int) -> Meeting:
    """The meeting as it is now."""
    session.rollback()
    session.expire_all()
    return queries.meeting(session, meeting_id)


def presences(session: Session, meeting_id: int, present: Sequence[str] = SEATS) -> dict[int, str]:
    """Everybody who is called, those of ``present`` there."""
    there = {actor(session, key).user_id for key in present}
    people = queries.called(session, meeting(session, meeting_id))
    return {person.user_id: "present" if person.user_id in there else "excused" for person in people}


def attend(session: Session, meeting_id: int, present: Sequence[str] = SEATS, by: str = "secretary") -> None:
    """Note who came."""
    noted = presences(session, meeting_id, present)
    version = meeting(session, meeting_id).version
    with transaction(session, books=True):
        operations.record_attendance(session, actor(session, by), meeting_id, noted, version)


def hold(session: Session, now: clock.SimulatedClock, present: Sequence[str] = SEATS, **changes: Any) -> int:
    """Call a meeting, let its time come, note who came; returns its id."""
    found = called(session, **changes)
    now.set(meeting(session, found).held_at + timedelta(hours=1))
    attend(session, found, present)
    return found


def held(session: Session, present: Sequence[str] = SEATS, **changes: Any) -> int:
    """A meeting that was held on ``DAY``; returns its id."""
    with clock.simulated(CALLED_AT) as now:
        return hold(session, now, present, **changes)


def notes(session: Session, meeting_id: int, **changes: Any) -> MinutesDraft:
    """Minutes with something said on every item, and every vote for it."""
    found = meeting(session, meeting_id)
    items = {
        view.item.id: ItemNotes(
            WORDS,
            "同意",
            {
                ballot.user_id: RoomVote("approve")
                for ballot in (queries.ballots_of(session, found, view.matter) if view.matter else [])
                if ballot.conflict_kind is None
            },
        )
        for view in queries.agenda_of(session, meeting_id)
    }
    return MinutesDraft(**{"minutes": "理事长主持会议。", "items": items, **changes})


def write(
    session: Session, meeting_id: int, draft: MinutesDraft | None = None, by: str = "secretary"
) -> None:
    """Save the minutes as a draft."""
    wanted = draft or notes(session, meeting_id)
    version = meeting(session, meeting_id).version
    with transaction(session, books=True):
        operations.save_minutes(session, actor(session, by), meeting_id, wanted, version)


def issue(session: Session, meeting_id: int, by: str = "secretary") -> IssuedDocument:
    """Issue the minutes as saved."""
    version = meeting(session, meeting_id).version
    with transaction(session, books=True):
        return operations.issue_minutes(session, actor(session, by), meeting_id, version)
