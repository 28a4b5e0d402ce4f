"""Which column is which: headings differ from office to office and are matched by meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from app.shared.errors import N_, Refused
from app.shared.text import folded
from app.sheets.grid import Row, Sheet, column_letter, column_number

Kind = Literal["text", "serial", "date", "amount", "price", "count"]
"""What a column holds. ``serial`` numbers the rows; ``price`` is money that is not added up."""

ROWS_SEARCHED = 40
_EXACT, _CONTAINED = 2, 1
_CLOSE_ENOUGH = 0.7
_LONGEST_HEADING = 30
_BRACKETS = re.compile(r"[(（\[【〔<《][^()（）\[\]【】〔〕<>《》]*[)）\]】〕>》]")
_UNIT_AFTER = re.compile(r"(?:[/:：,，]\s*)?(?:单位[:：])?\s*(?:人民币)?(?:元|rmb|cny|yuan)$")
_WITH_DIGITS = ("date", "amount", "price", "count")
_NUMERAL = re.compile(r"[0-9０-９〇零一二三四五六七八九]")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[a-z0-9#]+")
_OTHER_UNIT = re.compile(
    r"[十百千]?万元|[百千]元|美元|美金|欧元|英镑|港币|港元|日元|台币|\busd\b|\beur\b|\bgbp\b|\bhkd\b|\bjpy\b|[$€£]"
)


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a table may tell about each row.

    ``labels`` are its names, the most telling first: of two columns the one with the earlier name is taken.
    ``maybe`` are names that could also mean something else: a person is asked. A heading that contains a word of
    ``never`` is not this field, however alike.
    """

    key: str
    labels: tuple[str, ...]
    required: bool = False
    kind: Kind = "text"
    maybe: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """One column's heading as the office wrote it."""

    column: int
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A field for which a person must say which column is meant, or a column that could be several fields."""

    fields: tuple[str, ...]
    headings: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class HeadingMatch:
    """Which column holds which field. Complete when nothing is missing and nothing is doubtful."""

    columns: Mapping[str, Heading]
    unsure: tuple[Doubt, ...] = ()
    unknown: tuple[Heading, ...] = ()
    missing: tuple[Field, ...] = ()
    first_row: int = 0
    last_row: int = 0

    @property
    def complete(self) -> bool:
        """Whether the rows can be read without asking."""
        return not self.unsure and not self.missing


class NoHeadings(Refused):
    """No row of the sheet looks like headings."""


@dataclass(frozen=True, slots=True)
class _Fit:
    """A heading that names a field. The smaller the rank, the better the name."""

    field: Field
    heading: Heading
    grade: int
    rank: int


def find_headings(
    sheet: Sheet, fields: Sequence[Field], overrides: Mapping[str, str] | None = None
) -> HeadingMatch:
    """Find the heading row, below titles and blank rows, and match its columns to ``fields``.

    ``overrides`` says for a heading (or a column letter) which field it is, or "" for a column to leave alone. A heading
    of two rows, the upper one merged over several columns, is read as one. Raises Refused when no row looks like
    headings, when an override names something unknown, or when an amount is in another unit or currency.
    """
    _check_overrides(fields, overrides or {})
    best: tuple[int, list[Heading], int, int] | None = None
    rows = [row for row in sheet.rows if len(row.filled()) >= 2][:ROWS_SEARCHED]
    for row in rows:
        for headings, last in _readings(sheet, row):
            score = _score(headings, fields, overrides or {})
            if score and (best is None or score > best[0]):
                best = (score, headings, row.number, last)
    if best is None:
        raise NoHeadings(
            N_("找不到表头：需要有 %(wanted)s 这样的列名"),
            wanted="、".join(item.labels[0] for item in fields if item.required),
        )
    return match_headings(best[1], fields, overrides, first_row=best[2], last_row=best[3])


def match_headings(
    headings: Sequence[Heading],
    fields: Sequence[Field],
    overrides: Mapping[str, str] | None = None,
    *,
    first_row: int = 0,
    last_row: int = 0,
) -> HeadingMatch:
    """Match headings to fields: the same words, else one that ends with the field's name, else alike (then unsure)."""
    chosen, left = _overridden(headings, fields, overrides or {})
    fits = [
        fit for heading in left for item in fields if item.key not in chosen and (fit := _fit(item, heading))
    ]
    unsure: list[Doubt] = []
    for grade in (_EXACT, _CONTAINED):
        # Required fields choose first: a name that two fields share goes to the one that is needed.
        for required in (True, False):
            pairs = [fit for fit in fits if fit.grade == grade and fit.field.required == required]
            for rank in sorted({fit.rank for fit in pairs}):
                _choose([fit for fit in pairs if fit.rank == rank], chosen, unsure)
    _doubt_second_amounts(fits, chosen, unsure)
    for heading in left:
        near = [
            item.key
            for item in fields
            if item.key not in _settled_fields(chosen, unsure) and _close(item, heading)
        ]
        if near and heading.column not in _settled_columns(chosen, unsure):
            unsure.append(Doubt(tuple(near), (heading,)))
    for item in fields:
        if item.key in chosen:
            _refuse_other_units(item, chosen[item.key])
    return HeadingMatch(
        columns=chosen,
        unsure=tuple(unsure),
        # Also those that somebody said are none of the fields: their cells are kept.
        unknown=tuple(
            heading for heading in headings if heading.column not in _settled_columns(chosen, unsure)
        ),
        missing=tuple(
            item for item in fields if item.required and item.key not in _settled_fields(chosen, unsure)
        ),
        first_row=first_row,
        last_row=last_row,
    )


def columns_given(sheet: Sheet, columns: Mapping[str, str], fields: Sequence[Field]) -> HeadingMatch:
    """The match for rows without headings that say anything: ``columns`` says for a column letter which field it is.

    Raises Refused for an unknown field or column, or a heading that says another unit.
    """
    _check_overrides(fields, columns)
    numbers: dict[str, int] = {}
    for letters, key in columns.items():
        if not re.fullmatch(r"[A-Za-z]{1,3}", letters):
            raise Refused(N_("没有“%(heading)s”这一列"), heading=letters)
        if key:
            numbers[key] = column_number(letters)
    widest = max((max(row.cells) for row in sheet.rows), default=0)
    row = _words_above(
        sheet, [numbers[item.key] for item in fields if item.key in numbers and item.kind in _WITH_DIGITS]
    )
    headings = {
        column: Heading(column, row.cell(column).text.strip(), row.cell(column).address)
        if row and row.cell(column).text.strip()
        else Heading(column, column_letter(column), "")
        for column in range(1, max([widest, *numbers.values()]) + 1)
    }
    for item in fields:
        if item.key in numbers:
            _refuse_other_units(item, headings[numbers[item.key]])
    used = set(numbers.values())
    return HeadingMatch(
        columns={key: headings[column] for key, column in numbers.items()},
        unknown=tuple(heading for column, heading in headings.items() if column not in used),
        missing=tuple(item for item in fields if item.required and item.key not in numbers),
        first_row=row.number if row else 0,
        last_row=row.number if row else 0,
    )


def _words_above(sheet: Sheet, columns: Sequence[int]) -> Row | None:
    """The row of headings in words of the office's own: the last before the first row with a date or an amount in it."""
    above = None
    for row in [row for row in sheet.rows if len(row.filled()) >= 2][:ROWS_SEARCHED]:
        cells = [row.cell(column).text for column in columns]
        if any(_NUMERAL.search(text) for text in cells):
            return above
        if len([text for text in cells if text.strip()]) >= 2:
            above = row
    return None


def sheets_with(sheets: Iterable[Sheet], fields: Sequence[Field]) -> list[Sheet]:
    """The visible sheets that have a row of such headings: a book may hold one sheet a month, and others besides."""
    found = []
    for sheet in sheets:
        if sheet.hidden:
            continue
        try:
            find_headings(sheet, fields)
        except NoHeadings:
            continue
        except Refused:
            pass  # there are headings, and something is wrong with them: reading the sheet will say what
        found.append(sheet)
    return found


@lru_cache(maxsize=4096)
def plain_heading(text: str) -> str:
    """A heading without case, brackets, units, signs and spaces, for comparing: "捐款 金额（元）" → "捐款金额"."""
    plain = folded(text)
    return _joined(_UNIT_AFTER.sub("", _BRACKETS.sub(" ", plain).strip()) or plain)


def _joined(text: str) -> str:
    """Letters only: Chinese closed up, other words with one space between them."""
    pieces = re.findall(r"[\u3400-\u9fff]+|[a-z0-9#]+", text)
    joined = ""
    for piece in pieces:
        if joined and _WORD.fullmatch(piece) and _WORD.fullmatch(joined[-1]):
            joined += " "
        joined += piece
    return joined


@lru_cache(maxsize=4096)
def _forms(text: str) -> tuple[str, ...]:
    """The ways to read a heading: whole, without brackets, and each language of a bilingual one."""
    whole = folded(text)
    without = _UNIT_AFTER.sub("", _BRACKETS.sub(" ", whole).strip())
    chinese = "".join(_HAN.findall(without))
    other = " ".join(_WORD.findall(without))
    forms = [_joined(whole), _joined(without), chinese, other]
    return tuple(dict.fromkeys(form for form in forms if form))


def _fit(item: Field, heading: Heading) -> _Fit | None:
    """The heading as a name of the field, or None: the same words, or ending with them.

    Chinese and English headings say last what they are: 捐赠人电话 is a telephone, 单位捐款金额 an amount.
    """
    forms = _forms(heading.text)
    labels = [plain_heading(label) for label in item.labels]
    for rank, label in enumerate(labels):
        if label in forms:
            return _Fit(item, heading, _EXACT, rank)
    plain = plain_heading(heading.text)
    if len(plain) > _LONGEST_HEADING or _never(item, plain) or plain in map(plain_heading, item.maybe):
        return None
    ends = [len(label) for label in labels if _ends_with(plain, label)]
    return _Fit(item, heading, _CONTAINED, -max(ends)) if ends else None


def _ends_with(plain: str, label: str) -> bool:
    if _HAN.search(label):
        return len(label) >= 2 and plain.endswith(label)
    return len(label) >= 3 and plain.endswith(" " + label)


def _close(item: Field, heading: Heading) -> bool:
    """Whether the heading could be meant as the field, so that a person is asked."""
    plain = plain_heading(heading.text)
    if not 2 <= len(plain) <= _LONGEST_HEADING or _never(item, plain):
        return False
    if plain in map(plain_heading, item.maybe):
        return True
    for label in map(plain_heading, item.labels):
        if _HAN.search(label):
            if len(label) >= 2 and (label in plain or plain in label):
                return True
        elif len(label) >= 3 and f" {label} " in f" {plain} ":
            return True
        if len(plain) >= 3 and SequenceMatcher(None, label, plain).ratio() >= _CLOSE_ENOUGH:
            return True
    return False


def _never(item: Field, plain: str) -> bool:
    return any(plain_heading(word) in plain for word in item.never)


def _choose(pairs: list[_Fit], chosen: dict[str, Heading], unsure: list[Doubt]) -> None:
    """Give fields their columns out of pairs that fit equally well; where two compete, ask."""
    fields, columns = _settled_fields(chosen, unsure), _settled_columns(chosen, unsure)
    free = [fit for fit in pairs if fit.field.key not in fields and fit.heading.column not in columns]
    for fit in free:
        same_field = [one for one in free if one.field is fit.field]
        same_column = [one for one in free if one.heading is fit.heading]
        if len(same_field) == len(same_column) == 1:
            chosen[fit.field.key] = fit.heading
        elif fit.field.key not in _settled_fields(chosen, unsure):
            keys = tuple(dict.fromkeys(one.field.key for one in same_column))
            unsure.append(Doubt(keys, tuple(dict.fromkeys(one.heading for one in same_field))))


def _doubt_second_amounts(fits: list[_Fit], chosen: dict[str, Heading], unsure: list[Doubt]) -> None:
    """Of two columns of money none is chosen by its name: 金额 and 捐款金额 may be a total and a part of it."""
    for item in dict.fromkeys(fit.field for fit in fits if fit.field.kind == "amount"):
        own = chosen.get(item.key)
        taken = _settled_columns(chosen, unsure)
        others = [fit.heading for fit in fits if fit.field is item and fit.heading.column not in taken]
        if own is not None and others:
            del chosen[item.key]
            unsure.append(Doubt((item.key,), (own, *others)))


def _settled_fields(chosen: Mapping[str, Heading], unsure: Sequence[Doubt]) -> set[str]:
    return set(chosen) | {key for doubt in unsure for key in doubt.fields}


def _settled_columns(chosen: Mapping[str, Heading], unsure: Sequence[Doubt]) -> set[int]:
    return {heading.column for heading in chosen.values()} | {
        heading.column for doubt in unsure for heading in doubt.headings
    }


def _check_overrides(fields: Sequence[Field], overrides: Mapping[str, str]) -> None:
    known = {item.key for item in fields}
    given = [key for key in overrides.values() if key]
    for key in given:
        if key not in known:
            raise Refused(
                N_("没有“%(key)s”这个栏目，可用的有：%(known)s"), key=key, known="、".join(sorted(known))
            )
        if given.count(key) > 1:
            raise Refused(N_("“%(key)s”这个栏目指定了两列"), key=key)


def _overridden(
    headings: Sequence[Heading], fields: Sequence[Field], overrides: Mapping[str, str]
) -> tuple[dict[str, Heading], list[Heading]]:
    chosen: dict[str, Heading] = {}
    left = list(headings)
    for wanted, key in overrides.items():
        found = [one for one in headings if one.text.strip() == wanted.strip()]
        found = found or [one for one in headings if plain_heading(one.text) == plain_heading(wanted)]
        found = found or [one for one in headings if column_letter(one.column) == wanted.strip().upper()]
        if not found:
            raise Refused(N_("没有“%(heading)s”这一列"), heading=wanted)
        if len(found) > 1:
            raise Refused(N_("有两列都叫“%(heading)s”，请用列号（如 G）指定"), heading=wanted)
        left.remove(found[0])
        if key:
            chosen[key] = found[0]
    return chosen, left


def _readings(sheet: Sheet, row: Row) -> list[tuple[list[Heading], int]]:
    """The row as headings; and, where cells in it are merged, together with the row below it."""
    alone = [Heading(cell.column, cell.text.strip(), cell.address) for cell in row.filled()]
    readings = [(alone, row.number)]
    areas = [area for area in sheet.merged if area.top == row.number]
    below = next((one for one in sheet.rows if one.number == row.number + 1), None)
    if below is not None and any(area.right > area.left or area.bottom > area.top for area in areas):
        upper = {heading.column: heading for heading in alone}
        both = dict(upper)
        both.update(
            {cell.column: Heading(cell.column, cell.text.strip(), cell.address) for cell in below.filled()}
        )
        readings.append(([both[column] for column in sorted(both)], below.number))
    return readings


def _score(headings: Sequence[Heading], fields: Sequence[Field], overrides: Mapping[str, str]) -> int:
    """How much a row looks like headings: 0 unless two different fields are named in it."""
    named: dict[str, int] = {}
    told = {plain_heading(heading): key for heading, key in overrides.items() if key}
    for heading in headings:
        if len(heading.text) > _LONGEST_HEADING:
            continue
        if plain_heading(heading.text) in told:
            named[told[plain_heading(heading.text)]] = _EXACT
            continue
        for item in fields:
            fit = _fit(item, heading)
            if fit is not None:
                named[item.key] = max(named.get(item.key, 0), fit.grade)
    return sum(named.values()) if len(named) >= 2 else 0


def _refuse_other_units(item: Field, heading: Heading) -> None:
    if item.kind in ("amount", "price") and _OTHER_UNIT.search(folded(heading.text)):
        raise Refused(
            N_("%(address)s 表头“%(heading)s”的单位不是元，请换算成元后再上传"),
            address=heading.address,
            heading=heading.text,
        )
