"""Printing the donors' papers in the office: one gift's, or those of a day, a register or a gala in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from app.donations.registers.queries import registers_of
from app.donations.routes import KIND_NAMES, asked_day, gift_of_fund
from app.donations.rules import METHODS
from app.sales.queries import events
from app.shared import clock
from app.shared.errors import N_, Refused
from app.shared.permissions import Permission
from app.statements.receipts import queries, rules
from app.statements.receipts.pdf import certificate_file, receipts_file
from app.statements.receipts.rules import ReceiptFilter
from app.web.access import office_fund, requires
from app.web.database import session
from app.web.i18n import locale
from app.web.pages import asked_number, handed_over, page

blueprint = Blueprint("receipts", __name__, url_prefix="/office")

ROWS = 50
PDF = "application/pdf"


@blueprint.get("/receipts/")
@requires(Permission.PERSONAL_READ)
def choose() -> Response:
    """Choose whose confirmations are to be printed: by day, kind, register or sale event, or gift by gift."""
    fund = office_fund()
    filters, errors = _asked_filter()
    rows = [] if any(errors.values()) else _rows(filters)
    count = len(queries.chosen_ids(session(), filters, rules.MOST_AT_ONCE + 1)) if rows else 0
    kept: dict[str, Any] = {name: request.args[name] for name in _FILTERS if request.args.get(name)}
    return page(
        "receipts/choose.html",
        fragment="receipt_list",
        rows=rows[:ROWS],
        count=count,
        most=rules.MOST_AT_ONCE,
        kept=kept,
        older_url=url_for("receipts.choose", **kept, before=rows[ROWS - 1].id) if len(rows) > ROWS else None,
        newest_url=url_for("receipts.choose", **kept) if request.args.get("before") else None,
        asked={name: request.args.get(name, "") for name in _FILTERS},
        errors=errors,
        kinds={key: _(name) for key, name in KIND_NAMES.items()},
        methods={key: _(name) for key, name in METHODS.items()},
        registers=[("", _("全部")), *((each.id, each.title) for each in registers_of(session(), fund.id))],
        events=[("", _("全部")), *((each.id, each.name) for each in events(session(), fund.id))],
        nav_current="donations",
    )


_FILTERS = ("from", "to", "kind", "register", "event")


def _asked_filter() -> tuple[ReceiptFilter, dict[str, str | None]]:
    """The filter of the address, and what is wrong with its days."""
    first, first_error = asked_day("from")
    last, last_error = asked_day("to")
    kind = request.args.get("kind", "")
    filters = ReceiptFilter(
        office_fund().id,
        first,
        last,
        kind if kind in KIND_NAMES else "",
        asked_number("register"),
        asked_number("event"),
    )
    return filters, {"from": first_error, "to": last_error}


def _rows(filters: ReceiptFilter) -> list[queries.ReceiptRow]:
    return queries.chosen_rows(session(), filters, before=asked_number("before"), limit=ROWS + 1)


@blueprint.get("/receipts/confirmations.pdf")
@requires(Permission.PERSONAL_READ)
def chosen() -> Response:
    """One file of the gifts that are ticked, or of all that the filter finds. Raises Refused for none and for too many."""
    if request.args.get("which") == "all":
        filters, errors = _asked_filter()
        if any(errors.values()):
            raise Refused(N_("请填写日期，例如 2023-09-20"))
        ids = queries.chosen_ids(session(), filters, rules.MOST_AT_ONCE + 1)
    else:
        ticked = [int(each) for each in request.args.getlist("gift") if each.isascii() and each.isdigit()]
        ids = queries.ids_of_fund(session(), office_fund().id, ticked[: rules.MOST_AT_ONCE])
    if not ids:
        raise Refused(N_("没有选中任何捐赠，请先勾选，或按条件打印全部"))
    if len(ids) > rules.MOST_AT_ONCE:
        raise Refused(N_("一次最多打印 %(most)s 张，请缩小日期范围"), most=rules.MOST_AT_ONCE)
    return _sent(receipts_file(ids, locale()), f"confirmations-{clock.today().isoformat()}.pdf")


@blueprint.get("/donations/<int:donation_id>/confirmation.pdf")
@requires(Permission.PERSONAL_READ)
def confirmation(donation_id: int) -> Response:
    """The confirmation of one gift; of one without a name the slip with its code."""
    gift = gift_of_fund(donation_id)
    (receipt,) = queries.receipts_of(session(), [gift.id])
    return _sent(receipts_file([gift.id], locale()), f"confirmation-{receipt.number}.pdf")


@blueprint.get("/donations/<int:donation_id>/certificate.pdf")
@requires(Permission.PERSONAL_READ)
def certificate(donation_id: int) -> Response:
    """The certificate of thanks for one gift."""
    gift = gift_of_fund(donation_id)
    return _sent(certificate_file(gift.id, locale()), f"certificate-{gift.id}.pdf")


def _sent(path: Path, name: str) -> Response:
    return handed_over(path, PDF, name)
