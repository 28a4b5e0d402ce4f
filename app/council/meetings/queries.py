"""Reading meetings: lists, agendas, attendance, what they decided, and votes that wait for their member's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.meetings import rules
from app.council.meetings.models import AgendaItem, Attendance, Meeting, VoteConfirmation
from app.council.models import Matter, Vote
from app.council.rulebook.queries import rules_in_force
from app.council.rules import quorum_of
from app.council.states import TOPICS
from app.documents.models import IssuedDocument
from app.funds.models import Fund
from app.parties.models import Party
from app.people.models import TermOfOffice, User
from app.people.queries import terms_on
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.permissions import COUNCIL_SEATS, Role


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """One meeting in a list."""

    id: int
    number: str
    title: str
    held_at: datetime
    place: str
    state: str
    seats: int | None
    present: int | None
    document_number: str | None


@dataclass(frozen=True, slots=True)
class MeetingOfMatter:
    """The meeting at which a matter was on the table, as the public may see it."""

    number: str
    held_on: date
    state: str
    seats: int | None
    present: int | None
    document_number: str | None


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody who is called to a meeting; ``presence`` None until it is noted. Names are for the office alone."""

    user_id: int
    name: str
    seat_number: int | None
    is_chair: bool
    presence: str | None


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of an agenda, for the office. ``matter`` and ``subject`` of a matter."""

    item: AgendaItem
    matter: Matter | None
    subject: rules.Subject | None


@dataclass(frozen=True, slots=True)
class RoomVoteView:
    """A vote recorded in the room; ``answer`` is the member's word to it. For the office and the member."""

    vote_id: int
    fund_id: int
    meeting_id: int
    meeting_number: str
    held_at: datetime
    item: str
    voter_id: int
    name: str
    seat_number: int
    choice: str
    reason: str
    answer: str | None
    words: str


def meeting(session: Session, meeting_id: int) -> Meeting:
    """One meeting. Raises NotFound."""
    found = session.get(Meeting, meeting_id)
    if found is None:
        raise NotFound(N_("没有这次会议"))
    return found


def meeting_of_key(session: Session, key: str | None) -> Meeting | None:
    """The meeting that a form with this idempotency key already called."""
    return session.scalar(select(Meeting).where(Meeting.idempotency_key == key)) if key else None


def meetings(
    session: Session, fund_id: int, *, before: int | None = None, limit: int = 50
) -> list[MeetingRow]:
    """The fund's meetings, the latest called first, by keyset on the id."""
    query = (
        select(
            Meeting.id,
            Meeting.number,
            Meeting.title,
            Meeting.held_at,
            Meeting.place,
            Meeting.state,
            Meeting.seats,
            Meeting.present,
            IssuedDocument.number,
        )
        .outerjoin(IssuedDocument, IssuedDocument.id == Meeting.document_id)
        .where(Meeting.fund_id == fund_id)
    )
    if before is not None:
        query = query.where(Meeting.id < before)
    return [MeetingRow(*row) for row in session.execute(query.order_by(Meeting.id.desc()).limit(limit))]


def meetings_in(session: Session, fund_id: int, *states: str) -> list[Meeting]:
    """The fund's meetings in these states, by their time."""
    return list(
        session.scalars(
            select(Meeting)
            .where(Meeting.fund_id == fund_id, Meeting.state.in_(states))
            .order_by(Meeting.held_at, Meeting.id)
        )
    )


def agenda_of(session: Session, meeting_id: int) -> list[ItemView]:
    """The agenda in its order."""
    rows = session.execute(
        select(AgendaItem, Matter)
        .outerjoin(Matter, Matter.id == AgendaItem.matter_id)
        .where(AgendaItem.meeting_id == meeting_id)
        .order_by(AgendaItem.position)
    )
    return [ItemView(item, matter, subject_of(session, matter) if matter else None) for item, matter in rows]


def subject_of(session: Session, matter: Matter) -> rules.Subject:
    """What a matter is about, in its own package's words; in general words where no package describes its type."""
    describe = rules.describer(matter.type)
    return describe(session, matter.subject_id) if describe else rules.Subject(TOPICS[matter.topic])


def proposed_agenda(session: Session, fund_id: int) -> list[tuple[int, rules.Subject]]:
    """Matters that wait for the council's votes, oldest first: what the next meeting would decide."""
    return [
        (matter.id, subject_of(session, matter))
        for matter in council.open_matters(session, fund_id)
        if matter.decided_by == "council"
    ]


def quorum(session: Session, fund_id: int, seats: int) -> int:
    """How many of ``seats`` must be present, by the fund's rules."""
    return quorum_of(seats, rules_in_force(session, fund_id).book.quorum)


def ballots_of(session: Session, found: Meeting, matter: Matter) -> list[rules.Ballot]:
    """The seats in the room that vote on a matter now; empty when it waits for no vote of the council."""
    if matter.status != "open" or matter.decided_by != "council":
        return []
    online = {vote.voter_id: vote.choice for vote in session.scalars(council.current_votes(matter.id))}
    return [
        rules.Ballot(
            person.user_id,
            person.name,
            person.seat_number,
            council.conflict_of(session, matter.id, person.user_id),
            online.get(person.user_id),
        )
        for person in called(session, found)
        if person.seat_number is not None and person.presence == "present"
    ]


def room_votes(
    session: Session,
    *,
    meeting_id: int | None = None,
    voter_id: int | None = None,
    vote_id: int | None = None,
) -> list[RoomVoteView]:
    """Votes that were recorded in the room of a minuted meeting, with what their members say to them."""
    query = (
        select(Vote, Meeting, AgendaItem.title, User.name, VoteConfirmation)
        .join(AgendaItem, AgendaItem.matter_id == Vote.matter_id)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .join(User, User.id == Vote.voter_id)
        .outerjoin(VoteConfirmation, VoteConfirmation.vote_id == Vote.id)
        .where(Vote.source == "room", Meeting.state == "minuted", Vote.cast_at >= Meeting.held_at)
    )
    for column, value in ((Meeting.id, meeting_id), (Vote.voter_id, voter_id), (Vote.id, vote_id)):
        if value is not None:
            query = query.where(column == value)
    # A matter that was put off stands on several agendas: it was voted on at the last of them.
    rows = session.execute(query.order_by(Meeting.held_at, AgendaItem.position, Vote.seat_number)).all()
    return list(
        {
            vote.id: RoomVoteView(
                vote_id=vote.id,
                fund_id=found.fund_id,
                meeting_id=found.id,
                meeting_number=found.number,
                held_at=found.held_at,
                item=title,
                voter_id=vote.voter_id,
                name=name,
                seat_number=vote.seat_number,
                choice=vote.choice,
                reason=vote.reason,
                answer=said.answer if said else None,
                words=said.words if said else "",
            )
            for vote, found, title, name, said in rows
        }.values()
    )


def called(session: Session, found: Meeting) -> list[Called]:
    """Everybody who is called: the seats of the council on that day and the supervisor; once noted, who was noted."""
    chairs = {term.user_id for term in terms_on(session, found.fund_id, held_on(found), Role.CHAIR)}
    noted = session.execute(
        select(Attendance.user_id, User.name, Attendance.seat_number, Attendance.presence)
        .join(User, User.id == Attendance.user_id)
        .where(Attendance.meeting_id == found.id)
        .order_by(Attendance.id)
    ).all()
    if noted:
        return [
            Called(user_id, name, seat, user_id in chairs, presence)
            for user_id, name, seat, presence in noted
        ]
    terms = terms_on(session, found.fund_id, held_on(found), *COUNCIL_SEATS, Role.SUPERVISOR)
    by_user = {term.user_id: term for term in sorted(terms, key=lambda term: term.seat_number or 0)}
    people = sorted(by_user.values(), key=lambda term: (term.seat_number is None, term.seat_number or 0))
    return [
        Called(term.user_id, term.user_name, term.seat_number, term.user_id in chairs, None)
        for term in people
    ]


def held_on(found: Meeting) -> date:
    """The civil day of a meeting."""
    return clock.local(found.held_at).date()


def last_meeting_on(session: Session, fund_id: int) -> date | None:
    """The day of the fund's last meeting that was held; before the first, the day on which the fund was founded."""
    at = session.scalar(
        select(func.max(Meeting.held_at)).where(
            Meeting.fund_id == fund_id, Meeting.state.in_(("held", "minuted"))
        )
    )
    if at is not None:
        return clock.local(at).date()
    return session.scalar(select(Fund.founded_on).where(Fund.id == fund_id))


def meeting_of_matter(session: Session, matter_id: int) -> MeetingOfMatter | None:
    """The latest meeting, held or called, that has this matter on its agenda; None when it was voted on without one."""
    row = session.execute(
        select(Meeting, IssuedDocument.number)
        .join(AgendaItem, AgendaItem.meeting_id == Meeting.id)
        .outerjoin(IssuedDocument, IssuedDocument.id == Meeting.document_id)
        .where(AgendaItem.matter_id == matter_id, Meeting.state != "cancelled")
        .order_by(Meeting.held_at.desc(), Meeting.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    found, document_number = row
    return MeetingOfMatter(
        found.number, held_on(found), found.state, found.seats, found.present, document_number
    )


def private_names(session: Session, fund_id: int) -> set[str]:
    """Names that issued minutes must not hold: of everybody in office, and of persons who did not agree to be named."""
    officials = session.scalars(
        select(User.name)
        .join(TermOfOffice, TermOfOffice.user_id == User.id)
        .where((TermOfOffice.fund_id == fund_id) | TermOfOffice.fund_id.is_(None))
    )
    masked = session.scalars(
        select(Party.name).where(Party.kind.in_(("person", "sole_trader")), Party.public_name != Party.name)
    )
    return {*officials, *masked}


def document_number(session: Session, found: Meeting) -> str | None:
    """The number of the issued minutes, once there are."""
    return session.scalar(select(IssuedDocument.number).where(IssuedDocument.id == found.document_id))


def leaf_body(found: Meeting) -> dict[str, object]:
    """What the leaf of a meeting that was held says."""
    return {
        "fund": found.fund_id,
        "number": found.number,
        "held_on": held_on(found).isoformat(),
        "seats": found.seats,
        "quorum": found.quorum,
        "present": found.present,
    }


def confirmation_body(session: Session, said: VoteConfirmation) -> dict[str, object]:
    """What the leaf of a member's word to their recorded vote says; its id is that of the vote."""
    vote = session.get_one(Vote, said.vote_id)
    matter = session.get_one(Matter, vote.matter_id)
    return {
        "fund": matter.fund_id,
        "subject": [matter.type, matter.subject_id],
        "seat": vote.seat_number,
        "answer": said.answer,
    }
