"""Counting stock: one person writes down what is there, a second one confirms it, and differences are booked.

Inside ``transaction(books=True)``.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.goods import queries as goods
from app.goods.counting import queries
from app.goods.counting.models import GoodsCount, GoodsCountLine
from app.goods.counting.rules import EXPLANATION_MAX, MOST_PIECES, SUBJECT, surplus_value
from app.goods.models import GoodsLine
from app.goods.operations import GoodsDraft, plan_out, receive_goods, take_out
from app.ledger import queries as ledger
from app.ledger import rules as posting
from app.ledger.operations import post_entries
from app.ledger.rules import EntryDraft
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, InputRefused, Refused
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Counted:
    """What somebody found of one line: pieces in the books as they saw them, pieces on the shelf, why they differ."""

    line_id: int
    expected: int
    counted: int | None
    explanation: str = ""


def record_count(
    session: Session, actor: Actor, fund_id: int, found: list[Counted], *, key: str | None = None
) -> GoodsCount:
    """Write down a count of all that is in stock. Nothing moves until a second person confirms it.

    A second click with the same ``key`` returns the first. Raises InputRefused (fields ``counted-<line>`` and
    ``explanation-<line>``), Conflict when stock moved while it was counted or another count waits.
    """
    actor.require(Permission.GIFT_RECORD, fund_id)
    earlier = queries.count_of_key(session, key)
    if earlier is not None:
        return earlier
    if actor.user_id is None:
        raise Forbidden(N_("您的岗位没有这项权限"))
    if queries.waiting_count(session, fund_id) is not None:
        raise Conflict(N_("已有一次盘点等待第二个人核对"))
    _refuse_if_wrong(found)
    stock = {line.id: line.quantity_left for line, _place in queries.stock_to_count(session, fund_id)}
    if not stock:
        raise Refused(N_("没有库存物资，不用盘点"))
    if {each.line_id: each.expected for each in found} != stock:
        raise Conflict(N_("盘点的时候库存变动了，请刷新页面，核对变动的几种"))
    count = GoodsCount(
        fund_id=fund_id,
        counted_on=clock.today(),
        counted_by_id=actor.user_id,
        counted_at=clock.now(),
        idempotency_key=key,
    )
    session.add(count)
    session.flush()
    session.add_all(
        GoodsCountLine(
            count_id=count.id,
            goods_line_id=each.line_id,
            expected=each.expected,
            counted=each.counted,
            explanation=each.explanation.strip() if each.counted != each.expected else "",
        )
        for each in found
    )
    session.flush()
    record(session, actor.user_id, "record_count", SUBJECT, count.id)
    return count


def _refuse_if_wrong(found: list[Counted]) -> None:
    refusals = []
    for each in found:
        if each.counted is None or not 0 <= each.counted <= MOST_PIECES:
            refusals.append(Refused(N_("请填写实际有多少，没有就写 0"), field=f"counted-{each.line_id}"))
        elif each.counted != each.expected and not each.explanation.strip():
            refusals.append(Refused(N_("和账上不一样，请写明原因"), field=f"explanation-{each.line_id}"))
        if len(each.explanation) > EXPLANATION_MAX:
            refusals.append(
                Refused(
                    N_("最多 %(longest)s 个字"), field=f"explanation-{each.line_id}", longest=EXPLANATION_MAX
                )
            )
    if refusals:
        raise InputRefused(refusals)


def confirm_count(session: Session, actor: Actor, count_id: int) -> GoodsCount:
    """A second person found the same: what is missing is booked as lost, what was not known of is taken into stock.

    Raises Refused to whoever counted, Conflict when somebody ended it before or stock has moved since.
    """
    count = _waiting(session, actor, count_id)
    if actor.user_id is None or actor.user_id == count.counted_by_id:
        raise Refused(N_("盘点的人不能自己核对，请另一个人核对"))
    lines = queries.count_lines(session, count_id)
    fund_id, counted_on = count.fund_id, count.counted_on
    stock = {line.id: line for line, _place in queries.stock_to_count(session, fund_id)}
    moved = {line_id: line.quantity_left for line_id, line in stock.items()}
    if {each.goods_line_id: each.expected for each in lines} != moved:
        raise Conflict(N_("盘点以后库存变动了，请退回重新盘点"))
    _end(session, actor, count_id, "confirmed")
    for each in lines:
        if each.counted != each.expected:
            number = _book(session, actor, count, stock[each.goods_line_id], each)
            _booked(session, count_id, each.goods_line_id, number)
    session.expire_all()
    record(session, actor.user_id, "confirm_count", SUBJECT, count_id, counted_on=counted_on.isoformat())
    return queries.count(session, count_id)


def reject_count(session: Session, actor: Actor, count_id: int, reason: str) -> GoodsCount:
    """A count that is not right, or that stock has overtaken, is given up with a reason. Raises Refused without one."""
    _waiting(session, actor, count_id)
    if not reason.strip():
        raise Refused(N_("请写明原因"), field="reason")
    _end(session, actor, count_id, "rejected", reason.strip())
    record(session, actor.user_id, "reject_count", SUBJECT, count_id, reason=reason.strip())
    return queries.count(session, count_id)


def _waiting(session: Session, actor: Actor, count_id: int) -> GoodsCount:
    count = queries.count(session, count_id)
    actor.require(Permission.GIFT_RECORD, count.fund_id)
    if count.status != "counted":
        raise Conflict(N_("这次盘点已经有结果了"))
    return count


def _end(session: Session, actor: Actor, count_id: int, status: str, reason: str = "") -> None:
    ended = session.execute(
        update(GoodsCount)
        .where(GoodsCount.id == count_id, GoodsCount.status == "counted")
        .values(status=status, reason=reason, ended_by_id=actor.user_id, ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这次盘点已经有结果了"))
    session.expire_all()


def _booked(session: Session, count_id: int, line_id: int, number: int) -> None:
    session.execute(
        update(GoodsCountLine)
        .where(GoodsCountLine.count_id == count_id, GoodsCountLine.goods_line_id == line_id)
        .values(entry_number=number)
        .execution_options(synchronize_session=False)
    )


def _book(session: Session, actor: Actor, count: GoodsCount, line: GoodsLine, each: GoodsCountLine) -> int:
    """Book the difference of one line on the day of the count. Returns the number of its entry."""
    pieces, count_id, line_id = each.counted - each.expected, count.id, line.id
    earmark = ledger.earmark(session, line.earmark_id)
    draft = EntryDraft(
        fund_id=count.fund_id,
        kind="stock_out" if pieces < 0 else "goods_received",
        occurred_on=count.counted_on,
        postings=[],
        source_type=SUBJECT,
        source_id=count_id,
        description=f"{'盘亏' if pieces < 0 else '盘盈'}：{line.item} {abs(pieces)} {line.unit}",
        memo=each.explanation,
    )
    if pieces < 0:
        cost = plan_out(session, line_id, -pieces)
        if not cost:
            raise Refused(N_("“%(item)s”的账面价值是零，不能记盘亏"), item=line.item)
        draft.postings = posting.stock_out_postings(earmark, cost, lost=True)
        number = post_entries(session, actor, [draft])[0].number
        take_out(
            session,
            line_id,
            -pieces,
            cost,
            "lost",
            entry_number=number,
            source_type=SUBJECT,
            source_id=count_id,
        )
        return number
    value = surplus_value(pieces, each.expected, line.value_left_minor)
    draft.postings = posting.stock_found_postings(earmark, value)
    number = post_entries(session, actor, [draft])[0].number
    line = goods.line(session, line_id)
    receive_goods(
        session,
        [
            GoodsDraft(
                line.item,
                pieces,
                line.unit,
                value,
                "盘点多出，按同种物资的账面单价",  # why is in the memo: a basis is public
                True,
                line.category,
                line.condition,
                line.expires_on,
                goods.place_name(session, line.place_id),
            )
        ],
        fund_id=line.fund_id,
        earmark_id=line.earmark_id,
        source_type=SUBJECT,
        source_id=count_id,
        entry_number=number,
        received_on=line.received_on,
    )
    return number
