"""What somebody may have typed to find a record, and how often they may ask."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from dataclasses import dataclass, field

_NUMBER = re.compile(r"[0-9]{1,15}")


def entry_number(typed: str) -> int | None:
    """The number of an entry in what was typed."""
    text = typed.strip()
    return int(text) if _NUMBER.fullmatch(text) else None


@dataclass
class Allowance:
    """How often one address may ask in ``seconds``. Kept in memory: receipt codes cannot be guessed (117 bits); this only
    keeps one visitor from taking the whole server."""

    most: int = 120
    seconds: float = 60
    remembered: int = 10_000
    _asked: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def is_spent(self, address: str, now: float) -> bool:
        """Count a question of ``address`` at ``now`` (seconds of any clock); whether it was one too many."""
        asked = self._asked.pop(address, deque())
        while asked and asked[0] <= now - self.seconds:
            asked.popleft()
        is_spent = len(asked) >= self.most
        if not is_spent:
            asked.append(now)
        self._asked[address] = asked
        if len(self._asked) > self.remembered:
            self._asked.popitem(last=False)
        return is_spent
