"""The printed report of a sale event: frozen figures through templates/pdf/sale_report.html into a kept file.

Needs an application context.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext

from app.documents.models import IssuedDocument
from app.documents.pdf import kept_file, print_document, proof_of
from app.documents.rules import restored, thawed
from app.sales.rules import FILING_MISSING, METHOD_NAMES, MODES
from app.settings import Settings
from app.shared.errors import N_
from app.statements.events.rules import SaleReport
from app.web.i18n import HTML_LANGUAGES, speaking

TITLE = N_("义卖义拍活动报告")


def report_figures(document: IssuedDocument) -> SaleReport:
    """The frozen report. Raises ValueError when it does not match its hash any more."""
    return restored(SaleReport, thawed(document.figures, document.figures_sha256))


def report_words() -> dict[str, Any]:
    """The names that page and paper give to what the figures hold as keys."""
    return {"modes": MODES, "methods": METHOD_NAMES, "filing_missing": FILING_MISSING}


def report_file(document: IssuedDocument, locale: str) -> Path:
    """The PDF of an issued report in a language, printed now if it never was. Raises NotPrinted."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return kept_file(
        document, locale, settings.data_dir, lambda target: _print(document, locale, target, settings)
    )


def _print(document: IssuedDocument, locale: str, target: Path, settings: Settings) -> None:
    figures = report_figures(document)
    with speaking(locale):
        html = current_app.jinja_env.get_template("pdf/sale_report.html").render(
            lang=HTML_LANGUAGES[locale],
            title=f"{gettext(TITLE)} {document.number} {figures.fund_name} {figures.held_on.isoformat()}",
            author=figures.host_name,
            fund_name=figures.fund_name,
            number_text=document.number,
            version=document.version,
            period_text=figures.held_on.isoformat(),
            footer=gettext(N_("信息公开资料，非法定财务报表；不写个人姓名")),
            issued_at_iso=document.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            heading=TITLE,
            report=figures,
            margins="all",
            **report_words(),
            **proof_of(document, settings.public_url),
        )
    print_document([html], "", target, settings.data_dir / "cache", int(document.issued_at.timestamp()))
