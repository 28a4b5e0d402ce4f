"""A register of moves between money accounts as it will be booked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, Refused
from app.shared.text import normal
from app.sheets.cells import parse_amount, parse_date, parse_text
from app.sheets.opening import OpenedRegister
from app.sheets.rows import CellRefusal, DataRow, Note

State = Literal["new", "same", "refused"]


@dataclass(frozen=True, slots=True)
class PlannedAccount:
    """A money account that a row names."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One row of the register; amount and fee in fen. ``key`` is what keeps the same row from being booked twice."""

    number: int
    moved_on: date | None
    source_text: str
    target_text: str
    amount_minor: int | None
    fee_minor: int
    memo: str
    addresses: Mapping[str, str]
    refusals: tuple[CellRefusal, ...] = ()
    notes: tuple[Note, ...] = ()
    key: str = ""
    source: PlannedAccount | None = None
    target: PlannedAccount | None = None
    entry_number: int | None = None

    @property
    def state(self) -> State:
        """Whether the row will be booked; "same" is booked already, as ``entry_number``."""
        return "same" if self.entry_number is not None else "refused" if self.refusals else "new"

    def refused(self, key: str, sentence: str, **values: Any) -> TransferRow:
        """The row with one more cell refused, unless that cell was refused already."""
        if any(one.field == key for one in self.refusals):
            return self
        one = CellRefusal(key, self.addresses.get(key, ""), Refused(sentence, **values))
        return replace(self, refusals=(*self.refusals, one))


@dataclass(frozen=True, slots=True)
class TransferPreview:
    """A register of moves read against the books; nothing of it is booked yet."""

    fund_id: int
    opened: OpenedRegister
    question: Literal["", "sheet", "headings"]
    rows: tuple[TransferRow, ...] = ()
    notes: tuple[Note, ...] = ()

    def of(self, *states: State) -> list[TransferRow]:
        """The rows in these states, in the order of the register."""
        return [row for row in self.rows if row.state in states]

    @property
    def refused(self) -> list[TransferRow]:
        """Rows that cannot be booked as they are."""
        return self.of("refused")

    @property
    def total_minor(self) -> int:
        """What will be moved, in fen."""
        return sum(row.amount_minor or 0 for row in self.of("new"))

    @property
    def digest(self) -> str:
        """Tells whether two readings would book the same."""
        plan = [
            [
                row.number,
                row.state,
                row.key,
                row.source.id if row.source else 0,
                row.target.id if row.target else 0,
            ]
            for row in self.rows
        ]
        return hashlib.sha256(canonical_bytes([self.opened.sha256, plan])).hexdigest()


def read_transfer_row(row: DataRow, today: date) -> TransferRow:
    """Read one row. What cannot be taken stands in ``refusals`` with its cell."""
    refusals = list(row.refusals)

    def text(key: str, longest: int) -> str:
        found = normal(row.read(key, parse_text, refusals) or "")
        if len(found) > longest:
            refusals.append(
                CellRefusal(key, row.cell(key).address, Refused(N_("最多 %(longest)s 个字"), longest=longest))
            )
        return found

    moved_on = row.read("date", lambda cell: parse_date(cell, today), refusals)
    amount = row.read("amount", parse_amount, refusals)
    fee = row.read("fee", lambda cell: parse_amount(cell, zero_allowed=True), refusals)
    read = TransferRow(
        number=row.number,
        moved_on=moved_on,
        source_text=text("from_account", 100),
        target_text=text("to_account", 100),
        amount_minor=amount,
        fee_minor=fee or 0,
        memo=text("memo", 400),
        addresses={key: cell.address for key, cell in row.cells.items()},
        refusals=tuple(refusals),
    )
    for key, sentence in (
        ("date", N_("没有填写日期")),
        ("from_account", N_("没有填写转出账户")),
        ("to_account", N_("没有填写转入账户")),
        ("amount", N_("没有填写金额")),
    ):
        if row.cell(key).blank:
            read = read.refused(key, sentence)
    return read


def with_keys(rows: Sequence[TransferRow], fund_id: int) -> list[TransferRow]:
    """Each row with its key: what it says and, for rows that say the same, which of them it is."""
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        said = [
            fund_id,
            row.moved_on.isoformat() if row.moved_on else "",
            row.source.id if row.source else 0,
            row.target.id if row.target else 0,
            row.amount_minor or 0,
            row.fee_minor,
            row.memo,
        ]
        digest = hashlib.sha256(canonical_bytes(said)).hexdigest()[:40]
        seen[digest] = seen.get(digest, 0) + 1
        found.append(replace(row, key=f"transfer-row:{digest}:{seen[digest]}"))
    return found
