"""The rows of a filter as JSON and CSV, streamed, and as a workbook."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from app.ledger.listing.selects.queries import ListedRow
from app.ledger.totals.queries import Totals
from app.public.queries import Names, path_of
from app.shared import clock
from app.sheets.writing import Column, SheetToWrite, Written, csv_lines, write_workbook

COLUMNS = (
    Column("number", "count"),
    Column("occurred_on", "date"),
    Column("recorded_at"),
    Column("kind"),
    Column("direction"),
    Column("amount", "amount"),
    Column("currency"),
    Column("fund"),
    Column("earmark"),
    Column("restriction"),
    Column("sign", "count"),
    Column("description"),
    Column("party"),
    Column("document"),
    Column("reverses", "count"),
    Column("reversed_by", "count"),
    Column("log_index", "count"),
    Column("url"),
)
"""Columns of the CSV: the fields of the JSON, but the amount is in yuan."""

NO_TOTALS = Totals(None, None, None, None)


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """What a file of the ledger says beside its rows. ``site`` is the public address in front of paths, or "".

    ``slugs`` are those of the sale events, by id.
    """

    names: Names
    slugs: dict[int, str]
    site: str
    fund: str | None
    as_of: date
    log_size: int
    totals: Totals
    held_minor: int
    next_after: int | None = None


def json_record(row: ListedRow, file: LedgerFile) -> dict[str, object]:
    """One row of ``/ledger.json``."""
    fund, earmark = file.names.funds[row.fund_id], file.names.earmarks[row.earmark_id]
    record: dict[str, object] = {
        "number": row.number,
        "occurred_on": row.occurred_on.isoformat(),
        "recorded_at": _instant(row),
        "kind": row.kind,
        "direction": row.direction,
        "amount_minor": row.amount_minor,
        "currency": fund.currency,
        "fund": fund.slug,
        "earmark": earmark.slug,
        "restriction": earmark.restriction,
        "sign": row.sign,
        "description": row.description,
        "party": row.party,
        "document": row.document,
        "reverses": row.reverses_number,
        "reversed_by": row.reversed_by_number,
        "log_index": row.log_position,
        "url": file.site + path_of(row, file.slugs),
    }
    if row.is_event:
        record["entries"] = list(range(row.first_number, row.number + 1))
    return record


def json_parts(rows: Iterable[ListedRow], file: LedgerFile) -> Iterator[str]:
    """The text of ``/ledger.json`` in parts, so that any number of rows fits into little memory."""
    head = {
        "fund": file.fund,
        "as_of": file.as_of.isoformat(),
        "log_size": file.log_size,
        "totals": {
            "in_minor": file.totals.in_minor,
            "out_minor": file.totals.out_minor,
            "held_minor": file.held_minor,
            "goods_minor": file.totals.goods_minor,
        },
    }
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    yield encode(head)[:-1] + ',"entries":['
    separator = ""
    for each in rows:
        yield separator + encode(json_record(each, file))
        separator = ",\n"
    yield f'],"next":{json.dumps(file.next_after)}}}\n'


def csv_parts(rows: Iterable[ListedRow], file: LedgerFile) -> Iterator[str]:
    """The lines of ``/ledger.csv``: UTF-8 with the mark that makes Excel read it, yuan with two decimals."""
    return csv_lines(COLUMNS, (_cells(row, file, str) for row in rows))


def workbook(
    rows: Iterable[ListedRow],
    file: LedgerFile,
    headings: dict[str, str],
    shown: Callable[[str], str],
    title: str,
) -> bytes:
    """A workbook of the rows for people: ``headings`` by column, ``shown`` translates kinds and directions."""
    columns = [Column(headings[column.heading], column.kind) for column in COLUMNS]
    cells = (_cells(row, file, shown) for row in rows)
    return write_workbook([SheetToWrite(title, columns, cells)], created=clock.now())


def _cells(row: ListedRow, file: LedgerFile, shown: Callable[[str], str]) -> tuple[Written, ...]:
    fund, earmark = file.names.funds[row.fund_id], file.names.earmarks[row.earmark_id]
    return (
        row.number,
        row.occurred_on,
        _instant(row),
        shown(row.kind),
        shown(row.direction),
        row.amount_minor,
        fund.currency,
        fund.slug,
        earmark.slug,
        shown(earmark.restriction),
        row.sign,
        row.description,
        row.party,
        row.document,
        row.reverses_number,
        row.reversed_by_number,
        row.log_position,
        file.site + path_of(row, file.slugs),
    )


def _instant(row: ListedRow) -> str:
    return f"{row.recorded_at:%Y-%m-%dT%H:%M:%SZ}"
