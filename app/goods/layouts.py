"""Goods in words."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from app.goods.rules import freshness
from app.goods.states import CATEGORIES, CONDITIONS
from app.shared import clock


def more_words(category: str, condition: str, expires_on: date | None, place: str) -> list[str]:
    """What is said of goods beside their name and value: sort, state, last day, place. Nothing for what was not said."""
    found = [
        _(CATEGORIES[category]) if category else "",
        _(CONDITIONS[condition]) if condition else "",
        _("有效期至 %(day)s", day=expires_on.isoformat()) if expires_on else "",
        place,
    ]
    return [str(each) for each in found if each]


def freshness_tag(expires_on: date | None) -> tuple[str, str] | None:
    """(kind, text) of the sign beside goods that have expired or soon will."""
    today = clock.today()
    found = freshness(expires_on, today)
    if expires_on is None or not found:
        return None
    if found == "expired":
        return "stop", str(_("已过期"))
    days = (expires_on - today).days
    return "wait", str(_("今天到期") if days == 0 else _("还有 %(days)s 天到期", days=days))
