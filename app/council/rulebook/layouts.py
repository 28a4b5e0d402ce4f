"""A rulebook as sentences that a member of the council can read, and what two of them say differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.council.rulebook.rules import SPECIAL_MATTERS, Rulebook, Tier
from app.shared.errors import N_
from app.shared.money import yuan

Translate = Callable[[str], str]
"""From a sentence of the source language to the visitor's."""


@dataclass(frozen=True, slots=True)
class Line:
    """One rule: ``key`` says which, ``label`` names it, ``words`` are the rule."""

    key: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A rule that is not the same in two rulebooks; None where one of them has no such rule."""

    label: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class TierRow:
    """One tier of amounts: up to how much, who decides, what is needed beside it."""

    amounts: str
    decider: str
    beside: str


def tier_rows(book: Rulebook, translate: Translate) -> list[TierRow]:
    """The table of tiers, the smallest amounts first."""
    rows = []
    below: int | None = None
    for tier in book.tiers:
        rows.append(
            TierRow(
                _amounts(below, tier, translate), _decider(tier, book, translate), _beside(tier, translate)
            )
        )
        below = tier.up_to_minor
    return rows


def _amounts(below: int | None, tier: Tier, translate: Translate) -> str:
    if tier.up_to_minor is None:
        if below is None:
            return translate(N_("不论金额"))
        return translate(N_("超过 %(least)s 元")) % {"least": yuan(below)}
    if below is None:
        return translate(N_("不超过 %(most)s 元")) % {"most": yuan(tier.up_to_minor)}
    values = {"least": yuan(below), "most": yuan(tier.up_to_minor)}
    return translate(N_("超过 %(least)s 元，不超过 %(most)s 元")) % values


def _decider(tier: Tier, book: Rulebook, translate: Translate) -> str:
    if tier.decided_by == "officers":
        said = N_("提交人以外 %(count)s 名负责人签批")
        if tier.chair_signs:
            said = N_("提交人以外 %(count)s 名负责人签批，其中要有理事长")
        return translate(said) % {"count": tier.officers}
    if tier.majority == "special":
        return translate(N_("理事会特别决议：到会且不回避的理事 %(part)s 以上赞成")) % {
            "part": fraction(book.special_majority)
        }
    return translate(N_("理事会普通决议：到会且不回避的理事过半数赞成"))


def _beside(tier: Tier, translate: Translate) -> str:
    needed = []
    if tier.supervisor_opinion:
        needed.append(translate(N_("监督员意见")))
    if tier.host_countersign:
        needed.append(translate(N_("托管机构会签")))
    return translate(N_("、")).join(needed)


def fraction(part: tuple[int, int]) -> str:
    """2/3, as people write it; 1 for the whole."""
    numerator, denominator = part
    return "1" if numerator == denominator else f"{numerator}/{denominator}"


def rule_lines(book: Rulebook, translate: Translate) -> list[Line]:
    """Every rule beside the tiers, a sentence each."""

    def line(key: str, label: str, words: str, **values: Any) -> Line:
        return Line(key, translate(label), translate(words) % values if values else translate(words))

    notice = N_("通过之后先公示 %(days)s 天再付款，公示当天不算")
    if book.notice_unit == "working":
        notice = N_("通过之后先公示 %(days)s 个工作日再付款，公示当天不算")
    if book.notice_days == 0:
        notice = N_("通过之后可以马上付款，不另行公示等候")
    special = translate(N_("、")).join(translate(SPECIAL_MATTERS[each]) for each in book.special_matters)
    return [
        line(
            "quorum",
            N_("法定人数"),
            N_("全体席位的 %(part)s 参加表决才有效，不足一人的按一人算"),
            part=fraction(book.quorum),
        ),
        line("majority", N_("普通决议"), N_("到会且不回避的理事过半数赞成；票数相等不通过")),
        line(
            "special_majority",
            N_("特别决议"),
            N_("到会且不回避的理事 %(part)s 以上赞成"),
            part=fraction(book.special_majority),
        ),
        line("special_matters", N_("哪些事项用特别决议"), N_("不论金额：%(list)s"), list=special),
        line(
            "least_votes",
            N_("回避的人太多"),
            N_("没有回避的理事不到 %(count)s 人，就由托管机构决定"),
            count=book.least_votes,
        ),
        line(
            "poll_days",
            N_("表决期限"),
            N_("%(days)s 天；到期没有达到法定人数就不再表决"),
            days=book.poll_days,
        ),
        line("notice", N_("公示"), notice, days=book.notice_days)
        if book.notice_days
        else line("notice", N_("公示"), notice),
        line(
            "objections",
            N_("异议"),
            N_(
                "收到异议就暂停付款，%(answer)s 个工作日内书面答复；明显没有根据的，"
                "理事长和监督员可以在 %(dismissal)s 个工作日内一起驳回"
            ),
            answer=book.objection_working_days,
            dismissal=book.dismissal_working_days,
        ),
        line(
            "splitting_days",
            N_("防止拆分"),
            N_("同一收款方、同一项目 %(days)s 天内的申请合计，按合计金额决定由谁批"),
            days=book.splitting_days,
        ),
        line(
            "quotations",
            N_("报价"),
            N_("超过 %(amount)s 元只有一份报价的，或报价超过 %(months)s 个月的，表决时提示理事"),
            amount=yuan(book.quotations_above_minor),
            months=book.quotation_months,
        ),
        _emergency(book, line),
        line(
            "names_published",
            N_("理事姓名"),
            N_("票数公开；理事本人同意的，姓名和表决一起公开，其余只写席位")
            if book.names_published
            else N_("票数公开；怎么投的只写席位，不写姓名"),
        ),
    ]


def _emergency(book: Rulebook, line: Callable[..., Line]) -> Line:
    path = book.emergency
    label = N_("紧急支出")
    if path is None:
        return line("emergency", label, N_("没有紧急支出的办法，每一笔都按上面的规定办"))
    return line(
        "emergency",
        label,
        N_(
            "每笔不超过 %(amount)s 元，%(officers)s 名负责人签批后 %(hours)s 小时内可以先付，"
            "%(papers)s 个工作日内补齐材料，%(ratify)s 天内由理事会追认"
        ),
        amount=yuan(path.up_to_minor),
        officers=path.officers,
        hours=path.pay_hours,
        papers=path.papers_working_days,
        ratify=path.ratify_days,
    )


def changed_lines(old: Rulebook, new: Rulebook, translate: Translate) -> list[ChangedLine]:
    """What two rulebooks say differently, line by line: the tiers first, then the other rules."""
    before, after = tier_rows(old, translate), tier_rows(new, translate)
    changes = []
    for place in range(max(len(before), len(after))):
        was = _in_one(before[place], translate) if place < len(before) else None
        becomes = _in_one(after[place], translate) if place < len(after) else None
        if was != becomes:
            label = translate(N_("金额第 %(place)s 档")) % {"place": place + 1}
            changes.append(ChangedLine(label, was, becomes))
    for one, other in zip(rule_lines(old, translate), rule_lines(new, translate), strict=True):
        if one.words != other.words:
            changes.append(ChangedLine(one.label, one.words, other.words))
    return changes


def _in_one(row: TierRow, translate: Translate) -> str:
    words = translate(N_("%(amounts)s：%(decider)s")) % {"amounts": row.amounts, "decider": row.decider}
    return (
        translate(N_("%(words)s；另要%(beside)s")) % {"words": words, "beside": row.beside}
        if row.beside
        else words
    )
