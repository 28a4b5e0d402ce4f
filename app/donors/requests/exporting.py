"""The bundle that goes with an answer: one ZIP, made once, kept while it can be taken. Needs an application context."""

from __future__ import annotations

import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.donors.requests.models import DonorRequest
from app.donors.requests.queries import donor_of, first_gift_on, ids_of_payments, latest_gifts
from app.donors.requests.rules import BUNDLE_KEPT, dossier_printer
from app.files.queries import files_of_many, path_of
from app.settings import Settings
from app.shared import clock
from app.shared.periods import Period
from app.statements.donors.exporting import statement_csv
from app.statements.donors.pdf import file_name, statement_file
from app.statements.donors.queries import donor_statement
from app.statements.donors.rules import DonorStatement
from app.statements.receipts.pdf import receipts_file
from app.statements.tracing.queries import REQUEST
from app.web.i18n import speaking

FOLDER = "bundles"
MOST_REQUESTS = 100
"""Payments whose dossiers and papers one bundle holds: the latest ones."""
MOST_RECEIPTS = 300
"""Gifts whose confirmations one bundle holds: the latest ones."""


def bundle_file(session: Session, found: DonorRequest) -> Path:
    """The ZIP of an answered request, made now if it is not there. Holds true names: for the office and the donor alone.

    Written to the disk file by file, never whole in memory. Raises NotPrinted when a PDF cannot be made now.
    """
    settings: Settings = current_app.extensions["sunledger_settings"]
    folder = settings.data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder)
    target = folder / f"{found.number}.zip"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as making:
        written = Path(making) / "bundle.zip"
        with speaking(found.locale), zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
            for name, source in _contents(session, found, settings):
                if isinstance(source, Path):
                    archive.write(source, name)
                else:
                    archive.writestr(name, source)
        written.replace(target)
    return target


def _sweep(folder: Path) -> None:
    """Delete bundles that nobody may take any more."""
    for path in folder.glob("*.zip"):
        if time.time() - path.stat().st_mtime > BUNDLE_KEPT.total_seconds():
            path.unlink(missing_ok=True)


def _contents(
    session: Session, found: DonorRequest, settings: Settings
) -> Iterator[tuple[str, Path | bytes]]:
    """(name in the archive, file or bytes)."""
    statement = statement_for(session, found)
    numbers = list(dict.fromkeys(use.request for use in reversed(statement.uses) if use.request))
    numbers = numbers[:MOST_REQUESTS]
    wanted = found.parts.split(",")
    if "statement" in wanted:
        yield file_name(statement, "pdf"), statement_file(statement, found.locale)
        yield file_name(statement, "csv"), b"".join(statement_csv(statement))
    if "receipts" in wanted:
        printed = receipts_file(latest_gifts(session, found, MOST_RECEIPTS), found.locale)
        yield _("捐赠接收确认单") + ".pdf", printed
        printed.unlink(missing_ok=True)
    if "dossiers" in wanted and numbers:
        printer = dossier_printer()
        dossiers = printer(session, numbers, found.locale) if printer else None
        if dossiers is not None:
            yield _("公示档案") + ".pdf", dossiers
            dossiers.unlink(missing_ok=True)
    if "files" in wanted:
        yield from _papers(session, numbers, settings)
    yield _("说明") + ".txt", _notes(found, statement, numbers).encode("utf-8-sig")


def _papers(session: Session, numbers: list[str], settings: Settings) -> Iterator[tuple[str, Path]]:
    ids = ids_of_payments(session, numbers)
    for request_id, files in files_of_many(session, REQUEST, ids, only_public=True).items():
        for place, each in enumerate(files, start=1):
            path = path_of(settings.files_dir, each.sha256)
            if path.exists():
                yield _("附件") + f"/{ids[request_id]}/{place:02d}-{each.name}", path


def statement_for(session: Session, found: DonorRequest) -> DonorStatement:
    """The statement of whoever asked: from their first gift to the fund until the day of the answer, today while it is open."""
    party_id = donor_of(session, found)
    first = first_gift_on(session, party_id, found.fund_id)
    last = clock.local(found.closed_at or clock.now()).date()
    return donor_statement(session, [party_id], Period(first or last, last), found.fund_id)


def _notes(found: DonorRequest, statement: DonorStatement, numbers: list[str]) -> str:
    lines = [
        _("请求 %(number)s", number=found.number),
        _("对账单 %(number)s，校验码 %(code)s", number=statement.number, code=statement.check_code),
        _("这些捐款用到的公示号：%(numbers)s", numbers=_("、").join(numbers) or "—"),
        _("最多附上最近 %(most)s 笔支出的档案和附件。", most=MOST_REQUESTS),
    ]
    return "\r\n".join(str(line) for line in lines) + "\r\n"
