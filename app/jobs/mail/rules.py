"""The mail server's address, the text of an e-mail, and what can go wrong on the way."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from app.shared.errors import N_

TIMEOUT_SECONDS = 20
"""For each step of the conversation with the mail server; all of them together stay within a lease."""
STALE = timedelta(days=14)
"""A notice that could not be mailed for so long is no news any more; it stays in the office."""

UNREACHABLE = N_("连接不上邮件服务器")
BAD_CERTIFICATE = N_("邮件服务器的证书不受信任")
NO_ENCRYPTION = N_("邮件服务器没有加密，所以没有把密码发给它")
BAD_PASSWORD = N_("邮件服务器不接受设置的用户名和密码")
REFUSED_SENDER = N_("邮件服务器不接受发件地址")
REFUSED_ADDRESS = N_("邮件服务器拒收这个收件地址")
REFUSED_MESSAGE = N_("邮件服务器拒收这封邮件")
BUSY = N_("邮件服务器暂时不收邮件")
IN_DOUBT = N_("发到一半时中断了，可能已经送到；请先问一问收件人，再决定是否重新发送")


class Undelivered(Exception):
    """The e-mail did not go out, or (``in_doubt``) nobody knows. ``for_good``: another attempt would end the same way."""

    def __init__(self, sentence: str, *, for_good: bool = False, in_doubt: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.for_good = for_good
        self.in_doubt = in_doubt


class MailServer(NamedTuple):
    """Where e-mail is handed over, and as whom."""

    host: str
    port: int
    is_tls: bool
    user: str
    password: str
    sender: str

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, so that a password does not travel."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def mail_server(url: str, public_url: str | None) -> MailServer:
    """Read SUNLEDGER_SMTP_URL: ``smtps://user:password@host:465``, or ``smtp://…:587``, which turns to TLS where the server
    offers it. The sender is ``?from=``, else the user if that is an address, else no-reply at the site's own name."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "smtps"
    user = unquote(parts.username or "")
    site = (urlsplit(public_url).hostname if public_url else None) or "localhost"
    sender = (parse_qs(parts.query).get("from") or [user if "@" in user else f"no-reply@{site}"])[0]
    return MailServer(
        parts.hostname or "",
        parts.port or (465 if is_tls else 587),
        is_tls,
        user,
        unquote(parts.password or ""),
        sender,
    )


def email(
    *, message_id: int, sender: str, recipient: str, title: str, text: str, address: str, sent_at: datetime
) -> EmailMessage:
    """A notice as an e-mail in plain text. Its Message-ID is the same at every attempt. Raises Undelivered for an address
    that cannot stand in a header."""
    composed = EmailMessage()
    try:
        # Encoded already here: a server that takes only ASCII addresses refuses others in the middle of the conversation.
        recipient.encode("ascii")
        composed["To"] = Address(addr_spec=recipient)
        composed["From"] = Address(addr_spec=sender)
    except (ValueError, HeaderParseError) as error:
        raise Undelivered(REFUSED_ADDRESS, for_good=True) from error
    composed["Subject"] = title
    composed["Date"] = format_datetime(sent_at)
    composed["Message-ID"] = f"<notice-{message_id}.{sent_at:%Y%m%d%H%M%S}@{sender.rpartition('@')[2]}>"
    composed["Auto-Submitted"] = "auto-generated"
    composed.set_content("\n\n".join(part for part in (text, address) if part) + "\n")
    return composed
