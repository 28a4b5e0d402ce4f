"""The journal in the office: every entry with its postings."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from app.ledger.accounts import ACCOUNT_NAMES, ENTRY_KINDS
from app.ledger.treasury import queries
from app.ledger.treasury.forms import row_id
from app.people.queries import names_of
from app.shared.errors import N_
from app.shared.permissions import Permission
from app.web import office
from app.web.access import actor, office_fund, requires
from app.web.database import session
from app.web.pages import page

blueprint = Blueprint("journal", __name__, url_prefix="/office/journal")
office.navigation_entry("journal", N_("分录"), "journal.entries", Permission.BOOKS_READ, order=55)

ROWS = 30


@blueprint.get("/")
@requires(Permission.BOOKS_READ)
def entries() -> Response:
    """Entries with their postings, the latest first; ``?before=`` pages by number."""
    fund = office_fund()
    try:
        before = row_id(request.args.get("before", ""))
    except ValueError:
        before = None
    rows = queries.journal(session(), fund.id, before=before, limit=ROWS + 1)
    more = len(rows) > ROWS
    rows = rows[:ROWS]
    return page(
        "ledger/journal.html",
        fragment="journal_list",
        rows=rows,
        names=names_of(session(), [row.recorded_by_id for row in rows]),
        older_url=url_for("journal.entries", before=rows[-1].number) if more else None,
        newest_url=url_for("journal.entries") if before else None,
        account_names={code: _(name) for code, name in ACCOUNT_NAMES.items()},
        kinds={kind: _(name) for kind, name in ENTRY_KINDS.items()},
        may_read_memos=actor().may(Permission.PERSONAL_READ, fund.id),
        may_correct=actor().may(Permission.BOOKS_CORRECT, fund.id),
        nav_current="journal",
    )
