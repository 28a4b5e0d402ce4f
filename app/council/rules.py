"""How a matter is decided: pure functions over counts and signatures (charity-rules §13, §18)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from app.shared import clock


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one matter. ``present`` counts every seat that took part, recused ones included."""

    seats: int
    quorum: int
    approve: int = 0
    reject: int = 0
    abstain: int = 0
    recuse: int = 0

    @property
    def present(self) -> int:
        """Seats that took part."""
        return self.approve + self.reject + self.abstain + self.recuse

    @property
    def unconflicted(self) -> int:
        """Members present who may decide: the majority is counted on them, abstentions included."""
        return self.present - self.recuse


@dataclass(frozen=True, slots=True)
class RoomVote:
    """A member's vote in a meeting's room, as the secretary noted it. ``conflict_kind`` only of a recusal."""

    choice: str
    reason: str = ""
    conflict_kind: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a vote has to reach. ``special`` (numerator, denominator) counts when ``majority`` is special."""

    majority: str = "ordinary"
    special: tuple[int, int] = (2, 3)
    least_votes: int = 3


ORDINARY = Terms()
PAST_DECISION_DAYS = 70
"""How long after a fund was set up here its council may go on deciding on paper (docs/decisions/the-council-engine.md)."""


def last_day(closes_at: datetime) -> date:
    """The last day on which a poll that ends at ``closes_at`` (UTC) is open, in the fund's time."""
    return clock.local(closes_at - timedelta(microseconds=1)).date()


def past_decisions_until(set_up_on: date, first_vote_on: date | None) -> date:
    """The last day on which a council may have decided outside this system: soon after its fund was set up here, and before
    it first voted here."""
    last = set_up_on + timedelta(days=PAST_DECISION_DAYS)
    return last if first_vote_on is None else min(last, first_vote_on - timedelta(days=1))


def quorum_of(seats: int, fraction: tuple[int, int] = (2, 3)) -> int:
    """The part of the seats that must take part, rounded up (FR Art. 21): 7 seats need 5."""
    numerator, denominator = fraction
    return -(-seats * numerator // denominator)


def quorum_reached(tally: Tally) -> bool:
    """Checked on all seats, before recusals are taken off (charity-rules §18)."""
    return tally.present >= tally.quorum


def majority_reached(approve: int, unconflicted: int, terms: Terms) -> bool:
    """Ordinary: more than half of the unconflicted members present; a tie does not pass. Special: the fraction or more."""
    if terms.majority == "special":
        numerator, denominator = terms.special
        return unconflicted > 0 and approve * denominator >= unconflicted * numerator
    return approve * 2 > unconflicted


def passes(tally: Tally, terms: Terms = ORDINARY) -> bool:
    """Whether the counts, as they stand, carry the matter."""
    return quorum_reached(tally) and majority_reached(tally.approve, tally.unconflicted, terms)


def outcome(tally: Tally, terms: Terms = ORDINARY, *, closing: bool = False, ended: bool = False) -> str:
    """ "approved", "rejected", "referred" (the host decides), "lapsed" or "open".

    A poll ends by itself when every seat has taken part or when the seats still missing cannot change the result.
    ``closing``: the chair ends it, which needs the quorum. ``ended``: its time is over; without the quorum it lapses.
    Fewer than ``least_votes`` members without a conflict cannot decide, so the host does.
    """
    missing = tally.seats - tally.present
    if tally.seats - tally.recuse < terms.least_votes:
        return "referred"
    if missing == 0 or ((closing or ended) and quorum_reached(tally)):
        if tally.unconflicted < terms.least_votes:
            return "referred"
        return "approved" if passes(tally, terms) else "rejected"
    if ended:
        return "lapsed"
    if not quorum_reached(tally) or tally.unconflicted < terms.least_votes:
        return "open"
    if majority_reached(tally.approve, tally.unconflicted + missing, terms):
        return "approved"
    if not majority_reached(tally.approve + missing, tally.unconflicted + missing, terms):
        return "rejected"
    return "open"


@dataclass(frozen=True, slots=True)
class Signature:
    """One endorsement, as far as it counts."""

    kind: str
    choice: str
    role: str


def officers_outcome(signatures: Iterable[Signature], needed: int, *, chair_signs: bool) -> str:
    """ "approved" when enough officers signed (the chair among them where asked), "rejected" when one refused, else "open"."""
    of_officers = [each for each in signatures if each.kind == "officer"]
    if any(each.choice == "reject" for each in of_officers):
        return "rejected"
    has_chair = any(each.role == "chair" for each in of_officers)
    return "approved" if len(of_officers) >= needed and (has_chair or not chair_signs) else "open"


def endorsed_outcome(
    signatures: Iterable[Signature], *, needs_opinion: bool, needs_host: bool
) -> tuple[str, list[str]]:
    """What becomes of a vote that passed, and which signatures are missing: ("approved" | "rejected" | "endorsing", kinds).

    The supervisor's opinion must be on record, whatever it says; the host's countersignature must be given.
    """
    by_kind = {each.kind: each for each in signatures}
    missing = [
        kind
        for kind, is_needed in (("opinion", needs_opinion), ("host", needs_host))
        if is_needed and kind not in by_kind
    ]
    if needs_host and "host" in by_kind and by_kind["host"].choice == "reject":
        return "rejected", []
    return ("endorsing", missing) if missing else ("approved", [])


Follower = TypeVar("Follower", bound=Callable[..., Any])
_followers: dict[str, Callable[..., Any]] = {}


def decides(type_: str) -> Callable[[Follower], Follower]:
    """Register what follows when a matter of ``type_`` ends: ``function(session, actor, matter)``, in the same transaction.

    The subject's package registers itself, so that the council knows no subject and no end goes unnoticed, whoever or
    whatever brought it about: a vote, a signature, or a deadline.
    """

    def register(function: Follower) -> Follower:
        _followers[type_] = function
        return function

    return register


def follower(type_: str) -> Callable[..., Any] | None:
    """What was registered for a type, if anything."""
    return _followers.get(type_)
