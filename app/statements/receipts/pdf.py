"""Confirmations of gifts as a PDF: three to a page of A4 with lines to cut along, many in parts.

Made when somebody asks, kept nowhere: the file holds true names. Needs an application context.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from flask import current_app

from app.documents.pdf import print_document
from app.donations.fiscal.states import STATUSES
from app.donations.rules import METHODS
from app.parties.rules import KINDS
from app.settings import Settings
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.money import capitals
from app.statements.receipts import rules
from app.statements.receipts.queries import receipts_of
from app.statements.receipts.rules import Receipt
from app.web.database import session
from app.web.i18n import HTML_LANGUAGES, speaking, text
from app.web.jinja import qr

PART = 60
"""Gifts laid out at once: their memory is that of the whole file."""

KEPT_SECONDS = 3600
"""What a caller that died left behind is removed by the next one after this time."""


def receipts_file(gift_ids: list[int], locale: str) -> Path:
    """One PDF with the confirmation of each gift, in the order given; a donor without a name gets a slip with the code alone.

    The caller has made sure that its reader may see the donors' names, sends the file with ``no-store`` and removes it
    (app.web.pages.handed_over does both). Raises NotFound without any gift, NotPrinted.
    """
    settings: Settings = current_app.extensions["sunledger_settings"]
    parts = rules.in_parts(gift_ids, PART)
    if not parts or not receipts_of(session(), parts[0]):
        raise NotFound(N_("没有这笔捐赠"))
    margins = "all" if len(parts) == 1 else "words"
    pages = (_part(receipts_of(session(), part), locale, margins, settings) for part in parts)
    numbers = _part([], locale, "numbers", settings) if len(parts) > 1 else ""
    return _printed(pages, numbers, settings)


def _part(receipts: list[Receipt], locale: str, margins: str, settings: Settings) -> str:
    with speaking(locale):
        return current_app.jinja_env.get_template("pdf/receipts.html").render(
            lang=HTML_LANGUAGES[locale],
            title=text(rules.TITLE),
            margins=margins,
            receipts=receipts,
            capitals=capitals,
            methods=METHODS,
            donor_kinds=KINDS,
            restrictions=rules.RESTRICTIONS,
            statuses=STATUSES,
            heading=rules.TITLE,
            not_for_taxes=rules.NOT_FOR_TAXES,
            printed_on=clock.today(),
            trace_of=lambda code: f"{settings.public_url}/trace/{code}" if settings.public_url else "",
            qr=qr,
        )


def _printed(parts: Iterator[str], numbers: str, settings: Settings) -> Path:
    folder = settings.data_dir / "cache" / "receipts"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    _remove_what_was_left(folder)
    target = folder / f"{secrets.token_hex(16)}.pdf"
    at = int(clock.now().timestamp())
    return print_document(parts, numbers, target, settings.data_dir / "cache", at).path


def _remove_what_was_left(folder: Path) -> None:
    until = time.time() - KEPT_SECONDS
    for file in folder.glob("*.pdf"):
        if file.stat().st_mtime < until:
            file.unlink(missing_ok=True)
