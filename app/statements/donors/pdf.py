"""The statement of a donor on paper, through templates/pdf/donor_statement.html. Needs an application context.

It is made for one donor, names them, and is no issued document: the file is kept for a day at most, in case it is asked for
again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext

from app.disbursements.states import STATUS_NAMES
from app.documents.pdf import print_document
from app.donations.rules import METHODS
from app.settings import Settings
from app.shared.errors import N_
from app.statements.donors.layouts import PART, parts
from app.statements.donors.rules import WAYS, DonorStatement
from app.web.i18n import HTML_LANGUAGES, localized, speaking

TITLE = N_("捐赠人对账单")
FOLDER = "donor-statements"
KEPT_SECONDS = 24 * 3600


def statement_file(statement: DonorStatement, locale: str) -> Path:
    """The PDF of a statement in a language, printed unless it was within a day. Raises NotPrinted.

    The file holds a true name: serve it only to the donor or to whoever may read personal data, and with no-store.
    """
    settings: Settings = current_app.extensions["sunledger_settings"]
    folder = settings.data_dir / FOLDER
    _sweep(folder)
    of = f"{statement.sha256} {statement.issued_on.isoformat()} {locale}"
    target = folder / f"{hashlib.sha256(of.encode()).hexdigest()}.pdf"
    if not target.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with speaking(locale):
            numbers = _render("pdf/document.html", _frame(statement, locale), margins="numbers")
        at = datetime.combine(statement.issued_on, time_of_day(), UTC)
        cache = settings.data_dir / "cache"
        print_document(_html(statement, locale), numbers, target, cache, int(at.timestamp()))
    return target


def file_name(statement: DonorStatement, ending: str) -> str:
    """What the file is called on the reader's disk."""
    return f"{statement.number}.{ending}"


def _sweep(folder: Path) -> None:
    """Delete what was printed more than a day ago."""
    for path in folder.glob("*.pdf"):
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)


def _html(statement: DonorStatement, locale: str, size: int = PART) -> Iterator[str]:
    frame = _frame(statement, locale)
    for part in parts(statement, size):
        # Each part enters and leaves the language by itself: whoever asks for the next one may be in another.
        with speaking(locale):
            yield _render(
                "pdf/donor_statement.html",
                frame,
                margins="all" if part.is_first and part.is_last else "words",
                heading=TITLE,
                part=part,
                statement=statement,
                methods=METHODS,
                statuses=STATUS_NAMES,
                way_names=WAYS,
                words=localized,
            )


def _frame(statement: DonorStatement, locale: str) -> dict[str, Any]:
    with speaking(locale):
        first, last = statement.first.isoformat(), statement.last.isoformat()
        period = gettext(N_("%(first)s 至 %(last)s"), first=first, last=last)
        return {
            "lang": HTML_LANGUAGES[locale],
            "title": f"{gettext(TITLE)} {statement.number}",
            "author": statement.host_name,
            "fund_name": statement.fund_name,
            "number_text": statement.number,
            "period_text": period,
            "footer": gettext(N_("只供捐赠人本人使用；不是捐赠票据，不能用于抵税")),
            "issued_at_iso": f"{statement.issued_on.isoformat()}T00:00:00Z",
        }


def _render(template: str, frame: dict[str, Any], **values: Any) -> str:
    return current_app.jinja_env.get_template(template).render(**frame, **values)
