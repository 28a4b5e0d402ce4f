"""Reading a sale register against the stock: what an import would do, without doing it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.orm import Session

from app.goods.queries import registers_with_goods
from app.sales.rules import METHOD_NAMES
from app.sales.workbooks import queries
from app.sales.workbooks.rows.rules import read_sale_rows
from app.sales.workbooks.rules import (
    SalePreview,
    SaleRow,
    SourceGoods,
    choose_goods,
    event_name,
    name_fits,
)
from app.shared import clock
from app.shared.errors import N_, Conflict, Refused
from app.shared.money import Money
from app.shared.text import normal
from app.sheets.cells import half_width, parse_count, parse_text
from app.sheets.fields import SALE_FIELDS
from app.sheets.grid import Cell
from app.sheets.opening import open_register
from app.sheets.register import TableRows, day_in_titles
from app.sheets.rows import DataRow, Note


def read_sale(
    session: Session,
    fund_id: int,
    content: bytes,
    file_name: str,
    *,
    today: date,
    mapping: Mapping[str, str] | None = None,
    splits: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    goods: Mapping[str, str] | None = None,
    register_title: str | None = None,
    name: str = "",
    held_on: date | None = None,
    sheet: str | None = None,
) -> SalePreview:
    """What importing this file would do: each row as it will be recorded, or refused with its cell. Writes nothing.

    ``register_title`` names the gift register that the source column points to; it may be left out where only one register
    has goods. Answers are by lot number: ``units`` pieces in a pack, ``goods`` which item of the gift is meant, ``splits``
    "even" for a bundle. ``name`` and ``held_on`` replace what the title says. Raises Refused for a file that is no such
    register, Conflict for one that is in already.
    """
    opened = open_register(content, file_name, SALE_FIELDS, mapping=mapping, sheet=sheet)
    before = queries.imported_at(session, fund_id, opened.sha256)
    if before is not None:
        raise Conflict(
            N_("这份文件已经导入过（%(day)s）"), field="file", day=clock.local(before).date().isoformat()
        )
    if opened.question or opened.table is None:
        return SalePreview(fund_id, opened, opened.question or "headings")
    table = opened.table
    name = normal(name) or event_name(opened.title())
    held_on = held_on or day_in_titles(opened.titles, today)
    titles = tuple(registers_with_goods(session, fund_id))
    preview = SalePreview(
        fund_id,
        opened,
        "",
        name=name,
        held_on=held_on,
        register_title=register_title or (titles[0] if len(titles) == 1 else ""),
        register_titles=titles,
    )
    if held_on is None or not name:
        return replace(preview, question="event")
    if not preview.register_title and len(titles) > 1:
        return replace(preview, question="register")
    event_id = _event_to_fill(session, fund_id, name, held_on)
    plan = _Plan(session, fund_id, held_on, preview.register_title, units or {}, goods or {}, splits or {})
    plan.read(table)
    preview = replace(preview, rows=tuple(plan.rows), notes=(*plan.notes, *table.notes), event_id=event_id)
    return _with_totals(preview, table)


def _event_to_fill(session: Session, fund_id: int, name: str, held_on: date) -> int | None:
    """An event that was set up beforehand and is still empty. Raises Conflict for one that has lots already."""
    same = queries.same_event(session, fund_id, name, held_on)
    if same is None:
        return None
    event_id, is_empty = same
    if not is_empty:
        raise Conflict(
            N_("%(day)s 的“%(name)s”已经登记过，改动请直接登记在那场义卖里"),
            field="file",
            day=held_on.isoformat(),
            name=name,
        )
    return event_id


@dataclass(slots=True)
class _Plan:
    """The rows of one register, taken in step by step."""

    session: Session
    fund_id: int
    held_on: date
    register_title: str
    units: Mapping[str, str]
    goods: Mapping[str, str]
    splits: Mapping[str, str]
    rows: list[SaleRow] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    _numbered: dict[str, list[SourceGoods]] = field(default_factory=dict)
    _taken: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _first: dict[str, SaleRow] = field(default_factory=dict)

    def read(self, table: TableRows) -> None:
        """Read every row, match its goods, and count what is taken of each."""
        has_modes = "mode" in table.match.columns
        if not has_modes:
            self.notes.append(Note(N_("表里没有“方式”一列：都按定价义卖登记")))
        lots = {_lot_of(row) for row in table.rows}
        numbers = [row.number for row in table.rows]
        self._refuse_idle_answers(lots, {*map(str, numbers), *(f"row:{number}" for number in numbers)})
        for row in table.rows:
            lot = _lot_of(row)
            split = _answer(self.splits, lot, row.number)
            found = read_sale_rows(
                row, has_modes=has_modes, units=self._units_of(lot, row.number), split=split
            )
            if split is not None and len(found) == 1 and not found[0].refusals:
                raise Refused(
                    N_("第 %(row)s 行没有写几种物品，不需要拆分"), field="split", row=lot or row.number
                )
            for one in found:
                self.rows.append(self._settled(one))

    def _settled(self, row: SaleRow) -> SaleRow:
        if row.is_box:
            return row
        row = self._with_goods(row)
        first = self._first.setdefault(row.lot, row)
        if row.lot and _subject(row) != _subject(first):
            return row.refused(
                "lot",
                N_("拍品号“%(lot)s”在第 %(row)s 行已经用过，物品、来源、方式或每份含不同"),
                lot=row.lot,
                row=first.number,
            )
        if row.goods is None or row.state != "new":
            return row
        left = row.goods.free - self._taken[row.goods.line_id]
        if row.pieces > left:
            return row.refused(
                "quantity",
                N_("“%(item)s”可供义卖的只有 %(free)s %(unit)s，不够 %(wanted)s"),
                item=row.goods.item,
                free=max(left, 0),
                unit=row.goods.unit,
                wanted=row.pieces,
            )
        self._taken[row.goods.line_id] += row.pieces
        return row

    def _with_goods(self, row: SaleRow) -> SaleRow:
        """The row with the goods it comes from, or with the reason why they are not found."""
        if not row.source or any(one.field == "source" for one in row.refusals):
            return row
        candidates = self._candidates(row.source)
        if not candidates:
            return row.refused("source", N_("捐赠登记表里没有序号“%(source)s”的实物捐赠"), source=row.source)
        row = replace(row, candidates=tuple(candidates))
        if "split" in row.asks:
            return row
        wanted = _answer(self.goods, row.lot, row.number)
        if wanted is not None:
            chosen = next((one for one in candidates if one.item == normal(wanted)), None)
            if chosen is None:
                return row.refused(
                    "source",
                    N_("序号“%(source)s”的捐赠里没有“%(item)s”，有：%(items)s"),
                    source=row.source,
                    item=wanted,
                    items="、".join(one.item for one in candidates),
                )
        else:
            chosen = choose_goods(row.item, candidates)
        if chosen is None:
            return replace(row, asks=(*row.asks, "goods"))
        row = replace(row, goods=chosen)
        if wanted is None and not name_fits(row.item, chosen.item):
            row = row.noted(
                "source",
                N_("来源第 %(source)s 号是“%(stock)s”，与“%(item)s”名称不同，请核对"),
                source=row.source,
                stock=chosen.item,
                item=row.item,
            )
        if chosen.received_on > self.held_on:
            row = row.refused(
                "source",
                N_("来源第 %(source)s 号是 %(day)s 才收到的，晚于活动日期"),
                source=row.source,
                day=chosen.received_on.isoformat(),
            )
        return row

    def _candidates(self, source: str) -> list[SourceGoods]:
        if source not in self._numbered:
            found = queries.goods_numbered(self.session, self.fund_id, source)
            if self.register_title:
                found = [one for one in found if one.register_title == self.register_title]
            self._numbered[source] = found
        return self._numbered[source]

    def _units_of(self, lot: str, number: int) -> int | None:
        answer = _answer(self.units, lot, number)
        if answer is None or not answer.strip():
            return None
        return parse_count(Cell(0, 0, value=answer, text=answer))

    def _refuse_idle_answers(self, lots: set[str], numbers: set[str]) -> None:
        for option, answers in (("units", self.units), ("goods", self.goods), ("split", self.splits)):
            for key in answers:
                if half_width(key) not in lots | numbers:
                    raise Refused(N_("登记表里没有“%(row)s”这件拍品"), field=option, row=key)


def _subject(row: SaleRow) -> tuple[str, str, str, int | None]:
    """What two rows must have in common to be sales of one lot."""
    return row.item, row.source, row.mode, row.units_per_item


def _lot_of(row: DataRow) -> str:
    cell = row.cell("lot")
    try:
        return "" if cell.blank else normal(parse_text(cell))
    except Refused:
        return ""


def _answer(answers: Mapping[str, str], lot: str, number: int) -> str | None:
    """What was answered for a row: by its row in the sheet ("row:7"), by its lot number or, where it has none, by its row."""
    by_key = {half_width(key): value for key, value in answers.items()}
    if f"row:{number}" in by_key:
        return by_key[f"row:{number}"]
    return by_key.get(lot or str(number))


def _with_totals(preview: SalePreview, table: TableRows) -> SalePreview:
    """The preview with what the last total row states, and what of it does not fit the rows."""
    if not table.totals:
        return replace(preview, notes=(*preview.notes, Note(N_("表里没有合计行，无法核对总数"))))
    total = table.totals[-1]
    figure = total.figure("amount")
    notes: list[Note] = []
    try:
        stated: dict[str, int] = {str(method): minor for method, minor in total.method_totals.items()}
    except Refused as refusal:
        stated = {}
        notes.append(Note(refusal.sentence, refusal.values))
    recorded = preview.by_method
    for method, minor in stated.items():
        if minor != recorded.get(method, 0):
            notes.append(
                Note(
                    N_("合计行写的%(method)s是 %(stated)s 元，能记入的各行相加是 %(recorded)s 元"),
                    {
                        "method": METHOD_NAMES[method],
                        "stated": Money(minor),
                        "recorded": Money(recorded.get(method, 0)),
                    },
                )
            )
    return replace(
        preview,
        stated=stated,
        stated_total=figure.stated if figure else None,
        notes=(*preview.notes, *notes),
    )
