"""docs/requests.md draws the table of steps as the code has it."""

from __future__ import annotations

import re
from collections import deque

from app.disbursements.states import ENDED, NEXT, STATUS_NAMES, STATUS_TAGS
from app.settings import ROOT

DOCUMENT = ROOT / "docs" / "requests.md"
_PART = re.compile(r"(<!-- states: [^\n]*-->\n)(.*?)(<!-- end of states -->)", re.DOTALL)


def _drawn() -> str:
    """The states and steps as a Mermaid diagram and a list."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> drafted"]
    lines += [f"    {status}: {name} ({status})" for status, name in STATUS_NAMES.items()]
    lines += [f"    {before} --> {after}" for before, following in NEXT.items() for after in following]
    lines += [f"    {status} --> [*]" for status in STATUS_NAMES if status not in NEXT]
    return "\n".join([*lines, "```", ""])


def test_document_draws_the_steps_of_the_code() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert _PART.search(document), "the part that this test writes is gone"
    written = _PART.sub(lambda found: found[1] + _drawn() + found[3], document)
    if written != document:
        DOCUMENT.write_text(written, encoding="utf-8")
        raise AssertionError(f"{DOCUMENT.name} was written anew: look at the difference, then commit it")


def test_every_state_is_reached_and_can_end() -> None:
    reached, waiting = {"drafted"}, deque(["drafted"])
    while waiting:
        for following in NEXT.get(waiting.popleft(), ()):
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    assert reached == set(STATUS_NAMES) == set(STATUS_TAGS)
    ends = {status for status in STATUS_NAMES if status not in NEXT}
    assert ends == {"rejected", "closed", "withdrawn", "cancelled"}
    assert ends - {"closed"} < set(ENDED)


def test_no_step_leads_from_an_undecided_state_to_payment() -> None:
    for status in ("drafted", "submitted", "returned", "lapsed", "in_notice"):
        assert not {"paid", "proven", "delivered"} & set(NEXT[status])
    assert "paid" not in NEXT["in_vote"]
