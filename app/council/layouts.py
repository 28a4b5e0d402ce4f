"""A decision in words: the arithmetic of its result, and the rules that it is made under. For the office and for public pages.

Nothing here writes, and nothing here names a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.council import queries
from app.council.models import Matter
from app.council.rulebook.queries import Rules
from app.council.rulebook.rules import BUILT_IN, MAJORITIES, Rulebook
from app.council.rules import Signature, Tally, Terms, majority_reached, quorum_reached
from app.council.states import DECIDERS, STATUSES
from app.shared import clock
from app.shared.errors import N_
from app.shared.money import yuan

_SIGNED = {
    "opinion": {"approve": N_("监督员意见：支持"), "reject": N_("监督员意见：不支持")},
    "host": {"approve": N_("托管机构会签：同意"), "reject": N_("托管机构会签：不同意")},
    "host_decision": {"approve": N_("托管机构决定：同意"), "reject": N_("托管机构决定：不同意")},
}
_AWAITED = {"opinion": N_("监督员意见：待出具"), "host": N_("托管机构会签：待签")}


def arithmetic_of(session: Session, found: Matter, *, is_public: bool = False) -> str:
    """``arithmetic`` of a matter as it stands."""
    return arithmetic(
        found,
        queries.tally(session, found),
        queries.terms_of(session, found),
        queries.signatures_of(session, found.id),
        is_public=is_public,
    )


def arithmetic(
    found: Matter, tally: Tally, terms: Terms, signatures: Sequence[Signature], *, is_public: bool = False
) -> str:
    """How a matter came to its result: 7 席，法定人数 5，到会 6（回避 1）：赞成 5，反对 0，弃权 0 → 通过.

    ``is_public``: while the poll runs only how many took part is told, not how they voted.
    """
    if found.decided_by != "council":
        return _signed_arithmetic(found, signatures)
    if found.status == "open" and is_public:
        return str(
            _(
                "%(seats)s 席，法定人数 %(quorum)s，已有 %(present)s 席参加 → 表决中",
                seats=tally.seats,
                quorum=tally.quorum,
                present=tally.present,
            )
        )
    parts = [_counted(tally)]
    if terms.majority == "special":
        parts.append(_("特别决议至少要 %(needed)s 票赞成", needed=votes_needed(tally, terms)))
    by_host = [each for each in signatures if each.kind == "host_decision"]
    if by_host or found.status == "referred":
        parts.append(_("未回避的不足 %(least)s 席，由托管机构决定", least=terms.least_votes))
    parts += _beside(found, signatures)
    return f"{_('，').join(map(str, parts))} → {_(STATUSES[found.status])}"


def _counted(tally: Tally) -> str:
    numbers = {
        "seats": tally.seats,
        "quorum": tally.quorum,
        "present": tally.present,
        "approve": tally.approve,
        "reject": tally.reject,
        "abstain": tally.abstain,
    }
    if tally.recuse:
        return str(
            _(
                "%(seats)s 席，法定人数 %(quorum)s，到会 %(present)s（回避 %(recuse)s）：赞成 %(approve)s，"
                "反对 %(reject)s，弃权 %(abstain)s",
                recuse=tally.recuse,
                **numbers,
            )
        )
    return str(
        _(
            "%(seats)s 席，法定人数 %(quorum)s，到会 %(present)s：赞成 %(approve)s，反对 %(reject)s，弃权 %(abstain)s",
            **numbers,
        )
    )


def _signed_arithmetic(found: Matter, signatures: Sequence[Signature]) -> str:
    of_officers = [each for each in signatures if each.kind == "officer"]
    agreed = sum(each.choice == "approve" for each in of_officers)
    words = {"needed": found.officers_needed, "approve": agreed, "reject": len(of_officers) - agreed}
    sentence = (
        N_("须 %(needed)s 名负责人签批，其中有理事长：同意 %(approve)s，不同意 %(reject)s")
        if found.chair_signs
        else N_("须 %(needed)s 名负责人签批：同意 %(approve)s，不同意 %(reject)s")
    )
    parts = [_(sentence, **words), *_beside(found, signatures)]
    status = _("待签批") if found.status == "open" else _(STATUSES[found.status])
    return f"{_('，').join(map(str, parts))} → {status}"


def _beside(found: Matter, signatures: Sequence[Signature]) -> list[str]:
    """What was signed beside the vote, and what of it is still awaited."""
    words = [_(_SIGNED[each.kind][each.choice]) for each in signatures if each.kind in _SIGNED]
    if found.decided_at is None:
        signed = {each.kind for each in signatures}
        needed = {"opinion": found.needs_opinion, "host": found.needs_host}
        words += [_(_AWAITED[kind]) for kind, is_needed in needed.items() if is_needed and kind not in signed]
    return words


def votes_needed(tally: Tally, terms: Terms) -> int:
    """The least number of votes for it that carries a matter, of the members who have taken part so far."""
    return next(
        (each for each in range(tally.unconflicted + 1) if majority_reached(each, tally.unconflicted, terms)),
        1,
    )


def progress(tally: Tally, terms: Terms) -> str:
    """How far a vote that is open has come."""
    if not quorum_reached(tally):
        return str(_("还差 %(missing)s 人达到法定人数。", missing=tally.quorum - tally.present))
    sentence = (
        N_("已达到法定人数。特别决议要三分之二以上赞成：未回避的 %(unconflicted)s 人中至少 %(needed)s 人。")
        if terms.majority == "special"
        else N_("已达到法定人数。通过需要赞成超过半数：未回避的 %(unconflicted)s 人中至少 %(needed)s 人。")
    )
    return str(_(sentence, unconflicted=tally.unconflicted, needed=votes_needed(tally, terms)))


def rules_words(rules: Rules) -> str:
    """Which rules: their version, since when they are in force, and the start of their fingerprint."""
    if rules.number == BUILT_IN or rules.in_force_at is None:
        return str(_("内置的初始规则 · 文本指纹 %(hash)s", hash=rules.sha256[:12]))
    return str(
        _(
            "第 %(number)s 版，自 %(day)s 起施行 · 文本指纹 %(hash)s",
            number=rules.number,
            day=clock.local(rules.in_force_at).date().isoformat(),
            hash=rules.sha256[:12],
        )
    )


def tier_words(book: Rulebook, place: int) -> str:
    """A tier by its limits: 第 2 档：超过 2,000.00 元，不超过 10,000.00 元."""
    upper = book.tiers[place].up_to_minor
    lower = book.tiers[place - 1].up_to_minor if place else None
    values: dict[str, object] = {"place": place + 1}
    if lower is not None:
        values["lower"] = yuan(lower)
    if upper is not None:
        values["upper"] = yuan(upper)
    sentence = {
        (False, False): N_("第 %(place)s 档：不限金额"),
        (False, True): N_("第 %(place)s 档：不超过 %(upper)s 元"),
        (True, False): N_("第 %(place)s 档：超过 %(lower)s 元"),
        (True, True): N_("第 %(place)s 档：超过 %(lower)s 元，不超过 %(upper)s 元"),
    }[lower is not None, upper is not None]
    return str(_(sentence, **values))


def decider_words(found: Matter) -> str:
    """Who decides, with what has to be signed beside the vote."""
    if found.decided_by == "council":
        name = DECIDERS[found.decided_by]
        parts = [_(name)]
    else:
        sentence = (
            N_("%(needed)s 名负责人签批，其中有理事长")
            if found.chair_signs
            else N_("%(needed)s 名负责人签批")
        )
        parts = [_(sentence, needed=found.officers_needed)]
        if found.decided_by == "emergency":
            parts.append(_("先付款，后由理事会追认"))
    if found.needs_opinion:
        parts.append(_("监督员出具意见"))
    if found.needs_host:
        parts.append(_("托管机构会签"))
    return str(_("；").join(map(str, parts)))


def rules_facts(session: Session, found: Matter) -> list[tuple[str, str]]:
    """What a matter is decided under, as pairs of a term and its words: the rules, the tier and the amount that picked it,
    who decides, the majority and the quorum."""
    rules = queries.rules_of(session, found)
    facts = [(str(_("适用规则")), rules_words(rules))]
    if found.counted_minor is not None:
        if found.decided_by != "emergency":
            facts.append((str(_("金额档次")), tier_words(rules.book, found.tier)))
        facts.append((str(_("计入金额")), _counted_amount(found, rules.book)))
    facts.append((str(_("由谁决定")), decider_words(found)))
    if found.decided_by == "council":
        numerator, denominator = rules.book.quorum
        facts.append((str(_("通过的条件")), str(_(MAJORITIES[found.majority]))))
        facts.append(
            (
                str(_("法定人数")),
                str(
                    _(
                        "%(quorum)s 席（应到 %(seats)s 席的 %(fraction)s）",
                        quorum=found.quorum,
                        seats=found.seats,
                        fraction=f"{numerator}/{denominator}",
                    )
                ),
            )
        )
    return facts


def _counted_amount(found: Matter, book: Rulebook) -> str:
    own, counted = found.amount_minor or 0, found.counted_minor or 0
    if counted <= own:
        return str(_("%(amount)s 元", amount=yuan(counted)))
    return str(
        _(
            "%(counted)s 元：这笔 %(own)s 元，加上 %(days)s 天内同一收款方、同一项目的 %(earlier)s 元",
            counted=yuan(counted),
            own=yuan(own),
            days=book.splitting_days,
            earlier=yuan(counted - own),
        )
    )
