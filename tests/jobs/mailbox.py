"""A real mail server for a test, with a mailbox to look into."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.settings import Settings

USER, PASSWORD = "office@example.org", "secret-of-the-office"


@dataclass
class Mailbox:
    """What arrived, and what the server says to the next ones."""

    port: int = 0
    arrived: list[EmailMessage] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    answer_to_address: str = ""
    answer_to_text: str = ""
    # Until it is set, the server keeps its answer to a text that it took.
    go_on: threading.Event = field(default_factory=threading.Event)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer_to_address:
            return self.answer_to_address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer_to_text:
            return self.answer_to_text
        content = cast(bytes, envelope.content)
        self.arrived.append(email.message_from_bytes(content, policy=email.policy.default))
        self.was_encrypted.append(session.ssl is not None)
        while not self.go_on.is_set():
            await asyncio.sleep(0.02)
        return "250 OK"


class _AnyPort(Controller):
    """Listens on a port that the system chooses, so that no other test can have it."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def _check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
    good = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, holds_text: bool = False
) -> Iterator[Mailbox]:
    """A mail server. With ``tls`` it asks for STARTTLS and a password, or speaks TLS from the first byte (``implicit``). With
    ``holds_text`` it takes a text and does not answer until ``go_on``."""
    box = Mailbox()
    if not holds_text:
        box.go_on.set()
    arguments: dict[str, Any] = {"hostname": "127.0.0.1", "port": 0}
    if tls is not None:
        arguments["authenticator"] = _check
        if implicit:
            arguments |= {"ssl_context": tls, "auth_require_tls": False}
        else:
            arguments |= {"tls_context": tls, "require_starttls": True, "auth_required": True}
    server = _AnyPort(box, **arguments)
    server.start()
    box.port = server.port
    try:
        yield box
    finally:
        server.stop()


def with_mail(settings: Settings, box: Mailbox, *, scheme: str = "smtp", login: str = "") -> Settings:
    """The installation with this mail server set."""
    return replace(
        settings,
        smtp_url=f"{scheme}://{login}127.0.0.1:{box.port}",
        public_url="https://fund.example.org",
    )


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 in a file, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "mail.crt", folder / "mail.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
