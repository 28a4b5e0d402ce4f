"""Meetings: what may follow what, who counts, when the next one is due, and what their minutes say."""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.council.rules import RoomVote
from app.shared.errors import N_, Refused

SERIES = "meeting"
"""The series of meeting numbers (YYYY-NN)."""
DOCUMENT_KIND = "minutes"
MOST_WORDS = 10_000
MOST_ITEMS = 40

STATES: dict[str, str] = {
    "called": N_("已召集"),
    "held": N_("已召开，待出纪要"),
    "minuted": N_("已出纪要"),
    "cancelled": N_("已取消"),
}
NEXT: dict[str, tuple[str, ...]] = {
    "called": ("held", "cancelled"),
    "held": ("minuted",),
    "minuted": (),
    "cancelled": (),
}
PRESENCES: dict[str, str] = {
    "present": N_("到会"),
    "absent": N_("缺席"),
    "excused": N_("请假"),
}
ANSWERS: dict[str, str] = {
    "confirmed": N_("记录无误"),
    "disputed": N_("与我投的不一致"),
}
MONTHS_WITHOUT = 5
"""A council meets at least twice a year (FR Art. 21); the reminder comes after five months (charity-rules §18)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a matter is about, in words that may be public, and where the office reads it (endpoint and its values), if
    anywhere.

    ``sentence`` and ``facts``: the same title for pages in another language, a message with its values.
    For notices to people: ``gains`` is who gains, by the name displayed; ``path`` and ``public_path`` are the addresses of
    its page in the office and in public.
    """

    title: str
    endpoint: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    gains: str = ""
    path: str = "/office/"
    public_path: str = "/"
    sentence: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


Describer = Callable[[Session, int], Subject]
_describers: dict[str, Describer] = {}


def describes(type_: str) -> Callable[[Describer], Describer]:
    """Register how matters of ``type_`` are called on an agenda: ``function(session, subject_id) -> Subject``.

    The subject's package registers itself, so that the council knows no subject.
    """

    def register(function: Describer) -> Describer:
        _describers[type_] = function
        return function

    return register


def describer(type_: str) -> Describer | None:
    """What was registered for a type, if anything."""
    return _describers.get(type_)


@dataclass(frozen=True, slots=True)
class MeetingDraft:
    """A meeting as it is called: waiting matters by id, then plain items, in the order of the agenda."""

    fund_id: int
    title: str
    held_at: datetime
    place: str
    matter_ids: tuple[int, ...] = ()
    plain_items: tuple[str, ...] = ()
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ItemNotes:
    """What was said and resolved on one item; ``votes`` by user, as far as they are noted."""

    discussion: str = ""
    outcome: str = ""
    votes: Mapping[int, RoomVote] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MinutesDraft:
    """The minutes as they are written: the general part, and notes by agenda item."""

    minutes: str
    items: Mapping[int, ItemNotes]


def votes_text(votes: Mapping[int, RoomVote]) -> str:
    """Noted votes as they are stored with a draft."""
    return json.dumps({str(user_id): asdict(vote) for user_id, vote in sorted(votes.items())})


def votes_from(stored: str) -> dict[int, RoomVote]:
    """What ``votes_text`` stored."""
    return {int(user_id): RoomVote(**vote) for user_id, vote in json.loads(stored or "{}").items()}


@dataclass(frozen=True, slots=True)
class Ballot:
    """A seat that was in the room, for one matter. ``conflict_kind`` of a member who is out of it; ``online`` what was
    voted before. Names are for the office alone."""

    user_id: int
    name: str
    seat_number: int
    conflict_kind: str | None
    online: str | None


def vote_faults(item_id: int, ballots: Iterable[Ballot], votes: Mapping[int, RoomVote]) -> list[Refused]:
    """What is missing in the noted votes on one item, each beside its field. No votes at all is no fault: it was not put
    to the vote."""
    if not votes:
        return []
    faults = []
    for ballot in ballots:
        vote = votes.get(ballot.user_id)
        if ballot.conflict_kind is not None:
            continue
        at = f"{item_id}_{ballot.user_id}"
        if vote is None:
            faults.append(Refused(N_("请选择这位理事的表决"), field=f"choice_{at}"))
        elif vote.choice == "reject" and not vote.reason:
            faults.append(Refused(N_("反对请写明理由"), field=f"reason_{at}"))
        elif vote.choice == "recuse" and not vote.reason:
            faults.append(Refused(N_("回避请写明原因"), field=f"reason_{at}"))
    return faults


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def meeting_due_on(last_on: date) -> date:
    """The day from which a further meeting is to be called, if none is on the way."""
    return months_later(last_on, MONTHS_WITHOUT)


def names_in(words: str, names: Iterable[str]) -> list[str]:
    """Which of ``names`` (two characters or more) stand in ``words``."""
    return sorted({name for name in names if len(name) > 1 and name in words})


@dataclass(frozen=True, slots=True)
class SeatPresence:
    """One seat in the minutes: no name. ``seat_number`` None is the supervisor."""

    seat_number: int | None
    is_chair: bool
    presence: str


@dataclass(frozen=True, slots=True)
class SeatVote:
    """One seat's vote in the minutes. ``conflict_kind`` only of a recusal."""

    seat_number: int
    choice: str
    conflict_kind: str


@dataclass(frozen=True, slots=True)
class MinutedItem:
    """One item of issued minutes. Of a matter: its status, its resolution's number and the counts it was decided by."""

    position: int
    title: str
    discussion: str
    outcome: str
    status: str = ""
    resolution_number: str = ""
    seats: int = 0
    quorum: int = 0
    approve: int = 0
    reject: int = 0
    abstain: int = 0
    recuse: int = 0
    votes: tuple[SeatVote, ...] = ()


@dataclass(frozen=True, slots=True)
class MinutesFigures:
    """Everything that issued minutes say; frozen with them."""

    v: int
    kind: str
    host_name: str
    fund_name: str
    example_notice: str
    meeting_number: str
    title: str
    held_on: date
    held_at: str
    place: str
    seats: int
    quorum: int
    present: int
    minutes: str
    attendance: tuple[SeatPresence, ...]
    items: tuple[MinutedItem, ...]
