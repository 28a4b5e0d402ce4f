"""The printed statement: frozen figures through templates/pdf into a file that is kept and served from then on.

Nothing is read but the issued document, so the same document gives the same pages. Needs an application context.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext

from app.documents.models import IssuedDocument
from app.documents.pdf import kept_file, print_document, proof_of
from app.documents.rules import restored, thawed
from app.ledger.accounts import ENTRY_KINDS
from app.settings import Settings
from app.shared.errors import N_
from app.statements import layouts
from app.statements.rules import StatementFigures
from app.web.i18n import HTML_LANGUAGES, speaking, text

PART = 500
"""Entries of the annex in one part: more of them at once cost memory, fewer leave more half-empty pages."""

WIDE_FROM = 10**9
"""Fen from which amounts of the annex get wider columns: ten million yuan."""

SYSTEM_OF = 2026
"""The accounting system whose layout this is came into force with this year (charity-rules §6)."""


def figures_of(document: IssuedDocument) -> StatementFigures:
    """The frozen figures. Raises ValueError when they do not match their hash any more."""
    return restored(StatementFigures, thawed(document.figures, document.figures_sha256))


def statement_file(document: IssuedDocument, locale: str) -> Path:
    """The PDF of an issued statement in a language, printed now if it never was. Raises NotPrinted."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return kept_file(
        document,
        locale,
        settings.data_dir,
        lambda target: print_statement(document, locale, target, settings),
    )


def print_statement(document: IssuedDocument, locale: str, target: Path, settings: Settings) -> None:
    """Print an issued statement into ``target``."""
    parts = _parts(document, figures_of(document), locale, settings)
    with speaking(locale):
        numbers = _render(
            "pdf/document.html", _frame(document, figures_of(document), locale), margins="numbers"
        )
    print_document(parts, numbers, target, settings.data_dir / "cache", int(document.issued_at.timestamp()))


def _parts(
    document: IssuedDocument, figures: StatementFigures, locale: str, settings: Settings
) -> Iterator[str]:
    frame = _frame(document, figures, locale)
    is_long = figures.annex_totals.count > PART
    for part in layouts.annex(figures, PART):
        # Each part enters and leaves the language by itself: whoever asks for the next one may be in another.
        with speaking(locale):
            yield _render(
                "pdf/statement.html" if part.is_first else "pdf/annex.html",
                frame,
                margins="words" if is_long else "all",
                part=part,
                count=figures.annex_totals.count,
                wide=layouts.largest(figures) >= WIDE_FROM,
                kinds=ENTRY_KINDS,
                words=_words,
                **(_front(document, figures, settings) if part.is_first else {}),
            )


def _words(name: str) -> str:
    """A name as it is, unless it is one of ours that has a translation. The empty text would be the catalogue's head."""
    return text(name) if name else ""


def _frame(document: IssuedDocument, figures: StatementFigures, locale: str) -> dict[str, Any]:
    with speaking(locale):
        period = gettext(
            N_("%(first)s 至 %(last)s"),
            first=figures.period_from.isoformat(),
            last=figures.period_to.isoformat(),
        )
        number = document.number
        if document.version > 1:
            number = gettext(N_("%(number)s（第 %(version)s 版）"), number=number, version=document.version)
        return {
            "lang": HTML_LANGUAGES[locale],
            "title": f"{gettext(layouts.TITLE)} {number} {figures.fund_name} {period}",
            "author": figures.host_name,
            "fund_name": figures.fund_name,
            "number_text": number,
            "period_text": period,
            "footer": gettext(N_("非法定财务报表")),
            "issued_at_iso": document.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _front(document: IssuedDocument, figures: StatementFigures, settings: Settings) -> dict[str, Any]:
    return {
        "heading": layouts.TITLE,
        "columns": layouts.COLUMNS,
        "figures": figures,
        "cash": figures.cash,
        "section_a": layouts.receipts_and_payments(figures.cash),
        "section_b": layouts.position(figures.position),
        "bridge": layouts.bridge(figures.bridge),
        "check_names": layouts.CHECK_NAMES,
        "before_2026": figures.period_from.year < SYSTEM_OF,
        **proof_of(document, settings.public_url),
    }


def _render(template: str, frame: dict[str, Any], **values: Any) -> str:
    return current_app.jinja_env.get_template(template).render(**frame, **values)
