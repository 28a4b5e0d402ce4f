"""Booking the moves of a register."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from app.files.operations import attach_file
from app.files.rules import SHEETS
from app.ledger import queries as ledger
from app.ledger.operations import Posted
from app.ledger.treasury.operations import transfer_money
from app.ledger.treasury.workbooks import queries
from app.ledger.treasury.workbooks.queries import FILE_SUBJECT
from app.ledger.treasury.workbooks.rules import TransferPreview
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Refused, SunledgerError
from app.shared.permissions import Actor, Permission


def import_transfers(
    session: Session,
    actor: Actor,
    preview: TransferPreview,
    *,
    files_dir: Path,
    accept_good_rows: bool = False,
) -> list[Posted]:
    """Book the new moves in the order of the register, inside the ``transaction(books=True)`` in which it was read.

    Returns the entries. Raises Refused while something is asked, for refused rows unless ``accept_good_rows``, and for a
    move that an account cannot bear; Conflict for a file that is in already.
    """
    actor.require(Permission.MONEY_MOVE, preview.fund_id)
    preview.opened.require_rows()
    if preview.refused and not accept_good_rows:
        raise Refused(
            N_("有 %(count)s 行不能记入，什么都没有记；请改正后再导入，或选择只记入其余的行"),
            field="accept_good_rows",
            count=len(preview.refused),
        )
    if queries.imported_at(session, preview.fund_id, preview.opened.sha256) is not None:
        raise Conflict(N_("这份文件已经导入过"), field="file")
    if not preview.of("new"):
        raise Refused(N_("没有可以记入的行"), field="file")
    posted: list[Posted] = []
    for row in preview.of("new"):
        assert row.source is not None
        assert row.target is not None
        assert row.moved_on is not None
        try:
            posted += transfer_money(
                session,
                actor,
                ledger.money_account(session, row.source.id, preview.fund_id),
                ledger.money_account(session, row.target.id, preview.fund_id),
                row.amount_minor or 0,
                row.moved_on,
                fee_minor=row.fee_minor,
                memo=row.memo,
                key=row.key,
            )
        except SunledgerError as error:
            raise Refused(
                N_("第 %(row)s 行不能记入：%(reason)s"), field="file", row=row.number, reason=error
            ) from error
    attach_file(
        session,
        actor,
        files_dir,
        subject_type=FILE_SUBJECT,
        subject_id=preview.fund_id,
        purpose="register",
        name=preview.opened.file_name,
        content=preview.opened.content,
        kinds=SHEETS,
    )
    record(session, actor.user_id, "import_transfers", "fund", preview.fund_id, recorded=len(posted))
    return posted
