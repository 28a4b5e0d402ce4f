"""Recording what a sale register says: the event, its lots, its sales, the box, and the closing when it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from app.files.operations import attach_file
from app.files.rules import SHEETS
from app.sales.closing.operations import Count, close_event
from app.sales.operations import add_lot, create_event, record_sale, set_box
from app.sales.queries import free_slug
from app.sales.rules import LotDraft
from app.sales.workbooks import queries
from app.sales.workbooks.queries import FILE_SUBJECT
from app.sales.workbooks.rules import SalePreview
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class ImportedSale:
    """What an import did. ``entries`` are the numbers of a closing, in order."""

    event_id: int
    lots: int
    sales: int
    refused: int
    entries: tuple[int, ...]


def import_sale(
    session: Session,
    actor: Actor,
    preview: SalePreview,
    *,
    files_dir: Path,
    accept_good_rows: bool = False,
    close: bool = False,
) -> ImportedSale:
    """Record a register as previewed, inside the ``transaction(books=True)`` in which it was read.

    ``close`` ends the event with what the total row says was counted. Raises Refused while something is asked, for refused
    rows unless ``accept_good_rows``, and when ``close`` is impossible; Conflict for a file that is in already.
    """
    actor.require(Permission.SALE_RUN, preview.fund_id)
    _require_ready(preview, accept_good_rows)
    if queries.imported_at(session, preview.fund_id, preview.opened.sha256) is not None:
        raise Conflict(N_("这份文件已经导入过"), field="file")
    refusal = preview.close_refusal if close else None
    if refusal is not None:
        raise refusal
    event_id = _event(session, actor, preview)
    sales = _record_lots(session, actor, event_id, preview)
    box = preview.box
    if box:
        set_box(session, actor, event_id, cash_minor=box.get("cash", 0), wechat_minor=box.get("wechat", 0))
    attach_file(
        session,
        actor,
        files_dir,
        subject_type=FILE_SUBJECT,
        subject_id=event_id,
        purpose="register",
        name=preview.opened.file_name,
        content=preview.opened.content,
        kinds=SHEETS,
    )
    record(session, actor.user_id, "import_sale", "sale_event", event_id, sales=sales)
    entries: tuple[int, ...] = ()
    if close:
        counts = [Count(method, minor) for method, minor in preview.stated.items()]
        entries = tuple(entry.number for entry in close_event(session, actor, event_id, counts))
    return ImportedSale(event_id, len(preview.lots), sales, len(preview.refused), entries)


def _require_ready(preview: SalePreview, accept_good_rows: bool) -> None:
    preview.opened.require_rows()
    if preview.question == "event":
        raise Refused(N_("标题里没有写活动的名称和日期，请说明"), field="held_on")
    if preview.question == "register":
        raise Refused(
            N_("来源指的是哪一本捐赠登记表？请说明：%(titles)s"),
            field="register",
            titles="、".join(preview.register_titles),
        )
    if preview.refused and not accept_good_rows:
        raise Refused(
            N_("有 %(count)s 行不能记入，什么都没有记；请改正后再导入，或选择只记入其余的行"),
            field="accept_good_rows",
            count=len(preview.refused),
        )
    if not preview.of("new"):
        raise Refused(N_("没有可以记入的行"), field="file")


def _event(session: Session, actor: Actor, preview: SalePreview) -> int:
    if preview.event_id is not None:
        return preview.event_id
    assert preview.held_on is not None
    return create_event(
        session,
        actor,
        fund_id=preview.fund_id,
        slug=free_slug(session, f"sale-{preview.held_on.isoformat()}"),
        name=preview.name,
        held_on=preview.held_on,
    ).id


def _record_lots(session: Session, actor: Actor, event_id: int, preview: SalePreview) -> int:
    """Put the lots on sale and record their sales, in the order of the register. Returns how many sales."""
    count = 0
    for plan in preview.lots:
        draft = LotDraft(
            plan.number,
            plan.name,
            plan.mode,
            plan.goods.line_id,
            plan.quantity,
            plan.price_minor,
            plan.units_per_item,
        )
        lot_id = add_lot(session, actor, event_id, draft).id
        for row in plan.rows:
            record_sale(
                session,
                actor,
                lot_id,
                quantity=row.quantity or 0,
                amount_minor=row.amount_minor or 0,
                method=row.method,
                buyer=row.buyer,
            )
            count += 1
    return count
