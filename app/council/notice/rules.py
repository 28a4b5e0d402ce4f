"""Notice periods and objections: pure decisions (charity-rules §13, §18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from app.council.rulebook.rules import Rulebook
from app.people.rules import counter_key
from app.shared.working_days import after_working_days

MOST_WORDS = 2000
MOST_CONTACT = 200
MOST_FROM_ADDRESS = 10
"""Objections that one address may send in a quarter of an hour: a whole neighbourhood may sit behind one."""
MOST_AT_ALL = 60
"""Objections that are taken in a quarter of an hour, whoever sends them."""


def answer_due_on(rulebook: Rulebook, received_on: date) -> date:
    """The day by which an objection is to be answered (SH Art. 53 by analogy)."""
    return after_working_days(received_on, rulebook.objection_working_days)


def dismissible_until(rulebook: Rulebook, received_on: date) -> date:
    """The last day on which chair and supervisor together may dismiss a groundless objection."""
    return after_working_days(received_on, rulebook.dismissal_working_days)


def has_ended(ends_on: date, today: date) -> bool:
    """A notice runs to the end of its last day."""
    return today > ends_on


def days_left(ends_on: date, today: date) -> int:
    """Days of a notice that remain after today; 0 on its last day, negative when it is over."""
    return (ends_on - today).days


def try_limits(address: str) -> dict[str, int]:
    """Under which keys an objection is counted before it is taken, and how many of each are allowed."""
    return {counter_key("objection", address): MOST_FROM_ADDRESS, counter_key("objection"): MOST_AT_ALL}


Follower = TypeVar("Follower", bound=Callable[..., Any])
_followers: dict[str, Callable[..., Any]] = {}


def obstacle_changed(type_: str) -> Callable[[Follower], Follower]:
    """Register what follows when something begins or ends to stand in the way of a subject of ``type_``:
    ``function(session, actor, subject_id)``, in the same transaction.

    The subject's package registers itself, so that the council knows no subject and no objection, answer or hold goes
    unnoticed.
    """

    def register(function: Follower) -> Follower:
        _followers[type_] = function
        return function

    return register


def obstacle_follower(type_: str) -> Callable[..., Any] | None:
    """What was registered for a type, if anything."""
    return _followers.get(type_)
