"""A meeting of the council: called, held with its quorum, minuted; and what is refused on the way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.council.meetings import operations, queries
from app.council.meetings.checks import check_meetings
from app.council.meetings.models import Attendance, Meeting
from app.council.meetings.pdf import figures_of
from app.council.meetings.rules import ItemNotes, meeting_due_on, names_in
from app.council.queries import matter_of
from app.documents.checks import check_documents
from app.documents.queries import document
from app.log.models import Leaf
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests.council import meetings
from tests.disbursements import scenes
from tests.factories import actor


@pytest.mark.parametrize(
    ("last_on", "due_on"),
    [
        (date(2023, 1, 15), date(2023, 6, 15)),
        (date(2023, 9, 30), date(2024, 2, 29)),
        (date(2022, 9, 30), date(2023, 2, 28)),
        (date(2023, 8, 31), date(2024, 1, 31)),
    ],
)
def test_next_meeting_is_due_five_months_after_the_last(last_on: date, due_on: date) -> None:
    assert meeting_due_on(last_on) == due_on


def test_names_are_found_in_words_whatever_stands_around_them() -> None:
    assert names_in("请王小明核实", ["王小明", "李大力", "王"]) == ["王小明"]
    assert names_in("请席位 3 核实", ["王小明"]) == []


def test_meeting_has_the_waiting_matters_and_plain_items_on_its_agenda(session: Session) -> None:
    scenes.give(session, 1_000_000)
    request = scenes.submitted(session, 80_000)
    with clock.simulated(meetings.CALLED_AT):
        found = meetings.called(session)
    agenda = queries.agenda_of(session, found)
    matter = matter_of(session, "disbursement", request)
    assert matter is not None
    assert [(view.item.position, view.item.matter_id) for view in agenda] == [(1, matter.id), (2, None)]
    assert "孤寡老人冬季慰问，800.00 元" in agenda[0].item.title
    assert agenda[1].item.title == "听取三季度收支报告"
    assert meetings.meeting(session, found).number == "2023-01"


def test_meeting_numbers_count_on(session: Session) -> None:
    with clock.simulated(meetings.CALLED_AT):
        numbers = [meetings.meeting(session, meetings.called(session)).number for _ in range(2)]
    assert numbers == ["2023-01", "2023-02"]


def test_same_form_sent_twice_calls_one_meeting(session: Session) -> None:
    key = "a" * 32
    with clock.simulated(meetings.CALLED_AT):
        assert meetings.called(session, idempotency_key=key) == meetings.called(session, idempotency_key=key)


@pytest.mark.parametrize("key", ["secretary", "chair"])
def test_secretary_and_chair_call_meetings(session: Session, key: str) -> None:
    with clock.simulated(meetings.CALLED_AT):
        assert meetings.called(session, by=key)


@pytest.mark.parametrize(
    "key", ["council", "cashier", "accountant", "supervisor", "host", "auditor", "administrator"]
)
def test_nobody_else_calls_meetings(session: Session, key: str) -> None:
    with clock.simulated(meetings.CALLED_AT), pytest.raises(Forbidden):
        meetings.called(session, by=key)


def test_meeting_in_the_past_or_without_an_agenda_is_refused(session: Session) -> None:
    with clock.simulated(meetings.CALLED_AT):
        with pytest.raises(Refused) as refused:
            meetings.called(session, held_at=meetings.CALLED_AT - timedelta(hours=1))
        assert refused.value.field == "held_on"
        with pytest.raises(Refused) as refused:
            meetings.called(session, plain_items=())
        assert refused.value.field == "plain_items"
    assert session.scalars(select(Meeting)).all() == []


def test_a_meeting_is_moved_to_another_day_with_another_agenda(session: Session) -> None:
    with clock.simulated(meetings.CALLED_AT):
        found = meetings.called(session)
        later = meetings.HELD_AT + timedelta(days=3)
        with transaction(session, books=True):
            draft = meetings.a_draft(session, held_at=later, plain_items=("改选", "其他"))
            operations.change_meeting(session, actor(session, "chair"), found, draft, 1)
        draft = meetings.a_draft(session, held_at=meetings.CALLED_AT - timedelta(days=1))
        with pytest.raises(Refused), transaction(session, books=True):
            operations.change_meeting(session, actor(session, "chair"), found, draft, 2)
    assert meetings.meeting(session, found).held_at == later
    assert [view.item.title for view in queries.agenda_of(session, found)] == ["改选", "其他"]


def test_quorum_is_counted_on_all_seats(session: Session) -> None:
    with clock.simulated(meetings.CALLED_AT) as now:
        found = meetings.called(session)
        now.set(meetings.HELD_AT)
        with pytest.raises(Refused, match="法定人数"):
            meetings.attend(session, found, ["chair", "council", "council_2", "supervisor"])
        assert meetings.meeting(session, found).state == "called"
        assert session.scalars(select(Attendance)).all() == []
        meetings.attend(session, found, ["chair", "council", "council_2", "council_3"])
    after = meetings.meeting(session, found)
    assert (after.state, after.seats, after.quorum, after.present) == ("held", 5, 4, 4)


def test_attendance_waits_for_the_meeting_and_for_everybody_called(session: Session) -> None:
    with clock.simulated(meetings.CALLED_AT) as now:
        found = meetings.called(session)
        with pytest.raises(Refused, match="会议还没有开始"):
            meetings.attend(session, found)
        now.set(meetings.HELD_AT)
        noted = meetings.presences(session, found)
        missing = noted.popitem()[0]
        with pytest.raises(Refused) as refused, transaction(session, books=True):
            operations.record_attendance(session, actor(session, "secretary"), found, noted, 1)
    assert refused.value.field == f"presence_{missing}"


def test_attendance_is_put_right_and_the_log_says_so_anew(session: Session) -> None:
    found = meetings.held(session)
    meetings.attend(session, found, meetings.SEATS[:4])
    assert meetings.meeting(session, found).present == 4
    leaves = session.scalars(select(Leaf.body).where(Leaf.kind == "meeting").order_by(Leaf.position)).all()
    assert [b'"present":5' in leaves[0], b'"present":4' in leaves[1], len(leaves)] == [True, True, 2]
    assert not any(check.problems for check in check_meetings(session))


def test_drafts_of_minutes_may_be_saved_again_and_again(session: Session) -> None:
    found = meetings.held(session)
    meetings.write(session, found)
    (view,) = queries.agenda_of(session, found)
    meetings.write(
        session, found, meetings.notes(session, found, items={view.item.id: ItemNotes("再议", "下次再议")})
    )
    (view,) = queries.agenda_of(session, found)
    assert (view.item.discussion, view.item.outcome) == ("再议", "下次再议")
    assert meetings.meeting(session, found).state == "held"


def test_issued_minutes_are_a_document_that_names_seats_only(session: Session) -> None:
    scenes.give(session, 1_000_000)
    scenes.submitted(session, 80_000)
    found = meetings.held(session, meetings.SEATS[:4])
    meetings.write(session, found)
    issued = meetings.issue(session, found)
    after = meetings.meeting(session, found)
    assert (after.state, after.document_id) == ("minuted", issued.id)
    figures = figures_of(document(session, issued.number))
    assert (figures.meeting_number, figures.held_on) == (after.number, meetings.DAY)
    assert (figures.seats, figures.quorum, figures.present) == (5, 4, 4)
    seats = [(seat.seat_number, seat.is_chair, seat.presence) for seat in figures.attendance]
    assert seats == [
        (1, True, "present"),
        (2, False, "present"),
        (3, False, "present"),
        (4, False, "present"),
        (5, False, "excused"),
        (None, False, "excused"),
    ]
    assert [item.discussion for item in figures.items] == [meetings.WORDS] * 2
    for name in queries.private_names(session, after.fund_id):
        assert name not in issued.figures
    problems = [*check_meetings(session), *check_documents(session)]
    assert not any(check.problems for check in problems)


def test_two_meetings_of_one_day_have_minutes_of_their_own(session: Session) -> None:
    numbers = []
    for _ in range(2):
        found = meetings.held(session)
        meetings.write(session, found)
        numbers.append(meetings.issue(session, found).number)
    assert len(set(numbers)) == 2


def test_minutes_that_name_a_person_are_refused_with_every_place(session: Session) -> None:
    found = meetings.held(session)
    (view,) = queries.agenda_of(session, found)
    meetings.write(
        session,
        found,
        meetings.notes(
            session, found, minutes="理事长戊主持", items={view.item.id: ItemNotes("理事己发言", "")}
        ),
    )
    with pytest.raises(InputRefused) as refused:
        meetings.issue(session, found)
    assert [each.field for each in refused.value.refusals] == [
        "minutes",
        f"discussion_{view.item.id}",
        f"outcome_{view.item.id}",
    ]
    assert meetings.meeting(session, found).state == "held"


def test_chair_writes_minutes_but_the_secretary_issues_them(session: Session) -> None:
    found = meetings.held(session)
    meetings.write(session, found, by="chair")
    with pytest.raises(Forbidden):
        meetings.issue(session, found, by="chair")


def test_second_of_two_who_save_at_once_gets_a_conflict(session: Session) -> None:
    found = meetings.held(session)
    version = meetings.meeting(session, found).version
    draft = meetings.notes(session, found)
    with transaction(session, books=True):
        operations.save_minutes(session, actor(session, "secretary"), found, draft, version)
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.save_minutes(session, actor(session, "chair"), found, draft, version)


def test_cancelled_meeting_keeps_its_number_and_takes_no_attendance(session: Session) -> None:
    with clock.simulated(meetings.CALLED_AT) as now:
        found = meetings.called(session)
        with pytest.raises(Refused), transaction(session, books=True):
            operations.cancel_meeting(session, actor(session, "secretary"), found, " ", 1)
        with transaction(session, books=True):
            operations.cancel_meeting(session, actor(session, "secretary"), found, "暴雪", 1)
        now.set(meetings.HELD_AT)
        with pytest.raises(Conflict):
            meetings.attend(session, found)
        now.set(meetings.CALLED_AT)
        assert meetings.meeting(session, meetings.called(session)).number == "2023-02"


def test_database_keeps_minuted_meetings_as_they_were(session: Session) -> None:
    found = meetings.held(session)
    meetings.write(session, found)
    meetings.issue(session, found)
    session.rollback()
    for statement in (
        "UPDATE meeting SET place = 'x'",
        "DELETE FROM meeting",
        "UPDATE agenda_item SET outcome = 'x'",
        "DELETE FROM agenda_item",
        "UPDATE attendance SET presence = 'absent'",
        "DELETE FROM attendance",
    ):
        with pytest.raises(IntegrityError), transaction(session):
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ("present = 3", "held_meeting_has_its_quorum"),
        ("state = 'minuted'", "minuted_meeting_has_its_document"),
        ("present = NULL", "held_meeting_has_its_attendance"),
        ("state = 'called', present = NULL, cancel_reason = 'x'", "cancelled_meeting_has_a_reason"),
    ],
)
def test_database_refuses_states_that_cannot_be(session: Session, changes: str, name: str) -> None:
    meetings.held(session)
    session.rollback()
    with pytest.raises(IntegrityError, match=name), transaction(session):
        session.execute(text(f"UPDATE meeting SET {changes}"))


def test_matter_leads_to_its_meeting(session: Session) -> None:
    scenes.give(session, 1_000_000)
    matter = matter_of(session, "disbursement", scenes.submitted(session, 80_000))
    assert matter is not None
    assert queries.meeting_of_matter(session, matter.id) is None
    found = meetings.held(session)
    seen = queries.meeting_of_matter(session, matter.id)
    assert seen is not None
    assert (seen.number, seen.held_on, seen.state, seen.present) == (
        meetings.meeting(session, found).number,
        meetings.DAY,
        "held",
        5,
    )
