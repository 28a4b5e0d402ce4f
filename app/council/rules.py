"""How the council decides: pure functions over counts (charity-rules §13, §18)."""

from __future__ import annotations

from dataclasses import dataclass

from app.shared.errors import N_

CHOICES: dict[str, str] = {
    "approve": N_("赞成"),
    "reject": N_("反对"),
    "abstain": N_("弃权"),
    "recuse": N_("回避"),
}


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


def quorum_of(seats: int) -> int:
    """Two thirds of the seats, rounded up (FR Art. 21): 7 seats need 5."""
    return -(-seats * 2 // 3)


def quorum_reached(tally: Tally) -> bool:
    """Checked on all seats, before recusals are taken off (charity-rules §18)."""
    return tally.present >= tally.quorum


def passes(tally: Tally) -> bool:
    """More than half of the unconflicted members present approve; a tie does not pass."""
    return quorum_reached(tally) and tally.approve * 2 > tally.unconflicted


def outcome(tally: Tally, *, closing: bool = False) -> str:
    """ "approved", "rejected" or "open".

    A vote ends by itself when every seat has taken part or when the seats still missing cannot change the result.
    ``closing``: the chair ends it, which needs the quorum.
    """
    missing = tally.seats - tally.present
    if missing == 0 or (closing and quorum_reached(tally)):
        return "approved" if passes(tally) else "rejected"
    if not quorum_reached(tally):
        return "open"
    if tally.approve * 2 > tally.unconflicted + missing:
        return "approved"
    if (tally.approve + missing) * 2 <= tally.unconflicted + missing:
        return "rejected"
    return "open"
