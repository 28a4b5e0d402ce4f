"""What a sale event becomes in the books: one entry for each lot in lot order, one for the box, goods out of stock."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.goods import queries as goods
from app.goods.models import GoodsLine
from app.goods.operations import plan_out, take_out
from app.ledger import accounts as chart
from app.ledger import queries as ledger
from app.ledger.operations import Posted
from app.ledger.rules import EntryDraft, PostingDraft, TrancheDraft
from app.ledger.structure.models import Earmark, MoneyAccount
from app.log.operations import LeafDraft, append
from app.sales import queries
from app.sales.models import Lot, LotResult, Sale, SaleEvent
from app.sales.rules import SALE_LINES

SUBJECT = "sale_event"


class Books:
    """Where an event's money goes: the accounts it was announced with, else the fund's; and the earmark of each lot's goods."""

    def __init__(self, session: Session, event: SaleEvent) -> None:
        self._session, self._fund_id = session, event.fund_id
        self._accounts = {
            account.kind: account for _, account in queries.collection_accounts(session, event.id)
        }
        self.unrestricted = ledger.unrestricted_earmark(session, event.fund_id)

    def account(self, method: str) -> MoneyAccount:
        """The fund's account for a way of payment. Raises NotFound when it has none."""
        if method not in self._accounts:
            self._accounts[method] = ledger.money_account_of_kind(self._session, self._fund_id, method)
        return self._accounts[method]

    def earmark(self, earmark_id: int) -> Earmark:
        """The earmark of the goods: proceeds inherit it."""
        return ledger.earmark(self._session, earmark_id)


def lot_entries(
    session: Session, event: SaleEvent, books: Books
) -> tuple[list[EntryDraft], list[tuple[int, int, int, int, int]]]:
    """Drafts of every lot that sold, with (lot, goods line, pieces, proceeds, cost) of each."""
    found = []
    planned: dict[int, tuple[int, int]] = {}
    lots = session.scalars(
        select(Lot).where(Lot.event_id == event.id, Lot.sold_quantity > 0).order_by(Lot.position, Lot.id)
    )
    for lot in list(lots):
        pieces = lot.sold_quantity * lot.units_per_item
        line = goods.line(session, lot.goods_line_id)
        taken, spent = planned.get(line.id, (0, 0))
        cost = _cost_after(session, line, taken, spent, pieces)
        planned[line.id] = (taken + pieces, spent + cost)
        proceeds = _proceeds(session, lot.id)
        draft = lot_draft(event, lot, books.earmark(line.earmark_id), proceeds, cost, event.held_on, books)
        result = (lot.id, line.id, pieces, sum(proceeds.values()), cost)
        found.append((line.earmark_id, draft, result))
    found.sort(key=lambda each: (each[0] == books.unrestricted.id, each[0]))
    return [draft for _, draft, _ in found], [result for _, _, result in found]


def lot_draft(
    event: SaleEvent,
    lot: Lot,
    earmark: Earmark,
    proceeds: dict[str, int],
    cost: int,
    occurred_on: date,
    books: Books,
) -> EntryDraft:
    """The entry of one lot: money by way of payment and sales income; goods out of stock at their cost."""
    total = sum(proceeds.values())
    postings = [
        PostingDraft(
            books.account(method).account_code,
            earmark.id,
            debit_minor=minor,
            money_account_id=books.account(method).id,
            statement_line=SALE_LINES[lot.mode],
        )
        for method, minor in sorted(proceeds.items())
    ]
    postings.append(PostingDraft(chart.SALES_INCOME, earmark.id, credit_minor=total))
    if cost:
        postings.append(PostingDraft(chart.COST_OF_GOODS_SOLD, earmark.id, debit_minor=cost))
        postings.append(PostingDraft(chart.INVENTORY, earmark.id, credit_minor=cost))
    return EntryDraft(
        fund_id=event.fund_id,
        kind="sale",
        occurred_on=occurred_on,
        postings=postings,
        source_type=SUBJECT,
        source_id=event.id,
        description=f"{event.name} {lot.number} {lot.name}",
        opens=TrancheDraft(earmark.id, total, occurred_on),
        is_listed=False,
    )


def _cost_after(session: Session, line: GoodsLine, taken: int, spent: int, pieces: int) -> int:
    """Cost of further pieces of a line from which earlier lots of the same closing already take some."""
    if taken == 0:
        return plan_out(session, line.id, pieces)
    return plan_out(session, line.id, taken + pieces) - spent


def _proceeds(session: Session, lot_id: int) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    rows = session.execute(
        select(Sale.method, Sale.amount_minor).where(Sale.lot_id == lot_id, Sale.voided_at.is_(None))
    )
    for method, minor in rows:
        totals[method] += minor
    return dict(totals)


def box_entry(event: SaleEvent, books: Books) -> EntryDraft | None:
    """The donation box of the night: a gift, not a sale (worked example, entry 19)."""
    found = {"cash": event.box_cash_minor, "wechat": event.box_wechat_minor}
    total = sum(found.values())
    if not total:
        return None
    earmark = books.unrestricted
    postings = [
        PostingDraft(
            books.account(method).account_code,
            earmark.id,
            debit_minor=minor,
            money_account_id=books.account(method).id,
            statement_line="donation_box",
        )
        for method, minor in found.items()
        if minor
    ]
    return EntryDraft(
        fund_id=event.fund_id,
        kind="box",
        occurred_on=event.held_on,
        postings=[*postings, PostingDraft(chart.DONATION_INCOME, earmark.id, credit_minor=total)],
        source_type=SUBJECT,
        source_id=event.id,
        description=f"{event.name} 募捐箱",
        opens=TrancheDraft(earmark.id, total, event.held_on),
        is_listed=False,
    )


def take_out_goods(
    session: Session, event_id: int, results: list[tuple[int, int, int, int, int]], posted: list[Posted]
) -> None:
    """Take what was sold out of stock under the entries that booked it, and write down and log what each lot came to.

    ``results`` are those of ``lot_entries``, in the order in which they were posted.
    """
    for (lot_id, line_id, pieces, proceeds, cost), entry in zip(results, posted, strict=False):
        take_out(
            session,
            line_id,
            pieces,
            cost,
            "sold",
            entry_number=entry.number,
            source_type="lot",
            source_id=lot_id,
        )
        session.execute(
            insert(LotResult),
            [
                {
                    "entry_number": entry.number,
                    "lot_id": lot_id,
                    "pieces": pieces,
                    "proceeds_minor": proceeds,
                    "cost_minor": cost,
                }
            ],
        )
        session.execute(
            update(Sale)
            .where(Sale.lot_id == lot_id, Sale.voided_at.is_(None), Sale.entry_number.is_(None))
            .values(entry_number=entry.number)
            .execution_options(synchronize_session=False)
        )
        lot = queries.lot(session, lot_id)
        body = {
            "event": event_id,
            "entry": entry.number,
            "goods": line_id,
            "pieces": pieces,
            "proceeds": proceeds,
            "cost": cost,
        }
        append(session, [LeafDraft("lot_result", lot_id, body, {"lot": lot.number, "name": lot.name})])
