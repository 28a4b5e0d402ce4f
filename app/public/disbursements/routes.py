"""Requests: /disbursements, /disbursements/<number>, and the files that anyone may read."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from app.council.layouts import rules_facts
from app.council.notice.states import GROUNDS, OBJECTION_STATES, OBJECTION_TAGS
from app.disbursements.emergency.layouts import late_words, state_tag_of, state_words
from app.disbursements.states import PROMISED, STATUS_NAMES, STATUS_TAGS
from app.files.queries import public_file
from app.files.routes import send_attachment
from app.ledger.accounts import PAYMENT_LINES
from app.public.disbursements import pdf as _pdf  # noqa: F401 - registers itself with the requests of donors
from app.public.disbursements.layouts import story_of, words_of
from app.public.disbursements.queries import (
    STATES,
    Dossier,
    dossier,
    request_list,
)
from app.public.routes import in_address, known_names
from app.shared.errors import N_
from app.web.access import public
from app.web.database import session
from app.web.i18n import text
from app.web.pages import asked_number, page

blueprint = Blueprint("public_disbursements", __name__)

STATES_SHOWN = {status: (STATUS_TAGS[status], name) for status, name in STATUS_NAMES.items()}
_STATE_NAMES = {
    "voting": N_("表决中"),
    "notice": N_("公示中"),
    "to-pay": N_("待付款"),
    "paid": N_("已付款"),
    "ended": N_("未通过或撤回"),
}


@blueprint.get("/disbursements")
@public
def listing() -> Response:
    """Every request that was put before the council, newest first."""
    state, after = request.args.get("state", ""), in_address(request.args.get("after", ""))
    found = request_list(session(), state, after)
    older = _address(state, found.next_after) if found.next_after is not None else None
    return page(
        "public/disbursements.html",
        fragment="request_rows",
        nav_current="disbursements",
        rows=found.rows,
        tags={status: (kind, text(name)) for status, (kind, name) in STATES_SHOWN.items()},
        tab_items=[
            ("", _("全部"), _address()),
            *((each, text(_STATE_NAMES[each]), _address(each)) for each in STATES),
        ],
        state=state,
        older_url=older,
        first_url=_address(state) if after else None,
    )


def _address(state: str = "", after: str | None = None) -> str:
    return url_for("public_disbursements.listing", state=state or None, after=after)


@blueprint.get("/disbursements/<number>")
@public
def show(number: str) -> Response:
    """The dossier of one request."""
    found = dossier(session(), in_address(number), asked_number("gifts_after") or 0)
    known = known_names()
    kind, name = STATES_SHOWN[found.status]
    return page(
        "public/dossier.html",
        fragment="givers",
        nav_current="disbursements",
        found=found,
        state=(kind, text(name)),
        is_promised=found.status in PROMISED,
        fund=known.funds[found.fund_id],
        purpose=known.earmarks[found.earmark_id],
        several_funds=len(known.funds) > 1,
        spending=text(PAYMENT_LINES[found.spending_kind]) if found.spending_kind else "",
        story_items=story_of(found),
        rules=_rules(found),
        grounds={key: text(name) for key, name in GROUNDS.items()},
        objection_states={key: (OBJECTION_TAGS[key], text(name)) for key, name in OBJECTION_STATES.items()},
        emergency_tag=state_tag_of(found.emergency) if found.emergency else None,
        emergency_words=state_words(found.emergency) if found.emergency else None,
        emergency_late=late_words(found.emergency) if found.emergency else [],
        arithmetic=words_of(found.decision) if found.decision else "",
        files=[
            {
                "name": each.name,
                "url": url_for("public_disbursements.download", file_id=each.id),
                "size_text": each.size_text,
            }
            for each in found.files
        ],
    )


@blueprint.get("/files/<int:file_id>")
@public(cached=False)
def download(file_id: int) -> Response:
    """A public attachment of a request or a motion."""
    return send_attachment(public_file(session(), file_id))


def _rules(found: Dossier) -> list[tuple[str, str]]:
    """What the latest decision is made under; nothing for one of before this system."""
    decision = found.decision
    if decision is None or decision.before_on is not None:
        return []
    return rules_facts(session(), decision.matter)
