"""Who was shown personal data is noted without a word of it, and listed for those who watch over it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.shared.audit import PersonalReading
from app.web import reading
from tests.donations.gifts import PERSON, PLACE, give
from tests.factories import actor
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PAGE = "/office/privacy/access"


def _noted(session: Session) -> list[tuple[int, str, str, int | None]]:
    session.rollback()
    rows = session.scalars(select(PersonalReading).order_by(PersonalReading.id))
    return [(row.reader_id, row.endpoint, row.subject_type, row.subject_id) for row in rows]


def test_page_with_a_name_is_noted_and_one_without_is_not(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    who = actor(session, "secretary").user_id
    assert secretary.get(f"{PLACE}/{gift_id}").status == 200
    assert secretary.get(f"{PLACE}/?q=古丽").status == 200
    assert secretary.get("/office/").status == 200
    assert visit().get("/ledger").status == 200
    assert _noted(session) == [
        (who, "donations.show", "donation", gift_id),
        (who, "donations.listing", "", None),
    ]


def test_what_was_not_shown_is_not_noted(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    assert visit("council").get(f"{PLACE}/{gift_id}").status == 403
    assert visit("secretary").get(f"{PLACE}/999999").status == 404
    assert visit().get(f"{PLACE}/{gift_id}").status == 302
    assert _noted(session) == []


def test_readings_are_listed_by_person_and_by_subject(visit: Visit, session: Session) -> None:
    first, second = give(session), give(session)
    visit("secretary").get(f"{PLACE}/{first}")
    visit("accountant").get(f"{PLACE}/{second}")
    supervisor = visit("supervisor")
    who = actor(session, "accountant").user_id
    assert f"捐赠第 {first} 号" in supervisor.get(PAGE).words
    only = supervisor.get(f"{PAGE}?reader={who}").words
    assert f"捐赠第 {second} 号" in only
    assert f"捐赠第 {first} 号" not in only
    only = supervisor.get(f"{PAGE}?subject=donation&number={first}").words
    assert f"捐赠第 {second} 号" not in only
    assert PERSON.name not in supervisor.get(PAGE).html
    assert "没有符合条件的记录" in supervisor.get(f"{PAGE}?subject=donation&number=999").words


def test_readings_are_paged(visit: Visit, session: Session) -> None:
    for _ in range(51):
        visit("secretary").get(f"{PLACE}/")
    gift_id = give(session)
    visit("secretary").get(f"{PLACE}/{gift_id}")
    page = visit("auditor").get(PAGE)
    (older,) = {each for each in page.links() if "before=" in each}
    assert page.words.count("列表") == 49
    assert visit("auditor").get(older).words.count("列表") == 2


def test_only_those_who_watch_over_it_read_the_list(visit: Visit) -> None:
    for key in ("administrator", "supervisor", "host", "auditor"):
        assert visit(key).get(PAGE).status == 200
    for key in ("secretary", "cashier", "accountant", "chair", "council"):
        assert visit(key).get(PAGE).status == 403
    assert visit().get(PAGE).location.startswith("/office/sign-in")


def test_page_is_shown_and_the_log_of_the_service_says_it_when_nothing_can_be_noted(
    visit: Visit, session: Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gift_id = give(session)
    secretary = visit("secretary")

    def full(**_values: object) -> PersonalReading:
        return PersonalReading(**_values | {"reader_id": None})

    monkeypatch.setattr(reading, "PersonalReading", full)
    with caplog.at_level(logging.ERROR, logger="app.web.reading"):
        assert secretary.get(f"{PLACE}/{gift_id}").status == 200
    assert f"donations.show donation {gift_id}" in caplog.text
    assert PERSON.name not in caplog.text.split("[SQL")[0]
