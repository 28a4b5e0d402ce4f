"""The office's first page and its navigation. Packages add their own lines and say what waits for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Flask, Response, g, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.shared.permissions import Actor, Permission
from app.web.access import FundChoice, actor, office_fund, office_funds, requires, user
from app.web.database import session
from app.web.pages import page


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Something that waits for the person who sees it. Words are translated already; ``tag`` is (kind, text)."""

    title: str
    url: str
    detail: str | None = None
    amount_minor: int | None = None
    due: date | datetime | str | None = None
    tag: tuple[str, str] | None = None
    action: str | None = None


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One line of the office's navigation, shown to whoever may open it."""

    key: str
    text: str
    endpoint: str
    permission: Permission
    order: int
    values: dict[str, Any] = field(default_factory=dict)


WorkSource = Callable[[Session, Actor, FundChoice], list[WorkItem]]
_sources: list[tuple[int, WorkSource]] = []
_entries: dict[str, NavigationEntry] = {}

blueprint = Blueprint("office", __name__, url_prefix="/office")


def waits_for_you(order: int = 50) -> Callable[[WorkSource], WorkSource]:
    """Register a function (session, actor, fund) → items for the worklist; smaller ``order`` comes first."""

    def register(source: WorkSource) -> WorkSource:
        if source not in (known for _, known in _sources):
            _sources.append((order, source))
            _sources.sort(key=lambda each: each[0])
        return source

    return register


def navigation_entry(
    key: str, text: str, endpoint: str, permission: Permission, order: int, **values: Any
) -> None:
    """Add a line to the office's navigation. ``text`` is marked with N_; a page names its line by ``nav_current=key``."""
    _entries[key] = NavigationEntry(key, text, endpoint, permission, order, values)


def install(app: Flask) -> None:
    """Give office pages their navigation."""
    app.register_blueprint(blueprint)
    app.context_processor(_navigation)


def _navigation() -> dict[str, Any]:
    access = g.get("access")
    if access is None or access.kind not in ("requires", "signed_in"):
        return {}
    person = user()
    if person is None:
        return {}
    fund = g.get("office_fund")
    entries = [
        (entry.key, gettext(entry.text), url_for(entry.endpoint, **entry.values))
        for entry in sorted(_entries.values(), key=lambda each: each.order)
        if person.actor.may(entry.permission, fund.id if fund else None)
    ]
    return {
        "office_navigation": [("office", gettext("待办"), url_for("office.home")), *entries],
        "office_fund": fund,
        "office_funds": office_funds(),
        "sign_out_url": url_for("people.sign_out"),
    }


@blueprint.get("/")
@requires(Permission.OFFICE_ENTER)
def home() -> Response:
    """What waits for the person who is signed in, in the fund that they work in now."""
    if not office_funds():
        return page("office/home.html", items=[], nav_current="office")
    fund = office_fund()
    items = [item for _, source in _sources for item in source(session(), actor(), fund)]
    return page("office/home.html", items=items, nav_current="office")
