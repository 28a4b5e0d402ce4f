"""Writing the budget of a draft. Once submitted it is fixed, and the database refuses any change."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.disbursements import queries
from app.disbursements.budget.models import BudgetLine, Quotation
from app.disbursements.budget.queries import total_minor
from app.disbursements.budget.rules import (
    BudgetDraft,
    QuotationDraft,
    field_of,
    item_key,
    refuse_if_wrong,
    uneven,
)
from app.disbursements.models import Disbursement
from app.files.operations import attach_file
from app.files.queries import files_of
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission
from app.shared.text import normal

EDITABLE = ("drafted", "returned")


def write_budget(
    session: Session, actor: Actor, folder: Path, disbursement_id: int, budget: BudgetDraft
) -> None:
    """Replace all lines and quotations of a draft; papers of quotations become attachments of the request.

    ``folder`` is ``settings.files_dir``. Raises InputRefused for wrong fields and when the lines are not the amount asked for,
    Conflict once the request is submitted.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_REQUEST, disbursement.fund_id)
    if disbursement.status not in EDITABLE:
        raise Conflict(N_("申请已经提交，不能再修改；可以撤回后重新填写"))
    refuse_if_wrong(budget, disbursement.amount_minor, clock.today())
    session.execute(delete(BudgetLine).where(BudgetLine.disbursement_id == disbursement_id))
    session.execute(delete(Quotation).where(Quotation.disbursement_id == disbursement_id))
    for place, line in enumerate(budget.lines):
        session.add(
            BudgetLine(
                disbursement_id=disbursement_id,
                line=place + 1,
                item=normal(line.item),
                item_key=item_key(line.item, line.unit),
                quantity_milli=line.quantity_milli,
                unit=normal(line.unit),
                unit_price_minor=line.unit_price_minor,
                amount_minor=line.total_minor,
            )
        )
    for index, quotation in enumerate(budget.quotations):
        field = f"{field_of('quotations', quotation, index)}-file"
        session.add(
            Quotation(
                disbursement_id=disbursement_id,
                supplier=normal(quotation.supplier),
                amount_minor=quotation.amount_minor,
                quoted_on=quotation.quoted_on,
                attachment_id=_paper(session, actor, folder, disbursement_id, quotation, field),
            )
        )
        session.flush()
    session.flush()
    record(
        session,
        actor.user_id,
        "write_budget",
        queries.SUBJECT,
        disbursement_id,
        lines=len(budget.lines),
        quotations=len(budget.quotations),
    )


def _paper(
    session: Session,
    actor: Actor,
    folder: Path,
    disbursement_id: int,
    quotation: QuotationDraft,
    field: str,
) -> int | None:
    if quotation.upload is not None:
        name, content = quotation.upload
        return attach_file(
            session,
            actor,
            folder,
            subject_type=queries.SUBJECT,
            subject_id=disbursement_id,
            purpose="paper",
            name=name,
            content=content,
            field=field,
        ).id
    if quotation.attachment_id is None:
        return None
    if all(
        file.id != quotation.attachment_id for file in files_of(session, queries.SUBJECT, disbursement_id)
    ):
        raise Refused(N_("没有这个文件"), field=field)
    return quotation.attachment_id


def require_adding_up(session: Session, disbursement: Disbursement) -> None:
    """Raise Refused when the budget of a request is not the amount that it asks for."""
    total = total_minor(session, disbursement.id)
    if total is not None and total != disbursement.amount_minor:
        raise uneven(total, disbursement.amount_minor)
