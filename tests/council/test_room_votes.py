"""Votes in a meeting's room: noted by the secretary, cast with the minutes, confirmed or disputed by each member."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.council import operations as council
from app.council import queries as council_queries
from app.council.meetings import operations, queries
from app.council.meetings.checks import check_meetings
from app.council.meetings.models import VoteConfirmation
from app.council.meetings.pdf import figures_of
from app.council.meetings.rules import Ballot, ItemNotes, vote_faults
from app.council.models import Matter, Vote
from app.council.operations import MatterDraft
from app.council.rules import RoomVote
from app.log.models import Leaf
from app.shared import clock
from app.shared.db import insert_rows, transaction
from app.shared.errors import Conflict, InputRefused, NotFound, Refused
from tests.council import meetings
from tests.disbursements.scenes import fund_id
from tests.factories import actor
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


def opened(session: Session, *, subject: int = 1, conflicts: dict[int, str] | None = None) -> int:
    """A matter before the council, of a kind that no package describes; returns its id."""
    draft = MatterDraft(
        fund_id=fund_id(session),
        type="example",
        subject_id=subject,
        text_hash=hashlib.sha256(str(subject).encode()).hexdigest(),
        topic="other",
        conflicts=conflicts or {},
    )
    with transaction(session, books=True):
        return council.open_matter(session, actor(session, "secretary"), draft).id


def user_of(session: Session, key: str) -> int:
    """The user of somebody of the cast."""
    found = actor(session, key).user_id
    assert found is not None
    return found


def noted(session: Session, meeting_id: int, votes: dict[str, RoomVote]) -> None:
    """Save minutes in which these members voted on the first item."""
    views = queries.agenda_of(session, meeting_id)
    by_user = {user_of(session, key): vote for key, vote in votes.items()}
    items = {view.item.id: ItemNotes(meetings.WORDS, "", by_user if view.matter else {}) for view in views}
    meetings.write(session, meeting_id, meetings.notes(session, meeting_id, items=items))


def a_meeting(session: Session, votes: dict[str, RoomVote], present: tuple[str, ...] = meetings.SEATS) -> int:
    """A meeting with nothing but matters on its agenda, its votes noted; returns its id."""
    found = meetings.held(session, present, plain_items=())
    noted(session, found, votes)
    return found


FOR, AGAINST = RoomVote("approve"), RoomVote("reject", "太贵")


def matter(session: Session, matter_id: int) -> Matter:
    """The matter as it is now."""
    session.rollback()
    session.expire_all()
    return council_queries.matter(session, matter_id)


def test_missing_votes_and_reasons_are_named_each_beside_its_field() -> None:
    ballots = [Ballot(user, "", user, "family" if user == 9 else None, None) for user in (1, 2, 3, 4, 9)]
    votes = {1: FOR, 2: RoomVote("reject"), 3: RoomVote("recuse")}
    fields = [fault.field for fault in vote_faults(7, ballots, votes)]
    assert fields == ["reason_7_2", "reason_7_3", "choice_7_4"]
    assert vote_faults(7, ballots, {}) == []


def test_votes_of_the_room_decide_when_the_minutes_are_issued(session: Session) -> None:
    open_id = opened(session)
    found = a_meeting(session, dict.fromkeys(meetings.SEATS, FOR))
    assert matter(session, open_id).status == "open"
    document = meetings.issue(session, found)
    decided = matter(session, open_id)
    assert decided.status == "approved"
    votes = session.scalars(select(Vote).order_by(Vote.seat_number)).all()
    secretary = user_of(session, "secretary")
    assert [(vote.source, vote.recorded_by_id, vote.choice) for vote in votes] == [
        ("room", secretary, "approve")
    ] * 5
    (item,) = figures_of(document).items
    assert item.resolution_number == decided.resolution_number != ""
    assert (item.status, item.seats, item.quorum, item.approve, item.recuse) == ("approved", 5, 4, 5, 0)
    assert not any(check.problems for check in check_meetings(session))


def test_the_majority_of_those_in_the_room_decides_and_the_poll_ends(session: Session) -> None:
    open_id = opened(session)
    votes = {"chair": FOR, "council": AGAINST, "council_2": AGAINST, "council_3": RoomVote("abstain")}
    found = a_meeting(session, votes, meetings.SEATS[:4])
    meetings.issue(session, found)
    assert matter(session, open_id).status == "rejected"
    with pytest.raises(Conflict), transaction(session, books=True):
        council.cast_vote(
            session,
            actor(session, "council_4"),
            matter(session, open_id),
            "approve",
            "",
            matter(session, open_id).text_hash,
        )


def test_preview_of_the_minutes_says_what_the_votes_will_do(session: Session, visit: Visit) -> None:
    opened(session)
    found = a_meeting(session, {**dict.fromkeys(meetings.SEATS, FOR), "council": AGAINST})
    page = visit("secretary").get(f"/office/meetings/{found}/issue")
    assert "应到 5 席，法定人数 4：赞成 4、反对 1、弃权 0、回避 0。" in page.words
    assert "通过" in page.words


def test_an_item_that_was_not_put_to_the_vote_stays_open(session: Session) -> None:
    open_id = opened(session)
    found = a_meeting(session, {})
    meetings.issue(session, found)
    assert matter(session, open_id).status == "open"


def test_a_vote_that_is_missing_keeps_the_minutes_from_being_issued(session: Session) -> None:
    open_id = opened(session)
    found = a_meeting(session, {"chair": FOR, "council": RoomVote("reject")})
    with pytest.raises(InputRefused) as refused:
        meetings.issue(session, found)
    assert len(refused.value.refusals) == 4
    assert session.scalars(select(Vote)).all() == []
    assert matter(session, open_id).status == "open"


def test_member_with_an_interest_has_no_vote_in_the_room(session: Session) -> None:
    conflicted = user_of(session, "council")
    open_id = opened(session, conflicts={conflicted: "family"})
    votes = dict.fromkeys(meetings.SEATS, FOR)
    found = a_meeting(session, votes)
    document = meetings.issue(session, found)
    assert matter(session, open_id).status == "approved"
    (item,) = figures_of(document).items
    assert (item.approve, item.recuse) == (4, 1)
    assert [(vote.seat_number, vote.conflict_kind) for vote in item.votes if vote.choice == "recuse"] == [
        (2, "family")
    ]


def test_member_who_voted_the_same_online_keeps_that_vote(session: Session) -> None:
    open_id = opened(session)
    found_matter = matter(session, open_id)
    with transaction(session, books=True):
        council.cast_vote(
            session, actor(session, "council"), found_matter, "approve", "", found_matter.text_hash
        )
    found = a_meeting(session, dict.fromkeys(meetings.SEATS, FOR))
    meetings.issue(session, found)
    sources = {vote.seat_number: vote.source for vote in session.scalars(select(Vote))}
    assert sources == {1: "room", 2: "online", 3: "room", 4: "room", 5: "room"}


@pytest.fixture
def minuted(session: Session) -> int:
    """The chair's and four members' votes, recorded and waiting for them; the id of the meeting."""
    opened(session)
    found = a_meeting(session, {**dict.fromkeys(meetings.SEATS, FOR), "council": AGAINST})
    meetings.issue(session, found)
    return found


def vote_of(session: Session, key: str) -> int:
    """The id of somebody's recorded vote."""
    session.rollback()
    (found,) = queries.room_votes(session, voter_id=user_of(session, key))
    return found.vote_id


def say(session: Session, key: str, answer: str, words: str) -> None:
    """What somebody of the council answers to their own recorded vote."""
    vote_id = vote_of(session, key)
    with transaction(session, books=True):
        operations.answer_vote(session, actor(session, key), vote_id, answer, words)


def test_each_member_confirms_or_disputes_once(session: Session, minuted: int) -> None:
    say(session, "chair", "confirmed", "")
    with pytest.raises(Refused) as refused:
        say(session, "council", "disputed", " ")
    assert refused.value.field == "words"
    say(session, "council", "disputed", "我投了弃权")
    with pytest.raises(Conflict):
        say(session, "chair", "disputed", "不对")
    answers = [(vote.seat_number, vote.answer) for vote in queries.room_votes(session, meeting_id=minuted)]
    assert answers == [(1, "confirmed"), (2, "disputed"), (3, None), (4, None), (5, None)]
    leaves = session.scalars(select(Leaf.body).where(Leaf.kind == "vote_confirmation")).all()
    assert len(leaves) == 2
    assert not any(check.problems for check in check_meetings(session))


@pytest.mark.parametrize("key", ["secretary", "council", "accountant"])
def test_nobody_answers_for_another_member(session: Session, minuted: int, key: str) -> None:
    vote_id = vote_of(session, "chair")
    with pytest.raises(NotFound), transaction(session, books=True):
        operations.answer_vote(session, actor(session, key), vote_id, "confirmed", "")


def test_database_takes_answers_to_room_votes_only_and_keeps_them(session: Session, minuted: int) -> None:
    say(session, "chair", "confirmed", "")
    with pytest.raises(IntegrityError), transaction(session):
        session.execute(text("UPDATE vote_confirmation SET answer = 'disputed', words = 'x'"))
    open_id = opened(session, subject=2)
    found = matter(session, open_id)
    with transaction(session, books=True):
        council.cast_vote(session, actor(session, "chair"), found, "approve", "", found.text_hash)
    online = session.scalars(select(Vote.id).where(Vote.matter_id == open_id)).one()
    with pytest.raises(IntegrityError, match="only_room_votes_are_confirmed"), transaction(session):
        insert_rows(
            session,
            VoteConfirmation,
            [{"vote_id": online, "answer": "confirmed", "words": "", "answered_at": clock.now()}],
        )


def test_secretary_notes_votes_and_members_find_them_on_their_page(visit: Visit, session: Session) -> None:
    opened(session)
    found = meetings.held(session, plain_items=())
    (view,) = queries.agenda_of(session, found)
    path = f"/office/meetings/{found}/minutes"
    choices = {f"choice_{view.item.id}_{user_of(session, key)}": "approve" for key in meetings.SEATS}
    rejecting = f"{view.item.id}_{user_of(session, 'council')}"
    secretary = visit("secretary")
    choices[f"choice_{rejecting}"] = "reject"
    check = secretary.follow(secretary.submit(path, {**choices, "then": "issue"}))
    refused = secretary.send(check)
    assert refused.status == 422
    assert refused.error_at(f"reason_{rejecting}") == "反对请写明理由"
    assert refused.value_of(f"choice_{rejecting}") == "reject"
    check = secretary.follow(secretary.send(refused, {f"reason_{rejecting}": "太贵", "then": "issue"}))
    shown = secretary.follow(secretary.send(check))
    assert "待确认" in shown.words
    member = visit("council")
    home = member.get("/office/")
    assert "会上记录您：反对" in home.words
    address = f"/office/meetings/votes/{vote_of(session, 'council')}"
    assert address in home.links()
    page = member.get(address)
    assert "太贵" in page.words
    empty = member.send(page, {"answer": "disputed"}, path=address)
    assert empty.error_at("words") == "请写明您当时怎样表决"
    answered = member.send(empty, {"answer": "disputed", "words": "我投的是弃权"}, path=address)
    assert answered.status == 303
    assert address not in member.get("/office/").links()
    again = member.send(page, {"answer": "confirmed"}, path=address)
    assert again.status == 409
    assert "我投的是弃权" in visit("chair").get(f"/office/meetings/{found}").words
    assert visit("council_2").get(address).status == 404
