"""Votes with every version of them, and who signed and who is still to sign, in words. Names of people: for the office alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council import queries
from app.council.models import Matter
from app.council.states import CHOICES, CONFLICTS, UNDECIDED
from app.shared.errors import N_
from app.shared.permissions import ROLE_NAMES, Role

_CLASSES = {"approve": "for", "reject": "against", "abstain": "abstained", "recuse": "recused"}
_SOURCES = {"online": N_("网上"), "room": N_("会上登记"), "matched": N_("系统自动回避")}
SIGN_TITLES: dict[str, str] = {
    "officer": N_("您的签批"),
    "opinion": N_("您的监督意见"),
    "host": N_("托管机构会签"),
    "host_decision": N_("托管机构决定"),
}
"""The heading over the form of each kind of signature."""
_SIGNED = {"approve": N_("同意"), "reject": N_("不同意")}
_OPINIONS = {"approve": N_("支持"), "reject": N_("不支持")}
_SIGNERS = {
    "officer": N_("负责人签批"),
    "opinion": N_("监督员意见"),
    "host": N_("托管机构会签"),
    "host_decision": N_("托管机构决定"),
}


@dataclass(frozen=True, slots=True)
class VoteVersion:
    """One version of a vote, the replaced ones included."""

    at: datetime
    seat: str
    words: str
    is_current: bool


def sign_title(kind: str) -> str:
    """The heading of a signature of this kind; for a kind that nobody knows the word for any signature."""
    return str(_(SIGN_TITLES.get(kind, N_("签字"))))


def choice_name(kind: str, choice: str) -> str:
    """What somebody said who signed in this quality, in words."""
    return str(_((_OPINIONS if kind == "opinion" else _SIGNED)[choice]))


def opinion_name(choice: str) -> str:
    """What the supervisor's opinion says, in words."""
    return choice_name("opinion", choice)


def vote_chips(votes: list[queries.MemberVote]) -> list[dict[str, str | None]]:
    """The votes that count, as the component ``votes`` takes them."""
    return [
        {"name": _seat(vote), "choice": _CLASSES[vote.choice], "reason": _why(vote)}
        for vote in votes
        if vote.is_current
    ]


def vote_versions(votes: list[queries.MemberVote]) -> list[VoteVersion]:
    """Every version of every vote, in the order cast."""
    return [
        VoteVersion(
            vote.cast_at,
            _seat(vote),
            " · ".join(filter(None, (_(CHOICES[vote.choice]), _why(vote), _(_SOURCES[vote.source])))),
            vote.is_current,
        )
        for vote in votes
    ]


def _seat(vote: queries.MemberVote) -> str:
    return str(_("%(seat)s 席 %(name)s", seat=vote.seat_number, name=vote.name))


def _why(vote: queries.MemberVote) -> str | None:
    kind = _(CONFLICTS[vote.conflict_kind]) if vote.conflict_kind else ""
    return str(_("，")).join(filter(None, (kind, vote.reason))) or None


def signature_items(reading: Session, matter: Matter) -> list[dict[str, Any]]:
    """Who signed, in the order given, then who is still to sign: items of the component ``story``."""
    given = queries.endorsements_of(reading, matter.id)
    items: list[dict[str, Any]] = []
    for each in given:
        names = _OPINIONS if each.kind == "opinion" else _SIGNED
        said = [f"{_(ROLE_NAMES[Role(each.role)])} {each.name}", each.reason]
        items.append(
            {
                "when": each.signed_at,
                "title": f"{_(_SIGNERS[each.kind])}{_('：')}{_(names[each.choice])}",
                "detail": " · ".join(filter(None, said)),
                "state": "done" if each.choice == "approve" or each.kind == "opinion" else "stopped",
            }
        )
    if matter.status in UNDECIDED:
        items += [
            {"title": words, "state": "now" if is_due else "next"}
            for words, is_due in _awaited(matter, {each.kind for each in given}, given)
        ]
    return items


def _awaited(
    matter: Matter, signed: set[str], given: list[queries.EndorsementView]
) -> list[tuple[str, bool]]:
    """(what is still to be signed, whether it can be signed now)."""
    words: list[tuple[str, bool]] = []
    if matter.decided_by != "council":
        officers = [each for each in given if each.kind == "officer"]
        missing = matter.officers_needed - len(officers)
        lacks_chair = matter.chair_signs and not any(each.role == "chair" for each in officers)
        if lacks_chair:
            words.append((_("待理事长签批"), True))
            missing -= 1
        if missing > 0:
            words.append((_("还待 %(missing)s 名负责人签批（起草人除外）", missing=missing), True))
    if matter.needs_opinion and "opinion" not in signed:
        words.append((_("待监督员出具意见"), matter.status != "referred"))
    if matter.needs_host and "host" not in signed and matter.status != "referred":
        words.append((_("待托管机构会签，在表决通过之后"), matter.status == "endorsing"))
    if matter.status == "referred":
        words.append((_("待托管机构决定"), True))
    return [(str(said), is_due) for said, is_due in words]
