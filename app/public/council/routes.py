"""The council: /council, and the versions of its rules: /council/<fund>/rules/<number>, the same as .json."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from app.council.consents.queries import public_seats
from app.council.rulebook.exporting import rules_file
from app.council.rulebook.layouts import changed_lines, rule_lines, tier_rows
from app.council.rulebook.queries import motion_of_version, rules_in_force, rules_numbered, versions
from app.council.rulebook.rules import BUILT_IN
from app.public.council.queries import number_of_motion
from app.public.layouts import seat_name
from app.public.queries import FundName
from app.public.routes import in_address, known_names
from app.shared.errors import N_, NotFound
from app.web.access import public
from app.web.database import session
from app.web.i18n import text
from app.web.pages import page

blueprint = Blueprint("public_council", __name__, url_prefix="/council")


@blueprint.get("")
@public
def council() -> Response:
    """The rules in force in plain sentences, and who sits, by seat. ``?fund=`` where there are several."""
    known = known_names()
    slug = in_address(request.args.get("fund", ""))
    fund = known.fund_called(slug) if slug else next(iter(known.funds.values()), None)
    if slug and fund is None:
        raise NotFound(N_("没有这个基金"))
    if fund is None:
        return page("public/council.html", nav_current="council", fund=None, tab_items=[])
    current = rules_in_force(session(), fund.id)
    seats = public_seats(session(), fund.id)
    return page(
        "public/council.html",
        nav_current="council",
        fund=fund,
        tab_items=[
            (each.slug, each.name, url_for("public_council.council", fund=each.slug))
            for each in known.funds.values()
        ],
        version=current,
        tiers=tier_rows(current.book, text),
        lines=rule_lines(current.book, text),
        versions=versions(session(), fund.id),
        seats=[(seat_name(each.number), each.is_chair, each.name) for each in seats],
    )


@blueprint.get("/<slug>/rules/<int:number>")
@public
def show_rules(slug: str, number: int) -> Response:
    """One version of a fund's rules, and what it changed."""
    fund = _fund(slug)
    found = rules_numbered(session(), fund.id, number)
    earlier = rules_numbered(session(), fund.id, number - 1) if number > BUILT_IN else None
    motion_id = motion_of_version(session(), found)
    return page(
        "public/rules.html",
        nav_current="council",
        fund=fund,
        version=found,
        is_in_force=rules_in_force(session(), fund.id).number == number,
        tiers=tier_rows(found.book, text),
        lines=rule_lines(found.book, text),
        changes=changed_lines(earlier.book, found.book, text) if earlier else None,
        motion_number=number_of_motion(session(), motion_id),
    )


@blueprint.get("/<slug>/rules/<int:number>.json")
@public
def export_rules(slug: str, number: int) -> Response:
    """One version of a fund's rules as a file."""
    found = rules_numbered(session(), _fund(slug).id, number)
    return Response(rules_file(found), content_type="application/json; charset=utf-8")


def _fund(slug: str) -> FundName:
    fund = known_names().fund_called(in_address(slug))
    if fund is None:
        raise NotFound(N_("没有这个基金"))
    return fund
