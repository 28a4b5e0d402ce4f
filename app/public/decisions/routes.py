"""All decisions: /decisions, /decisions.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for

from app.council.layouts import arithmetic
from app.council.states import STATUSES, TOPICS
from app.public.decisions.queries import RESULTS, Asked, DecisionRow, decisions, years
from app.public.routes import known_names
from app.settings import Settings
from app.shared.errors import N_, Refused
from app.shared.money import plain_yuan
from app.web.access import public
from app.web.database import session
from app.web.i18n import text, translated
from app.web.pages import page, wants_fragment

blueprint = Blueprint("public_decisions", __name__)

FIELDS = ("fund", "year", "topic", "result")
RESULT_TAGS = {"approved": "ok", "rejected": "stop", "lapsed": "stop"}
MOST_ROWS = 200


@dataclass(slots=True)
class DecisionsForm:
    """What was typed, what of it is wrong, and the conditions when nothing is."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)
    after: int | None = None
    limit: int | None = None

    @property
    def given(self) -> dict[str, str]:
        """What was typed, without empty fields."""
        return {name: self.typed[name] for name in FIELDS if self.typed[name]}


def _read() -> DecisionsForm:
    form = DecisionsForm({name: request.args.get(name, "").strip() for name in (*FIELDS, "after", "limit")})
    typed, values = form.typed, {}

    def wrong(name: str, refusal: Refused) -> None:
        form.errors[name] = translated(refusal)

    if typed["fund"]:
        fund = known_names().fund_called(typed["fund"])
        if fund is None:
            wrong("fund", Refused(N_("没有“%(seen)s”这个基金"), seen=typed["fund"][:40]))
        else:
            values["fund_id"] = fund.id
    if typed["year"]:
        if (
            len(typed["year"]) == 4
            and typed["year"].isascii()
            and typed["year"].isdecimal()
            and typed["year"] > "1948"
        ):
            values["year"] = int(typed["year"])
        else:
            wrong("year", Refused(N_("请填写四位数的年份，例如 2023")))
    for name, known in (("topic", TOPICS), ("result", dict.fromkeys(RESULTS, ""))):
        if typed[name] and typed[name] not in known:
            wrong(name, Refused(N_("“%(seen)s”不在列表中"), seen=typed[name][:40]))
    for name in ("after", "limit"):
        seen = typed[name]
        if seen and not (seen.isascii() and seen.isdecimal() and len(seen) <= 18):
            wrong(name, Refused(N_("“%(seen)s”不是序号，请去掉网址里的这一项"), seen=seen[:40]))
        elif seen:
            setattr(form, name, int(seen))
    if not form.errors:
        form.asked = Asked(topic=typed["topic"], result=typed["result"], **values)
    return form


@blueprint.get("/decisions")
@public
def listing() -> Response:
    """Every decided matter that meets the filter, 50 a page; htmx swaps the list only."""
    form = _read()
    if form.errors:
        answer = _page(form, "decision_filters", 422, None, None)
        if wants_fragment():
            answer.headers["HX-Retarget"] = "#decision-filters"
            answer.headers["HX-Reswap"] = "outerHTML"
        return answer
    found = decisions(session(), form.asked, form.after)
    older = _address(form, after=found.next_after) if found.next_after is not None else None
    return _page(form, "decision_rows", 200, [_line(each) for each in found.rows], older)


def _page(
    form: DecisionsForm, fragment: str, status: int, rows: list[dict[str, Any]] | None, older: str | None
) -> Response:
    known = known_names()
    context: dict[str, Any] = {
        "nav_current": "decisions",
        "form": form,
        "rows": rows,
        "funds": [(each.slug, each.name) for each in known.funds.values()],
        "years": [(each, str(each)) for each in years(session())],
        "topics": [(key, text(name)) for key, name in TOPICS.items()],
        "results": [(key, text(STATUSES[key])) for key in RESULTS],
        "tags": RESULT_TAGS,
        "older_url": older,
        "first_url": _address(form) if form.after is not None else None,
        "reset_url": url_for("public_decisions.listing") if form.given or form.errors else None,
        "json_url": _address(form, "listing_json"),
    }
    if fragment == "decision_filters":
        return page("public/decisions.html", fragment="decision_filters", status=status, **context)
    return page("public/decisions.html", fragment="decision_rows", status=status, **context)


def _address(form: DecisionsForm, name: str = "listing", after: int | None = None) -> str:
    values: dict[str, Any] = {**form.given, "after": after}
    return url_for(f"public_decisions.{name}", **values)


def _line(row: DecisionRow) -> dict[str, Any]:
    matter = row.matter
    return {
        "number": matter.resolution_number,
        "on": row.on,
        "is_past": matter.decided_before_on is not None,
        "topic": text(TOPICS[matter.topic]),
        "title": row.title or text(TOPICS[matter.topic]),
        "url": row.url,
        "amount_minor": matter.amount_minor,
        "status": matter.status,
        "state": text(STATUSES[matter.status]),
        "arithmetic": arithmetic(matter, row.tally, row.terms, row.signatures, is_public=True),
    }


@blueprint.get("/decisions.json")
@public
def listing_json() -> Response:
    """The same for machines, ``limit`` (at most 200) at a time. Amounts in yuan; ``rules`` is the version and its SHA-256."""
    form = _read()
    if form.errors:
        return _json({"errors": form.errors}, 422)
    found = decisions(session(), form.asked, form.after, min(form.limit or 50, MOST_ROWS) or 1)
    settings: Settings = current_app.extensions["sunledger_settings"]
    site = settings.public_url or ""
    slugs = {each.id: each.slug for each in known_names().funds.values()}
    rows = [
        {
            "id": row.matter.id,
            "resolution": row.matter.resolution_number,
            "decided_on": row.on.isoformat(),
            "before_this_system": row.matter.decided_before_on is not None,
            "fund": slugs[row.matter.fund_id],
            "topic": row.matter.topic,
            "title": row.title,
            "amount": plain_yuan(row.matter.amount_minor) if row.matter.amount_minor is not None else None,
            "result": row.matter.status,
            "decided_by": row.matter.decided_by,
            "majority": row.matter.majority,
            "counts": asdict(row.tally),
            "rules": {"number": row.matter.rules_number, "sha256": row.matter.rules_sha256},
            "text_sha256": row.matter.text_hash,
            "url": f"{site}{row.url}" if row.url else None,
        }
        for row in found.rows
    ]
    return _json({"decisions": rows, "next_after": found.next_after})


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/json; charset=utf-8"
    )
