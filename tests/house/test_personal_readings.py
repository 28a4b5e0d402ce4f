"""Every office page that shows a private name or contact is one whose readers are noted."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.shared.audit import PersonalReading
from tests.house.conftest import House
from tests.house.furnishing import PRIVATE_NAME, PRIVATE_PHONE


def test_page_that_shows_a_private_name_or_contact_notes_its_reader(house: House) -> None:
    unnoted, noted = [], 0
    for rule in house.rules():
        access = house.access(rule)
        if access.kind != "requires" or "GET" not in (rule.methods or ()):
            continue
        address, reader = house.door(rule)
        seen = house.visit(reader).get(address)
        words = seen.content.decode("utf-8", "replace")
        if (PRIVATE_NAME in words or PRIVATE_PHONE in words) and not access.personal:
            unnoted.append(rule.endpoint)
        noted += access.personal and seen.status == 200
    assert unnoted == []
    assert noted > 10
    with Session(house.engine) as session:
        assert len(session.scalars(select(PersonalReading.id)).all()) >= noted
