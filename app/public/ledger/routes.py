"""The ledger: /ledger, /ledger.csv, /ledger.json, /ledger.xlsx."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.ledger import accounts as chart
from app.ledger.listing.queries import Listing
from app.ledger.totals.queries import totals
from app.public.ledger import exporting
from app.public.ledger.forms import DIRECTIONS, LedgerForm, read_ledger_form
from app.public.ledger.queries import held_by, ledger_page, log_size, sums
from app.public.queries import Names, event_slugs, names
from app.public.routes import known_names, table_rows
from app.settings import Settings
from app.shared import clock
from app.shared.errors import N_
from app.web.access import public
from app.web.caching import kept
from app.web.database import db, session
from app.web.i18n import locale, text
from app.web.pages import page, wants_fragment

blueprint = Blueprint("public_ledger", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

RESTRICTIONS = {
    "unrestricted": N_("非限定性"),
    "designated": N_("理事会指定（非限定性）"),
    "restricted": N_("限定性"),
}
_HEADINGS = {
    "number": N_("序号"),
    "occurred_on": N_("日期"),
    "recorded_at": N_("登记时间（世界时）"),
    "kind": N_("类别"),
    "direction": N_("收支"),
    "amount": N_("金额（元）"),
    "currency": N_("币种"),
    "fund": N_("基金"),
    "earmark": N_("用途"),
    "restriction": N_("限定性质"),
    "sign": N_("正负"),
    "description": N_("事项"),
    "party": N_("对方（公示名）"),
    "document": N_("单据号"),
    "reverses": N_("冲销"),
    "reversed_by": N_("被冲销"),
    "log_index": N_("账本记录号"),
    "url": N_("网址"),
}


@blueprint.get("/ledger")
@public
def ledger() -> Response:
    """The rows that meet the filter in the address, 50 a page; htmx swaps the table only."""
    known = known_names()
    form = read_ledger_form(request.args, known)
    if form.errors:
        return _refused(form, known)
    return page(
        "public/ledger.html",
        fragment="ledger_rows",
        form=form,
        read=lambda: _read(form),
        **_kept_frame(form, known),
    )


def _read(form: LedgerForm) -> dict[str, Any]:
    """What is under the form: rows that meet it, and where to turn the page. Read only where the markup of it is not kept."""
    listing, today = Listing(session(), form.asked), clock.today()
    of_all = kept(("ledger", form.asked, today), lambda: sums(listing, today))
    shown = ledger_page(listing, form.after, of_all, table_rows)
    is_first = form.after is None
    newer = None
    if not is_first and shown.has_newer:
        newer = _address(form, after=shown.newer_after)
    return {
        "shown": shown,
        "newer_url": newer,
        "first_url": None if is_first else _address(form),
        "older_url": _address(form, after=shown.next_after) if shown.next_after is not None else None,
    }


def _refused(form: LedgerForm, known: Names) -> Response:
    """The form again with a sentence beside each wrong field. For htmx only the form: the table stays as it was."""
    answer = page(
        "public/ledger.html",
        fragment="ledger_filters",
        status=422,
        form=form,
        read=lambda: dict.fromkeys(("shown", "newer_url", "first_url", "older_url")),
        **_kept_frame(form, known),
    )
    if wants_fragment():
        answer.headers["HX-Retarget"] = "#ledger-filters"
        answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _kept_frame(form: LedgerForm, known: Names) -> dict[str, Any]:
    return kept(("ledger_frame", locale(), form.key), lambda: _frame(form, known))


def _frame(form: LedgerForm, known: Names) -> dict[str, Any]:
    """What the form offers, and the same rows as files."""
    fund = known.fund_called(form.typed["fund"])
    return {
        "nav_current": "ledger",
        "funds": [(each.slug, each.name) for each in known.funds.values()],
        "earmarks": [
            (each.slug, text(each.name))
            for each in known.earmarks.values()
            if fund is None or each.fund_id == fund.id
        ],
        "kinds": [(kind, text(name)) for kind, name in chart.ENTRY_KINDS.items()],
        "directions": [(key, text(name)) for key, name in DIRECTIONS.items()],
        "files": [
            (label, _address(form, name))
            for label, name in (("CSV", "ledger_csv"), ("Excel", "ledger_xlsx"), ("JSON", "ledger_json"))
        ],
        "reset_url": url_for("public_ledger.ledger") if form.is_filtered else None,
    }


def _address(form: LedgerForm, name: str = "ledger", after: int | None = None) -> str:
    values: dict[str, Any] = {**form.given, "after": after}
    return url_for(f"public_ledger.{name}", **values)


@blueprint.get("/ledger.json")
@public
def ledger_json() -> Response:
    """The same rows for machines: all of them, or ``limit`` of them with where to go on."""
    known = known_names()
    form = read_ledger_form(request.args, known)
    if form.errors:
        body = json.dumps({"errors": form.errors}, ensure_ascii=False)
        return Response(body, status=422, content_type="application/json; charset=utf-8")

    def parts(reading: Session) -> Iterator[str]:
        listing = Listing(reading, form.asked)
        if form.limit is None:
            file = _file(listing, form, exact=True)
            return exporting.json_parts(listing.stream(form.after), file)
        found = listing.page(form.after, form.limit)
        file = _file(listing, form, exact=False, next_after=found.next_after)
        return exporting.json_parts(listing.rows(found.numbers), file)

    return _streamed(parts, "application/json")


@blueprint.get("/ledger.csv")
@public
def ledger_csv() -> Response:
    """The same rows for spreadsheets."""
    known = known_names()
    form = read_ledger_form(request.args, known)
    if form.errors:
        return _refused(form, known)

    def parts(reading: Session) -> Iterator[str]:
        listing = Listing(reading, form.asked)
        return exporting.csv_parts(listing.stream(form.after), _file(listing, form, exact=None))

    return _named(_streamed(parts, "text/csv"), "csv")


@blueprint.get("/ledger.xlsx")
@public
def ledger_xlsx() -> Response:
    """The same rows as a workbook, with headings in the visitor's language."""
    known = known_names()
    form = read_ledger_form(request.args, known)
    if form.errors:
        return _refused(form, known)
    listing = Listing(session(), form.asked)
    words = {**chart.ENTRY_KINDS, **DIRECTIONS, **RESTRICTIONS}
    headings = {name: text(heading) for name, heading in _HEADINGS.items()}
    shown = {word: text(name) for word, name in words.items()}
    file = _file(listing, form, exact=None)
    body = exporting.workbook(listing.stream(form.after), file, headings, shown.__getitem__, _("收支明细"))
    # As a stream, because kept pages keep no name to save a file under.
    return _named(Response(iter([body]), mimetype=XLSX), "xlsx")


def _streamed(parts: Callable[[Session], Iterator[str]], media_type: str) -> Response:
    """An answer in parts, all read in one snapshot by a session of its own: the request's ends before they are sent."""
    reading = Session(db.engine, expire_on_commit=False)
    try:
        answer = Response(parts(reading), content_type=f"{media_type}; charset=utf-8")
    except BaseException:
        reading.close()
        raise
    answer.call_on_close(reading.close)
    return answer


def _named(answer: Response, ending: str) -> Response:
    """An answer that is saved as a file."""
    name = f"ledger-{clock.today().isoformat()}.{ending}"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def _file(
    listing: Listing, form: LedgerForm, *, exact: bool | None, next_after: int | None = None
) -> exporting.LedgerFile:
    """What a file says beside its rows; ``exact`` None leaves out the totals, which only JSON tells."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    reading, today = listing.session, clock.today()
    # Read again, in the snapshot of the rows: each row's fund and purpose must be among them.
    known = names(reading)
    asked = form.asked
    fund = known.fund_called(form.typed["fund"]) or known.only_fund
    if asked.earmark_id is not None:
        fund = known.funds[known.earmarks[asked.earmark_id].fund_id]
    return exporting.LedgerFile(
        names=known,
        slugs=event_slugs(reading),
        site=settings.public_url or "",
        fund=fund.slug if fund else None,
        as_of=min(asked.last or today, today),
        log_size=log_size(reading),
        totals=exporting.NO_TOTALS if exact is None else totals(reading, listing, exact=exact),
        held_minor=0 if exact is None else held_by(reading, asked, today),
        next_after=next_after,
    )
