"""Asking, answering, refusing, withdrawing. Nothing of it is public or in the books; every act is in the audit trail."""

from __future__ import annotations

from typing import Any

from babel.support import Translations
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donors.requests import queries, rules, states
from app.donors.requests.models import DonorRequest
from app.jobs.mail.operations import deliver
from app.jobs.mail.rules import Undelivered, email, mail_server
from app.jobs.operations import enqueue, post_notice, withdraw_notices
from app.jobs.registry import Work, job
from app.jobs.rules import TryLater
from app.parties.models import Party
from app.parties.rules import email_in
from app.people.queries import users_with
from app.settings import ROOT
from app.shared import clock
from app.shared.audit import record
from app.shared.encryption import decrypt, encrypt
from app.shared.errors import N_, Conflict, InputRefused, NotFound, Refused
from app.shared.permissions import Actor, Permission, Role
from app.shared.text import normal

SUBJECT = "donor_request"
TELL = "tell_donor_of_answer"
TITLE = N_("您的请求 %(number)s 有了答复")
TEXT = N_("您的请求 %(number)s 已经有了结果。请打开下面的页面，用收据上的追踪码查看；也可以打电话问。")


def ask(
    session: Session,
    *,
    kind: str,
    donation_id: int | None,
    party_id: int | None,
    fund_id: int,
    words: str,
    contact: str,
    idempotency_key: str | None,
    locale: str = "zh_Hans",
    came: str = "page",
    recorded_by_id: int | None = None,
) -> DonorRequest:
    """Take a donor's request: about the gift ``donation_id``, or about the donor ``party_id``, who gave to the fund.

    For whoever holds the gift's code or came in as the donor: the caller makes sure of that. The same key is the same request.
    Raises InputRefused for wrong fields, NotFound for a gift or a donor that is not of this fund.
    """
    known = queries.request_of_key(session, idempotency_key)
    if known is not None:
        return known
    words, contact = normal(words), contact.strip()
    wrong = _wrong(kind, words, contact, came)
    if wrong:
        raise InputRefused(wrong)
    _require_of_fund(session, donation_id, party_id, fund_id)
    now = clock.now()
    found = DonorRequest(
        number=rules.new_number(),
        kind=kind,
        fund_id=fund_id,
        donation_id=donation_id,
        party_id=party_id,
        words=words,
        contact=encrypt(contact) if contact else None,
        locale=locale,
        came=came,
        recorded_by_id=recorded_by_id,
        received_at=now,
        due_on=rules.due_on(clock.local(now).date()),
        idempotency_key=idempotency_key,
    )
    session.add(found)
    session.flush()
    record(session, recorded_by_id, "ask", SUBJECT, found.id, number=found.number, kind=kind, came=came)
    for user_id in users_with(session, fund_id, Role.SECRETARY):
        post_notice(
            session,
            fund_id=fund_id,
            user_id=user_id,
            kind="donor_request",
            subject_type=SUBJECT,
            subject_id=found.id,
            title=f"捐赠人的请求 {found.number}：{states.KINDS[kind]}",
            text=f"请在 {found.due_on.isoformat()} 以前答复。",
            path=f"/office/requests/{found.number}",
            key=f"donor_request/{found.id}",
        )
    return found


def _wrong(kind: str, words: str, contact: str, came: str) -> list[Refused]:
    wrong: list[Refused] = []
    if kind not in states.KINDS:
        wrong.append(Refused(N_("请选择您要做什么"), field="kind"))
    if not words or len(words) > rules.MOST_WORDS:
        wrong.append(Refused(N_("请写明您的请求，最多 %(most)s 个字"), field="words", most=rules.MOST_WORDS))
    if len(contact) > rules.MOST_CONTACT:
        wrong.append(Refused(N_("联系方式太长"), field="contact"))
    if came not in states.WAYS:
        wrong.append(Refused(N_("请选择请求是怎么来的"), field="came"))
    return wrong


def _require_of_fund(session: Session, donation_id: int | None, party_id: int | None, fund_id: int) -> None:
    if donation_id is not None:
        gift = session.get(Donation, donation_id)
        if gift is None or gift.fund_id != fund_id or party_id not in (None, gift.party_id):
            raise NotFound(N_("没有这笔捐赠"))
    elif party_id is not None:
        gave = select(Donation.id).where(Donation.party_id == party_id, Donation.fund_id == fund_id).limit(1)
        if session.get(Party, party_id) is None or session.scalar(gave) is None:
            raise NotFound(N_("没有这位捐赠人或收款方"))
    else:
        raise Refused(N_("请求要写明是关于哪笔捐赠或哪位捐赠人的"))


def record_request(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    donation_id: int,
    fund_id: int,
    words: str,
    contact: str,
    came: str,
    idempotency_key: str | None,
) -> DonorRequest:
    """Note a request that a donor made in person or by telephone. Raises what ``ask`` raises, and Forbidden."""
    actor.require(Permission.GIFT_RECORD, fund_id)
    if came == "page":
        raise Refused(N_("请选择请求是怎么来的"), field="came")
    return ask(
        session,
        kind=kind,
        donation_id=donation_id,
        party_id=None,
        fund_id=fund_id,
        words=words,
        contact=contact,
        idempotency_key=idempotency_key,
        came=came,
        recorded_by_id=actor.user_id,
    )


def answer(
    session: Session, actor: Actor, number: str, words: str, parts: tuple[str, ...] = ()
) -> DonorRequest:
    """Answer a request in words that its donor reads, with a bundle of ``parts`` (states.PARTS) if any are named.

    Raises Refused without words or for an unknown part, Conflict when it was closed before.
    """
    unknown = [each for each in parts if each not in states.PARTS]
    if unknown:
        raise Refused(N_("请选择附上哪些资料"), field="parts")
    return _close(session, actor, number, "answered", words, parts)


def refuse(session: Session, actor: Actor, number: str, reason: str) -> DonorRequest:
    """Say why a request cannot be met: what others' privacy or the duty to keep books forbid. Raises as ``answer``."""
    return _close(session, actor, number, "refused", reason)


def withdraw(session: Session, actor: Actor, number: str, reason: str) -> DonorRequest:
    """Note that the donor took the request back, and how they said so. Raises as ``answer``."""
    return _close(session, actor, number, "withdrawn", reason)


def _close(
    session: Session, actor: Actor, number: str, status: str, words: str, parts: tuple[str, ...] = ()
) -> DonorRequest:
    found = queries.request_numbered(session, number)
    actor.require(Permission.GIFT_RECORD, found.fund_id)
    if found.status != "open":
        raise Conflict(N_("这条请求已经处理过了"))
    if not normal(words) or len(words) > 2 * rules.MOST_WORDS:
        raise Refused(N_("请写明答复，最多 %(most)s 个字"), field="answer", most=2 * rules.MOST_WORDS)
    found.status, found.answer, found.parts = status, normal(words), ",".join(parts)
    found.closed_by_id, found.closed_at = actor.user_id, clock.now()
    session.flush()
    withdraw_notices(session, SUBJECT, found.id, kind="donor_request")
    record(session, actor.user_id, f"{status}_request", SUBJECT, found.id, number=number, parts=found.parts)
    if found.contact is not None and email_in(decrypt(found.contact)):
        enqueue(session, TELL, {"request_id": found.id}, key=f"{TELL}/{found.id}", fund_id=found.fund_id)
    return found


@job(TELL)
def tell_donor(work: Work, payload: dict[str, Any]) -> None:
    """Mail that there is an answer, when an address was left. The mail holds neither the code of the gift nor the answer."""
    found = work.session.get(DonorRequest, payload["request_id"], populate_existing=True)
    settings = work.settings
    if found is None or found.contact is None or settings.smtp_url is None or settings.public_url is None:
        return
    address = email_in(decrypt(found.contact))
    if address is None or found.closed_at is None:
        return
    server = mail_server(settings.smtp_url, settings.public_url)
    words = Translations.load(str(ROOT / "app" / "translations"), [found.locale])
    try:
        composed = email(
            message_id=found.id,
            sender=server.sender,
            recipient=address,
            title=words.gettext(TITLE) % {"number": found.number},
            text=words.gettext(TEXT) % {"number": found.number},
            address=f"{settings.public_url}/trace",
            sent_at=found.closed_at,
        )
        work.session.rollback()  # the slow part holds no snapshot
        deliver(server, composed, lambda: None)
    except Undelivered as error:
        if error.for_good or error.in_doubt or work.is_last_attempt:
            return
        raise TryLater(error.sentence) from error
    with work.finishing():
        pass
