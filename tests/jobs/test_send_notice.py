"""A notice goes out by e-mail once, or the office reads why not; it can always be copied."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs.mail import operations as mail
from app.jobs.mail import rules
from app.jobs.mail.rules import Undelivered
from app.jobs.mail.rules import mail_server as parsed
from app.jobs.models import Job, OutboxMessage
from app.jobs.operations import post_notice, retry_notice, withdraw_notices
from app.jobs.rules import MOST_ATTEMPTS
from app.settings import Settings, SettingsError, load
from app.shared import clock
from app.shared.db import transaction
from app.shared.encryption import decrypt
from app.shared.errors import Conflict
from tests.factories import actor
from tests.jobs.conftest import Post, Work
from tests.jobs.mailbox import PASSWORD, USER, Mailbox, certificate, mail_server, with_mail


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A mail server."""
    with mail_server() as opened:
        yield opened


def now(session: Session, message_id: int) -> OutboxMessage:
    """The row as it is now."""
    session.rollback()
    return session.scalars(
        select(OutboxMessage).where(OutboxMessage.id == message_id).execution_options(populate_existing=True)
    ).one()


def test_notice_arrives_with_its_link(
    session: Session, settings: Settings, work: Work, post: Post, box: Mailbox
) -> None:
    message_id = post("council", title="有一项表决等您\r\nBcc: x@example.org")
    assert work(with_mail(settings, box)) == 1
    (arrived,) = box.arrived
    assert arrived["To"] == "council@example.org"
    assert arrived["From"] == "no-reply@fund.example.org"
    assert arrived["Subject"] == "有一项表决等您 Bcc: x@example.org"
    assert arrived["Bcc"] is None
    assert "350,000.00 元" in arrived.get_content()
    assert "https://fund.example.org/office/disbursements/" in arrived.get_content()
    row = now(session, message_id)
    assert (row.state, row.attempts, row.handed_over_at) == ("sent", 1, None)
    assert work(with_mail(settings, box)) == 0


def test_one_event_gives_one_message_to_each_person(
    session: Session, settings: Settings, work: Work, post: Post, box: Mailbox
) -> None:
    ids = [post("council"), post("council"), post("chair"), post(None), post(None)]
    assert len(set(ids)) == 3
    assert post("council", event="vote/2") not in ids
    work(with_mail(settings, box))
    assert sorted(each["To"] for each in box.arrived) == [
        "chair@example.org",
        "council@example.org",
        "council@example.org",
    ]


def test_address_is_encrypted_and_job_holds_no_person(session: Session, post: Post) -> None:
    row = now(session, post("council"))
    assert row.address is not None
    assert b"council" not in row.address
    assert decrypt(row.address) == "council@example.org"
    job = session.scalars(select(Job)).one()
    assert job.payload == f'{{"message_id": {row.id}}}'


def test_without_a_mail_server_it_is_only_there_to_be_copied(
    session: Session, settings: Settings, work: Work, post: Post, box: Mailbox
) -> None:
    message_id = post("council")
    work(settings)
    row = now(session, message_id)
    assert (row.state, row.address) == ("waiting", None)
    # A mail server that is set later does not get what is old.
    assert work(with_mail(settings, box)) == 0
    assert box.arrived == []


def test_old_notice_is_not_mailed(
    session: Session, settings: Settings, work: Work, post: Post, box: Mailbox
) -> None:
    message_id = post("council")
    with clock.simulated(clock.now() + rules.STALE + timedelta(days=1)):
        work(with_mail(settings, box))
    assert box.arrived == []
    assert now(session, message_id).state == "waiting"


def test_withdrawn_notice_is_not_mailed(
    session: Session, settings: Settings, work: Work, post: Post, box: Mailbox
) -> None:
    message_id = post("council")
    with transaction(session):
        withdraw_notices(session, "matter", 1, kind="vote_waits")
    work(with_mail(settings, box))
    assert box.arrived == []
    assert now(session, message_id).state == "withdrawn"


def test_busy_server_is_asked_again(
    session: Session, settings: Settings, work: Work, post: Post, box: Mailbox
) -> None:
    message_id = post("council")
    with_box = with_mail(settings, box)
    with clock.simulated(clock.now()) as moment:
        for refusal in ("answer_to_address", "answer_to_text"):
            setattr(box, refusal, "450 come back later")
            work(with_box)
            row = now(session, message_id)
            assert (row.state, row.last_error, row.handed_over_at) == ("waiting", rules.BUSY, None)
            setattr(box, refusal, "")
            moment.advance(timedelta(minutes=1))
            if refusal == "answer_to_address":
                continue
            moment.advance(timedelta(minutes=1))
        work(with_box)
    assert len(box.arrived) == 1
    assert now(session, message_id).state == "sent"


def test_refused_address_is_told_to_the_office_and_can_be_sent_again(
    session: Session, settings: Settings, work: Work, post: Post, box: Mailbox
) -> None:
    message_id = post("council")
    box.answer_to_address = "550 no such mailbox"
    work(with_mail(settings, box))
    row = now(session, message_id)
    assert (row.state, row.last_error) == ("failed", rules.REFUSED_ADDRESS)
    box.answer_to_address = ""
    council = actor(session, "council")
    with transaction(session):
        retry_notice(session, council, message_id)
    with pytest.raises(Conflict), transaction(session):
        retry_notice(session, council, message_id)
    work(with_mail(settings, box))
    assert len(box.arrived) == 1
    assert now(session, message_id).state == "sent"


def test_server_that_is_away_for_good_makes_the_message_fail(
    session: Session, settings: Settings, work: Work, post: Post, box: Mailbox
) -> None:
    message_id = post("council")
    nowhere = replace(settings, smtp_url="smtp://127.0.0.1:9")
    with clock.simulated(clock.now()) as moment:
        for _ in range(MOST_ATTEMPTS):
            work(nowhere)
            moment.advance(timedelta(hours=7))
        row = now(session, message_id)
        assert (row.state, row.last_error, row.attempts) == ("failed", rules.UNREACHABLE, MOST_ATTEMPTS)
        chair = actor(session, "chair")
        with transaction(session):
            retry_notice(session, chair, message_id)
        work(with_mail(settings, box))
    assert len(box.arrived) == 1


def test_address_that_cannot_be_written_is_refused(session: Session) -> None:
    for bad in ("名字@example.org", "no at sign", "a@b@c"):
        with pytest.raises(Undelivered) as refused:
            rules.email(
                message_id=1,
                sender="a@example.org",
                recipient=bad,
                title="题",
                text="文",
                address="",
                sent_at=clock.now(),
            )
        assert refused.value.for_good


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "smtps"])
def test_password_is_sent_encrypted_to_a_server_that_is_trusted(
    settings: Settings,
    session: Session,
    work: Work,
    post: Post,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    implicit: bool,
) -> None:
    authority, context = certificate(tmp_path)
    message_id = post("council")
    scheme = "smtps" if implicit else "smtp"
    login = f"{USER.replace('@', '%40')}:{PASSWORD}@"
    with mail_server(tls=context, implicit=implicit) as box, clock.simulated(clock.now()) as moment:
        installation = with_mail(settings, box, scheme=scheme, login=login)
        work(installation)
        assert now(session, message_id).last_error == rules.BAD_CERTIFICATE
        monkeypatch.setenv("SSL_CERT_FILE", os.fspath(authority))
        moment.advance(timedelta(minutes=1))
        work(with_mail(settings, box, scheme=scheme, login=login.replace(PASSWORD, "wrong")))
        assert now(session, message_id).last_error == rules.BAD_PASSWORD
        moment.advance(timedelta(minutes=2))
        work(installation)
        assert [each["From"] for each in box.arrived] == [USER]
        assert implicit or box.was_encrypted == [True]


def test_password_is_not_sent_in_clear_to_another_machine() -> None:
    assert not parsed("smtp://a:b@mail.example.org", None).is_here
    assert parsed("smtp://a:b@127.0.0.1", None).is_here
    server = parsed("smtp://user%40x.org:p%3Aw@mail.example.org?from=fund@x.org", None)
    assert (server.port, server.user, server.password, server.sender) == (
        587,
        "user@x.org",
        "p:w",
        "fund@x.org",
    )
    assert "p:w" not in repr(server)


def test_plain_connection_with_a_password_is_given_up_before_the_password(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = parsed(f"smtp://a:b@127.0.0.1:{box.port}", None)
    monkeypatch.setattr(type(server), "is_here", False)
    message = rules.email(
        message_id=1,
        sender="a@example.org",
        recipient="b@example.org",
        title="题",
        text="文",
        address="",
        sent_at=clock.now(),
    )
    with pytest.raises(Undelivered) as refused:
        mail.deliver(server, message, lambda: None)
    assert refused.value.sentence == rules.NO_ENCRYPTION
    assert smtplib.SMTP("127.0.0.1", box.port).quit()[0] == 221


@pytest.mark.parametrize("bad", ["mail.example.org", "http://x", "smtp://", "smtp://host:port"])
def test_address_of_a_mail_server_that_cannot_be_read_stops_the_start(bad: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SUNLEDGER_SMTP_URL"):
        load({"SUNLEDGER_DATA_DIR": str(tmp_path), "SUNLEDGER_SMTP_URL": bad})


def test_notice_links_into_this_site_only(session: Session, post: Post) -> None:
    with pytest.raises(ValueError, match="this site"):
        post_notice(
            session,
            fund_id=1,
            user_id=None,
            kind="x",
            subject_type="x",
            subject_id=1,
            title="x",
            text="x",
            path="//elsewhere.example",
            key="x",
        )
