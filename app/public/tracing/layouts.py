"""What happened to a gift, in order, as its donor reads it, and what comes next."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.disbursements.states import STATUS_NAMES, STATUS_TAGS
from app.shared.money import yuan
from app.statements.tracing.queries import Part, SoldAs, Trace, TracedGoods

GOODS_NAMED = 4
"""Kinds of goods that the title of a gift names; the others are counted."""


def story_of(found: Trace) -> list[dict[str, Any]]:
    """The way of a gift: received, sold or given, paid for what, reached whom; what is promised, in stock or left."""
    items = [_received(found)]
    items += sorted([*_sales(found.goods), *_given(found.goods)], key=lambda each: each["when"])
    items += [_part(part) for part in found.parts]
    if found.more_parts:
        items.append({"title": ngettext("另有 %(num)s 笔支出", "另有 %(num)s 笔支出", found.more_parts)})
    for promise in found.promises:
        items.append(
            {
                "title": _("其中 %(amount)s 元已批准、还没有付", amount=yuan(promise.amount_minor)),
                "detail": _("申请 %(number)s", number=promise.request),
                "url": f"/disbursements/{promise.request}",
                "tag": _tag(promise.status),
                "state": "now",
            }
        )
    if not found.is_reversed:
        items += _waiting(found)
    return items


def _tag(status: str) -> tuple[str, str]:
    return STATUS_TAGS[status], _(STATUS_NAMES[status])


def _received(found: Trace) -> dict[str, Any]:
    amount = yuan(found.amount_minor)
    if not found.goods:
        return {"when": found.received_on, "title": _("收到捐款 %(amount)s 元", amount=amount)}
    named = _("、").join(f"{each.item} {each.quantity} {each.unit}" for each in found.goods[:GOODS_NAMED])
    title = _("收到%(goods)s", goods=named)
    if len(found.goods) > GOODS_NAMED:
        title = _("收到%(goods)s等 %(kinds)s 种物资", goods=named, kinds=len(found.goods))
    return {
        "when": found.received_on,
        "title": title,
        "detail": _("估值 %(amount)s 元", amount=amount),
        "pictures": [(each.photo_id, each.item) for each in found.goods if each.photo_id is not None],
    }


def _sales(goods: list[TracedGoods]) -> list[dict[str, Any]]:
    events: dict[str, list[tuple[TracedGoods, SoldAs]]] = {}
    for each in goods:
        for lot in each.sold:
            events.setdefault(lot.event_slug, []).append((each, lot))
    return [
        {
            "when": sold[0][1].held_on,
            "title": _(
                "在“%(event)s”卖得 %(amount)s 元",
                event=sold[0][1].event_name,
                amount=yuan(sum(lot.amount_minor for _goods, lot in sold)),
            ),
            "url": f"/sales/{slug}",
            "detail": str(_("；")).join(_lot_words(each, lot) for each, lot in sold),
        }
        for slug, sold in events.items()
    ]


def _lot_words(goods: TracedGoods, lot: SoldAs) -> str:
    return str(
        _(
            "%(lot)s 卖出 %(pieces)s %(unit)s，%(amount)s 元",
            lot=lot.lot_number,
            pieces=lot.pieces,
            unit=goods.unit,
            amount=yuan(lot.amount_minor),
        )
    )


def _given(goods: list[TracedGoods]) -> list[dict[str, Any]]:
    return [
        {
            "when": issue.handed_on,
            "title": _(
                "发放%(item)s %(pieces)s %(unit)s", item=each.item, pieces=issue.pieces, unit=each.unit
            ),
            "detail": _("按决议 %(number)s", number=issue.motion_number),
            "url": f"/motions/{issue.motion_number}",
        }
        for each in goods
        for issue in each.given
    ]


def _part(part: Part) -> dict[str, Any]:
    title = _(
        "您的 %(part)s 元计入这笔 %(total)s 元", part=yuan(part.amount_minor), total=yuan(part.total_minor)
    )
    if part.amount_minor < 0:
        title = _("退回来了：您的 %(part)s 元又可以使用", part=yuan(-part.amount_minor))
    words = [part.description]
    if part.files:
        words.append(ngettext("%(num)s 份照片和单据", "%(num)s 份照片和单据", part.files))
    return {
        "when": part.occurred_on,
        "title": title,
        "url": f"/disbursements/{part.request}" if part.request else f"/entries/{part.number}",
        "detail": " · ".join(words),
        "tag": _tag(part.status) if part.status else None,
        "pictures": [(file_id, part.description) for file_id in part.pictures],
    }


def _waiting(found: Trace) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for each in found.goods:
        if each.lost:
            items.append(
                {
                    "title": _(
                        "%(item)s损耗 %(lost)s %(unit)s", item=each.item, lost=each.lost, unit=each.unit
                    ),
                    "state": "stopped",
                }
            )
        if each.quantity_left:
            items.append(
                {
                    "title": _(
                        "%(item)s还有 %(left)s %(unit)s在库存里",
                        item=each.item,
                        left=each.quantity_left,
                        unit=each.unit,
                    ),
                    "state": "next",
                }
            )
    if found.left_minor:
        items.append(
            {
                "title": _("还有 %(amount)s 元没有用到", amount=yuan(found.left_minor)),
                "detail": _("理事会批准付款以后，这里会写明用到了哪里。"),
                "state": "next",
            }
        )
    return items
