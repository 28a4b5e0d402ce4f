"""Writing down the requests of a register, as drafts."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from app.disbursements.operations import draft_disbursement
from app.disbursements.workbooks import queries
from app.disbursements.workbooks.queries import FILE_SUBJECT
from app.disbursements.workbooks.rules import RequestPreview
from app.files.operations import attach_file
from app.files.rules import SHEETS
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Refused, SunledgerError
from app.shared.permissions import Actor, Permission


def import_disbursements(
    session: Session,
    actor: Actor,
    preview: RequestPreview,
    *,
    files_dir: Path,
    accept_good_rows: bool = False,
) -> list[int]:
    """Write down the new requests in the order of the register, inside the ``transaction(books=True)`` in which it was read.

    Returns their ids. Raises Refused while something is asked and for refused rows unless ``accept_good_rows``, Conflict
    for a file that is in already.
    """
    actor.require(Permission.DISBURSEMENT_REQUEST, preview.fund_id)
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
    ids = []
    for row in preview.of("new"):
        try:
            ids.append(draft_disbursement(session, actor, row.draft(preview.fund_id)).id)
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
    record(session, actor.user_id, "import_disbursements", "fund", preview.fund_id, recorded=len(ids))
    return ids
