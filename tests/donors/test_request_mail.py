"""A mail tells a donor that there is an answer, and nothing else: neither the answer nor the code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donors.requests.operations import answer
from app.jobs.work.operations import run_due
from app.settings import Settings
from app.shared.db import transaction
from tests.donations import gifts
from tests.donors.test_requests import MAIL, asked
from tests.factories import actor
from tests.jobs.mailbox import Mailbox, mail_server, with_mail


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A mail server of our own."""
    with mail_server() as opened:
        yield opened


def test_a_mail_tells_that_there_is_an_answer(
    app: Flask, engine: Engine, session: Session, settings: Settings, box: Mailbox
) -> None:
    gift = gifts.give(session)
    code = session.get_one(Donation, gift).receipt_code
    number = asked(session, gift, contact=f"王女士 {MAIL}").number
    silent = asked(session, gift, contact="13900000000").number
    for each in (number, silent):
        with transaction(session, books=True):
            answer(session, actor(session, "secretary"), each, "超市按批价送货。")
    session.rollback()
    run_due(engine, with_mail(settings, box))
    mails = [mail for mail in box.arrived if "有了答复" in str(mail["Subject"])]
    assert [mail["To"] for mail in mails] == [MAIL]
    content = mails[0].get_content()
    assert "/trace" in content
    assert code not in content
    assert "批价" not in content
    assert silent not in str(mails[0]["Subject"])
    before = len(box.arrived)
    run_due(engine, with_mail(settings, box))
    assert len(box.arrived) == before
