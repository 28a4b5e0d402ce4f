"""Moving money within tranches. Decisions are planned first (reads), then written with the entry they belong to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.ledger.models import Pool
from app.ledger.rules import OWN_TRANCHE, MovementDraft
from app.ledger.tracing import queries
from app.ledger.tracing.models import Tranche, TrancheMovement
from app.ledger.tracing.rules import DELTAS, allocate, allocate_newest_first
from app.shared import clock
from app.shared.db import book_head, insert_rows
from app.shared.errors import N_, Refused
from app.shared.money import Money, require_minor


def hold(
    session: Session, source_type: str, source_id: int, earmark_id: int, amount_minor: int
) -> list[tuple[int, int]]:
    """Promise ``amount_minor`` of an earmark to an approved request, oldest gifts first.

    Returns (tranche, fen) as promised. Raises Refused when the earmark has less free money.
    """
    require_minor(amount_minor)
    parts, short = allocate(queries.free_tranches(session, earmark_id), amount_minor)
    if short:
        raise Refused(
            N_("可用余额只有 %(available)s 元，不够 %(wanted)s 元"),
            field="amount",
            available=Money(amount_minor - short),
            wanted=Money(amount_minor),
        )
    move(session, [MovementDraft(tranche, "hold", part, source_type, source_id) for tranche, part in parts])
    return parts


def release(session: Session, source_type: str, source_id: int) -> int:
    """Give back what is still promised to a request. Returns the fen released."""
    holds = queries.holds_of(session, source_type, source_id)
    move(
        session, [MovementDraft(tranche, "release", part, source_type, source_id) for tranche, part in holds]
    )
    return sum(part for _, part in holds)


def plan_use_of_holds(
    session: Session, source_type: str, source_id: int, amount_minor: int, paid_on: date
) -> list[MovementDraft]:
    """The uses of a payment out of the request's holds, in the order promised.

    Raises Refused when more is paid than is promised, or when the payment would predate a gift it is paid from.
    """
    parts, short = allocate(queries.holds_of(session, source_type, source_id), amount_minor)
    if short:
        raise Refused(N_("这笔申请还可支付 %(left)s 元"), field="amount", left=Money(amount_minor - short))
    latest = queries.latest_receipt(session, [tranche for tranche, _ in parts])
    if latest is not None and latest > paid_on:
        raise Refused(
            N_("付款日期不能早于所用善款的收到日期 %(day)s"), field="paid_on", day=latest.isoformat()
        )
    return [MovementDraft(tranche, "use", part, source_type, source_id) for tranche, part in parts]


def plan_direct_use(
    session: Session, source_type: str, source_id: int, earmark_id: int, amount_minor: int, on: date
) -> list[MovementDraft]:
    """The uses of a charge that needs no approval (a bank's fee), oldest gifts first.

    Raises Refused when only reserved money is left.
    """
    parts, short = allocate(queries.free_tranches(session, earmark_id, not_after=on), amount_minor)
    if short:
        raise Refused(
            N_("未被预留的余额只有 %(available)s 元，不够 %(wanted)s 元"),
            field="amount",
            available=Money(amount_minor - short),
            wanted=Money(amount_minor),
        )
    return [
        MovementDraft(tranche, "use", part, source_type, source_id, directly=True) for tranche, part in parts
    ]


def plan_refund(session: Session, source_type: str, source_id: int, amount_minor: int) -> list[MovementDraft]:
    """Money back from a payee returns to the gifts it was paid from, newest use first. Raises Refused above what was paid."""
    used = queries.uses_of_source(session, source_type, source_id)
    parts, short = allocate_newest_first(used, amount_minor)
    if short:
        raise Refused(
            N_("退回的钱不能多于已支付的 %(paid)s 元"), field="amount", paid=Money(amount_minor - short)
        )
    return [
        MovementDraft(tranche, "return", part, source_type, source_id, directly=True)
        for tranche, part in parts
    ]


def plan_undo(
    session: Session, number: int, source_type: str, source_id: int, earmark_id: int, *, to_holds: bool
) -> list[MovementDraft]:
    """The movements that undo the uses of entry ``number`` (a payment, a fee, a refund) when it is reversed.

    A payment's money goes back to the request's holds, so that it can be paid again. A refund's money is taken again
    from the gifts it went to; what they no longer have, from the next ones.
    """
    movements: list[MovementDraft] = []
    missing = 0
    for tranche_number, used in queries.uses_of_entry(session, number):
        if used > 0:
            movements.append(
                MovementDraft(tranche_number, "return", used, source_type, source_id, directly=not to_holds)
            )
            continue
        remaining = (
            session.scalar(select(Tranche.remaining_minor).where(Tranche.number == tranche_number)) or 0
        )
        part = min(remaining, -used)
        missing += -used - part
        if part:
            movements.append(
                MovementDraft(tranche_number, "use", part, source_type, source_id, directly=True)
            )
    if missing:
        taken = {draft.tranche_number for draft in movements if draft.kind == "use"}
        others = (free for free in queries.free_tranches(session, earmark_id) if free[0] not in taken)
        parts, short = allocate(others, missing)
        if short:
            raise Refused(N_("这笔钱已经用在别处，不能冲销；还差 %(short)s 元"), short=Money(short))
        movements += [
            MovementDraft(tranche, "use", part, source_type, source_id, directly=True)
            for tranche, part in parts
        ]
    return movements


def plan_withdrawal(session: Session, tranche: Tranche, new_amount_minor: int) -> list[MovementDraft]:
    """The movements when a gift is corrected to ``new_amount_minor`` of the same earmark (0: it is gone altogether).

    Its uses and holds pass to the replacement (OWN_TRANCHE) as far as it reaches, oldest first; a shortfall is
    re-pointed to the next tranches. Raises Refused when the pool cannot bear it.
    """
    capacity = new_amount_minor
    movements: list[MovementDraft] = []
    free = _Free(session, tranche)
    for use in _still_used(queries.uses_of_tranche(session, tranche.number)):
        movements.append(
            MovementDraft(
                tranche.number,
                "return",
                use.amount_minor,
                use.source_type,
                use.source_id,
                True,
                use.entry_number,
            )
        )
        part = min(capacity, use.amount_minor)
        capacity -= part
        for number, minor in _own(part) + free.take(use.amount_minor - part, use.occurred_on):
            movements.append(
                MovementDraft(number, "use", minor, use.source_type, use.source_id, True, use.entry_number)
            )
    for source_type, source_id, held in queries.holds_of_tranche(session, tranche.number):
        movements.append(MovementDraft(tranche.number, "release", held, source_type, source_id))
        part = min(capacity, held)
        capacity -= part
        for number, minor in _own(part) + free.take(held - part, None):
            movements.append(MovementDraft(number, "hold", minor, source_type, source_id))
    movements.append(
        MovementDraft(
            tranche.number, "withdraw", tranche.amount_minor, tranche.source_type, tranche.source_id
        )
    )
    return movements


def _still_used(uses: list[queries.UseOfTranche]) -> list[queries.UseOfTranche]:
    """Uses that no refund or reversal has given back, oldest first. What came back undid the newest uses before it."""
    standing: dict[tuple[str, int], list[queries.UseOfTranche]] = defaultdict(list)
    for use in uses:
        own = standing[use.source_type, use.source_id]
        if use.amount_minor > 0:
            own.append(use)
            continue
        given_back = -use.amount_minor
        while given_back and own:
            last = own.pop()
            undone = min(last.amount_minor, given_back)
            given_back -= undone
            if undone < last.amount_minor:
                own.append(replace(last, amount_minor=last.amount_minor - undone))
    found = [use for own in standing.values() for use in own]
    return sorted(found, key=lambda use: use.entry_number)


def _own(part: int) -> list[tuple[int, int]]:
    return [(OWN_TRANCHE, part)] if part else []


class _Free:
    """Free money of the other tranches of an earmark, counted down as it is planned for."""

    def __init__(self, session: Session, tranche: Tranche) -> None:
        self._session, self._tranche = session, tranche
        self._planned: dict[int, int] = defaultdict(int)

    def take(self, wanted_minor: int, not_after: date | None) -> list[tuple[int, int]]:
        """Parts in the order of spending. Raises Refused when the earmark has not enough."""
        if wanted_minor == 0:
            return []
        tranches = queries.free_tranches(
            self._session, self._tranche.earmark_id, not_after=not_after, but=self._tranche.number
        )
        parts, short = allocate(
            ((number, free - self._planned[number]) for number, free in tranches), wanted_minor
        )
        if short:
            raise Refused(
                N_("这笔捐赠的钱已经用出或预留，其余捐赠补不上 %(short)s 元，不能这样更正"),
                short=Money(short),
            )
        for number, part in parts:
            self._planned[number] += part
        return parts


def move(session: Session, drafts: list[MovementDraft]) -> None:
    """Write movements that belong to a decision rather than an entry (holds and releases), and the pool's reservation."""
    book_head(session)  # every movement queues behind the head row
    for earmark_id, delta in write_movements(session, drafts).items():
        session.execute(
            update(Pool)
            .where(Pool.earmark_id == earmark_id)
            .values(reserved_minor=Pool.reserved_minor + delta)
            .execution_options(synchronize_session=False)
        )
    session.flush()  # the head row's counters, before everything read so far is forgotten
    session.expire_all()


def write_movements(
    session: Session, drafts: list[MovementDraft], own_number: int | None = None
) -> dict[int, int]:
    """Insert movements and shift the places of their tranches. Returns the change of reservation by earmark.

    ``own_number`` is the entry being posted; it stands for OWN_TRANCHE and for uses that name no other entry.
    """
    if not drafts:
        return {}
    at = clock.now()
    rows: list[dict[str, object]] = []
    shifts: list[dict[str, int]] = []
    reserved: dict[int, int] = defaultdict(int)
    for draft in drafts:
        # Only an entry that opens a tranche has movements of its own one, so its number is known.
        number = draft.tranche_number if draft.tranche_number != OWN_TRANCHE else own_number or OWN_TRANCHE
        names_entry = draft.kind in ("use", "return", "withdraw")
        rows.append(
            {
                "tranche_number": number,
                "kind": draft.kind,
                "amount_minor": draft.amount_minor,
                "directly": draft.directly,
                "entry_number": (draft.entry_number or own_number) if names_entry else None,
                "source_type": draft.source_type,
                "source_id": draft.source_id,
                "recorded_at": at,
            }
        )
        delta = DELTAS[draft.kind, draft.directly]
        shift = {
            place: delta.get(place, 0) * draft.amount_minor
            for place in ("remaining", "held", "used", "withdrawn")
        }
        shifts.append({"number": number, **shift})
    insert_rows(session, TrancheMovement, rows)
    session.execute(
        text(
            "UPDATE tranche SET remaining_minor = remaining_minor + :remaining, held_minor = held_minor + :held, "
            "used_minor = used_minor + :used, withdrawn_minor = withdrawn_minor + :withdrawn WHERE number = :number"
        ),
        shifts,
    )
    touched = sorted({shift["number"] for shift in shifts})
    earmarks: dict[int, int] = {}
    for start in range(0, len(touched), 500):
        earmarks.update(
            (row.number, row.earmark_id)
            for row in session.execute(
                select(Tranche.number, Tranche.earmark_id).where(
                    Tranche.number.in_(touched[start : start + 500])
                )
            )
        )
    for shift in shifts:
        reserved[earmarks[shift["number"]]] += shift["held"]
    return {earmark: delta for earmark, delta in reserved.items() if delta}
