"""Recording what becomes of a gift's official receipt. Inside ``transaction(books=True)``: its number is public."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from app.donations.fiscal import queries
from app.donations.fiscal.models import FiscalReceipt
from app.donations.fiscal.rules import Fiscal, FiscalDraft, refuse_if_wrong
from app.donations.models import Donation
from app.donations.queries import donation
from app.ledger.operations import show_document
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict
from app.shared.permissions import Actor, Permission
from app.shared.text import normal


def record_fiscal(
    session: Session, actor: Actor, donation_id: int, draft: FiscalDraft, *, seen_version: int | None = None
) -> Fiscal:
    """Record the number, waiver or end of a gift's official receipt; what was recorded before stays readable.

    The same again changes nothing. Raises InputRefused for wrong fields; Conflict when it is no longer the ``seen_version``,
    and for a receipt that is to be issued for a gift that was reversed.
    """
    gift = donation(session, donation_id)
    actor.require(Permission.GIFT_RECORD, gift.fund_id)
    draft = replace(
        draft,
        number=normal(draft.number),
        code=draft.code.strip(),
        check_code=draft.check_code.strip(),
        words=normal(draft.words),
    )
    before = queries.fiscal_of(session, gift)
    if before.version and _says(before) == _says(draft):
        return before
    if seen_version is not None and seen_version != before.version:
        raise Conflict(N_("票据记录刚刚被别人改过，您的改动没有保存；请看过新内容再改"))
    refuse_if_wrong(draft, gift.received_on, clock.today())
    if gift.status == "reversed" and draft.status == "issued":
        raise Conflict(N_("这笔捐赠已经冲销，不能再开票据；已经开出的请登记作废"), field="status")
    row = FiscalReceipt(
        donation_id=gift.id,
        version=before.version + 1,
        status=draft.status,
        number=draft.number,
        code=draft.code,
        check_code=draft.check_code,
        issued_on=draft.issued_on,
        words=draft.words,
        recorded_at=clock.now(),
        recorded_by_id=actor.user_id,
    )
    session.add(row)
    session.flush()
    _show(session, gift, draft.public_number)
    _append_leaf(session, row)
    record(session, actor.user_id, "record_fiscal", "donation", gift.id, status=row.status)
    return queries.fiscal_of(session, gift)


def correct_number(session: Session, actor: Actor, donation_id: int, number: str, reason: str) -> None:
    """The number that a register sent again says, beside what is known of the receipt; an empty one: not issued after all.

    Raises like ``record_fiscal``.
    """
    gift = donation(session, donation_id)
    before = queries.fiscal_of(session, gift)
    same = replace(_says(before), words=reason) if before.status == "issued" else FiscalDraft("issued")
    draft = replace(same, status="issued", number=number) if number else FiscalDraft("none", words=reason)
    record_fiscal(session, actor, donation_id, draft)


def _says(record: Fiscal | FiscalDraft) -> FiscalDraft:
    return FiscalDraft(record.status, record.number, record.code, record.check_code, record.issued_on)


def _show(session: Session, gift: Donation, number: str) -> None:
    if gift.receipt_number != number:
        gift.receipt_number = number
        session.flush()
        if gift.status == "recorded":
            show_document(session, gift.entry_number, number)


def _append_leaf(session: Session, row: FiscalReceipt) -> None:
    body = {"status": row.status, "issued_on": row.issued_on.isoformat() if row.issued_on else None}
    texts = {"number": row.number, "code": row.code, "check_code": row.check_code, "words": row.words}
    append(session, [LeafDraft("fiscal_receipt", row.donation_id, body, texts, row.version)])
