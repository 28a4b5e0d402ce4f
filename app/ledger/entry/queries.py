"""Reading one entry. Only what is displayed: no donor but as shown to the public, no account but by its kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from app.ledger.listing.selects.queries import SHOWN, ListedRow
from app.ledger.models import JournalEntry, LedgerRow, Posting
from app.ledger.structure.models import Earmark, MoneyAccount, Project
from app.ledger.tracing.models import Tranche, TrancheMovement
from app.shared.errors import N_, NotFound

GIFTS_SHOWN = 200
"""Gifts on one page of those behind a payment."""

USES_SHOWN = 50
EVENT = "sale_event"

_net_use = func.sum(
    case((TrancheMovement.kind == "use", 1), (TrancheMovement.kind == "return", -1), else_=0)
    * TrancheMovement.amount_minor
)


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One posting. ``place`` is the kind of the money account (bank, cash, wechat, alipay) or ""; amounts are fen."""

    account_code: str
    earmark: str
    place: str
    project: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry, and the event row that stands for it in the list, if it was folded into one."""

    row: ListedRow
    event: ListedRow | None
    postings: list[PostingLine]
    replaces_number: int | None
    replaced_by_number: int | None

    @property
    def project(self) -> str:
        """What the money was spent on, if anything."""
        return next((each.project for each in self.postings if each.project), "")


def entry_view(session: Session, number: int) -> EntryView:
    """One entry of the journal. Raises NotFound."""
    columns = [*SHOWN, LedgerRow.replaces_number]
    found = session.execute(
        select(*columns).where(LedgerRow.number == number, LedgerRow.is_event.is_(False))
    ).one_or_none()
    if found is None:
        raise NotFound(N_("没有第 %(number)s 号分录"), number=number)
    row = ListedRow._make(found[:-1])
    replaced_by = session.scalar(select(JournalEntry.number).where(JournalEntry.replaces_number == number))
    return EntryView(row, _event_of(session, row), _postings(session, number), found[-1], replaced_by)


def _event_of(session: Session, row: ListedRow) -> ListedRow | None:
    if row.source_type != EVENT:
        return None
    found = session.execute(
        select(*SHOWN).where(
            LedgerRow.source_type == row.source_type,
            LedgerRow.source_id == row.source_id,
            LedgerRow.is_event.is_(True),
            LedgerRow.first_number <= row.number,
            LedgerRow.number >= row.number,
        )
    ).first()
    return ListedRow._make(found) if found else None


def _postings(session: Session, number: int) -> list[PostingLine]:
    rows = session.execute(
        select(
            Posting.account_code,
            Earmark.name,
            func.coalesce(MoneyAccount.kind, ""),
            func.coalesce(Project.name, ""),
            Posting.debit_minor,
            Posting.credit_minor,
        )
        .join(Earmark, Earmark.id == Posting.earmark_id)
        .outerjoin(MoneyAccount, MoneyAccount.id == Posting.money_account_id)
        .outerjoin(Project, Project.id == Posting.project_id)
        .where(Posting.entry_number == number)
        .order_by(Posting.line)
    )
    return [PostingLine(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Use:
    """Money of a gift in one payment: net fen, and the payment as listed."""

    number: int
    occurred_on: date
    description: str
    document: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class TrancheView:
    """What became of the money that an entry brought, in fen. ``more_uses``: payments beyond those listed."""

    amount_minor: int
    used_minor: int
    reserved_minor: int
    left_minor: int
    withdrawn_minor: int
    continued_by_number: int | None
    uses: list[Use]
    more_uses: int


def tranche_view(session: Session, number: int) -> TrancheView | None:
    """The money that an entry opened, and the payments it went into; None when it opened none."""
    found = session.get(Tranche, number)
    if found is None:
        return None
    used = (
        select(TrancheMovement.entry_number, _net_use.label("net"))
        .where(TrancheMovement.tranche_number == number, TrancheMovement.kind.in_(("use", "return")))
        .group_by(TrancheMovement.entry_number)
        .having(_net_use != 0)
        .subquery()
    )
    rows = session.execute(
        select(LedgerRow.number, LedgerRow.occurred_on, LedgerRow.description, LedgerRow.document, used.c.net)
        .join(used, used.c.entry_number == LedgerRow.number)
        .where(LedgerRow.is_event.is_(False))
        .order_by(LedgerRow.number)
        .limit(USES_SHOWN)
    )
    uses = [Use(entry, on, words, document, int(net)) for entry, on, words, document, net in rows]
    count = session.scalar(select(func.count()).select_from(used)) if len(uses) == USES_SHOWN else len(uses)
    return TrancheView(
        found.amount_minor,
        found.used_minor,
        found.held_minor,
        found.remaining_minor,
        found.withdrawn_minor,
        found.continued_by_number,
        uses,
        int(count or 0) - len(uses),
    )


@dataclass(frozen=True, slots=True)
class Giver:
    """Gifts behind a payment under one displayed name, or of one sale event: how many, and fen of them in it.

    ``number`` is an entry that brought one of them; ``event_id`` that of a sale event, or None.
    """

    name: str
    count: int
    amount_minor: int
    number: int
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Givers:
    """A page of the gifts behind a payment, in the order recorded: by the names displayed, the largest first.

    Who is not named counts under the mask, so every gift is on one page and every fen in one line. ``after``: where the page
    begins (0: the first); ``next_after``: where the next one does, None on the last.
    """

    shown: list[Giver]
    after: int = 0
    next_after: int | None = None


def givers_of_entry(session: Session, number: int, after: int = 0) -> Givers:
    """Whose gifts an entry spent, by the names displayed; those recorded behind the entry ``after``."""
    return _givers(session, TrancheMovement.entry_number == number, after)


def givers_of_source(session: Session, source_type: str, source_id: int, after: int = 0) -> Givers:
    """Whose gifts a request spent, over all its payments and refunds; those recorded behind the entry ``after``."""
    moved = (TrancheMovement.source_type == source_type) & (TrancheMovement.source_id == source_id)
    return _givers(session, moved, after)


def _givers(session: Session, moved: ColumnElement[bool], after: int) -> Givers:
    # Grouped in the order of the index and cut off there: the rest of the gifts is never read.
    used = session.execute(
        select(TrancheMovement.tranche_number, _net_use.label("net"))
        .where(moved, TrancheMovement.kind.in_(("use", "return")), TrancheMovement.tranche_number > after)
        .group_by(TrancheMovement.tranche_number)
        .having(_net_use != 0)
        .order_by(TrancheMovement.tranche_number)
        .limit(GIFTS_SHOWN + 1)
    ).all()
    page = {row.tranche_number: int(row.net) for row in used[:GIFTS_SHOWN]}
    shown = _by_name(session, page) if page else []
    return Givers(shown, after, max(page) if len(used) > GIFTS_SHOWN else None)


def _by_name(session: Session, amounts: dict[int, int]) -> list[Giver]:
    event = aliased(LedgerRow)
    rows = session.execute(
        select(
            LedgerRow.number,
            LedgerRow.party,
            LedgerRow.description,
            LedgerRow.source_type,
            LedgerRow.source_id,
        ).where(LedgerRow.number.in_(amounts), LedgerRow.is_event.is_(False))
    ).all()
    events = {row.source_id for row in rows if row.source_type == EVENT}
    titles = {
        row.source_id: row.description
        for row in session.execute(
            select(event.source_id, event.description).where(
                event.is_event.is_(True), event.source_type == EVENT, event.source_id.in_(events)
            )
        )
    }
    groups: dict[tuple[str, int | None], list[int]] = {}
    for row in rows:
        of_event = row.source_id if row.source_type == EVENT else None
        name = titles.get(of_event, "") if of_event is not None else row.party or row.description
        groups.setdefault((name, of_event), []).append(row.number)
    shown = [
        Giver(name, len(numbers), sum(amounts[each] for each in numbers), min(numbers), of_event)
        for (name, of_event), numbers in groups.items()
    ]
    return sorted(shown, key=lambda giver: (-giver.amount_minor, giver.number))


@dataclass(frozen=True, slots=True)
class Proceeds:
    """What the entries of a sale event brought and what became of it, in fen. None of it where nothing was booked."""

    amount_minor: int
    left_minor: int
    uses: list[Use]


def proceeds_of_event(session: Session, event_id: int) -> Proceeds:
    """The money of one sale event and the payments it went into."""
    amount, left = session.execute(
        select(
            func.coalesce(func.sum(Tranche.amount_minor - Tranche.withdrawn_minor), 0),
            func.coalesce(func.sum(Tranche.remaining_minor + Tranche.held_minor), 0),
        ).where(Tranche.source_type == EVENT, Tranche.source_id == event_id)
    ).one()
    used = (
        select(TrancheMovement.entry_number, _net_use.label("net"))
        .join(Tranche, Tranche.number == TrancheMovement.tranche_number)
        .where(
            Tranche.source_type == EVENT,
            Tranche.source_id == event_id,
            TrancheMovement.kind.in_(("use", "return")),
        )
        .group_by(TrancheMovement.entry_number)
        .having(_net_use != 0)
        .subquery()
    )
    rows = session.execute(
        select(LedgerRow.number, LedgerRow.occurred_on, LedgerRow.description, LedgerRow.document, used.c.net)
        .join(used, used.c.entry_number == LedgerRow.number)
        .where(LedgerRow.is_event.is_(False))
        .order_by(LedgerRow.number)
        .limit(USES_SHOWN)
    )
    uses = [Use(entry, on, words, document, int(net)) for entry, on, words, document, net in rows]
    return Proceeds(int(amount), int(left), uses)


def amounts_of_events(session: Session, event_ids: list[int]) -> dict[int, int]:
    """Fen that each closed sale event brought, as its rows in the ledger say."""
    rows = session.execute(
        select(LedgerRow.source_id, func.sum(LedgerRow.amount_minor).label("amount_minor"))
        .where(
            LedgerRow.source_type == EVENT, LedgerRow.source_id.in_(event_ids), LedgerRow.is_event.is_(True)
        )
        .group_by(LedgerRow.source_id)
    )
    return {row.source_id: int(row.amount_minor) for row in rows}
