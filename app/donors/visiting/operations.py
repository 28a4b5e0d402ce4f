"""Asking for a link, sending it, and coming in. Every secret is random, kept as a hash, and good for one browser."""

from __future__ import annotations

from typing import Any

from babel.support import Translations
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donors.visiting import queries
from app.donors.visiting.models import DonorLink, DonorVisit, DonorVisitParty
from app.donors.visiting.rules import KEPT, LINK_LASTS, VISIT_LASTS
from app.jobs.mail.operations import deliver
from app.jobs.mail.rules import Undelivered, email, mail_server
from app.jobs.operations import enqueue
from app.jobs.registry import Work, every, job
from app.jobs.rules import TryLater
from app.parties.queries import email_digest, parties_with_email
from app.people.rules import new_secret, secret_hash
from app.settings import ROOT
from app.shared import clock
from app.shared.encryption import decrypt, encrypt
from app.shared.errors import N_

SEND_LINK, FORGET = "send_donor_link", "forget_donor_visits"
TITLE = N_("您的捐赠记录：进入链接")
TEXT = N_(
    "有人（也许是您）在我们的网站请求查看这个邮箱名下的捐赠记录。请在 10 分钟内打开下面的链接，并点“进入”。"
    "链接只能用一次。不是您请求的，不用理会，别人看不到您的记录。"
)


def ask_for_link(session: Session, address: str, locale: str) -> DonorLink:
    """Have a link mailed to ``address`` if a donor is recorded with it; nothing here depends on whether one is."""
    link = DonorLink(
        email_digest=email_digest(address), address=encrypt(address), locale=locale, asked_at=clock.now()
    )
    session.add(link)
    session.flush()
    enqueue(session, SEND_LINK, {"link_id": link.id}, key=f"{SEND_LINK}/{link.id}")
    return link


@job(SEND_LINK)
def send_link(work: Work, payload: dict[str, Any]) -> None:
    """Mail the link. A second attempt makes a new secret, so that a mail that was lost half-way opens nothing."""
    link = work.session.get(DonorLink, payload["link_id"], populate_existing=True)
    if link is None or link.address is None:
        return
    settings = work.settings
    is_known = bool(parties_with_email(work.session, link.email_digest))
    is_late = clock.now() - link.asked_at > LINK_LASTS
    if not is_known or is_late or settings.smtp_url is None or settings.public_url is None:
        with work.finishing() as session:
            _forget_address(session, link.id)
        return
    secret = new_secret()
    with work.transaction() as session:
        session.execute(
            update(DonorLink)
            .where(DonorLink.id == link.id)
            .values(secret_hash=secret_hash(secret), expires_at=clock.now() + LINK_LASTS)
        )
    server = mail_server(settings.smtp_url, settings.public_url)
    words = Translations.load(str(ROOT / "app" / "translations"), [link.locale])
    try:
        composed = email(
            message_id=link.id,
            sender=server.sender,
            recipient=decrypt(link.address),
            title=words.gettext(TITLE),
            text=words.gettext(TEXT),
            address=f"{settings.public_url}/mine/link/{secret}",
            sent_at=link.asked_at,
        )
        work.session.rollback()  # the slow part holds no snapshot
        deliver(server, composed, lambda: None)
    except Undelivered as error:
        if error.for_good or error.in_doubt or work.is_last_attempt:
            with work.finishing() as session:
                _forget_address(session, link.id)
            return
        raise TryLater(error.sentence) from error
    with work.finishing() as session:
        _forget_address(session, link.id)


def _forget_address(session: Session, link_id: int) -> None:
    session.execute(update(DonorLink).where(DonorLink.id == link_id).values(address=None))


def enter_by_link(session: Session, secret: str) -> str | None:
    """Use a link up and return the secret of the visit; None for one that is unknown, used or too old."""
    now = clock.now()
    digest = session.scalar(
        update(DonorLink)
        .where(
            DonorLink.secret_hash == secret_hash(secret),
            DonorLink.used_at.is_(None),
            DonorLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(DonorLink.email_digest)
    )
    parties = parties_with_email(session, digest) if digest is not None else []
    return _start(session, "mail", parties) if parties else None


def enter_by_code(session: Session, code: str, amount_minor: int) -> str | None:
    """Come in by the code of a receipt and the fen that stand on it; None when no gift has both."""
    party_id = session.scalar(
        select(Donation.party_id).where(Donation.receipt_code == code, Donation.amount_minor == amount_minor)
    )
    return _start(session, "code", [party_id]) if party_id is not None else None


def _start(session: Session, how: str, party_ids: list[int]) -> str:
    now, secret = clock.now(), new_secret()
    visit = DonorVisit(secret_hash=secret_hash(secret), how=how, started_at=now, ends_at=now + VISIT_LASTS)
    session.add(visit)
    session.flush()
    session.add_all(DonorVisitParty(visit_id=visit.id, party_id=each) for each in party_ids)
    session.flush()
    return secret


def leave(session: Session, secret: str) -> None:
    """End the visit that holds this secret, if there is one."""
    found = queries.visitor(session, secret)
    if found is not None:
        _delete_visits(session, [found.visit_id])


@job(FORGET)
def forget(work: Work, _payload: dict[str, Any]) -> None:
    """Delete links and visits a day after they ended."""
    since = clock.now() - KEPT
    with work.finishing() as session:
        session.execute(delete(DonorLink).where(DonorLink.asked_at < since))
        ended = session.scalars(select(DonorVisit.id).where(DonorVisit.ends_at < since)).all()
        _delete_visits(session, list(ended))


every(FORGET, 24 * 3600)


def _delete_visits(session: Session, ids: list[int]) -> None:
    session.execute(delete(DonorVisitParty).where(DonorVisitParty.visit_id.in_(ids)))
    session.execute(delete(DonorVisit).where(DonorVisit.id.in_(ids)))
