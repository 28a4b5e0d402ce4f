"""Closing: what was counted against what was recorded, then one entry per lot in lot order and one for the box."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.goods import queries as goods
from app.goods.operations import plan_out, put_back
from app.ledger import accounts as chart
from app.ledger import queries as ledger
from app.ledger.correction.operations import reverse_entry
from app.ledger.operations import Posted, fold_into_event, post_entries
from app.ledger.rules import EntryDraft, PostingDraft, TrancheDraft
from app.ledger.tracing.operations import plan_direct_use
from app.log.operations import LeafDraft, append
from app.sales import queries
from app.sales.auction.queries import unfinished
from app.sales.booking.operations import SUBJECT, Books, box_entry, lot_draft, lot_entries, take_out_goods
from app.sales.models import Count as SaleCount
from app.sales.models import Lot, Sale, SaleEvent
from app.sales.operations import take_packs
from app.sales.rules import METHOD_NAMES
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, InputRefused, Refused
from app.shared.money import Money
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Count:
    """Fen counted for one way of payment, and why it differs from what was recorded, if it does."""

    method: str
    counted_minor: int
    explanation: str = ""


def count_event(session: Session, actor: Actor, event_id: int, counts: list[Count]) -> SaleEvent:
    """Write down what the first of two people counted; nothing is booked until another one confirms it. Counted again, it is
    the later count that stands.

    Raises InputRefused while a counted sum differs from the recorded one without an explanation, Refused when nothing was
    sold, Conflict when the event is closed or still to come.
    """
    event = _to_close(session, actor, event_id)
    if event.held_on > clock.today():
        raise Conflict(N_("活动在 %(day)s，那天起才能清点"), day=event.held_on.isoformat())
    if not queries.recorded_by_method(session, event):
        raise Refused(N_("还没有任何成交，不能结束"))
    _compare(session, event, counts)
    event.counted_at, event.counted_by_id = clock.now(), actor.user_id
    session.flush()
    record(session, actor.user_id, "count_event", SUBJECT, event_id)
    return event


def confirm_count(session: Session, actor: Actor, event_id: int) -> list[Posted]:
    """Close an event with what was counted, by the second of two people (charity-rules §8). Returns its entries.

    Raises Forbidden for the one who counted, Conflict when it is closed, was never counted, or something was recorded since.
    """
    event = _to_close(session, actor, event_id)
    if event.counted_at is None:
        raise Conflict(N_("还没有人清点，请先清点"))
    if actor.user_id is None or actor.user_id == event.counted_by_id:
        raise Forbidden(N_("清点要两个人：请另一位登录核对"))
    counted = queries.counts_of(session, event_id)
    if not queries.count_stands(session, event):
        raise Conflict(N_("清点之后登记有变化，请重新清点"))
    return _book(
        session, actor, event, [Count(each.method, each.counted_minor, each.explanation) for each in counted]
    )


def close_event(session: Session, actor: Actor, event_id: int, counts: list[Count]) -> list[Posted]:
    """Close an event with what a register says was counted, on paper, when it was held. Returns its entries.

    Raises InputRefused while a counted sum differs from the recorded one without an explanation, Refused when nothing
    was sold, Conflict when it is closed already or an auction of it is not over.
    """
    actor.require(Permission.SALE_RUN, queries.event(session, event_id).fund_id)
    return _book(session, actor, _to_close(session, actor, event_id), counts)


def _to_close(session: Session, actor: Actor, event_id: int) -> SaleEvent:
    event = queries.event(session, event_id)
    actor.require(Permission.SALE_COUNT, event.fund_id)
    if event.status != "open":
        raise Conflict(N_("这场义卖已经结束"))
    waiting = unfinished(session, event_id)
    if waiting:
        raise Conflict(
            N_("拍品 %(lots)s 还在拍，或已落槌还没有付款；付款、转给下一位或放弃以后才能结束"),
            lots="、".join(waiting),
        )
    return event


def _book(session: Session, actor: Actor, event: SaleEvent, counts: list[Count]) -> list[Posted]:
    """Book an event. Returns the entries in order: lots, then the box, then explained differences.

    Lots whose goods were given for one purpose come together, those for any purpose last: the public reads one row
    for each purpose.
    """
    event_id = event.id
    differences = _compare(session, event, counts)
    books = Books(session, event)
    drafts, results = lot_entries(session, event, books)
    box = box_entry(event, books)
    if not drafts and box is None:
        raise Refused(N_("还没有任何成交，不能结束"))
    posted = post_entries(session, actor, drafts + ([box] if box is not None else []))
    take_out_goods(session, event_id, results, posted)
    event = queries.event(session, event_id)
    event.status, event.closed_at, event.closed_by_id = "closed", clock.now(), actor.user_id
    event.first_entry_number, event.last_entry_number = posted[0].number, posted[-1].number
    session.flush()
    fold_into_event(session, posted, source_type=SUBJECT, source_id=event_id, description=event.name)
    posted += _post_differences(session, actor, event_id, differences)
    event = queries.event(session, event_id)
    append(session, [LeafDraft("sale_closed", event_id, *queries.closing_said(session, event))])
    record(session, actor.user_id, "close_event", SUBJECT, event_id, entries=len(posted))
    return posted


def _compare(session: Session, event: SaleEvent, counts: list[Count]) -> list[tuple[Count, int]]:
    recorded = queries.recorded_by_method(session, event)
    counted = {count.method: count for count in counts}
    refusals, differences, rows = [], [], []
    for method in sorted({*recorded, *counted}):
        count = counted.get(method)
        if count is None:
            refusals.append(Refused(N_("请填写清点到的金额"), field=f"counted_{method}"))
            continue
        difference = count.counted_minor - recorded.get(method, 0)
        if difference and not count.explanation.strip():
            refusals.append(
                Refused(
                    N_("%(method)s登记 %(recorded)s 元，清点 %(counted)s 元，请说明差异原因"),
                    field=f"explanation_{method}",
                    method=METHOD_NAMES.get(method, method),
                    recorded=Money(recorded.get(method, 0)),
                    counted=Money(count.counted_minor),
                )
            )
        if difference:
            differences.append((count, difference))
        rows.append(
            {
                "event_id": event.id,
                "method": method,
                "recorded_minor": recorded.get(method, 0),
                "counted_minor": count.counted_minor,
                "explanation": count.explanation.strip(),
            }
        )
    if refusals:
        raise InputRefused(refusals)
    session.execute(delete(SaleCount).where(SaleCount.event_id == event.id))
    session.expire_all()
    if rows:
        session.execute(insert(SaleCount), rows)
    return differences


def _post_differences(
    session: Session, actor: Actor, event_id: int, differences: list[tuple[Count, int]]
) -> list[Posted]:
    """Book what was counted above or below the record, each with its explanation, after the lots themselves."""
    posted: list[Posted] = []
    event = queries.event(session, event_id)
    for count, difference in differences:
        books = Books(session, event)
        account, earmark = books.account(count.method), books.unrestricted
        draft = EntryDraft(
            fund_id=event.fund_id,
            kind="donation" if difference > 0 else "fee",
            occurred_on=event.held_on,
            postings=[],
            source_type=SUBJECT,
            source_id=event_id,
            description=f"{event.name} {'长款' if difference > 0 else '短款'}",
            memo=count.explanation.strip(),
        )
        if difference > 0:
            draft.postings = [
                PostingDraft(
                    account.account_code,
                    earmark.id,
                    debit_minor=difference,
                    money_account_id=account.id,
                    statement_line="gala_other",
                ),
                PostingDraft(chart.DONATION_INCOME, earmark.id, credit_minor=difference),
            ]
            draft.opens = TrancheDraft(earmark.id, difference, event.held_on)
        else:
            draft.postings = [
                PostingDraft(chart.OTHER_COST, earmark.id, debit_minor=-difference),
                PostingDraft(
                    account.account_code,
                    earmark.id,
                    credit_minor=-difference,
                    money_account_id=account.id,
                    statement_line="management",
                ),
            ]
            draft.movements = plan_direct_use(
                session, SUBJECT, event_id, earmark.id, -difference, event.held_on
            )
        posted += post_entries(session, actor, [draft])
    return posted


def record_late_sale(
    session: Session,
    actor: Actor,
    lot_id: int,
    *,
    quantity: int,
    amount_minor: int,
    method: str,
    received_on: date,
    buyer: str = "",
    key: str | None = None,
) -> Posted:
    """A payment that arrives after the closing: a listed entry of its own, its goods out of stock, a tranche of that day.

    Sent twice with one key it is one payment. Raises Conflict while the event is open, Refused when fewer packs are left
    unsold, the goods are no longer in stock, or the day is before the event.
    """
    lot = queries.lot(session, lot_id)
    event = queries.event(session, lot.event_id)
    actor.require(Permission.SALE_RUN, event.fund_id)
    earlier = ledger.entry_of_key(session, key)
    if earlier is not None:
        return Posted(earlier.number, earlier.log_position)
    if event.status != "closed":
        raise Conflict(N_("这场义卖还没有结束，请直接登记成交"))
    if received_on < event.held_on:
        raise Refused(
            N_("收款日期不能早于活动日期 %(day)s"), field="received_on", day=event.held_on.isoformat()
        )
    line = goods.line(session, lot.goods_line_id)
    pieces, books = quantity * lot.units_per_item, Books(session, event)
    if pieces > goods.free_pieces(session, line):
        raise Refused(N_("“%(item)s”的库存不够，或已放到别的义卖里"), field="quantity", item=line.item)
    sale = take_packs(
        session, actor, lot, quantity=quantity, amount_minor=amount_minor, method=method, buyer=buyer
    )
    cost = plan_out(session, line.id, pieces)
    draft = lot_draft(
        event, lot, books.earmark(line.earmark_id), {method: amount_minor}, cost, received_on, books
    )
    draft.is_listed, draft.idempotency_key = True, key
    results = [(lot.id, line.id, pieces, amount_minor, cost)]
    sale_id, event_id = sale.id, event.id
    posted = post_entries(session, actor, [draft])
    take_out_goods(session, event_id, results, posted)
    record(session, actor.user_id, "record_late_sale", "sale", sale_id, entry=posted[0].number)
    return posted[0]


def reverse_lot_entry(session: Session, actor: Actor, entry_number: int, reason: str) -> Posted:
    """Undo the booking of a lot that was wrong: money out, goods back into stock; uses pass to the next gifts.

    The sales behind it are void, so that what is right can be recorded as a late payment. Raises Conflict when it was
    reversed before, Refused when the pool cannot bear it.
    """
    found = queries.lot_of_entry(session, entry_number)
    if found is None:
        raise Refused(N_("第 %(number)s 号不是拍品成交"), number=entry_number)
    result, lot = found
    line_id, pieces, cost, lot_id = lot.goods_line_id, result.pieces, result.cost_minor, lot.id
    posted = reverse_entry(session, actor, entry_number, reason)
    put_back(session, line_id, pieces, cost, entry_number=posted.number, source_type="lot", source_id=lot_id)
    session.execute(
        update(Lot)
        .where(Lot.id == lot_id)
        .values(sold_quantity=Lot.sold_quantity - pieces // queries.lot(session, lot_id).units_per_item)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Sale)
        .where(Sale.entry_number == entry_number, Sale.voided_at.is_(None))
        .values(voided_at=clock.now(), void_reason=reason.strip())
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    record(session, actor.user_id, "reverse_lot_entry", "lot", lot_id, entry=entry_number)
    return posted
