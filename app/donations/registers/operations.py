"""Recording what a register says: new gifts in its order, the corrections that were accepted, the file itself."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.donations.fiscal.operations import correct_number
from app.donations.models import Register, RegisterFile, RegisterRow
from app.donations.operations import (
    change_consent,
    correct_donor,
    correct_money,
    correct_words,
    record_donations,
)
from app.donations.queries import donation, goods_of
from app.donations.registers import queries
from app.donations.registers.queries import FILE_SUBJECT, KIND, pack
from app.donations.registers.rules import (
    CORRECTED_BY,
    AlreadyImported,
    Correction,
    DonationPreview,
    PlannedRow,
    day_of,
)
from app.files.operations import attach_file
from app.files.rules import SHEETS
from app.goods.operations import keep_words
from app.ledger.treasury.operations import create_earmark
from app.parties.rules import ConsentDraft
from app.shared import clock
from app.shared.audit import record
from app.shared.db import insert_rows
from app.shared.errors import N_, Conflict, Refused, SunledgerError
from app.shared.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class ImportedDonations:
    """What an import did."""

    register_id: int
    file_id: int
    donation_ids: tuple[int, ...]
    corrected: int
    skipped: int
    refused: int


def import_donations(
    session: Session,
    actor: Actor,
    preview: DonationPreview,
    *,
    files_dir: Path,
    accept_good_rows: bool = False,
    corrections: Collection[str] | None = None,
) -> ImportedDonations:
    """Record a register as previewed, inside the ``transaction(books=True)`` in which it was read.

    ``corrections`` are those accepted, as "row:kind" (``preview.offered``); left out, the words and not the money.
    Raises Refused when the file asks something, or has refused rows unless ``accept_good_rows``; Conflict when the register
    was imported in the meantime; AlreadyImported for the very same file; and what recording a gift raises.
    """
    actor.require(Permission.GIFT_RECORD, preview.fund_id)
    accepted = preview.accepted_by_default(actor) if corrections is None else frozenset(corrections)
    _require_ready(preview, accept_good_rows, accepted)
    _require_current(session, preview)
    register_id = preview.register_id or _open_register(session, preview)
    earmarks = _make_earmarks(session, actor, preview, accepted)
    new = preview.of("new")
    drafts = [
        row.draft(preview.fund_id, register_id, row.earmark.id or earmarks[row.earmark.slug]) for row in new
    ]
    donation_ids = record_donations(session, actor, drafts)
    _change_consents(session, actor, preview)
    corrected = _correct(session, actor, preview, accepted, earmarks)
    _keep_rows(
        session,
        register_id,
        preview,
        accepted,
        dict(zip((row.number for row in new), donation_ids, strict=True)),
    )
    file = _keep_file(session, actor, register_id, preview, files_dir)
    record(
        session,
        actor.user_id,
        "import_donations",
        "register",
        register_id,
        file=file.id,
        recorded=len(donation_ids),
        corrected=corrected,
        refused=len(preview.refused),
    )
    return ImportedDonations(
        register_id=register_id,
        file_id=file.id,
        donation_ids=tuple(donation_ids),
        corrected=corrected,
        skipped=len(preview.of("same")),
        refused=len(preview.refused),
    )


def _require_ready(preview: DonationPreview, accept_good_rows: bool, accepted: Collection[str]) -> None:
    if preview.question == "sheet":
        raise Refused(
            N_("文件里有几个工作表，请说明是哪一个：%(sheets)s"),
            field="sheet",
            sheets="、".join(preview.sheet_names),
        )
    if preview.question:
        raise Refused(N_("还不知道每一列是什么，请先对应表头"), field="mapping")
    if preview.refused and not accept_good_rows:
        raise Refused(
            N_("有 %(count)s 行不能记入，什么都没有记；请改正后再导入，或选择只记入其余的行"),
            field="accept_good_rows",
            count=len(preview.refused),
        )
    unknown = sorted(set(accepted) - preview.offered)
    if unknown:
        raise Conflict(N_("登记表或账目刚刚变动，请重新预览"), field="corrections")


def _require_current(session: Session, preview: DonationPreview) -> None:
    """The plan was made from these books: nobody imported into the register since."""
    earlier = queries.file_with(session, preview.fund_id, preview.sha256, preview.title)
    if earlier is not None:
        raise AlreadyImported(
            N_("这份文件已经导入过（%(day)s）"),
            earlier.register_id,
            day=clock.local(earlier.imported_at).date(),
        )
    register = queries.register_titled(session, preview.fund_id, preview.title)
    latest = queries.latest_file_id(session, register.id) if register else None
    if (register.id if register else None, latest) != (preview.register_id, preview.latest_file_id):
        raise Conflict(N_("登记表或账目刚刚变动，请重新预览"))


def _open_register(session: Session, preview: DonationPreview) -> int:
    register = Register(fund_id=preview.fund_id, kind=KIND, title=preview.title, created_at=clock.now())
    session.add(register)
    session.flush()
    return register.id


def _make_earmarks(
    session: Session, actor: Actor, preview: DonationPreview, accepted: Collection[str]
) -> dict[str, int]:
    """The restricted earmarks that rows need, by slug."""
    made: dict[str, int] = {}
    for row in preview.rows:
        needed = row.state == "new" or f"{row.number}:money" in accepted
        earmark = row.earmark
        if needed and earmark.id is None and earmark.slug not in made:
            made[earmark.slug] = create_earmark(
                session, actor, preview.fund_id, earmark.slug, earmark.name, "restricted"
            ).id
    return made


def _change_consents(session: Session, actor: Actor, preview: DonationPreview) -> None:
    if preview.consent_changes and not actor.may(Permission.CONSENT_RECORD, preview.fund_id):
        raise Refused(
            N_("这份登记表改变了“%(name)s”是否公开名称的意愿，请由秘书处导入"),
            name=preview.consent_changes[0].name,
        )
    for change in preview.consent_changes:
        change_consent(session, actor, change.party_id, change.draft, preview.fund_id)


def _correct(
    session: Session,
    actor: Actor,
    preview: DonationPreview,
    accepted: Collection[str],
    earmarks: dict[str, int],
) -> int:
    """Make the accepted corrections, each row named when one cannot be made. Returns how many were made."""
    count = 0
    reason = f"按登记表“{preview.title[:80]}”的新版本更正（{preview.file_name[:80]}）"
    for row in preview.of("changed"):
        for one in row.corrections:
            if f"{row.number}:{one.kind}" not in accepted:
                continue
            try:
                _make_correction(session, actor, preview, row, one, earmarks, reason)
            except SunledgerError as error:
                raise Refused(
                    N_("第 %(row)s 行不能更正：%(reason)s"), field="corrections", row=row.number, reason=error
                ) from error
            count += 1
    return count


def _make_correction(
    session: Session,
    actor: Actor,
    preview: DonationPreview,
    row: PlannedRow,
    correction: Correction,
    earmarks: dict[str, int],
    reason: str,
) -> None:
    assert row.kept is not None
    kept, gift = row.kept, row.row
    changed = {change.field for change in correction.changes}
    if correction.kind == "words":
        if "receipt_number" in changed:
            correct_number(session, actor, kept.donation_id, gift.receipt_number, reason)
        correct_words(
            session,
            actor,
            kept.donation_id,
            reason,
            wish=row.wish if "wish" in changed else None,
            memo=gift.memo if "memo" in changed else None,
            received_on=day_of(row.values) if "date" in changed else None,
            office_number=gift.office_number if "number" in changed else None,
        )
    elif correction.kind == "donor":
        correct_donor(session, actor, kept.party_id, gift.donor, gift.donor_kind, preview.fund_id)
    elif correction.kind == "consent":
        draft = row.consent or ConsentDraft("not_named", reason[:200])
        change_consent(session, actor, kept.party_id, draft, preview.fund_id)
    else:
        goods = None
        if row.is_goods and changed & {"amount", "goods"}:
            goods = keep_words(
                session, goods_of(session, donation(session, kept.donation_id)), list(gift.goods)
            )
        correct_money(
            session,
            actor,
            kept.donation_id,
            reason,
            amount_minor=row.total_minor if "amount" in changed and not row.is_goods else None,
            earmark_id=(row.earmark.id or earmarks[row.earmark.slug]) if "earmark" in changed else None,
            method=gift.method if "method" in changed else None,
            goods=goods,
        )


def _keep_rows(
    session: Session,
    register_id: int,
    preview: DonationPreview,
    accepted: Collection[str],
    donations: dict[int, int],
) -> None:
    """Keep each row as this file says it. A declined change stays as it was, so that it is offered again."""
    known = [row for row in preview.rows if row.kept is not None and row.state in ("same", "changed")]
    moved = [row for row in known if row.kept is not None and row.kept.key != row.key]
    for row in moved:  # keys may change places: free them all before any is taken
        assert row.kept is not None
        session.execute(
            update(RegisterRow).where(RegisterRow.id == row.kept.id).values(row_key=f"moving:{row.kept.id}")
        )
    keys = {row.number: row.key for row in known}
    taken = {row.key for row in preview.vanished} | {row.key for row in preview.of("new")}
    for row in known:
        assert row.kept is not None
        declined = {
            name
            for one in row.corrections
            if f"{row.number}:{one.kind}" not in accepted
            for name in CORRECTED_BY[one.kind]
        }
        values = {
            name: row.kept.last.get(name) if name in declined else value for name, value in row.values.items()
        }
        key = keys[row.number] if keys[row.number] not in taken else row.kept.key
        session.execute(
            update(RegisterRow)
            .where(RegisterRow.id == row.kept.id)
            .values(row_key=key, row_number=row.number, cells=_packed(row, values))
        )
    insert_rows(
        session,
        RegisterRow,
        [
            {
                "register_id": register_id,
                "row_key": row.key,
                "row_number": row.number,
                "cells": _packed(row, dict(row.values)),
                "subject_type": "donation",
                "subject_id": donations[row.number],
            }
            for row in preview.of("new")
        ],
    )


def _packed(row: PlannedRow, values: dict[str, Any]) -> str:
    return pack({"values": values, "texts": dict(row.row.texts), "extras": dict(row.row.extras)})


def _keep_file(
    session: Session, actor: Actor, register_id: int, preview: DonationPreview, files_dir: Path
) -> RegisterFile:
    assert preview.layout is not None
    file = RegisterFile(
        register_id=register_id,
        sha256=preview.sha256,
        file_name=preview.file_name[:200],
        layout=json.dumps(preview.layout.as_json(), ensure_ascii=False),
        imported_at=clock.now(),
        imported_by_id=actor.user_id,
    )
    session.add(file)
    session.flush()
    attach_file(
        session,
        actor,
        files_dir,
        subject_type=FILE_SUBJECT,
        subject_id=file.id,
        purpose="register",
        name=preview.file_name,
        content=preview.content,
        kinds=SHEETS,
    )
    return file
