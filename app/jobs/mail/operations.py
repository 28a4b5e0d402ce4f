"""Handing notices to the mail server.

A mail server takes part in no transaction. So that an e-mail is neither lost nor sent twice, the row says *before* the text
goes out that it is being handed over, and afterwards what became of it. A process that is killed in between leaves a row
that says so; it is not sent again by itself, and the office decides.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from sqlalchemy import Update, update

from app.jobs.mail import rules
from app.jobs.mail.rules import MailServer, Undelivered
from app.jobs.models import OutboxMessage
from app.jobs.operations import SEND_NOTICE, changed_rows
from app.jobs.registry import Work, job
from app.jobs.rules import TryLater
from app.shared import clock
from app.shared.encryption import decrypt


@job(SEND_NOTICE)
def send_notice(work: Work, payload: dict[str, Any]) -> None:
    """Mail one notice that still waits. Without a mail server it is only there to be copied, and loses its address."""
    message = work.session.get(OutboxMessage, payload["message_id"], populate_existing=True)
    if message is None or message.state != "waiting" or message.address is None:
        return
    if message.handed_over_at is not None:
        with work.finishing() as session:
            changed_rows(session, _outcome(message, "failed", last_error=rules.IN_DOUBT))
        return
    settings = work.settings
    if settings.smtp_url is None or clock.now() - message.created_at > rules.STALE:
        with work.finishing() as session:
            changed_rows(session, _waiting(message).values(address=None))
        return

    def handing_over() -> None:
        with work.transaction() as session:
            mark = _waiting(message).where(OutboxMessage.handed_over_at.is_(None))
            if changed_rows(session, mark.values(handed_over_at=clock.now())) != 1:
                raise _Withdrawn

    try:
        server = rules.mail_server(settings.smtp_url, settings.public_url)
        composed = rules.email(
            message_id=message.id,
            sender=server.sender,
            recipient=decrypt(message.address),
            title=message.title,
            text=message.text,
            address=(settings.public_url or "") + message.path,
            sent_at=message.created_at,
        )
        work.session.rollback()  # the slow part holds no snapshot
        deliver(server, composed, handing_over)
    except _Withdrawn:
        return
    except Undelivered as error:
        if error.for_good or error.in_doubt or work.is_last_attempt:
            with work.finishing() as session:
                kept = {} if error.in_doubt else {"handed_over_at": None}
                changed_rows(session, _outcome(message, "failed", last_error=error.sentence, **kept))
            return
        with work.transaction() as session:
            changed_rows(
                session, _outcome(message, "waiting", last_error=error.sentence, handed_over_at=None)
            )
        raise TryLater(error.sentence) from error
    with work.finishing() as session:
        sent = update(OutboxMessage).where(OutboxMessage.id == message.id)
        changed_rows(
            session,
            sent.values(
                state="sent",
                sent_at=clock.now(),
                handed_over_at=None,
                last_error="",
                attempts=OutboxMessage.attempts + 1,
            ),
        )


class _Withdrawn(Exception):
    """The notice was withdrawn while the mail server was being called."""


def _waiting(message: OutboxMessage) -> Update:
    return update(OutboxMessage).where(OutboxMessage.id == message.id, OutboxMessage.state == "waiting")


def _outcome(message: OutboxMessage, state: str, **values: Any) -> Update:
    return _waiting(message).values(state=state, attempts=OutboxMessage.attempts + 1, **values)


def deliver(server: MailServer, message: EmailMessage, handing_over: Callable[[], None]) -> None:
    """Hand ``message`` to the server; ``handing_over`` is called when all is agreed and only the text is left to go.

    Raises Undelivered.
    """
    try:
        smtp = _connect(server)
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(rules.BAD_PASSWORD) from error
    except ssl.SSLError as error:
        raise Undelivered(rules.BAD_CERTIFICATE) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(rules.UNREACHABLE) from error
    try:
        _agree(smtp, server.sender, str(message["To"]))
        handing_over()
        _hand_over(smtp, message.as_bytes(policy=SMTP))
    finally:
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
        smtp.close()


def _connect(server: MailServer) -> smtplib.SMTP:
    trust = ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.is_tls:
        smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=rules.TIMEOUT_SECONDS, context=trust)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=rules.TIMEOUT_SECONDS)
    try:
        smtp.ehlo_or_helo_if_needed()
        is_encrypted = server.is_tls
        if not is_encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=trust)
            smtp.ehlo()
            is_encrypted = True
        if server.password:
            if not is_encrypted and not server.is_here:
                raise Undelivered(rules.NO_ENCRYPTION)
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _agree(smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
    try:
        _accepted(smtp.mail(sender), rules.REFUSED_SENDER)
        _accepted(smtp.rcpt(recipient), rules.REFUSED_ADDRESS)
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(rules.UNREACHABLE) from error


def _hand_over(smtp: smtplib.SMTP, content: bytes) -> None:
    try:
        reply = smtp.data(content)
    except smtplib.SMTPDataError as error:
        reply = error.smtp_code, b""
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(rules.IN_DOUBT, in_doubt=True) from error
    _accepted(reply, rules.REFUSED_MESSAGE)


def _accepted(reply: tuple[int, bytes], refusal: str) -> None:
    if reply[0] >= 500:
        raise Undelivered(refusal, for_good=True)
    if reply[0] >= 400:
        raise Undelivered(rules.BUSY)
