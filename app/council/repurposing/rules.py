"""What a change of purpose must say, and which of its money may move. Pure (charity-rules §12, §18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.shared.errors import N_, Refused

SUBJECT = "repurposing_answer"
EVIDENCE = "donor_answer"
"""The purpose of a file: what the donor wrote or said, or how they were looked for. It names people: office only."""
NOTICE_DAYS = 60
"""Days that the public notice stands when a donor cannot be reached (GZ Art. 24, ZJ Art. 18). Never fewer."""
FILING_DAYS = 10
"""Days after the decision within which a changed plan is filed with civil affairs (GZ Art. 24)."""
PLAN_MAX = 2500

ANSWERS: dict[str, str] = {
    "consented": N_("同意"),
    "refused": N_("不同意"),
    "unreachable": N_("联系不上"),
}
ANSWER_TAGS: dict[str, str] = {"consented": "ok", "refused": "stop", "unreachable": "wait"}
WAYS: dict[str, str] = {
    "letter": N_("书面（签字或盖章）"),
    "message": N_("短信、微信或电子邮件"),
    "call": N_("电话"),
    "meeting": N_("当面"),
}
PLAN: dict[str, str] = {
    "background": N_("背景和原用途"),
    "used": N_("已经用了多少、还剩多少"),
    "change": N_("为什么变更、变更后怎么用"),
}
"""The parts of a plan as its public notice tells them (charity-rules §12)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a change, by the keys of ``PLAN``, and whether the plan of the fundraising was filed with civil affairs, so
    that its change must be filed, too, before the money moves."""

    background: str
    used: str
    change: str
    needs_filing: bool

    @property
    def parts(self) -> dict[str, str]:
        """The words by part."""
        return {"background": self.background, "used": self.used, "change": self.change}


def plan_of(details: dict[str, Any]) -> Plan:
    """What a motion's details say."""
    words = details.get("plan", {})
    background, used, change = (str(words.get(key, "")) for key in PLAN)
    return Plan(background, used, change, needs_filing=bool(details.get("filing", True)))


def details_of(source_id: int, target_id: int, plan: Plan) -> dict[str, Any]:
    """The details of a motion as plain JSON values: what the text of a motion is bound to."""
    return {"from": source_id, "to": target_id, "filing": plan.needs_filing, "plan": plan.parts}


def words_of(plan: Plan) -> str:
    """The plan as the one text that the council votes on and the public reads."""
    numbers = ("一", "二", "三")
    return "\n".join(
        f"{number}、{PLAN[key]}\n{words.strip()}"
        for number, (key, words) in zip(numbers, plan.parts.items(), strict=True)
    )


def wrong_in(plan: Plan) -> list[Refused]:
    """One refusal for every part that is missing or too long."""
    return [
        Refused(N_("请写明这一段，最多 %(most)s 个字"), field=key, most=PLAN_MAX)
        for key, words in plan.parts.items()
        if not words.strip() or len(words) > PLAN_MAX
    ]


def notice_ends_on(opens_on: date) -> date:
    """The last day of the notice for donors who cannot be reached; the day on which it opens does not count."""
    return opens_on + timedelta(days=NOTICE_DAYS)


@dataclass(frozen=True, slots=True)
class Part:
    """Fen of one gift behind a change of purpose. ``answer``: the latest word of its donor, None while there is none;
    ``party_id`` None: nobody is recorded as its donor (the box, a sale, an opening balance)."""

    tranche_number: int
    party_id: int | None
    amount_minor: int
    answer: str | None = None

    @property
    def is_for_notice(self) -> bool:
        """Whether only the public notice can stand in for the donor."""
        return self.party_id is None or self.answer == "unreachable"


def moves(part: Part, *, is_bound: bool, frees: bool, notice_is_over: bool) -> bool:
    """Whether a part may move now.

    ``is_bound``: donors bound the money; if not, the resolution alone moves it. ``frees``: the new purpose binds nothing:
    then only the donor's own word can lift the restriction, never a notice (NPO Art. 69-70).
    """
    if not is_bound or part.answer == "consented":
        return True
    return part.is_for_notice and notice_is_over and not frees


def waits(part: Part, *, is_bound: bool, frees: bool, notice_is_over: bool) -> str:
    """What a part still waits for: "answer", "notice", or "" when it moves or is settled to stay."""
    if not is_bound or part.answer in ("consented", "refused"):
        return ""
    if part.party_id is not None and part.answer is None:
        return "answer"
    return "" if notice_is_over or frees else "notice"


def total(parts: Iterable[Part]) -> int:
    """Fen of all of them."""
    return sum(part.amount_minor for part in parts)
