"""Reversal, and reversal with replacement, as one operation dated today with a reason."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.ledger import queries
from app.ledger.models import JournalEntry, LedgerRow, Posting
from app.ledger.operations import Posted, post_entries
from app.ledger.rules import EntryDraft, PostingDraft
from app.ledger.tracing.models import Tranche
from app.ledger.tracing.operations import plan_undo, plan_withdrawal
from app.shared import clock
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission

NEVER_REVERSED = ("purpose_change", "gift_returned", "closing")


def reverse_entry(session: Session, actor: Actor, number: int, reason: str) -> Posted:
    """Undo entry ``number`` by its mirror image, dated today. Both stay visible, linked.

    A payment's money returns to the request's holds; a gift's uses pass to the next gifts. Raises Conflict when it was
    reversed before, Refused without a reason or when the pool cannot bear it.
    """
    return _reverse(session, actor, number, reason, None)[0]


def replace_entry(
    session: Session, actor: Actor, number: int, replacement: EntryDraft, reason: str
) -> Posted:
    """Reverse entry ``number`` and post ``replacement`` in its place, in one step. Returns the replacement.

    A replaced gift's tranche inherits the received date, place, uses and holds of the old one as far as it reaches.
    Raises like ``reverse_entry``.
    """
    return _reverse(session, actor, number, reason, replacement)[1]


def _reverse(
    session: Session, actor: Actor, number: int, reason: str, replacement: EntryDraft | None
) -> list[Posted]:
    entry = _reversible(session, number)
    actor.require(Permission.BOOKS_CORRECT, entry.fund_id)
    if not reason.strip():
        raise Refused(N_("请写明更正原因"), field="reason")
    draft = _mirror(session, entry, reason.strip())
    if replacement is not None:
        replacement.replaces_number = number
        replacement.occurred_on = clock.today()
    tranche = session.get(Tranche, number)
    if tranche is not None:
        return _reverse_gift(session, actor, tranche, draft, replacement)
    draft.movements = plan_undo(
        session,
        number,
        entry.source_type,
        entry.source_id,
        draft.postings[0].earmark_id,
        to_holds=entry.kind == "payment",
    )
    posted = post_entries(session, actor, [draft])
    return posted + (post_entries(session, actor, [replacement]) if replacement is not None else [])


def _reverse_gift(
    session: Session, actor: Actor, tranche: Tranche, draft: EntryDraft, replacement: EntryDraft | None
) -> list[Posted]:
    if tranche.withdrawn_minor:
        raise Refused(N_("这笔捐赠已有部分退还或变更用途，不能再更正"))
    opens = replacement.opens if replacement is not None else None
    inherits = opens is not None and opens.earmark_id == tranche.earmark_id
    movements = plan_withdrawal(session, tranche, opens.amount_minor if opens is not None and inherits else 0)
    if replacement is None:
        draft.movements = movements
        return post_entries(session, actor, [draft])
    if opens is not None and inherits:
        replacement.opens = replace(opens, received_on=tranche.received_on, place=tranche.place)
    elif opens is not None:
        replacement.opens = replace(opens, received_on=tranche.received_on)
    # The withdrawal belongs to the reversal; what passes to the new tranche can only be written once that is open.
    draft.movements = [move for move in movements if move.kind in ("return", "release", "withdraw")]
    replacement.movements = [move for move in movements if move.kind in ("use", "hold")]
    posted = post_entries(session, actor, [draft, replacement])
    session.execute(
        update(Tranche)
        .where(Tranche.number == tranche.number)
        .values(continued_by_number=posted[1].number)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return posted


def _reversible(session: Session, number: int) -> JournalEntry:
    entry = queries.entry(session, number)
    if entry.reverses_number is not None:
        raise Refused(N_("第 %(number)s 号是冲销分录，不能再冲销；请重新登记"), number=number)
    if entry.kind in NEVER_REVERSED:
        raise Refused(N_("这类分录不能冲销，请另作登记"))
    if session.scalar(select(JournalEntry.number).where(JournalEntry.reverses_number == number)) is not None:
        raise Conflict(N_("第 %(number)s 号分录已经冲销过了"), number=number)
    return entry


def _mirror(session: Session, entry: JournalEntry, reason: str) -> EntryDraft:
    postings = session.scalars(
        select(Posting).where(Posting.entry_number == entry.number).order_by(Posting.line)
    )
    row = session.get_one(LedgerRow, (entry.number, False))
    return EntryDraft(
        fund_id=entry.fund_id,
        kind=entry.kind,
        occurred_on=clock.today(),
        postings=[
            PostingDraft(
                posting.account_code,
                posting.earmark_id,
                posting.debit_minor,
                posting.credit_minor,
                posting.money_account_id,
                posting.project_id,
                posting.statement_line,
            ).reversed()
            for posting in postings
        ],
        source_type=entry.source_type,
        source_id=entry.source_id,
        description=row.description,
        party=row.party,
        party_id=row.party_id,
        party_name=row.party,
        document=row.document,
        memo=reason,
        sign=-row.sign,
        reverses_number=entry.number,
    )
