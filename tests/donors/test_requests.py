"""What donors ask for is taken from anyone who holds a gift's code, answered once, in time, and told to nobody else."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donors.requests import queries
from app.donors.requests.models import DonorRequest
from app.donors.requests.operations import answer, ask, record_request, refuse, withdraw
from app.donors.requests.rules import due_on
from app.jobs.models import Job, OutboxMessage
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, NotFound, Refused
from tests.donations import gifts
from tests.factories import actor

WORDS = "我的 300 元为什么用在超市？"
MAIL = "gulnar@example.org"


def asked(session: Session, gift: int, **changes: object) -> DonorRequest:
    """A question about a gift, as its donor sends it."""
    found = session.get_one(Donation, gift)
    values: dict[str, object] = {
        "kind": "question",
        "donation_id": gift,
        "party_id": None,
        "fund_id": found.fund_id,
        "words": WORDS,
        "contact": MAIL,
        "idempotency_key": None,
        **changes,
    }
    with transaction(session, books=True):
        return ask(session, **values)  # type: ignore[arg-type]


def test_a_request_is_taken_once_and_due_in_ten_working_days(session: Session) -> None:
    gift = gifts.give(session)
    first = asked(session, gift, idempotency_key="k" * 20)
    again = asked(session, gift, idempotency_key="k" * 20, words="别的话")
    assert (again.id, again.words) == (first.id, WORDS)
    assert first.status == "open"
    assert MAIL.encode() not in (first.contact or b"")
    assert queries.contact_of(actor(session, "secretary"), first) == MAIL
    assert queries.contact_of(actor(session, "council"), first) == ""
    assert due_on(date(2023, 9, 20)) == date(2023, 10, 10)
    assert due_on(date(2020, 1, 20)) == date(2020, 2, 9)
    assert [each.number for each in queries.open_requests(session, first.fund_id)] == [first.number]
    assert session.query(OutboxMessage).filter_by(subject_type="donor_request").count() >= 1
    message = session.query(OutboxMessage).filter_by(subject_type="donor_request").first()
    assert message is not None
    assert WORDS not in message.text + message.title


def test_what_is_wrong_is_said_field_by_field(session: Session) -> None:
    gift = gifts.give(session)
    with pytest.raises(InputRefused) as refused:
        asked(session, gift, kind="other", words=" ", contact="x" * 201, came="pigeon")
    assert {each.field for each in refused.value.refusals} == {"kind", "words", "contact", "came"}
    with pytest.raises(NotFound):
        asked(session, gift, fund_id=999)
    with pytest.raises(Refused):
        asked(session, gift, donation_id=None)
    stranger = session.get_one(Donation, gifts.give(session, 100, gifts.PERSON)).party_id
    with pytest.raises(NotFound):
        asked(session, gift, party_id=stranger)
    about_me = asked(session, gift, donation_id=None, party_id=stranger, kind="erasure")
    assert queries.donor_of(session, about_me) == stranger
    assert [each.number for each in queries.requests_of(session, (stranger,))] == [about_me.number]


def test_the_office_notes_what_came_by_telephone(session: Session) -> None:
    gift = gifts.give(session)
    fund = session.get_one(Donation, gift).fund_id
    values = {
        "kind": "records",
        "donation_id": gift,
        "fund_id": fund,
        "words": "要对账单",
        "contact": "",
        "idempotency_key": None,
    }
    with transaction(session, books=True):
        found = record_request(session, actor(session, "secretary"), came="phone", **values)  # type: ignore[arg-type]
    assert (found.came, found.contact, found.recorded_by_id) == (
        "phone",
        None,
        actor(session, "secretary").user_id,
    )
    with pytest.raises(Refused), transaction(session, books=True):
        record_request(session, actor(session, "secretary"), came="page", **values)  # type: ignore[arg-type]
    with pytest.raises(Forbidden), transaction(session, books=True):
        record_request(session, actor(session, "council"), came="phone", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("act", [answer, refuse, withdraw])
def test_it_is_closed_once_with_words(session: Session, act: object) -> None:
    number = asked(session, gifts.give(session)).number
    secretary = actor(session, "secretary")
    with pytest.raises(Refused), transaction(session, books=True):
        act(session, secretary, number, "  ")  # type: ignore[operator]
    with pytest.raises(Forbidden), transaction(session, books=True):
        act(session, actor(session, "supervisor"), number, "不行")  # type: ignore[operator]
    with transaction(session, books=True):
        found = act(session, secretary, number, "请看对账单")  # type: ignore[operator]
    assert (found.status != "open", found.answer) == (True, "请看对账单")
    with pytest.raises(Conflict), transaction(session, books=True):
        answer(session, secretary, number, "再说一遍")
    assert queries.open_count(session, found.fund_id) == 0
    assert session.query(Job).filter_by(kind="tell_donor_of_answer").count() == 1


def test_the_database_keeps_what_was_asked_and_answered(session: Session) -> None:
    number = asked(session, gifts.give(session)).number
    for change in ("kind = 'records'", "due_on = '2030-01-01'", "status = 'answered'", "status = 'lost'"):
        with pytest.raises(DatabaseError), transaction(session):
            session.execute(text(f"UPDATE donor_request SET {change}"))
    with transaction(session, books=True):
        answer(session, actor(session, "secretary"), number, "请看对账单", ("statement",))
    for change in ("answer = '别的'", "parts = ''", "status = 'open', closed_at = NULL, parts = ''"):
        with pytest.raises(DatabaseError), transaction(session):
            session.execute(text(f"UPDATE donor_request SET {change}"))
    with pytest.raises(DatabaseError), transaction(session):
        session.execute(text("DELETE FROM donor_request"))
    found = queries.request_numbered(session, number)
    assert (found.answer, found.parts) == ("请看对账单", "statement")
