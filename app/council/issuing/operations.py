"""Binding goods to a motion, and handing them out once it passed. Inside ``transaction(books=True)``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.council.issuing import queries
from app.council.issuing.models import GoodsIssue, GoodsIssueLine, MotionGoods
from app.council.issuing.rules import SIGN_OFF, SUBJECT, Wanted, wrong_in
from app.council.motions.models import Motion
from app.council.motions.queries import motion as motion_by_id
from app.council.notice import operations as notice
from app.council.notice import queries as notices
from app.files.operations import attach_file
from app.files.rules import SCANS
from app.goods import queries as goods
from app.goods.operations import plan_out, put_back, take_out
from app.ledger import queries as ledger
from app.ledger import rules as posting
from app.ledger.correction.operations import reverse_entry
from app.ledger.operations import post_entries
from app.ledger.rules import EntryDraft
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, InputRefused, Refused
from app.shared.periods import require_plausible
from app.shared.permissions import Actor, Permission

MOST_PAPERS = 10
MOST_RECIPIENTS = 1_000_000
_OBSTACLES = {
    "notice": N_("还在公示，公示结束以后才能发放"),
    "objection": N_("有异议还没有答复，答复以后才能发放"),
    "hold": N_("监督员暂停了这件事，恢复以后才能发放"),
}


def cost_of_wanted(session: Session, fund_id: int, wanted: Wanted, *, motion_id: int | None = None) -> int:
    """What the goods that a motion asks for cost now, in fen: its amount.

    ``motion_id``: what that motion holds already counts as free for it. Raises InputRefused for wrong words, for goods of
    another fund, and for pieces that are not in stock or that something else counts on.
    """
    refusals = wrong_in(wanted)
    if refusals:
        raise InputRefused(refusals)
    own = queries.pieces_held_by(session, motion_id) if motion_id is not None else {}
    held = goods.held_pieces(session, [line_id for line_id, _pieces in wanted.lines])
    total = 0
    for line_id, pieces in wanted.lines:
        line = goods.line(session, line_id)
        if line.fund_id != fund_id:
            refusals.append(Refused(N_("这批物资不属于本基金"), field=f"pieces-{line_id}"))
            continue
        free = max(line.quantity_left - held[line_id] + own.get(line_id, 0), 0)
        if pieces > free:
            refusals.append(
                Refused(
                    N_("“%(item)s”可用的只有 %(free)s %(unit)s，不够 %(wanted)s"),
                    field=f"pieces-{line_id}",
                    item=line.item,
                    free=free,
                    unit=line.unit,
                    wanted=pieces,
                )
            )
            continue
        total += plan_out(session, line_id, pieces)
    if refusals:
        raise InputRefused(refusals)
    return total


def bind_goods(session: Session, found: Motion, wanted: Wanted) -> None:
    """Write down which goods a draft asks for; what it asked for before is forgotten."""
    session.execute(
        delete(MotionGoods)
        .where(MotionGoods.motion_id == found.id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    session.add_all(
        MotionGoods(motion_id=found.id, goods_line_id=line_id, pieces=pieces)
        for line_id, pieces in wanted.lines
    )
    session.flush()


def require_goods(session: Session, found: Motion) -> None:
    """What a motion asks for is still free and still costs what the motion says. Raises Refused, Conflict."""
    wanted = queries.wanted(found)
    cost = cost_of_wanted(session, found.fund_id, wanted, motion_id=found.id)
    if cost != found.amount_minor:
        raise Conflict(N_("这些物资的账面价值变了，请修改提案，核对新的金额"))


@dataclass(frozen=True, slots=True)
class HandOut:
    """What was handed out: the day, pieces by goods line, how many people or households signed, their lists (name, content)."""

    handed_on: date
    pieces: dict[int, int]
    recipients: int
    papers: list[tuple[str, bytes]]
    idempotency_key: str | None = None


def hand_out(session: Session, actor: Actor, folder: Path, motion_id: int, draft: HandOut) -> GoodsIssue:
    """Record that goods of a passed motion were handed out: entry, stock, leaves, the signed list. What is left stays in stock.

    A second click with the same key returns the first. Raises Conflict when the motion did not pass, stands in notice, is
    objected to, or was handed out before; InputRefused for wrong fields.
    """
    earlier = queries.issue_of_key(session, draft.idempotency_key)
    if earlier is not None:
        return earlier
    found = _ready(session, actor, motion_id)
    wanted = queries.wanted(found)
    _refuse_if_wrong(session, found, wanted, draft)
    issue = _issue(actor, found, draft.handed_on, draft.recipients, draft.idempotency_key)
    session.add(issue)
    session.flush()
    issue_id, fund_id = issue.id, found.fund_id
    taken = [(line_id, draft.pieces[line_id]) for line_id, _ in wanted.lines if draft.pieces.get(line_id)]
    lines = _post(session, actor, found, wanted, issue, taken)
    for line in lines:
        take_out(
            session,
            line.goods_line_id,
            line.pieces,
            line.cost_minor,
            "issued",
            entry_number=line.entry_number,
            source_type=SUBJECT,
            source_id=issue_id,
        )
    append(
        session,
        [
            LeafDraft(
                "goods_issued",
                line.id,
                {
                    "fund": fund_id,
                    "goods": line.goods_line_id,
                    "entry": line.entry_number,
                    "quantity": line.pieces,
                    "value": line.cost_minor,
                },
                {"to": wanted.receiver},
            )
            for line in lines
        ],
    )
    for name, content in draft.papers:
        attach_file(
            session,
            actor,
            folder,
            subject_type=SUBJECT,
            subject_id=issue_id,
            purpose=SIGN_OFF,
            name=name,
            content=content,
            field=SIGN_OFF,
            kinds=SCANS,
        )
    record(session, actor.user_id, "hand_out_goods", SUBJECT, issue_id, motion=motion_id)
    return queries.issue(session, issue_id)


def _ready(session: Session, actor: Actor, motion_id: int) -> Motion:
    """A passed motion that nothing keeps from being carried out."""
    found = motion_by_id(session, motion_id)
    actor.require(Permission.GIFT_RECORD, found.fund_id)
    if found.topic != "goods" or not queries.wanted(found).lines:
        raise Refused(N_("这份提案不是发放物资"))
    if found.status != "approved":
        raise Conflict(N_("发放物资要先经理事会通过"))
    if queries.standing_issue(session, motion_id) is not None:
        raise Conflict(N_("这份提案的物资已经发放过了"))
    return found


def require_clear(session: Session, motion_id: int) -> None:
    """Raise Conflict while a notice runs, an objection is open or the supervisor holds what a motion resolved."""
    obstacles = notices.obstacles(session, "motion", motion_id)
    if obstacles:
        raise Conflict(_OBSTACLES[obstacles[0]])


def _refuse_if_wrong(session: Session, found: Motion, wanted: Wanted, draft: HandOut) -> None:
    require_clear(session, found.id)
    refusals: list[Refused] = []
    try:
        require_plausible(draft.handed_on, clock.today(), "handed_on")
    except Refused as refusal:
        refusals.append(refusal)
    stood = notices.notice_of(session, "motion", found.id)
    decided_on = clock.local(found.decided_at).date() if found.decided_at else None
    earliest = stood.ends_on + timedelta(days=1) if stood is not None else decided_on
    if earliest is not None and draft.handed_on < earliest:
        refusals.append(
            Refused(N_("决议生效以前不能发放，最早是 %(day)s"), field="handed_on", day=earliest.isoformat())
        )
    if not 0 < draft.recipients <= MOST_RECIPIENTS:
        refusals.append(Refused(N_("请填写多少人（户）签收"), field="recipients"))
    if not draft.papers or len(draft.papers) > MOST_PAPERS:
        refusals.append(
            Refused(N_("请上传签收表的扫描件或照片，最多 %(most)s 个"), field=SIGN_OFF, most=MOST_PAPERS)
        )
    if not any(draft.pieces.values()):
        refusals.append(Refused(N_("请至少填写一种物资发放了多少"), field="lines"))
    resolved = dict(wanted.lines)
    held = goods.held_pieces(session, list(resolved))
    for line_id, pieces in draft.pieces.items():
        most = resolved.get(line_id, 0)
        left = goods.line(session, line_id).quantity_left - (held.get(line_id, 0) - most)
        if most >= pieces > left:
            refusals.append(
                Refused(N_("库存里可以发放的只有 %(left)s"), field=f"pieces-{line_id}", left=max(left, 0))
            )
        if not 0 <= pieces <= most:
            refusals.append(
                Refused(N_("决议是 %(most)s，最多发放这么多"), field=f"pieces-{line_id}", most=most)
            )
    if refusals:
        raise InputRefused(refusals)


def _issue(
    actor: Actor, found: Motion, handed_on: date, recipients: int, key: str | None, reason: str = ""
) -> GoodsIssue:
    return GoodsIssue(
        motion_id=found.id,
        fund_id=found.fund_id,
        handed_on=handed_on,
        recipients=recipients,
        reason=reason,
        idempotency_key=key,
        recorded_at=clock.now(),
        recorded_by_id=actor.user_id,
    )


def _post(
    session: Session,
    actor: Actor,
    found: Motion,
    wanted: Wanted,
    issue: GoodsIssue,
    taken: list[tuple[int, int]],
) -> list[GoodsIssueLine]:
    """One entry for each purpose that the goods came for: Dr 510101, Cr 1201 at what they cost."""
    issue_id, number = issue.id, found.number or ""
    by_earmark: dict[int, list[tuple[int, int, int]]] = {}
    words: dict[int, str] = {}
    for line_id, pieces in taken:
        line = goods.line(session, line_id)
        cost = plan_out(session, line_id, pieces)
        by_earmark.setdefault(line.earmark_id, []).append((line_id, pieces, cost))
        words[line_id] = f"{line.item} {pieces} {line.unit}"
    drafts = []
    for earmark_id, parts in by_earmark.items():
        total = sum(cost for _line_id, _pieces, cost in parts)
        if not total:
            raise Refused(N_("这些物资的账面价值是零，不能入账；请连同别的物资一起发放"), field="lines")
        names = "、".join(words[line_id] for line_id, _pieces, _cost in parts[:6])
        more = f" 等 {len(parts)} 种" if len(parts) > 6 else ""
        drafts.append(
            EntryDraft(
                fund_id=found.fund_id,
                kind="stock_out",
                occurred_on=issue.handed_on,
                postings=posting.stock_out_postings(ledger.earmark(session, earmark_id), total),
                source_type=SUBJECT,
                source_id=issue_id,
                description=f"发放物资：{names}{more}",
                party=wanted.receiver,
                party_name=wanted.receiver,
                document=number,
            )
        )
    posted = post_entries(session, actor, drafts)
    lines = [
        GoodsIssueLine(
            issue_id=issue_id,
            goods_line_id=line_id,
            pieces=pieces,
            cost_minor=cost,
            entry_number=entry.number,
        )
        for entry, parts in zip(posted, by_earmark.values(), strict=True)
        for line_id, pieces, cost in parts
    ]
    session.add_all(lines)
    session.flush()
    return lines


def give_up_issue(session: Session, actor: Actor, motion_id: int, reason: str) -> GoodsIssue:
    """A passed motion is not carried out: nobody gets anything, and its goods are free again. Secretary or chair.

    Raises Refused without a reason, Conflict when it did not pass or was handed out.
    """
    found = motion_by_id(session, motion_id)
    actor.require(Permission.COUNCIL_CONVENE, found.fund_id)
    if not reason.strip():
        raise Refused(N_("请写明原因"), field="reason")
    if found.topic != "goods" or found.status != "approved":
        raise Conflict(N_("发放物资要先经理事会通过"))
    if queries.standing_issue(session, motion_id) is not None:
        raise Conflict(N_("这份提案的物资已经发放过了"))
    issue = _issue(actor, found, clock.today(), 0, None, reason.strip())
    session.add(issue)
    session.flush()
    running = notices.notice_of(session, "motion", motion_id)
    if running is not None:
        notice.end_notice(session, actor, running, early=True)
    record(
        session, actor.user_id, "give_up_issue", SUBJECT, issue.id, motion=motion_id, reason=reason.strip()
    )
    return issue


def undo_issue(session: Session, actor: Actor, issue_id: int, reason: str) -> GoodsIssue:
    """Undo an issue that was wrong: its entries are reversed, its goods are in stock again and its motion holds them.

    Raises Refused without a reason, Conflict when it was undone before.
    """
    issue = queries.issue(session, issue_id)
    actor.require(Permission.BOOKS_CORRECT, issue.fund_id)
    if not reason.strip():
        raise Refused(N_("请写明原因"), field="reason")
    undone = session.execute(
        update(GoodsIssue)
        .where(GoodsIssue.id == issue_id, GoodsIssue.undone_at.is_(None))
        .values(undone_at=clock.now(), undo_reason=reason.strip())
        .execution_options(synchronize_session=False)
    )
    if undone.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这次发放已经撤销"))
    lines = [
        (line.goods_line_id, line.pieces, line.cost_minor, line.entry_number)
        for line in queries.lines_of_issue(session, issue_id)
    ]
    reversals = {
        number: reverse_entry(session, actor, number, reason).number
        for number in sorted({number for _line, _pieces, _cost, number in lines})
    }
    for line_id, pieces, cost, number in lines:
        put_back(
            session,
            line_id,
            pieces,
            cost,
            entry_number=reversals[number],
            source_type=SUBJECT,
            source_id=issue_id,
        )
    session.expire_all()
    record(session, actor.user_id, "undo_issue", SUBJECT, issue_id, reason=reason.strip())
    return queries.issue(session, issue_id)
