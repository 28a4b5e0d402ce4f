"""What packages register so that their matters can be voted on and signed on their own pages.

    def summary(reading: Session, matter: Matter) -> Summary: ...

    @shows("disbursement", summary)
    def ballot_page(matter: Matter, template: str | None = None, **context: Any) -> Response:
        return page(template or "motions/show.html", view=…, matter=matter, **context)

The page shows ``balloting.routes.view_of(session(), actor(), matter, typed)`` with ``balloting/_act.html`` (what the person can
do now) and ``balloting/_matter.html`` (votes, signatures, rules). Without ``template`` it is the page of the subject; with
one it is another page about it, which gets ``matter``, ``summary``, ``form`` and what else is in ``context``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from app.council.models import Matter
from app.shared.errors import N_, NotFound


@dataclass(frozen=True, slots=True)
class Summary:
    """What somebody has to know of a matter's subject before they act, in the language of the page.

    ``list_name`` and ``list_url``: the list that the subject's page belongs to; ``gains``: who gains; ``left_minor``: fen
    left in the purpose afterwards. None and "" where a subject has no such thing.
    """

    title: str
    url: str
    number: str
    list_name: str
    list_url: str
    gains: str = ""
    left_minor: int | None = None


SummaryOf = Callable[[Session, Matter], Summary]
PageOf = Callable[..., Response]
_pages: dict[str, tuple[SummaryOf, PageOf]] = {}


def shows(type_: str, summary: SummaryOf) -> Callable[[PageOf], PageOf]:
    """Register the page (matter, template=None, **context) and the summary (session, matter) of matters of ``type_``."""

    def register(function: PageOf) -> PageOf:
        _pages[type_] = summary, function
        return function

    return register


def is_shown(type_: str) -> bool:
    """Whether matters of this type have a page."""
    return type_ in _pages


def _registered(type_: str) -> tuple[SummaryOf, PageOf]:
    found = _pages.get(type_)
    if found is None:
        raise NotFound(N_("没有这项议题"))
    return found


def summary_of(reading: Session, matter: Matter) -> Summary:
    """What a matter is about. Raises NotFound when no package shows such matters."""
    return _registered(matter.type)[0](reading, matter)


def page_of(matter: Matter, template: str | None = None, **context: Any) -> Response:
    """The page of a matter's subject, or another page about it. Raises NotFound when no package shows such matters."""
    return _registered(matter.type)[1](matter, template, **context)
