"""Posting rules: every event of the books as debits and credits, written once (docs/postings.md is made from here).

All amounts are fen. ``earmark`` decides restriction: income and expense carry the restriction of their earmark
(charity-rules §6, Art. 67–68, 74, 78).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from app.ledger import accounts as chart
from app.shared.money import MAX_MINOR, require_minor

if TYPE_CHECKING:
    from app.ledger.structure.models import Earmark, MoneyAccount


@dataclass(frozen=True, slots=True)
class PostingDraft:
    """One posting to be. Exactly one of ``debit_minor`` and ``credit_minor`` is above zero."""

    account_code: str
    earmark_id: int
    debit_minor: int = 0
    credit_minor: int = 0
    money_account_id: int | None = None
    project_id: int | None = None
    statement_line: str | None = None

    def reversed(self) -> PostingDraft:
        """The same posting on the other side."""
        return replace(self, debit_minor=self.credit_minor, credit_minor=self.debit_minor)


@dataclass(frozen=True, slots=True)
class TrancheDraft:
    """The tranche that an entry opens. ``place`` None means the entry's own number; a replacement inherits both."""

    earmark_id: int
    amount_minor: int
    received_on: date
    place: int | None = None


OWN_TRANCHE = 0


@dataclass(frozen=True, slots=True)
class MovementDraft:
    """A movement within a tranche, decided before the entry is posted (see app.ledger.tracing).

    ``tranche_number`` OWN_TRANCHE means the tranche that the entry itself opens.
    """

    tranche_number: int
    kind: str
    amount_minor: int
    source_type: str
    source_id: int
    directly: bool = False
    # None: the entry being posted. A re-pointed use names the payment it belongs to.
    entry_number: int | None = None


@dataclass(slots=True)
class EntryDraft:
    """An entry to be posted, with the words that the public ledger shows for it."""

    fund_id: int
    kind: str
    occurred_on: date
    postings: list[PostingDraft]
    source_type: str
    source_id: int
    description: str
    party: str = ""
    party_id: int | None = None
    # The true name, for the leaf's commitment only; ``party`` is what the public may read.
    party_name: str = ""
    document: str = ""
    memo: str = ""
    opens: TrancheDraft | None = None
    movements: list[MovementDraft] = field(default_factory=list)
    idempotency_key: str | None = None
    is_listed: bool = True
    sign: int = 1
    reverses_number: int | None = None
    replaces_number: int | None = None


def _money(
    account: MoneyAccount, earmark: Earmark, minor: int, line: str | None, *, project_id: int | None = None
) -> PostingDraft:
    """Money in (positive ``minor``) or out (negative) of ``account``."""
    require_minor(minor)
    return PostingDraft(
        account.account_code,
        earmark.id,
        debit_minor=max(minor, 0),
        credit_minor=max(-minor, 0),
        money_account_id=account.id,
        project_id=project_id,
        statement_line=line,
    )


def _debit(code: str, earmark: Earmark, minor: int, project_id: int | None = None) -> PostingDraft:
    return PostingDraft(code, earmark.id, debit_minor=minor, project_id=project_id)


def _credit(code: str, earmark: Earmark, minor: int, project_id: int | None = None) -> PostingDraft:
    return PostingDraft(code, earmark.id, credit_minor=minor, project_id=project_id)


def within_limit(minor: int) -> bool:
    """Whether the books take this amount: above zero, below 10^13 fen."""
    return 0 < require_minor(minor) <= MAX_MINOR


def donation_line(earmark: Earmark, *, at_event: bool = False) -> str:
    """The statement row of a gift of money (charity-rules §16.1)."""
    if earmark.is_restricted:
        return "earmarked_donation"
    return "gala_other" if at_event else "cash_donation"


def opening_postings(account: MoneyAccount, earmark: Earmark, minor: int) -> list[PostingDraft]:
    """Money held before this system began: Dr money, Cr net assets of the earmark's class."""
    net_assets = chart.RESTRICTED_NET_ASSETS if earmark.is_restricted else chart.UNRESTRICTED_NET_ASSETS
    return [_money(account, earmark, minor, chart.OPENING_LINE), _credit(net_assets, earmark, minor)]


def donation_postings(
    account: MoneyAccount, earmark: Earmark, minor: int, line: str | None = None
) -> list[PostingDraft]:
    """A gift of money: Dr money, Cr 4101 (NPO Art. 73: when received)."""
    return [
        _money(account, earmark, minor, line or donation_line(earmark)),
        _credit(chart.DONATION_INCOME, earmark, minor),
    ]


def goods_received_postings(earmark: Earmark, minor: int) -> list[PostingDraft]:
    """A gift in kind at its valuation: Dr 1201, Cr 4101 (NPO Art. 18–19)."""
    return [_debit(chart.INVENTORY, earmark, minor), _credit(chart.DONATION_INCOME, earmark, minor)]


def sale_postings(
    account: MoneyAccount, earmark: Earmark, proceeds_minor: int, cost_minor: int, line: str
) -> list[PostingDraft]:
    """Donated goods sold: Dr money, Cr 4501; and out of stock Dr 510102, Cr 1201 (NPO, notes to 4501 and 5101)."""
    postings = [
        _money(account, earmark, proceeds_minor, line),
        _credit(chart.SALES_INCOME, earmark, proceeds_minor),
    ]
    if cost_minor:
        postings += [
            _debit(chart.COST_OF_GOODS_SOLD, earmark, cost_minor),
            _credit(chart.INVENTORY, earmark, cost_minor),
        ]
    return postings


def interest_postings(account: MoneyAccount, earmark: Earmark, minor: int) -> list[PostingDraft]:
    """Interest credited by a bank or wallet: Dr money, Cr 4901."""
    return [_money(account, earmark, minor, "interest"), _credit(chart.OTHER_INCOME, earmark, minor)]


def subsidy_postings(account: MoneyAccount, earmark: Earmark, minor: int) -> list[PostingDraft]:
    """A government subsidy received: Dr money, Cr 4401."""
    return [
        _money(account, earmark, minor, "government_subsidy"),
        _credit(chart.SUBSIDY_INCOME, earmark, minor),
    ]


def fee_postings(account: MoneyAccount, earmark: Earmark, minor: int) -> list[PostingDraft]:
    """A charge taken by a bank or wallet: Dr 5301, Cr money."""
    return [_debit(chart.MANAGEMENT, earmark, minor), _money(account, earmark, -minor, "bank_fee")]


def payment_postings(
    account: MoneyAccount,
    earmark: Earmark,
    minor: int,
    spending_kind: str,
    *,
    accepted: bool,
    project_id: int | None,
) -> list[PostingDraft]:
    """A disbursement paid. Accepted: Dr the expense. Not yet: Dr 1201 for goods to be handed out, Dr 1141 otherwise."""
    if accepted:
        debit = chart.SPENDING_ACCOUNT.get(spending_kind, chart.PROGRAMME_SPENDING)
    else:
        debit = waiting_account(spending_kind)
    return [
        _debit(debit, earmark, minor, project_id),
        _money(account, earmark, -minor, spending_kind, project_id=project_id),
    ]


def waiting_account(spending_kind: str) -> str:
    """Where paid money waits until the work or goods are accepted: 1201 for goods to hand out, 1141 otherwise."""
    return chart.INVENTORY if spending_kind == "goods_purchase" else chart.PREPAYMENTS


def acceptance_postings(
    earmark: Earmark, minor: int, spending_kind: str, project_id: int | None
) -> list[PostingDraft]:
    """Work accepted or goods handed out after payment: Dr the expense, Cr 1141 or 1201."""
    expense = chart.SPENDING_ACCOUNT.get(spending_kind, chart.PROGRAMME_SPENDING)
    return [
        _debit(expense, earmark, minor, project_id),
        _credit(waiting_account(spending_kind), earmark, minor, project_id),
    ]


def refund_postings(
    account: MoneyAccount,
    earmark: Earmark,
    minor: int,
    spending_kind: str,
    *,
    accepted: bool,
    project_id: int | None,
) -> list[PostingDraft]:
    """Money back from a payee: the payment's postings on the other side (NPO, notes to 5101)."""
    paid = payment_postings(account, earmark, minor, spending_kind, accepted=accepted, project_id=project_id)
    return [posting.reversed() for posting in reversed(paid)]


def gift_returned_postings(account: MoneyAccount, earmark: Earmark, minor: int) -> list[PostingDraft]:
    """A remainder given back to its donor: Dr 4101, Cr money."""
    return [_debit(chart.DONATION_INCOME, earmark, minor), _money(account, earmark, -minor, "gift_returned")]


def transfer_postings(
    source: MoneyAccount, target: MoneyAccount, earmark: Earmark, minor: int
) -> list[PostingDraft]:
    """A move between money accounts; feeds no row of the statement."""
    return [_money(target, earmark, minor, None), _money(source, earmark, -minor, None)]


def purpose_change_postings(
    account: MoneyAccount, old: Earmark, new: Earmark, minor: int
) -> list[PostingDraft]:
    """A remainder moved to a new purpose (charity-rules §12): net assets and money leave one earmark and enter the other."""
    return [
        _debit(_net_assets(old), old, minor),
        _money(account, old, -minor, chart.PURPOSE_LINE),
        _money(account, new, minor, chart.PURPOSE_LINE),
        _credit(_net_assets(new), new, minor),
    ]


def _net_assets(earmark: Earmark) -> str:
    return chart.RESTRICTED_NET_ASSETS if earmark.is_restricted else chart.UNRESTRICTED_NET_ASSETS


def stock_out_postings(
    earmark: Earmark, minor: int, project_id: int | None = None, *, lost: bool = False
) -> list[PostingDraft]:
    """Goods given to beneficiaries: Dr 510101, Cr 1201; lost or spoilt, as a count shows: Dr 5301."""
    return [
        _debit(chart.MANAGEMENT if lost else chart.PROGRAMME_SPENDING, earmark, minor, project_id),
        _credit(chart.INVENTORY, earmark, minor),
    ]


def stock_found_postings(earmark: Earmark, minor: int) -> list[PostingDraft]:
    """Goods that a count found and nobody knew of: Dr 1201, Cr 4901."""
    return [_debit(chart.INVENTORY, earmark, minor), _credit(chart.OTHER_INCOME, earmark, minor)]


def direction_of(kind: str) -> str:
    """The public direction of an entry kind: in, out, goods or move."""
    return chart.DIRECTION.get(kind, "move")
