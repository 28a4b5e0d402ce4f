"""The rows of a register: which are data, which are titles, totals and remarks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.shared.errors import N_, Refused
from app.sheets.cells import half_width, parse_date, require_value
from app.sheets.grid import NO_CELL, Area, Cell, Row, Sheet
from app.sheets.headings import Field, Heading, HeadingMatch, find_headings
from app.sheets.rows import CellRefusal, DataRow, Note
from app.sheets.totals import Sums, TotalRow, says_total, total_row

_FOOTER = re.compile(
    r"^(?:制表|填表|填报|审核|复核|审批|经办|负责|会计|出纳|主管|领导|签字|签名|签章|盖章|公章|单位|日期|打印|联系|注|备注|说明|附注)[^:]{0,8}:"
    r"|^(?:注|备注|说明)\s*$|^(?:prepared|checked|approved|signed|note)s?\b.*:",
    re.IGNORECASE,
)
_SECTION = re.compile(r"^(?:[一二三四五六七八九十]+|\([一二三四五六七八九十]+\))[、.)]\s*\S")
_UNIT_LINE = re.compile(r"单位\s*:?\s*(?:人民币)?\s*([十百千]?万元|[百千]元|美元|港元|欧元)")
_DAY_IN_TEXT = re.compile(r"\d{4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}")
_BEFORE_COMMA, _AFTER_COMMA = re.compile(r"[¥￥]?\d{1,3}"), re.compile(r"\d{3}(?:\.\d{1,2})?元?")
_WIDE = 3
_MAX_MERGED_PLACES = 1_000_000


@dataclass(frozen=True, slots=True)
class TableRows:
    """A register as read: where its columns are, its rows, totals, titles, and what is to be told about it."""

    sheet: Sheet
    match: HeadingMatch
    titles: tuple[str, ...]
    rows: tuple[DataRow, ...]
    totals: tuple[TotalRow, ...]
    notes: tuple[Note, ...]

    def row(self, number: int) -> DataRow | None:
        """The data row with this number in the office's program."""
        return next((one for one in self.rows if one.number == number), None)


def read_table(
    sheet: Sheet,
    fields: Sequence[Field],
    overrides: Mapping[str, str] | None = None,
    *,
    match: HeadingMatch | None = None,
) -> TableRows:
    """The rows of ``sheet`` below its headings. ``match`` replaces the search for headings (see ``columns_given``).

    A doubtful match is returned as it is, with the columns that are certain, for the page that asks; check
    ``table.match.complete`` before recording. Raises Refused when there are no headings, or the amounts are in another unit.
    """
    match = match or find_headings(sheet, fields, overrides)
    above = [row for row in sheet.rows if row.number < match.first_row]
    titles = tuple(cell.text.strip() for row in above for cell in row.filled())
    _refuse_unit_in_titles(titles)
    below = [row for row in sheet.rows if row.number > match.last_row]
    reading = _Reading(sheet, fields, match, below)
    return reading.table(titles, below)


def day_in_titles(titles: Iterable[str], today: date) -> date | None:
    """The day that a title names (“慈善晚会义卖义拍登记表 2023年9月28日”), when exactly one does."""
    days = set()
    for title in titles:
        for match in _DAY_IN_TEXT.finditer(half_width(title)):
            text = match.group(0)
            try:
                days.add(parse_date(Cell(0, 0, value=text, text=text), today))
            except Refused:
                continue
    return days.pop() if len(days) == 1 else None


class _Reading:
    """Sorts the rows below the headings."""

    def __init__(
        self, sheet: Sheet, fields: Sequence[Field], match: HeadingMatch, below: Sequence[Row]
    ) -> None:
        self._sheet = sheet
        self._match = match
        self._fields = [item for item in fields if item.key in match.columns]
        self._columns = {item.key: match.columns[item.key].column for item in self._fields}
        self._serial = {self._columns[item.key] for item in self._fields if item.kind == "serial"}
        self._headings = {heading.column: _closed_up(heading.text) for heading in self._all_headings()}
        self._merged = self._merged_places(below)
        self._values = {row.number: row for row in below}
        self._sums = Sums(self._fields)
        self._totals: list[TotalRow] = []
        self._notes: list[Note] = []
        self._only_numbered: list[int] = []
        self._hidden: list[int] = []

    def table(self, titles: tuple[str, ...], below: Sequence[Row]) -> TableRows:
        """Sort all rows and compare the totals."""
        for row in below:
            self._sort(row)
        if self._only_numbered:
            self._note(N_("第 %(rows)s 行只有序号，已略过"), rows=_ranges(self._only_numbered))
        if self._hidden:
            self._note(N_("第 %(rows)s 行在表中是隐藏的，也会读入"), rows=_ranges(self._hidden))
        return TableRows(
            sheet=self._sheet,
            match=self._match,
            titles=titles,
            rows=tuple(self._sums.rows),
            totals=tuple(self._totals),
            notes=tuple(self._notes),
        )

    def _sort(self, row: Row) -> None:
        filled = row.filled()
        telling = [cell for cell in filled if cell.column not in self._serial and not _prepared(cell)]
        label = self._total_label(filled)
        if label is not None:
            self._total(row, label)
        elif self._repeats_headings(filled):
            return
        elif not telling and all(_prepared(cell) or _is_number(cell) for cell in filled):
            self._only_numbered.append(row.number)
        elif self._is_remark(filled):
            self._note(
                N_("第 %(row)s 行不是登记内容，已略过：%(text)s"),
                row=row.number,
                text=filled[0].text.strip()[:40],
            )
        else:
            self._data(row)

    def _data(self, row: Row) -> None:
        cells: dict[str, Cell] = {}
        refusals: list[CellRefusal] = []
        for item in self._fields:
            cell = row.cell(self._columns[item.key])
            area = self._merged.get((row.number, cell.column))
            if area is not None and item.kind in ("amount", "price", "count"):
                refusals.append(
                    CellRefusal(
                        item.key,
                        cell.address,
                        Refused(N_("%(area)s 是合并单元格，请取消合并，每行各写一个数"), area=area),
                    )
                )
            elif area is not None:
                above = self._values.get(area.top)
                source = above.cell(area.left) if above else NO_CELL
                cell = replace(source, row=cell.row, column=cell.column)
            if not cell.stored or cell.broken:
                try:
                    require_value(cell)
                except Refused as refusal:
                    refusals.append(CellRefusal(item.key, cell.address, refusal))
            if item.kind in ("amount", "price") and self._is_cut_at_its_comma(row, cell):
                refusals.append(
                    CellRefusal(
                        item.key,
                        cell.address,
                        Refused(
                            N_("“%(seen)s”像是一个金额被逗号分成了两格，请给金额加上引号，或去掉千位的逗号"),
                            seen=f"{cell.text.strip()},{row.cell(cell.column + 1).text.strip()}",
                        ),
                    )
                )
            cells[item.key] = cell
        used = set(self._columns.values())
        extras = {cell.column: cell for cell in row.filled() if cell.column not in used}
        self._sums.add(DataRow(row.number, cells, extras, tuple(refusals)))
        if row.hidden:
            self._hidden.append(row.number)

    def _is_cut_at_its_comma(self, row: Row, cell: Cell) -> bool:
        """Whether 1,000.00 stood unquoted in a CSV file: "1" here and "000.00" in the next cell, which holds no number."""
        beside = row.cell(cell.column + 1)
        numbers = {
            self._columns[item.key] for item in self._fields if item.kind in ("amount", "price", "count")
        }
        return (
            isinstance(cell.value, str)
            and isinstance(beside.value, str)
            and beside.column not in numbers
            and _BEFORE_COMMA.fullmatch(cell.text.strip()) is not None
            and _AFTER_COMMA.fullmatch(beside.text.strip()) is not None
        )

    def _total(self, row: Row, label: Cell) -> None:
        total, notes = total_row(row, label, self._columns, self._sums)
        self._totals.append(total)
        self._notes.extend(notes)

    def _note(self, sentence: str, **values: object) -> None:
        self._notes.append(Note(sentence, values))

    def _total_label(self, filled: Sequence[Cell]) -> Cell | None:
        """The cell that says 合计, when it is one of the first two and the row has no day of its own."""
        days = [self._columns[item.key] for item in self._fields if item.kind == "date"]
        if any(cell.column in days and _looks_like_day(cell) for cell in filled):
            return None
        for cell in filled[:2]:
            if isinstance(cell.value, str) and says_total(cell.value):
                return cell
        return None

    def _repeats_headings(self, filled: Sequence[Cell]) -> bool:
        same = sum(
            1
            for cell in filled
            if isinstance(cell.value, str) and self._headings.get(cell.column) == _closed_up(cell.value)
        )
        return same >= 2 and same * 3 >= len(filled) * 2

    def _is_remark(self, filled: Sequence[Cell]) -> bool:
        texts = [half_width(cell.text) for cell in filled]
        if all(_FOOTER.match(text) for text in texts):
            return True
        only = filled[0]
        if len(filled) > 1 or not isinstance(only.value, str):
            return False
        wide = any(
            (only.row, only.column) in area and area.right - area.left + 1 >= _WIDE
            for area in self._sheet.merged
        )
        first_column = min(self._headings, default=1)
        return (
            wide
            or bool(_FOOTER.match(texts[0]) or _SECTION.match(texts[0]))
            or (only.column in (self._serial or {first_column}) and not texts[0].isdecimal())
        )

    def _all_headings(self) -> list[Heading]:
        doubtful = [heading for doubt in self._match.unsure for heading in doubt.headings]
        return [*self._match.columns.values(), *doubtful, *self._match.unknown]

    def _merged_places(self, below: Sequence[Row]) -> dict[tuple[int, int], Area]:
        """Cells merged over several rows below the headings."""
        places: dict[tuple[int, int], Area] = {}
        if not below:
            return places
        last = below[-1].number
        used = set(self._columns.values())
        for area in self._sheet.merged:
            if area.bottom == area.top or area.top <= self._match.last_row:
                continue
            for column in used.intersection(range(area.left, area.right + 1)):
                for row in range(area.top, min(area.bottom, last) + 1):
                    places[(row, column)] = area
            if len(places) > _MAX_MERGED_PLACES:
                raise Refused(N_("工作表里的合并单元格太多，请取消合并后再上传"))
        return places


def _closed_up(text: str) -> str:
    return "".join(text.split())


def _looks_like_day(cell: Cell) -> bool:
    return isinstance(cell.value, date) or (
        isinstance(cell.value, str) and bool(_DAY_IN_TEXT.search(half_width(cell.value)))
    )


def _prepared(cell: Cell) -> bool:
    """A formula copied down before the row was filled in: its result is nothing or zero."""
    return cell.formula and cell.stored and cell.value in (None, 0, "")


def _is_number(cell: Cell) -> bool:
    return not isinstance(cell.value, str | bool | date) or cell.text.strip().isdecimal()


def _refuse_unit_in_titles(titles: Sequence[str]) -> None:
    for title in titles:
        match = _UNIT_LINE.search(half_width(title))
        if match:
            raise Refused(N_("表中写着“%(title)s”，单位不是元，请换算成元后再上传"), title=title[:40])


def _ranges(numbers: Sequence[int]) -> str:
    """[5, 6, 7, 9] → "5–7、9"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return "、".join(str(first) if first == last else f"{first}–{last}" for first, last in parts)
