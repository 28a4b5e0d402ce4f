"""When a donor's request is due, how often somebody may ask, and what a bundle is made of. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from app.people.rules import counter_key
from app.shared.working_days import after_working_days

WORKING_DAYS = 10
"""Days to answer in (SH Art. 53)."""
MOST_DAYS = 20
"""Calendar days that an answer takes at most, also around long holidays (GZ Art. 23)."""
MOST_WORDS = 2000
MOST_CONTACT = 200
MOST_FROM_ADDRESS = 10
"""Requests that one address may send in a quarter of an hour."""
MOST_ABOUT_ONE = 5
"""Requests about one gift in a quarter of an hour."""
MOST_AT_ALL = 60
BUNDLE_KEPT = timedelta(days=90)
"""A bundle can be taken so long after the answer."""

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def due_on(received_on: date) -> date:
    """The last day to answer on (charity-rules §11, D11)."""
    return min(after_working_days(received_on, WORKING_DAYS), received_on + timedelta(days=MOST_DAYS))


def new_number() -> str:
    """A reference number that tells nothing, not even how many requests there were: Q-7KMN-42PX."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"Q-{letters[:4]}-{letters[4:]}"


def try_limits(address: str, about: str) -> dict[str, int]:
    """Under which keys a request is counted before it is taken, and how many of each are allowed."""
    return {
        counter_key("donor-request", address): MOST_FROM_ADDRESS,
        counter_key("donor-request-about", about): MOST_ABOUT_ONE,
        counter_key("donor-request"): MOST_AT_ALL,
    }


DossierPrinter = Callable[[Session, Iterable[str], str], Path | None]
_printers: list[DossierPrinter] = []


def prints_dossiers(printer: DossierPrinter) -> DossierPrinter:
    """Register what prints public dossiers: ``printer(session, numbers, locale)`` gives one PDF of them all, or None for none.

    The public site registers itself, so that paper and site say the same and nothing here reads what the public may not.
    """
    _printers[:] = [printer]
    return printer


def dossier_printer() -> DossierPrinter | None:
    """What was registered, if anything."""
    return _printers[0] if _printers else None
