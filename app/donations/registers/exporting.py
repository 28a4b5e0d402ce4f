"""A register written again in the shape it came, with the gifts as they are recorded now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.donations.registers import queries
from app.donations.registers.rules import KeptRow, Values, day_of
from app.donations.rules import METHODS
from app.ledger.queries import earmarks_of
from app.shared import clock
from app.shared.errors import N_, NotFound, Refused
from app.sheets.cells import parse_amount
from app.sheets.grid import Cell
from app.sheets.layout import RegisterLayout, RegisterRow, register_sheet
from app.sheets.writing import WorkbookFile, Written, write_workbook

KIND_WORDS = {"person": "个人", "sole_trader": "商户", "organisation": "单位", "unnamed": "匿名"}
"""The words of a register, which are data and not translated."""


def register_workbook(session: Session, register_id: int) -> WorkbookFile:
    """The register as .xlsx: titles, headings, order and other columns as in the newest file, values as recorded now.

    Gifts that were reversed are left out. Raises NotFound for an unknown register.
    """
    register = queries.register(session, register_id)
    files = queries.files_of(session, register_id)
    if not files:
        raise NotFound(N_("没有这本登记表"))
    layout = RegisterLayout.from_json(json.loads(files[0].layout))
    names = {earmark.slug: earmark.name for earmark in earmarks_of(session, register.fund_id)}
    keys = {column.key for column in layout.columns if column.key}
    rows = [
        RegisterRow(_cells(kept, kept.now, keys, names), dict(kept.extras))
        for kept in queries.kept_rows(session, register.fund_id, register_id)
        if kept.now is not None
    ]
    content = write_workbook([register_sheet(layout, rows)], created=clock.now())
    return WorkbookFile(content, f"{register.title}.xlsx")


def _cells(kept: KeptRow, now: Values, keys: set[str], names: Mapping[str, str]) -> dict[str, Written]:
    """What stands in each column: the office's own words where nothing changed, else what is recorded."""
    last, texts = kept.last, kept.texts

    def own(key: str, *fields: str) -> str | None:
        """The office's words, when all these fields are as they were."""
        return texts.get(key, "") if all(now[name] == last.get(name) for name in fields) else None

    def words(key: str, recorded: Any, *fields: str) -> str:
        found = own(key, *fields)
        return str(recorded) if found is None else found

    earmark = names.get(now["earmark"], now["earmark"])
    goods = now["method"] == "goods"
    filled: dict[str, Written] = {
        "number": words("number", now["number"], "number"),
        "date": day_of(now),
        "donor": words("donor", now["donor"], "donor"),
        "donor_kind": words("donor_kind", KIND_WORDS[now["kind"]], "kind"),
        "method": words("method", METHODS[now["method"]], "method"),
        "purpose": words("purpose", earmark or now["wish"], "earmark", "wish"),
        "publicity": words("publicity", _claim(now["claim"], "公开", "不公开"), "claim"),
        "anonymous": words("anonymous", _claim(now["claim"], "否", "是"), "claim"),
        "memo": words("memo", now["memo"], "memo"),
        "receipt_number": words("receipt_number", now["receipt_number"], "receipt_number"),
        "contact": texts.get("contact", ""),
    }
    filled |= _amounts(now, texts, keys, goods)
    filled |= _things(now, own("items", "goods"), texts, keys, goods)
    return filled


def _claim(claim: bool | None, named: str, not_named: str) -> str:
    return "" if claim is None else named if claim else not_named


def _amounts(now: Values, texts: Mapping[str, str], keys: set[str], goods: bool) -> dict[str, Written]:
    """The amount in the column that held it: goods may have one of their own."""
    own_column = goods and "goods_value" in keys
    if own_column and texts.get("amount") and not texts.get("goods_value"):
        own_column = False
    both = (
        own_column and bool(texts.get("amount")) and _minor(texts["amount"]) == _minor(texts["goods_value"])
    )
    return {
        "amount": now["amount"] if not own_column or both else None,
        "goods_value": now["amount"] if own_column else None,
    }


def _things(
    now: Values, own: str | None, texts: Mapping[str, str], keys: set[str], goods: bool
) -> dict[str, Written]:
    if not goods:
        return {"items": own if own is not None else texts.get("items", "")}
    lines = now["goods"]
    first = lines[0]
    in_columns = (
        "quantity" in keys and len(lines) == 1 and (bool(texts.get("quantity")) or not texts.get("items"))
    )
    if in_columns:
        unit_column = "unit" in keys
        price = first[3] // first[1] if first[3] % first[1] == 0 else None
        return {
            "items": first[0],
            "quantity": first[1] if unit_column or first[2] == "件" else f"{first[1]}{first[2]}",
            "unit": first[2],
            "unit_price": price if texts.get("unit_price") else None,
        }
    composed = "、".join(f"{item} {quantity}{unit}" for item, quantity, unit, _ in lines)
    return {"items": composed if own is None else own}


def _minor(text: str) -> int | None:
    try:
        return parse_amount(Cell(0, 0, value=text, text=text), zero_allowed=True)
    except Refused:
        return None
