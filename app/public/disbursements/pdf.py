"""Public dossiers on paper (charity-rules §16.6), as the site shows them: for the bundle that a donor is given.

Needs an application context.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import current_app
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.council.notice.states import OBJECTION_STATES
from app.disbursements.states import STATUS_NAMES
from app.documents.pdf import print_document
from app.donors.requests.rules import prints_dossiers
from app.funds import queries as funds
from app.ledger.accounts import PAYMENT_LINES
from app.ledger.listing.queries import earmark_names
from app.public.disbursements.layouts import story_of
from app.public.disbursements.queries import Dossier, dossier
from app.settings import Settings
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.web.i18n import HTML_LANGUAGES, localized, speaking

TITLE = N_("资助拨付公示档案")


@prints_dossiers
def dossiers_file(session: Session, numbers: Iterable[str], locale: str) -> Path | None:
    """One PDF of the public dossiers with these numbers, one after another; None when none of them is public.

    The caller deletes the file. Raises NotPrinted.
    """
    settings: Settings = current_app.extensions["sunledger_settings"]
    found = list(_public(session, numbers))
    if not found:
        return None
    folder = settings.data_dir / "cache" / "dossiers"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".pdf", delete=False) as file:
        target = Path(file.name)
    now = clock.now()
    with speaking(locale):
        over = _render("pdf/document.html", session, found[0], locale, margins="numbers")
    margins = "all" if len(found) == 1 else "words"
    pages = (_page(session, each, locale, margins) for each in found)
    try:
        print_document(pages, over, target, settings.data_dir / "cache", int(now.timestamp()))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def _public(session: Session, numbers: Iterable[str]) -> Iterator[Dossier]:
    for number in numbers:
        try:
            yield dossier(session, number)
        except NotFound:
            continue


def _page(session: Session, found: Dossier, locale: str, margins: str) -> str:
    with speaking(locale):
        return _render("pdf/dossier.html", session, found, locale, margins=margins)


def _render(template: str, session: Session, found: Dossier, locale: str, *, margins: str) -> str:
    fund = funds.fund(session, found.fund_id)
    purposes = {each.id: each.name for each in earmark_names(session)}
    settings: Settings = current_app.extensions["sunledger_settings"]
    return current_app.jinja_env.get_template(template).render(
        lang=HTML_LANGUAGES[locale],
        title=gettext(TITLE),
        author=fund.host.name,
        fund_name=fund.name,
        number_text=gettext(TITLE),
        period_text=clock.today(fund.time_zone).isoformat(),
        footer=gettext(N_("和公开网站上的内容相同")),
        issued_at_iso=clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        margins=margins,
        heading=TITLE,
        found=found,
        purpose=purposes[found.earmark_id],
        phone=fund.phone or fund.host.phone or "",
        story=story_of(found),
        statuses=STATUS_NAMES,
        payment_names=PAYMENT_LINES,
        objection_states=OBJECTION_STATES,
        address=f"{settings.public_url}/disbursements/{found.number}" if settings.public_url else "",
        words=localized,
    )
