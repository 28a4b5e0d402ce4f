"""What a motion to give out goods must say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.shared.errors import N_, Refused

RECEIVER_MAX = 120
MOST_LINES = 60
SUBJECT = "goods_issue"
SIGN_OFF = "sign_off"
"""The purpose of a file: the list that the receivers signed. It names people, so it stays in the office."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom goods are for (a group or unit, never a person's name), and (goods line, pieces) of each kind."""

    receiver: str
    lines: tuple[tuple[int, int], ...]


def wanted_of(details: dict[str, Any]) -> Wanted:
    """What a motion's details say."""
    lines = tuple((int(line_id), int(pieces)) for line_id, pieces in details.get("lines", []))
    return Wanted(str(details.get("receiver", "")), lines)


def details_of(wanted: Wanted) -> dict[str, Any]:
    """The details that say it, as plain JSON values: what the text of a motion is bound to."""
    return {"receiver": wanted.receiver, "lines": [[line_id, pieces] for line_id, pieces in wanted.lines]}


def wrong_in(wanted: Wanted) -> list[Refused]:
    """One refusal for every field that is wrong."""
    found = []
    if not wanted.receiver.strip() or len(wanted.receiver) > RECEIVER_MAX:
        found.append(Refused(N_("请填写发给谁，最多 %(most)s 个字"), field="receiver", most=RECEIVER_MAX))
    if not wanted.lines:
        found.append(Refused(N_("请至少选择一种物资，填写数量"), field="lines"))
    if len(wanted.lines) > MOST_LINES:
        found.append(Refused(N_("一份提案最多 %(most)s 种物资"), field="lines", most=MOST_LINES))
    if len({line_id for line_id, _pieces in wanted.lines}) < len(wanted.lines):
        found.append(Refused(N_("同一种物资只写一行"), field="lines"))
    found += [
        Refused(N_("数量必须大于零"), field=f"pieces-{line_id}")
        for line_id, pieces in wanted.lines
        if pieces <= 0
    ]
    return found
