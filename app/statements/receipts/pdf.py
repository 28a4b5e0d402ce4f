"""Confirmations of gifts as a PDF: three to a page of A4 with lines to cut along, many in parts.

Made when somebody asks, kept nowhere: the file holds true names. Needs an application context.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flask import current_app
from flask_babel import gettext

from app.documents.pdf import print_document
from app.donations.fiscal.states import STATUSES
from app.donations.rules import METHODS
from app.log.checkpoint.queries import identity
from app.parties.rules import KINDS
from app.settings import Settings
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.money import capitals, yuan
from app.statements.receipts import rules
from app.statements.receipts.queries import receipts_of
from app.statements.receipts.rules import Receipt
from app.web.database import session
from app.web.i18n import HTML_LANGUAGES, localized, speaking, text
from app.web.jinja import qr

PART = 60
"""Gifts laid out at once: their memory is that of the whole file."""

GOODS_NAMED = 5
"""Kinds of goods that a certificate names; the others are counted."""

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
    return print_private(pages, numbers, settings)


def certificate_file(gift_id: int, locale: str) -> Path:
    """The certificate of thanks for a gift, with the donor's true name; to be sent as ``receipts_file`` says.

    Raises NotFound, Refused for a donor without a name, Conflict for a gift that was undone, NotPrinted.
    """
    settings: Settings = current_app.extensions["sunledger_settings"]
    found = receipts_of(session(), [gift_id])
    if not found:
        raise NotFound(N_("没有这笔捐赠"))
    rules.require_thankable(found[0])
    with speaking(locale):
        html = current_app.jinja_env.get_template("pdf/certificate.html").render(
            lang=HTML_LANGUAGES[locale],
            title=text(rules.THANKS),
            receipt=found[0],
            sentence=_thanks(found[0], locale),
            dated=_day_words(found[0].received_on, locale),
        )
    return print_private(iter([html]), "", settings)


def _thanks(receipt: Receipt, locale: str) -> str:
    words = {
        "who": gettext(N_("贵单位") if receipt.donor_kind == "organisation" else N_("您")),
        "day": _day_words(receipt.received_on, locale),
        "fund": receipt.fund_name,
        "amount": yuan(receipt.amount_minor),
        "capitals": capitals(receipt.amount_minor),
        "goods": _goods_words(receipt),
        "purpose": localized(receipt.purpose),
    }
    sentence = N_("%(who)s于 %(day)s向%(fund)s捐赠人民币%(capitals)s（¥%(amount)s）。")
    if receipt.kind == "goods":
        sentence = N_("%(who)s于 %(day)s向%(fund)s捐赠%(goods)s，估值人民币%(capitals)s（¥%(amount)s）。")
    elif receipt.restriction == "restricted":
        sentence = N_("%(who)s于 %(day)s向%(fund)s捐赠人民币%(capitals)s（¥%(amount)s），用于%(purpose)s。")
    return str(gettext(sentence, **words))


def _goods_words(receipt: Receipt) -> str:
    shown = str(gettext(N_("、"))).join(
        f"{line.item} {line.quantity} {line.unit}" for line in receipt.goods[:GOODS_NAMED]
    )
    if len(receipt.goods) <= GOODS_NAMED:
        return shown
    return str(gettext(N_("%(goods)s等 %(count)s 种物资"), goods=shown, count=len(receipt.goods)))


def _day_words(on: date, locale: str) -> str:
    return f"{on.year} 年 {on.month} 月 {on.day} 日" if locale.startswith("zh") else on.isoformat()


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
            public_key=identity(session()) or "",
            trace_of=lambda code: f"{settings.public_url}/trace/{code}" if settings.public_url else "",
            qr=qr,
        )


def print_private(parts: Iterator[str], numbers: str, settings: Settings) -> Path:
    """Print what only its reader may see, into a file for one answer."""
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
