"""The result of proving one invariant."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_SHOWN = 20


@dataclass(slots=True)
class Check:
    """One invariant: its name, how many things it looked at, and a sentence for everything that breaks it."""

    name: str
    examined: int = 0
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return self.problem_count == 0

    def broken(self, sentence: str) -> None:
        """Note a breach; the first ones are kept in words, all are counted."""
        self.problem_count += 1
        if len(self.problems) < MOST_SHOWN:
            self.problems.append(sentence)
