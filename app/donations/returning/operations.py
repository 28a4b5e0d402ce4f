"""Giving back to a donor what is left of their gift: proposed, decided by another, paid by a third. Inside
``transaction(books=True)``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.council.motions.queries import published
from app.donations.models import Donation
from app.donations.operations import SUBJECT as GIFT
from app.donations.queries import donation
from app.donations.returning import queries
from app.donations.returning.models import GiftReturn
from app.donations.returning.rules import REASON_MAX, REQUEST, SLIP, SUBJECT, VOUCHER_MAX, WAYS
from app.files.operations import attach_file
from app.files.rules import SCANS
from app.ledger import queries as ledger
from app.ledger import rules as posting
from app.ledger.operations import post_entries
from app.ledger.rules import EntryDraft, MovementDraft
from app.ledger.structure.models import MoneyAccount
from app.log.operations import LeafDraft, append
from app.parties.queries import party
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, InputRefused, NotFound, Refused
from app.shared.money import Money, require_minor
from app.shared.periods import require_plausible
from app.shared.permissions import Actor, Permission
from app.shared.text import normal

MOST_PAPERS = 10


@dataclass(frozen=True, slots=True)
class ReturnDraft:
    """What a donor asked for: fen, the day, by which way (a key of ``WAYS``), why, and the papers that show it (name,
    content)."""

    amount_minor: int
    requested_on: date
    way: str
    reason: str
    papers: list[tuple[str, bytes]]
    idempotency_key: str | None = None


def propose_return(
    session: Session, actor: Actor, folder: Path, donation_id: int, draft: ReturnDraft
) -> GiftReturn:
    """Propose to give back a part of a gift of money that is not used and promised to nobody, as its donor asked.

    A second click with the same key returns the first. Raises InputRefused for wrong fields, without evidence, or above what
    is free of this gift; Conflict when a return of it is under way.
    """
    earlier = queries.return_of_key(session, draft.idempotency_key)
    if earlier is not None:
        return earlier
    gift = donation(session, donation_id)
    actor.require(Permission.GIFT_RECORD, gift.fund_id)
    if gift.kind != "money" or gift.status != "recorded":
        raise Conflict(N_("只有登记有效的资金捐赠可以退还"))
    _refuse_if_wrong(session, gift, draft)
    if not queries.may_be_returned(session, gift):
        raise Conflict(N_("这笔捐赠已经有一次退还在办理"))
    found = GiftReturn(
        donation_id=gift.id,
        fund_id=gift.fund_id,
        amount_minor=draft.amount_minor,
        requested_on=draft.requested_on,
        way=draft.way,
        reason=normal(draft.reason),
        idempotency_key=draft.idempotency_key,
        proposed_at=clock.now(),
        proposed_by_id=actor.user_id,
    )
    session.add(found)
    session.flush()
    _keep(session, actor, folder, found.id, REQUEST, draft.papers, "papers")
    record(session, actor.user_id, "propose_gift_return", SUBJECT, found.id, gift=gift.id)
    return found


def _refuse_if_wrong(session: Session, gift: Donation, draft: ReturnDraft) -> None:
    refusals: list[Refused] = []
    free = queries.free_of(session, gift)
    if not 0 < require_minor(draft.amount_minor) <= free:
        refusals.append(
            Refused(
                N_("金额必须大于零，最多是这笔捐赠还没有用出或预留的 %(free)s 元"),
                field="amount",
                free=Money(free),
            )
        )
    if draft.way not in WAYS:
        refusals.append(Refused(N_("请选择怎么联系的"), field="way"))
    if not normal(draft.reason) or len(draft.reason) > REASON_MAX:
        refusals.append(Refused(N_("请写明原因，最多 %(most)s 个字"), field="reason", most=REASON_MAX))
    try:
        require_plausible(draft.requested_on, clock.today(), "requested_on")
    except Refused as refusal:
        refusals.append(refusal)
    if not draft.papers or len(draft.papers) > MOST_PAPERS:
        refusals.append(
            Refused(
                N_("请上传捐赠人要求或同意退还的凭据，最多 %(most)s 个"), field="papers", most=MOST_PAPERS
            )
        )
    if refusals:
        raise InputRefused(refusals)


def _keep(
    session: Session,
    actor: Actor,
    folder: Path,
    return_id: int,
    purpose: str,
    papers: list[tuple[str, bytes]],
    field: str,
) -> None:
    for name, content in papers:
        attach_file(
            session,
            actor,
            folder,
            subject_type=SUBJECT,
            subject_id=return_id,
            purpose=purpose,
            name=name,
            content=content,
            field=field,
            kinds=SCANS,
        )


def decide_return(
    session: Session, actor: Actor, return_id: int, *, approves: bool, note: str = "", motion_number: str = ""
) -> GiftReturn:
    """Chair or host approve a return or refuse it with a reason; never who proposed it.

    Above what the fund's rules leave to officers, ``motion_number`` names the motion by which the council resolved it. Raises
    Refused without that motion or without a reason, Forbidden for who proposed it, Conflict when it was decided before.
    """
    found = queries.gift_return(session, return_id)
    actor.require(Permission.GIFT_RETURN_DECIDE, found.fund_id)
    if actor.user_id is not None and actor.user_id == found.proposed_by_id:
        raise Forbidden(N_("提出退还的人不能自己批准"))
    if not approves and not normal(note):
        raise Refused(N_("请写明原因"), field="note")
    motion_id = _motion(session, found, motion_number) if approves else None
    status = "approved" if approves else "rejected"
    _become(
        session,
        found,
        "proposed",
        status,
        motion_id=motion_id,
        decided_at=clock.now(),
        decided_by_id=actor.user_id,
        decision_note=normal(note),
    )
    record(session, actor.user_id, f"{status}_gift_return", SUBJECT, return_id)
    return queries.gift_return(session, return_id)


def _motion(session: Session, found: GiftReturn, number: str) -> int | None:
    if not queries.needs_council(session, found):
        return None
    try:
        motion = published(session, normal(number))
    except NotFound as error:
        raise Refused(
            N_("按议事规则，这个金额要理事会决定：请填写已通过的提案编号"), field="motion_number"
        ) from error
    if motion.fund_id != found.fund_id or motion.topic != "other" or motion.status != "approved":
        raise Refused(N_("这份提案没有通过，或者不是关于退还的决议"), field="motion_number")
    return motion.id


def _become(session: Session, found: GiftReturn, before: str, status: str, **values: object) -> None:
    """Compare and set: two people pressing at once get one result and one polite 409."""
    moved = session.execute(
        update(GiftReturn)
        .where(GiftReturn.id == found.id, GiftReturn.status == before)
        .values(status=status, **values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这次退还的状态已经变化，请刷新页面"))
    session.refresh(found)


def withdraw_return(session: Session, actor: Actor, return_id: int) -> GiftReturn:
    """Take a return back before it is paid. Raises Conflict when it is decided against, paid or taken back."""
    found = queries.gift_return(session, return_id)
    actor.require(Permission.GIFT_RECORD, found.fund_id)
    _become(session, found, found.status if found.status == "approved" else "proposed", "withdrawn")
    record(session, actor.user_id, "withdraw_gift_return", SUBJECT, return_id)
    return found


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """How a gift was given back: from which account, on which day, the voucher, the slips (name, content)."""

    account: MoneyAccount
    paid_on: date
    voucher_number: str
    slips: list[tuple[str, bytes]]


def pay_return(
    session: Session, actor: Actor, folder: Path, return_id: int, draft: PaymentDraft
) -> GiftReturn:
    """Pay an approved return: Dr 4101, Cr money, and the fen leave the gift. It is never undone.

    A second click changes nothing. Raises InputRefused for wrong fields or without a slip, Forbidden when the payer proposed
    or decided, Conflict when it is not approved, Refused when less of the gift is free by now or the account is short.
    """
    found = queries.gift_return(session, return_id)
    actor.require(Permission.DISBURSEMENT_PAY, found.fund_id)
    if found.status == "paid":
        return found
    if found.status != "approved":
        raise Conflict(N_("这次退还还没有批准"))
    if actor.user_id is not None and actor.user_id in (found.proposed_by_id, found.decided_by_id):
        raise Forbidden(N_("提出或批准退还的人不能自己付款"))
    gift = donation(session, found.donation_id)
    _refuse_wrong_payment(session, found, gift, draft)
    posted = post_entries(session, actor, [_entry(session, found, gift, draft)])[0]
    _become(
        session,
        found,
        "approved",
        "paid",
        paid_on=draft.paid_on,
        paid_by_id=actor.user_id,
        money_account_id=draft.account.id,
        voucher_number=normal(draft.voucher_number),
        entry_number=posted.number,
    )
    body: dict[str, object] = {
        "fund": found.fund_id,
        "entry": posted.number,
        "amount": found.amount_minor,
        "on": draft.paid_on.isoformat(),
    }
    append(session, [LeafDraft("gift_returned", return_id, body, {"voucher": found.voucher_number})])
    _keep(session, actor, folder, return_id, SLIP, draft.slips, "slip")
    record(session, actor.user_id, "pay_gift_return", SUBJECT, return_id, entry=posted.number)
    return queries.gift_return(session, return_id)


def _refuse_wrong_payment(session: Session, found: GiftReturn, gift: Donation, draft: PaymentDraft) -> None:
    refusals: list[Refused] = []
    free = queries.free_of(session, gift)
    if found.amount_minor > free:
        raise Refused(N_("这笔捐赠现在只剩 %(free)s 元没有用出或预留，不够退还"), free=Money(free))
    decided_on = clock.local(found.decided_at).date() if found.decided_at is not None else None
    try:
        require_plausible(draft.paid_on, clock.today(), "paid_on")
    except Refused as refusal:
        refusals.append(refusal)
    if decided_on is not None and draft.paid_on < decided_on:
        refusals.append(
            Refused(N_("付款日期不能早于批准日期 %(day)s"), field="paid_on", day=decided_on.isoformat())
        )
    if draft.account.fund_id != found.fund_id:
        refusals.append(Refused(N_("这个资金账户不属于本基金"), field="account"))
    if not normal(draft.voucher_number) or len(draft.voucher_number) > VOUCHER_MAX:
        refusals.append(Refused(N_("请填写凭证号"), field="voucher_number"))
    if not draft.slips or len(draft.slips) > MOST_PAPERS:
        refusals.append(Refused(N_("请上传银行回单或付款凭证"), field="slip"))
    if refusals:
        raise InputRefused(refusals)


def _entry(session: Session, found: GiftReturn, gift: Donation, draft: PaymentDraft) -> EntryDraft:
    donor = party(session, gift.party_id)
    earmark = ledger.earmark(session, gift.earmark_id)
    return EntryDraft(
        fund_id=found.fund_id,
        kind="gift_returned",
        occurred_on=draft.paid_on,
        postings=posting.gift_returned_postings(draft.account, earmark, found.amount_minor),
        source_type=SUBJECT,
        source_id=found.id,
        description="退还捐赠",
        party=donor.public_name,
        party_id=donor.id,
        party_name=donor.name,
        memo=normal(draft.voucher_number),
        movements=[MovementDraft(gift.entry_number, "withdraw", found.amount_minor, GIFT, gift.id)],
    )
