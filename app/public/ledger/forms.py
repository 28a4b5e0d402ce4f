"""The filter of the ledger, from the address: text that people typed, as typed values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from werkzeug.datastructures import MultiDict

from app.ledger import accounts as chart
from app.ledger.listing.rules import Filter
from app.public.queries import Names
from app.shared.errors import N_, Refused
from app.shared.money import Money
from app.sheets.cells import parse_amount, parse_date
from app.sheets.grid import Cell
from app.web.i18n import translated

FIELDS = ("q", "fund", "earmark", "kind", "direction", "from", "to", "min", "max")
DIRECTIONS = {"in": N_("收入"), "out": N_("支出"), "move": N_("内部转款"), "goods": N_("物资")}
LONGEST_SEARCH = 60
MOST_ROWS_ASKED = 1_000
_LATEST = date(9999, 12, 31)
# WeChat adds these to an address that is passed on; the word of `from` says where it was read.
_ADDED_BY_WECHAT = {"from": frozenset({"singlemessage", "groupmessage", "timeline"})}
_NUMBER = re.compile(r"^[0-9]{1,18}$")


@dataclass(slots=True)
class LedgerForm:
    """What was typed, what of it is wrong (field → sentence), and the filter when nothing is."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    asked: Filter = field(default_factory=Filter)
    after: int | None = None
    limit: int | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether anything is asked for."""
        return any(self.typed[name] for name in FIELDS)

    @property
    def given(self) -> dict[str, str]:
        """What was typed, without empty fields: the query of every link on the page."""
        return {name: self.typed[name] for name in FIELDS if self.typed[name]}

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """All that the form shows of itself."""
        return tuple(self.typed[name] for name in FIELDS), tuple(self.errors.items())


def read_ledger_form(arguments: MultiDict[str, str], names: Names) -> LedgerForm:
    """Read a filter. Wrong values become errors of the form; the filter then holds what was right."""
    form = LedgerForm({name: _asked(arguments, name) for name in (*FIELDS, "after", "limit")})
    values: dict[str, object] = {}
    for name, reader in _READERS.items():
        text = form.typed[name]
        if text:
            try:
                values.update(reader(text, names))
            except Refused as error:
                form.errors[name] = translated(error)
    form.asked = Filter(**values)  # type: ignore[arg-type]
    for name, refusal in _disagreements(form.asked, names):
        form.errors.setdefault(name, translated(refusal))
    for name in ("after", "limit"):
        text = form.typed[name]
        if text and not _NUMBER.match(text):
            refusal = Refused(N_("“%(seen)s”不是序号，请去掉网址里的这一项"), seen=text[:40])
            form.errors[name] = translated(refusal)
        elif text:
            setattr(form, name, int(text))
    if form.limit == 0:
        form.errors["limit"] = translated(Refused(N_("一次至少要 1 行")))
    elif form.limit is not None:
        form.limit = min(form.limit, MOST_ROWS_ASKED)
    return form


def _asked(arguments: MultiDict[str, str], name: str) -> str:
    """What is asked for under a name: its first value that is not WeChat's."""
    said = (text.strip() for text in arguments.getlist(name))
    return next((text for text in said if text not in _ADDED_BY_WECHAT.get(name, ())), "")


def _words(text: str, _names: Names) -> dict[str, object]:
    if len(text) > LONGEST_SEARCH:
        raise Refused(N_("搜索的文字最多 %(longest)s 个字"), longest=LONGEST_SEARCH)
    return {"words": text}


def _fund(text: str, names: Names) -> dict[str, object]:
    found = names.fund_called(text)
    if found is None:
        raise Refused(N_("没有“%(seen)s”这个基金"), seen=text[:40])
    return {"fund_id": found.id}


def _earmark(text: str, names: Names) -> dict[str, object]:
    found = names.earmark_called(text)
    if found is None:
        raise Refused(N_("没有“%(seen)s”这个用途"), seen=text[:40])
    return {"earmark_id": found.id}


def _kind(text: str, _names: Names) -> dict[str, object]:
    if text not in chart.ENTRY_KINDS:
        raise Refused(N_("没有“%(seen)s”这个类别"), seen=text[:40])
    return {"kind": text}


def _direction(text: str, _names: Names) -> dict[str, object]:
    if text not in DIRECTIONS:
        raise Refused(N_("收支方向只能是 in、out、move 或 goods"))
    return {"direction": text}


def _day(text: str) -> date:
    return parse_date(Cell(0, 0, text, text), _LATEST)


def _amount(text: str) -> int:
    return parse_amount(Cell(0, 0, text, text), zero_allowed=True)


_READERS: dict[str, Callable[[str, Names], dict[str, object]]] = {
    "q": _words,
    "fund": _fund,
    "earmark": _earmark,
    "kind": _kind,
    "direction": _direction,
    "from": lambda text, _names: {"first": _day(text)},
    "to": lambda text, _names: {"last": _day(text)},
    "min": lambda text, _names: {"min_minor": _amount(text)},
    "max": lambda text, _names: {"max_minor": _amount(text)},
}


def _disagreements(asked: Filter, names: Names) -> list[tuple[str, Refused]]:
    found = []
    if asked.first is not None and asked.last is not None and asked.first > asked.last:
        found.append(("to", Refused(N_("结束日期不能早于开始日期 %(day)s"), day=asked.first)))
    if asked.min_minor is not None and asked.max_minor is not None and asked.min_minor > asked.max_minor:
        found.append(
            ("max", Refused(N_("最高金额不能低于最低金额 %(least)s 元"), least=Money(asked.min_minor)))
        )
    if asked.fund_id is not None and asked.earmark_id is not None:
        earmark = names.earmarks[asked.earmark_id]
        if earmark.fund_id != asked.fund_id:
            found.append(("earmark", Refused(N_("“%(earmark)s”不是这个基金的用途"), earmark=earmark.name)))
    return found
