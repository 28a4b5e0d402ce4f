"""Reading a register of moves against the books: what an import would do, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.orm import Session

from app.ledger import queries as ledger
from app.ledger.structure.models import MoneyAccount
from app.ledger.treasury.workbooks import queries
from app.ledger.treasury.workbooks.rules import (
    PlannedAccount,
    TransferPreview,
    TransferRow,
    read_transfer_row,
    with_keys,
)
from app.shared import clock
from app.shared.errors import N_, Conflict, Refused
from app.shared.money import Money
from app.shared.periods import month_of
from app.sheets.fields import TRANSFER_FIELDS
from app.sheets.opening import open_register
from app.sheets.vocabulary import money_account_kind_of


def read_transfers(
    session: Session,
    fund_id: int,
    content: bytes,
    file_name: str,
    *,
    today: date,
    mapping: Mapping[str, str] | None = None,
    splits: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> TransferPreview:
    """What importing this file would do: each row as it will be booked, skipped, or refused with its cell. Writes nothing.

    Raises Refused for a file that is no such register, Conflict for a file that is in already.
    """
    opened = open_register(content, file_name, TRANSFER_FIELDS, mapping=mapping, sheet=sheet)
    before = queries.imported_at(session, fund_id, opened.sha256)
    if before is not None:
        raise Conflict(
            N_("这份文件已经导入过（%(day)s）"), field="file", day=clock.local(before).date().isoformat()
        )
    if opened.question or opened.table is None:
        return TransferPreview(fund_id, opened, opened.question or "headings")
    for name in splits or {}:
        raise Refused(N_("第 %(row)s 行没有写几种物品，不需要拆分"), field="split", row=name)
    accounts = _Accounts(ledger.money_accounts_of(session, fund_id))
    rows = with_keys([accounts.place(read_transfer_row(row, today)) for row in opened.table.rows], fund_id)
    booked = queries.entries_of_keys(session, [row.key for row in rows])
    rows = [replace(row, entry_number=booked.get(row.key)) for row in rows]
    balances = _Balances(session, fund_id)
    return TransferPreview(
        fund_id, opened, "", tuple(balances.checked(row) for row in rows), opened.table.notes
    )


class _Accounts:
    """The money accounts of a fund by what a register calls them."""

    def __init__(self, accounts: list[MoneyAccount]) -> None:
        self._accounts = accounts

    def place(self, row: TransferRow) -> TransferRow:
        """The row with its two accounts, or with the reason why one is not clear."""
        for key, text in (("from_account", row.source_text), ("to_account", row.target_text)):
            if not text:
                continue
            try:
                found = self._named(text)
            except Refused as refusal:
                row = row.refused(key, refusal.sentence, **refusal.values)
                continue
            row = replace(row, source=found) if key == "from_account" else replace(row, target=found)
        if row.source is not None and row.source == row.target:
            row = row.refused("to_account", N_("转出和转入不能是同一个账户"))
        return row

    def _named(self, text: str) -> PlannedAccount:
        exact = [one for one in self._accounts if one.name == text]
        if not exact:
            exact = [one for one in self._accounts if one.kind == _kind_of(text)]
        if len(exact) != 1:
            raise Refused(
                N_("不能确定“%(account)s”是哪个资金账户，可用的有：%(known)s"),
                account=text,
                known="、".join(one.name for one in self._accounts),
            )
        return PlannedAccount(exact[0].id, exact[0].name)


def _kind_of(text: str) -> str | None:
    try:
        return money_account_kind_of(text)
    except Refused:
        return None


@dataclass(slots=True)
class _Balances:
    """Refuses what booking would refuse: closed months, and accounts that hold too little on the day."""

    session: Session
    fund_id: int
    _moved: dict[int, int] = field(default_factory=dict)

    def checked(self, row: TransferRow) -> TransferRow:
        if row.state != "new" or row.moved_on is None or row.source is None or row.target is None:
            return row
        if ledger.is_closed(self.session, self.fund_id, row.moved_on):
            return row.refused(
                "date", N_("%(month)s 已结账，请把日期记在未结账的月份"), month=month_of(row.moved_on)
            )
        amount = row.amount_minor or 0
        held = ledger.balance_on(self.session, row.source.id, row.moved_on) + self._moved.get(
            row.source.id, 0
        )
        if held < amount + row.fee_minor:
            return row.refused(
                "amount",
                N_("“%(account)s”在 %(day)s 只有 %(balance)s 元，不够支付"),
                account=row.source.name,
                day=row.moved_on.isoformat(),
                balance=Money(max(held, 0)),
            )
        self._moved[row.source.id] = self._moved.get(row.source.id, 0) - amount - row.fee_minor
        self._moved[row.target.id] = self._moved.get(row.target.id, 0) + amount
        return row
