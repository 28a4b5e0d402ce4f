"""The printed minutes: frozen figures through templates/pdf/minutes.html into a kept file. Needs an application context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext

from app.council.meetings.rules import PRESENCES, MinutesFigures
from app.council.states import CHOICES, CONFLICTS, STATUSES
from app.documents.models import IssuedDocument
from app.documents.pdf import kept_file, print_document, proof_of
from app.documents.rules import restored, thawed
from app.settings import Settings
from app.shared.errors import N_
from app.web.i18n import HTML_LANGUAGES, speaking

TITLE = N_("会议纪要")


def figures_of(document: IssuedDocument) -> MinutesFigures:
    """The frozen minutes. Raises ValueError when they do not match their hash any more."""
    return restored(MinutesFigures, thawed(document.figures, document.figures_sha256))


def words() -> dict[str, Any]:
    """The names that the page and the paper give to what the figures hold as keys."""
    return {"presences": PRESENCES, "choices": CHOICES, "results": STATUSES, "conflicts": CONFLICTS}


def minutes_file(document: IssuedDocument, locale: str) -> Path:
    """The PDF of issued minutes in a language, printed now if it never was. Raises NotPrinted."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return kept_file(
        document, locale, settings.data_dir, lambda target: _print(document, locale, target, settings)
    )


def _print(document: IssuedDocument, locale: str, target: Path, settings: Settings) -> None:
    figures = figures_of(document)
    with speaking(locale):
        html = current_app.jinja_env.get_template("pdf/minutes.html").render(
            **_frame(document, figures, locale), **words(), **proof_of(document, settings.public_url)
        )
    print_document([html], "", target, settings.data_dir / "cache", int(document.issued_at.timestamp()))


def _frame(document: IssuedDocument, figures: MinutesFigures, locale: str) -> dict[str, Any]:
    return {
        "lang": HTML_LANGUAGES[locale],
        "title": f"{gettext(TITLE)} {document.number} {figures.fund_name} {figures.held_on.isoformat()}",
        "author": figures.host_name,
        "fund_name": figures.fund_name,
        "number_text": document.number,
        "period_text": figures.held_on.isoformat(),
        "footer": gettext(N_("理事会会议纪要，不写个人姓名")),
        "issued_at_iso": document.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "heading": TITLE,
        "figures": figures,
        "margins": "all",
    }
