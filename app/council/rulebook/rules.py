"""A rulebook: who decides which amounts, by which majority, after how long a notice. Pure; amounts in fen.

Basis: charity-rules §13 and §18. The quorum and the two majorities are those of FR Art. 21; amounts and most days are the
project's proposals, because no official rule with amounts for a community fund was found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from typing import Any, TypeVar

from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, InputRefused, Refused
from app.shared.money import MAX_MINOR, Money
from app.shared.working_days import after_working_days

BUILT_IN = 0
"""The version of the rules of a fund that has not made its own."""

DECIDED_BY: dict[str, str] = {
    "officers": N_("两名负责人签批"),
    "council": N_("理事会表决"),
}
MAJORITIES: dict[str, str] = {
    "ordinary": N_("到会且不回避的理事过半数赞成"),
    "special": N_("到会且不回避的理事三分之二以上赞成"),
}
NOTICE_UNITS: dict[str, str] = {"calendar": N_("个自然日"), "working": N_("个工作日")}
SPECIAL_MATTERS: dict[str, str] = {
    "rules": N_("修改议事规则"),
    "purpose": N_("变更捐款用途"),
    "related_party": N_("与关联方的往来"),
    "ending": N_("终止基金"),
}
"""What needs a special resolution whatever the amount (FR Art. 21, CL Art. 55–56; the list is ours)."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Who decides amounts up to ``up_to_minor`` (None: without limit). ``officers``: how many must agree beside the submitter,
    the chair among them when ``chair_signs``."""

    up_to_minor: int | None
    decided_by: str = "council"
    majority: str = "ordinary"
    officers: int = 0
    chair_signs: bool = False
    supervisor_opinion: bool = False
    host_countersign: bool = False


@dataclass(frozen=True, slots=True)
class Emergency:
    """Two officers may pay at once up to ``up_to_minor``; the council ratifies within ``ratify_days`` (charity-rules §18)."""

    up_to_minor: int = 1_000_000
    officers: int = 2
    pay_hours: int = 48
    papers_working_days: int = 5
    ratify_days: int = 15


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of one fund in one version. Fractions are (numerator, denominator)."""

    tiers: tuple[Tier, ...]
    quorum: tuple[int, int] = (2, 3)
    special_majority: tuple[int, int] = (2, 3)
    least_votes: int = 3
    notice_days: int = 7
    notice_unit: str = "calendar"
    poll_days: int = 14
    special_matters: tuple[str, ...] = ("rules", "purpose", "related_party", "ending")
    emergency: Emergency | None = None
    splitting_days: int = 90
    objection_working_days: int = 10
    dismissal_working_days: int = 2
    quotations_above_minor: int = 1_000_000
    quotation_months: int = 6
    names_published: bool = False

    def tier_of(self, amount_minor: int) -> int:
        """The place of the tier that an amount falls into: the first whose limit it does not exceed."""
        return next(
            place
            for place, tier in enumerate(self.tiers)
            if tier.up_to_minor is None or amount_minor <= tier.up_to_minor
        )

    def notice_ends_on(self, opened_on: date) -> date:
        """The last day of a public notice opened on ``opened_on``; that day itself does not count."""
        if self.notice_unit == "working":
            return after_working_days(opened_on, self.notice_days)
        return opened_on + timedelta(days=self.notice_days)


LARGE_MINOR = 10_000_000
"""100,000 yuan: above it a special resolution, the supervisor's opinion and the host's countersignature."""
_LARGE = Tier(None, majority="special", supervisor_opinion=True, host_countersign=True)

DEFAULT = Rulebook(tiers=(Tier(LARGE_MINOR), _LARGE))
"""What a new fund starts with: the council votes on everything."""

PROPOSED = Rulebook(
    tiers=(
        Tier(200_000, "officers", officers=1),
        Tier(1_000_000, "officers", officers=2, chair_signs=True),
        Tier(LARGE_MINOR),
        _LARGE,
    ),
    emergency=Emergency(),
)
"""The lower tiers of charity-rules §18 (A, B) and the emergency path: a fund has them only after its council's resolution."""


def as_data(rulebook: Rulebook) -> dict[str, Any]:
    """The rulebook as plain JSON values, for storing, exporting and hashing."""
    return dict(json.loads(json.dumps(asdict(rulebook))))


def text_of(rulebook: Rulebook) -> str:
    """The one JSON text of a rulebook."""
    return canonical_bytes(as_data(rulebook)).decode()


def hash_of(rulebook: Rulebook) -> str:
    """SHA-256 of ``text_of``, in hex: what a matter says it was decided under."""
    return hashlib.sha256(text_of(rulebook).encode()).hexdigest()


def from_data(data: Mapping[str, Any]) -> Rulebook:
    """The rulebook that ``as_data`` wrote. Raises InputRefused for what is not one."""
    found = read_data(data)
    wrong = refusals(found)
    if wrong:
        raise InputRefused(wrong)
    return found


def read_data(data: Any) -> Rulebook:
    """The rulebook in data of the right shape, sound or not. Raises Refused for anything else."""
    try:
        if not isinstance(data, Mapping) or not isinstance(data.get("tiers"), list):
            raise TypeError
        values = dict(data)
        values["tiers"] = tuple(_of_shape(Tier, tier) for tier in data["tiers"])
        if data.get("emergency") is not None:
            values["emergency"] = _of_shape(Emergency, data["emergency"])
        for name in ("quorum", "special_majority"):
            if name in values:
                numerator, denominator = (_whole(each) for each in values[name])
                values[name] = (numerator, denominator)
        if "special_matters" in values:
            values["special_matters"] = tuple(str(each) for each in values["special_matters"])
        return _of_shape(Rulebook, values)
    except (TypeError, ValueError) as error:
        raise Refused(N_("这不是一份议事规则"), field="rules") from error


Shaped = TypeVar("Shaped", Rulebook, Tier, Emergency)
_PLAIN: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "int | None": (int, type(None)),
    "bool": (bool,),
    "str": (str,),
}


def _of_shape(shape: type[Shaped], values: Mapping[str, Any]) -> Shaped:
    """``values`` as ``shape``: nothing unknown, and whole numbers where whole numbers belong."""
    found = shape(**values)
    for each in fields(shape):
        allowed = _PLAIN.get(str(each.type))
        if allowed is not None and type(getattr(found, each.name)) not in allowed:
            raise TypeError(each.name)
    return found


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


@dataclass(slots=True)
class _Findings:
    found: list[Refused] = field(default_factory=list)

    def unless(self, holds: bool, sentence: str, name: str, **values: Any) -> None:
        if not holds:
            self.found.append(Refused(sentence, field=name, **values))


def refusals(rulebook: Rulebook) -> list[Refused]:
    """Everything that keeps a rulebook from being adopted, a sentence each; empty when it is sound.

    Some floors cannot be lowered by any resolution: a majority of more than half, two thirds for special resolutions (FR
    Art. 21), three unconflicted votes, and the host's countersignature above 100,000 yuan.
    """
    says = _Findings()
    _judge_tiers(rulebook, says)
    for name, floor in (("quorum", (1, 2)), ("special_majority", (2, 3))):
        numerator, denominator = getattr(rulebook, name)
        sound = 0 < numerator <= denominator <= 100 and numerator * floor[1] >= floor[0] * denominator
        says.unless(sound, N_("比例要在 %(floor)s 到 1 之间"), name, floor=f"{floor[0]}/{floor[1]}")
    for name, least, most in (
        ("least_votes", 3, 25),
        ("notice_days", 0, 60),
        ("poll_days", 1, 60),
        ("splitting_days", 1, 366),
        ("objection_working_days", 1, 60),
        ("dismissal_working_days", 1, 10),
        ("quotation_months", 1, 36),
    ):
        number = getattr(rulebook, name)
        says.unless(
            type(number) is int and least <= number <= most,
            N_("请填 %(least)s 到 %(most)s 之间的整数"),
            name,
            least=least,
            most=most,
        )
    says.unless(rulebook.notice_unit in NOTICE_UNITS, N_("请选择自然日或工作日"), "notice_unit")
    says.unless(
        {"rules", "purpose"} <= set(rulebook.special_matters) <= set(SPECIAL_MATTERS),
        N_("修改议事规则和变更捐款用途必须是特别决议事项"),
        "special_matters",
    )
    says.unless(0 < rulebook.quotations_above_minor <= MAX_MINOR, N_("金额必须大于零"), "quotations_above")
    if rulebook.emergency is not None:
        _judge_emergency(rulebook.emergency, says)
    return says.found


def _judge_tiers(rulebook: Rulebook, says: _Findings) -> None:
    tiers = rulebook.tiers
    limits = [tier.up_to_minor for tier in tiers]
    rising = [limit for limit in limits if limit is not None]
    says.unless(
        bool(tiers)
        and len(tiers) <= 8
        and limits[-1] is None
        and None not in limits[:-1]
        and rising == sorted(set(rising))
        and all(0 < limit <= MAX_MINOR for limit in rising),
        N_("各档金额要从低到高，最后一档不设上限"),
        "tiers",
    )
    for place, tier in enumerate(tiers):
        name = f"tiers-{place}"
        says.unless(tier.decided_by in DECIDED_BY and tier.majority in MAJORITIES, N_("请选择由谁决定"), name)
        says.unless(
            1 <= tier.officers <= 3 if tier.decided_by == "officers" else tier.officers == 0,
            N_("签批人数要在 1 到 3 之间"),
            name,
        )
        is_large = tier.up_to_minor is None or tier.up_to_minor > LARGE_MINOR
        says.unless(
            not is_large
            or (
                tier.decided_by == "council"
                and tier.majority == "special"
                and tier.supervisor_opinion
                and tier.host_countersign
            ),
            N_("超过 %(limit)s 元的支出必须由理事会特别决议，并有监督员意见和托管机构会签"),
            name,
            limit=Money(LARGE_MINOR),
        )


def _judge_emergency(emergency: Emergency, says: _Findings) -> None:
    says.unless(
        0 < emergency.up_to_minor <= 1_000_000,
        N_("紧急支出每笔最多 %(limit)s 元"),
        "emergency_up_to",
        limit=Money(1_000_000),
    )
    says.unless(2 <= emergency.officers <= 3, N_("紧急支出要两名以上负责人签批"), "emergency_officers")
    says.unless(
        1 <= emergency.pay_hours <= 72
        and 1 <= emergency.papers_working_days <= 10
        and 1 <= emergency.ratify_days <= 30,
        N_("紧急支出最晚 72 小时付款、10 个工作日补齐材料、30 天内追认"),
        "emergency_days",
    )
