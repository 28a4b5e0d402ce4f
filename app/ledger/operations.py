"""Posting to the books. ``post_entries`` is the one way in; everything else prepares its drafts.

All operations run inside ``transaction(books=True)``: its lock makes numbers gapless and decisions safe.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate, groupby

from sqlalchemy import Date, bindparam, select, text
from sqlalchemy.orm import Session

from app.ledger import accounts as chart
from app.ledger.models import EntrySeal, JournalEntry, LedgerRow, MoneyAccountDay, PeriodState, Posting
from app.ledger.queries import PUBLIC_SEARCH, row_words
from app.ledger.rules import EntryDraft, PostingDraft, direction_of, within_limit
from app.ledger.structure.models import Earmark, MoneyAccount
from app.ledger.tracing.models import Tranche
from app.ledger.tracing.operations import write_movements
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record_many
from app.shared.db import book_head, insert_rows
from app.shared.errors import N_, Refused
from app.shared.money import MAX_MINOR, Money
from app.shared.periods import month_of, require_plausible
from app.shared.permissions import Actor


@dataclass(frozen=True, slots=True)
class Posted:
    """A sealed entry: its number and the position of its leaf."""

    number: int
    log_position: int


def post_entries(session: Session, actor: Actor, drafts: list[EntryDraft]) -> list[Posted]:
    """Post and seal entries in the order given, with balances, pools, tranches, public rows, audit and leaves.

    All or nothing. Raises Refused when an amount is outside the books' limit, a day is implausible or in a closed month,
    or a pool or money account would fall below zero (net of the whole list).
    """
    if not drafts:
        return []
    for draft in drafts:
        _require_valid(draft)
    _require_open(session, drafts)
    _require_funds(session, drafts)
    head = book_head(session)
    first, at = head.entry_count + 1, clock.now()
    recorded_at = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    numbers = list(range(first, first + len(drafts)))
    positions = append(
        session, [_leaf(draft, number, recorded_at) for number, draft in zip(numbers, drafts, strict=True)]
    )
    head.entry_count = numbers[-1]
    _insert_entries(session, actor, drafts, numbers, positions, at)
    _insert_rows(session, drafts, numbers, positions, at)
    reserved = _insert_tranches(session, drafts, numbers)
    _add_to_balances(session, drafts)
    _add_to_pools(session, drafts, reserved)
    record_many(
        session,
        actor.user_id,
        "post_entry",
        "journal_entry",
        [(number, {"kind": draft.kind}) for number, draft in zip(numbers, drafts, strict=True)],
    )
    session.flush()
    session.expire_all()
    return [Posted(number, position) for number, position in zip(numbers, positions, strict=True)]


def _require_valid(draft: EntryDraft) -> None:
    for posting in draft.postings:
        if not within_limit(posting.debit_minor + posting.credit_minor):
            raise Refused(N_("金额必须大于零，最多 %(limit)s 元"), field="amount", limit=Money(MAX_MINOR))
    require_plausible(draft.occurred_on, clock.today(), "occurred_on")


def _require_open(session: Session, drafts: list[EntryDraft]) -> None:
    months = {(draft.fund_id, month_of(draft.occurred_on)) for draft in drafts}
    closed = set(
        session.execute(
            select(PeriodState.fund_id, PeriodState.month).where(
                PeriodState.state == "closed", PeriodState.fund_id.in_({fund for fund, _ in months})
            )
        )
    )
    for fund_id, month in sorted(months & closed):
        raise Refused(
            N_("%(month)s 已结账，请把日期记在未结账的月份"), field="occurred_on", month=month, fund=fund_id
        )


def _day_changes(drafts: list[EntryDraft]) -> dict[tuple[int, date], int]:
    changes: dict[tuple[int, date], int] = defaultdict(int)
    for draft in drafts:
        for posting in draft.postings:
            if posting.money_account_id is not None:
                changes[posting.money_account_id, draft.occurred_on] += (
                    posting.debit_minor - posting.credit_minor
                )
    return changes


def _require_funds(session: Session, drafts: list[EntryDraft]) -> None:
    """Refuse kindly what the check ``money_account_is_not_overdrawn`` would refuse, then write the day balances."""
    by_account: dict[int, dict[date, int]] = defaultdict(dict)
    for (account_id, day), change in _day_changes(drafts).items():
        by_account[account_id][day] = change
    for account_id, changes in by_account.items():
        if any(change < 0 for change in changes.values()):
            _require_account_bears(session, account_id, changes)
        _add_to_days(session, account_id, changes)


_ADD_DAY = text(
    "INSERT INTO money_account_day (money_account_id, on_date, balance_minor) "
    "SELECT :account, :day, COALESCE((SELECT balance_minor FROM money_account_day WHERE "
    "money_account_id = :account AND on_date < :day ORDER BY on_date DESC LIMIT 1), 0) "
    "WHERE NOT EXISTS (SELECT 1 FROM money_account_day WHERE money_account_id = :account AND on_date = :day)"
).bindparams(bindparam("day", type_=Date))
_ADD_FROM_DAY = text(
    "UPDATE money_account_day SET balance_minor = balance_minor + :added "
    "WHERE money_account_id = :account AND on_date >= :day AND on_date < :until"
).bindparams(bindparam("day", type_=Date), bindparam("until", type_=Date))


def _add_to_days(session: Session, account_id: int, changes: dict[date, int]) -> None:
    """Write the balances of the account at the end of each day from the first change on.

    Each row is written once, with everything that was added up to its day: the cost does not grow with the number of
    changes times the days after them, and no row passes through a value below zero.
    """
    days = sorted(changes)
    session.execute(_ADD_DAY, [{"account": account_id, "day": day} for day in days])
    added = accumulate(changes[day] for day in days)
    session.execute(
        _ADD_FROM_DAY,
        [
            {"account": account_id, "day": day, "until": until, "added": sum_so_far}
            for day, until, sum_so_far in zip(days, [*days[1:], date.max], added, strict=True)
        ],
    )


def _require_account_bears(session: Session, account_id: int, changes: dict[date, int]) -> None:
    first = min(changes)
    days = select(MoneyAccountDay.on_date, MoneyAccountDay.balance_minor).where(
        MoneyAccountDay.money_account_id == account_id
    )
    before = session.execute(
        days.where(MoneyAccountDay.on_date < first).order_by(MoneyAccountDay.on_date.desc()).limit(1)
    ).first()
    stored = {
        row.on_date: row.balance_minor
        for row in session.execute(days.where(MoneyAccountDay.on_date >= first))
    }
    balance, added = (before.balance_minor if before else 0), 0
    for day in sorted({*stored, *changes}):
        balance = stored.get(day, balance)
        added += changes.get(day, 0)
        if balance + added < 0:
            account = session.get_one(MoneyAccount, account_id)
            raise Refused(
                N_("“%(account)s”在 %(day)s 只有 %(balance)s 元，不够支付"),
                field="amount",
                account=account.name,
                day=day.isoformat(),
                balance=Money(max(balance + added - changes.get(day, 0), 0)),
            )


def _leaf(draft: EntryDraft, number: int, recorded_at: str) -> LeafDraft:
    body: dict[str, object] = {
        "number": number,
        "fund": draft.fund_id,
        "kind": draft.kind,
        "occurred_on": draft.occurred_on.isoformat(),
        "recorded_at": recorded_at,
        "source": [draft.source_type, draft.source_id],
        "postings": [
            {
                "account": posting.account_code,
                "earmark": posting.earmark_id,
                "money_account": posting.money_account_id,
                "project": posting.project_id,
                "line": posting.statement_line,
                "debit": posting.debit_minor,
                "credit": posting.credit_minor,
            }
            for posting in draft.postings
        ],
    }
    if draft.reverses_number:
        body["reverses"] = draft.reverses_number
    if draft.replaces_number:
        body["replaces"] = draft.replaces_number
    if draft.opens:
        opens = draft.opens
        body["tranche"] = {
            "earmark": opens.earmark_id,
            "amount": opens.amount_minor,
            "received_on": opens.received_on.isoformat(),
            "place": opens.place or number,
        }
    if draft.movements:
        body["movements"] = [
            [
                move.tranche_number or number,
                move.kind,
                move.amount_minor,
                move.directly,
                move.entry_number or number,
            ]
            if move.kind in ("use", "return", "withdraw")
            else [
                move.tranche_number or number,
                move.kind,
                move.amount_minor,
                move.source_type,
                move.source_id,
            ]
            for move in draft.movements
        ]
    texts = {
        "description": draft.description,
        "party": draft.party_name,
        "document": draft.document,
        "memo": draft.memo,
    }
    return LeafDraft("entry", number, body, texts)


def _insert_entries(
    session: Session,
    actor: Actor,
    drafts: list[EntryDraft],
    numbers: list[int],
    positions: list[int],
    at: datetime,
) -> None:
    insert_rows(
        session,
        JournalEntry,
        [
            {
                "number": number,
                "fund_id": draft.fund_id,
                "kind": draft.kind,
                "occurred_on": draft.occurred_on,
                "recorded_at": at,
                "recorded_by_id": actor.user_id,
                "source_type": draft.source_type,
                "source_id": draft.source_id,
                "reverses_number": draft.reverses_number,
                "replaces_number": draft.replaces_number,
                "memo": draft.memo,
                "idempotency_key": draft.idempotency_key,
                "log_position": position,
            }
            for number, position, draft in zip(numbers, positions, drafts, strict=True)
        ],
    )
    insert_rows(
        session,
        Posting,
        [
            {
                "entry_number": number,
                "line": line,
                "account_code": posting.account_code,
                "earmark_id": posting.earmark_id,
                "money_account_id": posting.money_account_id,
                "project_id": posting.project_id,
                "statement_line": posting.statement_line,
                "debit_minor": posting.debit_minor,
                "credit_minor": posting.credit_minor,
            }
            for number, draft in zip(numbers, drafts, strict=True)
            for line, posting in enumerate(draft.postings, start=1)
        ],
    )
    insert_rows(session, EntrySeal, [{"entry_number": number} for number in numbers])


def money_change(postings: list[PostingDraft]) -> int:
    """Fen that postings add to (or take from) the fund's money, over all money accounts."""
    return sum(
        posting.debit_minor - posting.credit_minor
        for posting in postings
        if posting.money_account_id is not None
    )


def _shown_amount(draft: EntryDraft) -> int:
    change = money_change(draft.postings)
    if change and direction_of(draft.kind) in ("in", "out"):
        return abs(change)
    return draft.postings[0].debit_minor or draft.postings[0].credit_minor


def _insert_rows(
    session: Session, drafts: list[EntryDraft], numbers: list[int], positions: list[int], at: datetime
) -> None:
    rows = [
        {
            "number": number,
            "is_event": False,
            "is_listed": draft.is_listed,
            "fund_id": draft.fund_id,
            "earmark_id": draft.postings[0].earmark_id,
            "project_id": next(
                (posting.project_id for posting in draft.postings if posting.project_id), None
            ),
            "kind": draft.kind,
            "direction": direction_of(draft.kind),
            "amount_minor": _shown_amount(draft),
            "sign": draft.sign,
            "goods_change_minor": sum(
                posting.debit_minor - posting.credit_minor
                for posting in draft.postings
                if posting.account_code == chart.INVENTORY
            ),
            "occurred_on": draft.occurred_on,
            "recorded_at": at,
            "description": draft.description,
            "party": draft.party,
            "party_id": draft.party_id,
            "document": draft.document,
            "source_type": draft.source_type,
            "source_id": draft.source_id,
            "first_number": number,
            "entry_count": 1,
            "reverses_number": draft.reverses_number,
            "replaces_number": draft.replaces_number,
            "log_position": position,
        }
        for number, position, draft in zip(numbers, positions, drafts, strict=True)
    ]
    insert_rows(session, LedgerRow, rows)
    PUBLIC_SEARCH.add(
        session,
        [
            (number, row_words(draft.description, draft.party, draft.document))
            for number, draft in zip(numbers, drafts, strict=True)
            if draft.is_listed
        ],
    )
    undone = [
        {"number": number, "reversed": draft.reverses_number}
        for number, draft in zip(numbers, drafts, strict=True)
        if draft.reverses_number
    ]
    if undone:
        session.execute(
            text(
                "UPDATE ledger_row SET reversed_by_number = :number WHERE number = :reversed AND NOT is_event"
            ),
            undone,
        )


def _insert_tranches(session: Session, drafts: list[EntryDraft], numbers: list[int]) -> dict[int, int]:
    """Open the tranches of the entries, then move what was decided. Returns the change of reservation by earmark."""
    opened = [
        {
            "number": number,
            "earmark_id": draft.opens.earmark_id,
            "received_on": draft.opens.received_on,
            "place": draft.opens.place or number,
            "amount_minor": draft.opens.amount_minor,
            "remaining_minor": draft.opens.amount_minor,
            "held_minor": 0,
            "used_minor": 0,
            "withdrawn_minor": 0,
            "source_type": draft.source_type,
            "source_id": draft.source_id,
        }
        for number, draft in zip(numbers, drafts, strict=True)
        if draft.opens is not None
    ]
    if opened:
        insert_rows(session, Tranche, opened)
    reserved: dict[int, int] = defaultdict(int)
    for number, draft in zip(numbers, drafts, strict=True):
        for earmark_id, change in write_movements(session, draft.movements, number).items():
            reserved[earmark_id] += change
    return reserved


def _add_to_balances(session: Session, drafts: list[EntryDraft]) -> None:
    turnover: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0, 0])
    for draft in drafts:
        month = month_of(draft.occurred_on)
        for posting in draft.postings:
            key = (
                draft.fund_id,
                month,
                posting.account_code,
                posting.earmark_id,
                posting.money_account_id or 0,
                posting.project_id or 0,
                posting.statement_line or "",
            )
            turnover[key][0] += posting.debit_minor
            turnover[key][1] += posting.credit_minor
    columns = ("fund", "month", "account", "earmark", "money_account", "project", "line")
    session.execute(
        text(
            "INSERT INTO balance (fund_id, month, account_code, earmark_id, money_account_id, project_id, "
            "statement_line, debit_minor, credit_minor) VALUES (:fund, :month, :account, :earmark, :money_account, "
            ":project, :line, :debit, :credit) ON CONFLICT (fund_id, month, account_code, earmark_id, "
            "money_account_id, project_id, statement_line) DO UPDATE SET "
            "debit_minor = balance.debit_minor + excluded.debit_minor, "
            "credit_minor = balance.credit_minor + excluded.credit_minor"
        ),
        [
            {**dict(zip(columns, key, strict=True)), "debit": debit, "credit": credit}
            for key, (debit, credit) in turnover.items()
        ],
    )


def _add_to_pools(session: Session, drafts: list[EntryDraft], reserved: dict[int, int]) -> None:
    held: dict[int, int] = defaultdict(int)
    for draft in drafts:
        for posting in draft.postings:
            if posting.money_account_id is not None:
                held[posting.earmark_id] += posting.debit_minor - posting.credit_minor
    for earmark_id in sorted({*held, *reserved}):
        change, reservation = held.get(earmark_id, 0), reserved.get(earmark_id, 0)
        if change == 0 and reservation == 0:
            continue
        pool = session.execute(
            text("SELECT held_minor, reserved_minor FROM pool WHERE earmark_id = :earmark"),
            {"earmark": earmark_id},
        ).one()
        if pool.held_minor + change < pool.reserved_minor + reservation:
            earmark = session.get_one(Earmark, earmark_id)
            raise Refused(
                N_("“%(earmark)s”未被预留的余额只有 %(available)s 元"),
                field="amount",
                earmark=earmark.name,
                available=Money(pool.held_minor - pool.reserved_minor),
            )
        session.execute(
            text(
                "UPDATE pool SET held_minor = held_minor + :change, reserved_minor = reserved_minor + :reservation "
                "WHERE earmark_id = :earmark"
            ),
            {"change": change, "reservation": reservation, "earmark": earmark_id},
        )


def fold_into_event(
    session: Session,
    posted: list[Posted],
    *,
    source_type: str,
    source_id: int,
    description: str,
    document: str = "",
) -> None:
    """Show consecutive entries of a closing as one public row for each earmark, under the number of its last entry.

    Amounts are summed in whole fen. All entries are of one fund, and those of one earmark stand together.
    """
    numbers = [each.number for each in posted]
    rows = session.scalars(
        select(LedgerRow)
        .where(LedgerRow.number.in_(numbers), LedgerRow.is_event.is_(False))
        .order_by(LedgerRow.number)
    ).all()
    for _, same in groupby(rows, key=lambda row: row.earmark_id):
        _fold(session, list(same), source_type, source_id, description, document)
    session.flush()


def _fold(
    session: Session, rows: list[LedgerRow], source_type: str, source_id: int, description: str, document: str
) -> None:
    last = rows[-1]
    session.add(
        LedgerRow(
            number=last.number,
            is_event=True,
            is_listed=True,
            fund_id=last.fund_id,
            earmark_id=last.earmark_id,
            kind="sale",
            direction="in",
            amount_minor=sum(row.amount_minor for row in rows),
            sign=1,
            goods_change_minor=sum(row.goods_change_minor for row in rows),
            occurred_on=last.occurred_on,
            recorded_at=last.recorded_at,
            description=description,
            party="",
            document=document,
            source_type=source_type,
            source_id=source_id,
            first_number=rows[0].number,
            entry_count=len(rows),
            log_position=last.log_position,
        )
    )
    words = " ".join(row_words(row.description, row.party, row.document) for row in rows)
    PUBLIC_SEARCH.replace(session, last.number, f"{row_words(description, '', document)} {words}")


def show_words(
    session: Session, row: LedgerRow, *, description: str | None = None, party: str | None = None
) -> None:
    """Rewrite what the public reads of an entry, in the list and in its search index, in the running transaction."""
    row.description = row.description if description is None else description
    row.party = row.party if party is None else party
    if row.is_listed:
        PUBLIC_SEARCH.replace(session, row.number, row_words(row.description, row.party, row.document))
    session.flush()


def show_document(session: Session, number: int, document: str) -> None:
    """Rewrite the receipt or document number that the public reads of an entry, in the running transaction."""
    row = session.get_one(LedgerRow, (number, False))
    row.document = document
    show_words(session, row)


def show_party(session: Session, party_id: int, public_name: str) -> int:
    """Rewrite a party's displayed name on every public row, when consent or name changes. Returns the rows changed."""
    rows = session.scalars(select(LedgerRow).where(LedgerRow.party_id == party_id)).all()
    for row in rows:
        show_words(session, row, party=public_name)
    return len(rows)
