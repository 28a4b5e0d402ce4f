"""What counts as an interest, whose name is whose, and when somebody must declare again. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.shared.canonical import canonical_bytes
from app.shared.encryption import keyed_hash
from app.shared.errors import N_
from app.shared.permissions import ROLE_PERMISSIONS, Permission, Role
from app.shared.text import folded

NONE = "none"
KINDS: dict[str, str] = {
    "employer": N_("任职单位"),
    "organisation": N_("参与的组织"),
    "family": N_("亲属"),
    "business": N_("经营或持股的商户、企业"),
}
"""What a person declares; the only thing about an interest that is ever public."""

KIND_NAMES: dict[str, str] = {**KINDS, NONE: N_("没有（其他）利害关系"), "self": N_("本人")}
"""Also the declaration of none, and the tie of a person to the party of the same name, which needs no declaration."""

RELATIONS: dict[str, str] = {
    "payee": N_("收款方"),
    "applicant": N_("申请人"),
    "donor": N_("定向捐赠人"),
    "beneficiary": N_("受益人"),
    "proposer": N_("提议人"),
}
"""Who in a matter a name may be."""

DECLARERS: frozenset[Role] = frozenset(
    role for role, permissions in ROLE_PERMISSIONS.items() if Permission.INTEREST_DECLARE in permissions
)
"""Offices whose holders declare, and whose interests count."""

NAME_MAX, WORDS_MAX = 200, 500

# The longest first. A branch (分公司) or subsidiary (子公司) is not the company of that name: which one is meant is not exact.
_LEGAL_FORMS = ("股份有限公司", "有限责任公司", "有限公司", "公司", "个体工商户")
_NOT_LEGAL_FORMS = ("分公司", "子公司")
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """An interest that counts: whose, of what kind, and the keyed hash of the name it is tied to."""

    user_id: int
    kind: str
    name_hash: bytes


@dataclass(frozen=True, slots=True, order=True)
class MatchedConflict:
    """A person tied to somebody in a matter: how (a key of ``KIND_NAMES``), and to whom there (``RELATIONS``). No name."""

    user_id: int
    kind: str
    relation: str


def compared(name: str) -> str:
    """The form of a name in which two are the same.

    Compatibility form, no capitals, Traditional as Simplified; only letters and digits (so spaces, brackets, the dot in
    阿依古丽·买买提 do not count, what stands in brackets does); one legal form at the end is left out when two characters
    or more stay. "" for what has no letter at all: it equals nothing. Nothing is guessed: no abbreviations, no branches.
    """
    plain = "".join(each for each in folded(name) if each.isalnum())
    if not plain.endswith(_NOT_LEGAL_FORMS):
        for form in _LEGAL_FORMS:
            if plain.endswith(form) and len(plain) - len(form) >= _LEAST:
                return plain.removesuffix(form)
    return plain


def name_hash(name: str) -> bytes | None:
    """The keyed hash by which a name is found; None for one that equals nothing."""
    plain = compared(name)
    return keyed_hash("interest name", plain) if plain else None


def declaration_hash(user_id: int, kind: str, name: str, relation: str, note: str) -> str:
    """What the log commits to: a keyed hash of the declaration, so that no copy of its words lies unencrypted beside it."""
    said = canonical_bytes({"user": user_id, "kind": kind, "name": name, "relation": relation, "note": note})
    return keyed_hash("interest declaration", said.decode("utf-8")).hex()


def matched(standing: Iterable[Standing], hashes: Mapping[str, frozenset[bytes]]) -> list[MatchedConflict]:
    """Every tie between a person and a relation of the matter, each once, in a fixed order."""
    return sorted(
        {
            MatchedConflict(each.user_id, each.kind, relation)
            for each in standing
            for relation, wanted in hashes.items()
            if each.name_hash in wanted
        }
    )


def must_declare(last_on: date | None, today: date) -> bool:
    """Whether a year has passed since the last declaration (of anything, or of nothing), or there was none."""
    return last_on is None or last_on <= _a_year_before(today)


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
