"""Moving money from one purpose to another, gift by gift, so that each donor's page still tells the whole way."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger import rules as posting
from app.ledger.models import Posting
from app.ledger.operations import Posted, post_entries
from app.ledger.queries import require_open
from app.ledger.rules import EntryDraft, MovementDraft, TrancheDraft
from app.ledger.structure.models import Earmark, MoneyAccount
from app.ledger.tracing.models import Tranche
from app.ledger.tracing.queries import free_tranches
from app.ledger.tracing.rules import allocate
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.money import Money, require_minor
from app.shared.permissions import Actor


def change_purpose(
    session: Session,
    actor: Actor,
    *,
    old: Earmark,
    new: Earmark,
    amount_minor: int,
    source_type: str,
    source_id: int,
    description: str,
    document: str = "",
) -> list[Posted]:
    """Move ``amount_minor`` fen that nobody is promised from ``old`` to ``new``, oldest gifts first, dated today.

    One entry for each gift: it withdraws the gift's part from the old purpose and opens it under the new one, in the turn
    that the gift had (charity-rules §12; ledger.md, tracing). Whoever calls has the council's resolution: this asks for
    none. Raises Refused when the purposes are of different funds or the old one has less free money.
    """
    require_minor(amount_minor)
    if old.fund_id != new.fund_id or old.id == new.id:
        raise Refused(N_("新用途不能和原用途相同"), field="to_earmark")
    require_open(session, new)
    today = clock.today()
    parts, short = allocate(free_tranches(session, old.id, not_after=today), amount_minor)
    if short:
        raise Refused(
            N_("未被预留的余额只有 %(available)s 元，不够 %(wanted)s 元"),
            field="amount",
            available=Money(amount_minor - short),
            wanted=Money(amount_minor),
        )
    drafts = []
    for number, part in parts:
        tranche = session.get_one(Tranche, number)
        drafts.append(
            EntryDraft(
                fund_id=old.fund_id,
                kind="purpose_change",
                occurred_on=today,
                postings=posting.purpose_change_postings(_account_of(session, number), old, new, part),
                source_type=source_type,
                source_id=source_id,
                description=description,
                document=document,
                opens=TrancheDraft(new.id, part, tranche.received_on),
                movements=[MovementDraft(number, "withdraw", part, tranche.source_type, tranche.source_id)],
            )
        )
    return post_entries(session, actor, drafts)


def _account_of(session: Session, number: int) -> MoneyAccount:
    """The money account that a gift came into."""
    account_id = session.scalars(
        select(Posting.money_account_id)
        .where(Posting.entry_number == number, Posting.money_account_id.is_not(None))
        .order_by(Posting.line)
        .limit(1)
    ).one()
    return session.get_one(MoneyAccount, account_id)
