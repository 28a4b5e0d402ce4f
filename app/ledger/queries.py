"""Reading the books: earmarks, accounts, single entries, trial balance, what is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.funds.models import Fund
from app.ledger import accounts as chart
from app.ledger.models import Balance, JournalEntry, LedgerRow, MoneyAccountDay, PeriodState, Pool, Posting
from app.ledger.structure.models import Earmark, MoneyAccount, Project
from app.parties.models import Party
from app.shared.errors import N_, NotFound, Refused
from app.shared.periods import month_of
from app.shared.search import SearchIndex

PUBLIC_SEARCH = SearchIndex("public_search")
"""Words of the public ledger as displayed, by row number. Nothing else is ever put into it."""


def row_words(description: str, party: str, document: str) -> str:
    """What of a public row can be searched for."""
    return f"{description} {party} {document}"


def entry(session: Session, number: int) -> JournalEntry:
    """One entry. Raises NotFound."""
    found = session.get(JournalEntry, number)
    if found is None:
        raise NotFound(N_("没有第 %(number)s 号分录"), number=number)
    return found


def entry_of_key(session: Session, key: str | None) -> JournalEntry | None:
    """The entry that a form with this idempotency key already made: a second click is the first one's answer."""
    if key is None:
        return None
    return session.scalar(select(JournalEntry).where(JournalEntry.idempotency_key == key))


def reversed_among(session: Session, numbers: list[int]) -> set[int]:
    """Those of ``numbers`` that a later entry reverses."""
    return set(
        session.scalars(
            select(JournalEntry.reverses_number).where(JournalEntry.reverses_number.in_(numbers))
        ).all()
    ) - {None}  # type: ignore[return-value]


def is_reversed(number: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether a later entry reverses the one whose number stands in another table's column."""
    later = aliased(JournalEntry)
    return select(later.number).where(later.reverses_number == number).exists()


def log_positions_of(source_type: str, source_id: int) -> Select[int]:
    """A select of the positions of the leaves of every entry that a record made."""
    return select(JournalEntry.log_position).where(
        JournalEntry.source_type == source_type, JournalEntry.source_id == source_id
    )


def postings_of(session: Session, number: int) -> list[Posting]:
    """The postings of an entry, in order."""
    return list(session.scalars(select(Posting).where(Posting.entry_number == number).order_by(Posting.line)))


def earmark(session: Session, earmark_id: int) -> Earmark:
    """One earmark by id. Raises NotFound."""
    found = session.get(Earmark, earmark_id)
    if found is None:
        raise NotFound(N_("没有这个用途"))
    return found


def earmarks_of(session: Session, fund_id: int) -> list[Earmark]:
    """All earmarks of a fund, the unrestricted one first."""
    return list(session.scalars(select(Earmark).where(Earmark.fund_id == fund_id).order_by(Earmark.id)))


def open_earmarks_of(session: Session, fund_id: int, *, also: int | None = None) -> list[Earmark]:
    """The earmarks of a fund that still take something new, and the one that a record has already (``also``)."""
    return [each for each in earmarks_of(session, fund_id) if each.closed_on is None or each.id == also]


def require_open(session: Session, earmark: Earmark) -> None:
    """Raise Refused (field ``earmark``) when the purpose or its fund was closed: its history stays, nothing new comes."""
    if earmark.closed_on is not None:
        raise Refused(
            N_("用途“%(earmark)s”已在 %(day)s 结束，请选择别的用途"),
            field="earmark",
            earmark=earmark.name,
            day=earmark.closed_on.isoformat(),
        )
    closed_on = session.scalar(select(Fund.closed_on).where(Fund.id == earmark.fund_id))
    if closed_on is not None:
        raise Refused(
            N_("这个基金已在 %(day)s 终止，不再接受捐赠和申请"), field="earmark", day=closed_on.isoformat()
        )


def unrestricted_earmark(session: Session, fund_id: int) -> Earmark:
    """The first earmark of each fund: money without a donor's restriction."""
    return session.scalars(
        select(Earmark)
        .where(Earmark.fund_id == fund_id, Earmark.restriction == "unrestricted")
        .order_by(Earmark.id)
        .limit(1)
    ).one()


def earmark_named(session: Session, fund_id: int, name: str) -> Earmark | None:
    """The earmark of a fund with exactly this name, if any."""
    return session.scalar(select(Earmark).where(Earmark.fund_id == fund_id, Earmark.name == name))


def earmark_with_slug(session: Session, slug: str) -> Earmark | None:
    """The earmark with this slug, of whatever fund: slugs are unique in an installation."""
    return session.scalar(select(Earmark).where(Earmark.slug == slug))


def project_named(session: Session, fund_id: int, name: str) -> Project | None:
    """The project of a fund with exactly this name, if any."""
    return session.scalar(select(Project).where(Project.fund_id == fund_id, Project.name == name))


def projects_of(session: Session, fund_id: int) -> list[Project]:
    """All projects of a fund."""
    return list(session.scalars(select(Project).where(Project.fund_id == fund_id).order_by(Project.id)))


def money_accounts_of(session: Session, fund_id: int) -> list[MoneyAccount]:
    """All money accounts of a fund that are in use."""
    return list(
        session.scalars(
            select(MoneyAccount)
            .where(MoneyAccount.fund_id == fund_id, MoneyAccount.ended_on.is_(None))
            .order_by(MoneyAccount.id)
        )
    )


def money_account(session: Session, account_id: int, fund_id: int | None = None) -> MoneyAccount:
    """One money account, of the fund when given. Raises NotFound."""
    found = session.get(MoneyAccount, account_id)
    if found is None or (fund_id is not None and found.fund_id != fund_id):
        raise NotFound(N_("没有这个资金账户"))
    return found


def money_account_of_kind(session: Session, fund_id: int, kind: str) -> MoneyAccount:
    """The fund's first account of a kind: bank, cash, wechat, alipay. Raises NotFound."""
    found = session.scalars(
        select(MoneyAccount)
        .where(MoneyAccount.fund_id == fund_id, MoneyAccount.kind == kind, MoneyAccount.ended_on.is_(None))
        .order_by(MoneyAccount.id)
        .limit(1)
    ).first()
    if found is None:
        raise NotFound(
            N_("这个基金没有“%(kind)s”账户，请先添加"), kind=chart.MONEY_ACCOUNT_NAMES.get(kind, kind)
        )
    return found


def collecting_accounts(session: Session, fund_id: int) -> list[MoneyAccount]:
    """The fund's accounts in use that can collect money in public: banks and wallets, not cash."""
    return list(
        session.scalars(
            select(MoneyAccount)
            .where(
                MoneyAccount.fund_id == fund_id, MoneyAccount.kind != "cash", MoneyAccount.ended_on.is_(None)
            )
            .order_by(MoneyAccount.id)
        )
    )


def balance_on(session: Session, account_id: int, day: date) -> int:
    """End-of-day balance of a money account, in fen."""
    return (
        session.scalar(
            select(MoneyAccountDay.balance_minor)
            .where(MoneyAccountDay.money_account_id == account_id, MoneyAccountDay.on_date <= day)
            .order_by(MoneyAccountDay.on_date.desc())
            .limit(1)
        )
        or 0
    )


def account_earmark_balances(session: Session, account_id: int) -> list[tuple[int, int]]:
    """(earmark, fen) of the money in one account, the unrestricted first, only what is above zero."""
    held = func.sum(Balance.debit_minor - Balance.credit_minor)
    rows = session.execute(
        select(Balance.earmark_id, held.label("held"))
        .where(Balance.money_account_id == account_id)
        .group_by(Balance.earmark_id)
        .having(held > 0)
        .order_by(Balance.earmark_id)
    )
    return [(row.earmark_id, int(row.held)) for row in rows]


@dataclass(frozen=True, slots=True)
class PoolView:
    """Money of one earmark in fen: held, promised, free."""

    earmark_id: int
    slug: str
    name: str
    restriction: str
    held_minor: int
    reserved_minor: int
    closed_on: date | None = None

    @property
    def available_minor(self) -> int:
        """Held and not promised."""
        return self.held_minor - self.reserved_minor


def pools_of(session: Session, fund_id: int) -> list[PoolView]:
    """The pools of a fund, the unrestricted one first."""
    rows = session.execute(
        select(
            Pool.earmark_id,
            Earmark.slug,
            Earmark.name,
            Earmark.restriction,
            Pool.held_minor,
            Pool.reserved_minor,
            Earmark.closed_on,
        )
        .join(Earmark, Earmark.id == Pool.earmark_id)
        .where(Pool.fund_id == fund_id)
        .order_by(Earmark.id)
    )
    return [PoolView(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """Turnover of one account and class over a span of months, in fen."""

    account_code: str
    is_restricted: bool
    debit_minor: int
    credit_minor: int


def trial_balance(
    session: Session, fund_id: int, *, up_to_month: str | None = None, details: bool = False
) -> list[TrialBalanceRow]:
    """Turnover by account and class since the first entry, from stored balances.

    ``details`` keeps 510101 and 510102 apart; otherwise they are 5101.
    """
    query = (
        select(
            Balance.account_code,
            Earmark.restriction,
            func.sum(Balance.debit_minor).label("debit"),
            func.sum(Balance.credit_minor).label("credit"),
        )
        .join(Earmark, Earmark.id == Balance.earmark_id)
        .where(Balance.fund_id == fund_id)
        .group_by(Balance.account_code, Earmark.restriction)
    )
    if up_to_month is not None:
        query = query.where(Balance.month <= up_to_month)
    sums: dict[tuple[str, bool], list[int]] = {}
    for row in session.execute(query):
        code = row.account_code if details else chart.summary_account(row.account_code)
        total = sums.setdefault((code, row.restriction == "restricted"), [0, 0])
        total[0] += int(row.debit)
        total[1] += int(row.credit)
    return [TrialBalanceRow(code, restricted, *sums[code, restricted]) for code, restricted in sorted(sums)]


def is_closed(session: Session, fund_id: int, day: date) -> bool:
    """Whether the month of ``day`` is closed in this fund."""
    state = session.get(PeriodState, (fund_id, month_of(day)))
    return state is not None and state.state == "closed"


def earmarks_given_to(session: Session, fund_id: int, donor_name: str) -> list[Earmark]:
    """The restricted earmarks of a fund that a donor of this name gave to."""
    return list(
        session.scalars(
            select(Earmark)
            .where(
                Earmark.fund_id == fund_id,
                Earmark.restriction == "restricted",
                Earmark.id.in_(
                    select(LedgerRow.earmark_id)
                    .join(Party, Party.id == LedgerRow.party_id)
                    .where(
                        LedgerRow.fund_id == fund_id, LedgerRow.direction == "in", Party.name == donor_name
                    )
                ),
            )
            .order_by(Earmark.id)
        )
    )


def largest_donors_to(session: Session, earmark_id: int, limit: int) -> list[str]:
    """True names of those who gave most to a restricted earmark, at most ``limit``; nobody for money that is not bound."""
    if earmark(session, earmark_id).restriction != "restricted":
        return []
    rows = session.execute(
        select(Party.name, func.sum(LedgerRow.amount_minor).label("given"))
        .join(Party, Party.id == LedgerRow.party_id)
        .where(
            LedgerRow.earmark_id == earmark_id,
            LedgerRow.kind.in_(("donation", "goods_received")),
            LedgerRow.is_event.is_(False),
            LedgerRow.reversed_by_number.is_(None),
            Party.kind != "unnamed",
        )
        .group_by(Party.id, Party.name)
        .order_by(func.sum(LedgerRow.amount_minor).desc(), Party.id)
        .limit(limit)
    )
    return [row.name for row in rows]
