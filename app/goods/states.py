"""The words of goods: what sort they are, in what state, and how pieces move. Pure."""

from __future__ import annotations

from app.shared.errors import N_

CATEGORIES: dict[str, str] = {
    "food": N_("食品"),
    "clothing": N_("衣物"),
    "books": N_("图书文具"),
    "toys": N_("玩具"),
    "appliances": N_("家电"),
    "household": N_("日用品"),
    "medical": N_("药品器械"),
    "other": N_("其他"),
}
CONDITIONS: dict[str, str] = {
    "new": N_("全新"),
    "good": N_("良好"),
    "usable": N_("可用"),
    "damaged": N_("有损坏"),
}
MOVEMENTS: dict[str, str] = {
    "received": N_("收到"),
    "sold": N_("义卖"),
    "issued": N_("发放"),
    "lost": N_("盘亏或损耗"),
    "returned": N_("退回库存"),
    "withdrawn": N_("随捐赠更正撤销"),
}
PUT_IN = ("received", "returned")
"""Movements that add pieces; all others take them out."""
