"""Moving money from one purpose to another, gift by gift, so that each donor's page still tells the whole way."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.ledger import rules as posting
from app.ledger.operations import Posted, post_entries
from app.ledger.queries import require_open
from app.ledger.repurposing.queries import account_of
from app.ledger.rules import EntryDraft, MovementDraft, TrancheDraft
from app.ledger.structure.models import Earmark
from app.ledger.tracing.models import Tranche
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.money import Money
from app.shared.permissions import Actor


def change_purpose(
    session: Session,
    actor: Actor,
    *,
    old: Earmark,
    new: Earmark,
    parts: list[tuple[int, int]],
    source_type: str,
    source_id: int,
    description: str,
    document: str = "",
) -> list[Posted]:
    """Move ``parts`` (tranche of ``old``, fen of it that nobody is promised) to ``new``, dated today.

    One entry for each gift: it withdraws the gift's part from the old purpose and opens it under the new one, in the turn
    that the gift had (charity-rules §12; ledger.md, tracing). Whoever calls has the council's resolution and the donors'
    word: this asks for neither. Raises Refused when the purposes are of different funds or a gift has less free money.
    """
    if old.fund_id != new.fund_id or old.id == new.id:
        raise Refused(N_("新用途不能和原用途相同"), field="to_earmark")
    require_open(session, new)
    today = clock.today()
    drafts = []
    for number, part in parts:
        tranche = session.get_one(Tranche, number)
        if tranche.earmark_id != old.id or tranche.remaining_minor < part:
            raise Refused(
                N_("第 %(number)s 号分录的那笔钱现在只剩 %(left)s 元没有用出或预留，不够变更 %(wanted)s 元"),
                number=number,
                left=Money(tranche.remaining_minor if tranche.earmark_id == old.id else 0),
                wanted=Money(part),
            )
        drafts.append(
            EntryDraft(
                fund_id=old.fund_id,
                kind="purpose_change",
                occurred_on=today,
                postings=posting.purpose_change_postings(account_of(session, number), old, new, part),
                source_type=source_type,
                source_id=source_id,
                description=description,
                document=document,
                opens=TrancheDraft(new.id, part, tranche.received_on),
                movements=[MovementDraft(number, "withdraw", part, tranche.source_type, tranche.source_id)],
            )
        )
    return post_entries(session, actor, drafts)
