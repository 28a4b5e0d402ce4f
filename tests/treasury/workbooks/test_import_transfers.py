"""Moves between cash, WeChat and bank come in by a register: each row once, never more than an account holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.example.rules import TRANSFERS, WORKBOOKS
from app.funds.queries import only_fund
from app.ledger import queries as ledger
from app.ledger.models import JournalEntry
from app.ledger.operations import Posted
from app.ledger.treasury.operations import close_month, open_money_account, record_opening
from app.ledger.treasury.workbooks.importing import read_transfers
from app.ledger.treasury.workbooks.operations import import_transfers
from app.ledger.treasury.workbooks.rules import TransferPreview
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, Refused
from app.shared.money import yuan
from tests import factories
from tests.workbooks import Run, commands, csv, example

Import = Callable[..., list[Posted]]
Read = Callable[..., TransferPreview]
HEADINGS = ("日期", "转出账户", "转入账户", "金额", "手续费", "说明")
DAY = "2023-09-29"


def moves(*rows: tuple[object, ...]) -> bytes:
    """A register of moves."""
    return csv(HEADINGS, *rows)


@pytest.fixture(autouse=True)
def money(session: Session) -> None:
    """625 yuan in cash and 1,050 yuan in WeChat."""
    fund = only_fund(session, None)
    actor = factories.actor(session, "accountant")
    with transaction(session, books=True):
        earmark = ledger.unrestricted_earmark(session, fund.id)
        for kind, minor in (("cash", 62_500), ("wechat", 105_000)):
            account = ledger.money_account_of_kind(session, fund.id, kind)
            record_opening(session, actor, account, earmark, minor, date(2023, 9, 28))


@pytest.fixture
def read(session: Session) -> Read:
    """Return `read(content, **answers)`: the preview of a register."""

    def preview(content: bytes, **answers: Any) -> TransferPreview:
        session.rollback()
        fund_id = only_fund(session, None).id
        return read_transfers(session, fund_id, content, "划转.csv", today=clock.today(), **answers)

    return preview


@pytest.fixture
def imported(session: Session, settings: Settings) -> Import:
    """Return `imported(content, who="cashier")`: read and book in one transaction."""

    def book(
        content: bytes, *, who: str = "cashier", accept_good_rows: bool = False, **answers: Any
    ) -> list[Posted]:
        session.rollback()
        actor = factories.actor(session, who)
        with transaction(session, books=True):
            fund_id = only_fund(session, None).id
            preview = read_transfers(session, fund_id, content, "划转.csv", today=clock.today(), **answers)
            return import_transfers(
                session, actor, preview, files_dir=settings.files_dir, accept_good_rows=accept_good_rows
            )

    return book


@pytest.fixture
def run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return `run(*arguments)`: exit status, standard output, standard error of `sunledger`."""
    with commands(settings, monkeypatch, capsys) as given:
        yield given


def _balances(session: Session) -> dict[str, str]:
    session.rollback()
    fund_id = only_fund(session, None).id
    return {
        account.kind: yuan(ledger.balance_on(session, account.id, clock.today()))
        for account in ledger.money_accounts_of(session, fund_id)
    }


def _entries(session: Session) -> int:
    session.rollback()
    return len(session.scalars(select(JournalEntry.number)).all())


def test_the_office_register_moves_the_money_to_the_bank(session: Session, imported: Import) -> None:
    posted = imported(example(TRANSFERS))
    assert len(posted) == 2
    assert _balances(session) == {"bank": "1,675.00", "cash": "0.00", "wechat": "0.00", "alipay": "0.00"}
    kinds = session.scalars(
        select(JournalEntry.kind).where(JournalEntry.number.in_([each.number for each in posted]))
    ).all()
    assert set(kinds) == {"money_transfer"}


def test_a_fee_is_an_entry_of_its_own(session: Session, imported: Import) -> None:
    posted = imported(moves((DAY, "微信", "工行账户", "1,000.00", "1.00", "提现")))
    assert len(posted) == 2
    assert _balances(session)["wechat"] == "49.00"
    assert _balances(session)["bank"] == "1,000.00"


def test_the_same_file_is_in_already_and_a_longer_one_adds_its_new_rows(
    session: Session, read: Read, imported: Import
) -> None:
    first = (DAY, "现金", "银行", "625", "0", "缴存")
    imported(moves(first))
    with pytest.raises(Conflict, match="已经导入过"):
        imported(moves(first))
    longer = moves(first, (DAY, "微信", "银行", "1050", "0", "提现"))
    assert [row.state for row in read(longer).rows] == ["same", "new"]
    assert len(imported(longer)) == 1
    assert _balances(session)["bank"] == "1,675.00"


def test_two_rows_that_say_the_same_are_two_moves(session: Session, imported: Import) -> None:
    row = (DAY, "现金", "银行", "100", "", "缴存")
    assert len(imported(moves(row, row))) == 2
    assert _balances(session)["cash"] == "425.00"


WRONG_CELLS = (
    ((DAY, "现金", "银行", "626", "", ""), "D2", "“现金”在 2023-09-29 只有 625.00 元，不够支付"),
    ((DAY, "现金", "银行", "625", "1", ""), "D2", "“现金”在 2023-09-29 只有 625.00 元，不够支付"),
    (("2023-09-27", "现金", "银行", "1", "", ""), "D2", "“现金”在 2023-09-27 只有 0.00 元，不够支付"),
    ((DAY, "现金", "现金", "1", "", ""), "C2", "转出和转入不能是同一个账户"),
    (
        (DAY, "金库", "银行", "1", "", ""),
        "B2",
        "不能确定“金库”是哪个资金账户，可用的有：银行、现金、微信、支付宝",
    ),
    ((DAY, "", "银行", "1", "", ""), "B2", "没有填写转出账户"),
    ((DAY, "现金", "银行", "0", "", ""), "D2", "“0”：金额不能是零"),
    ((DAY, "现金", "银行", "1e18", "", ""), "D2", "“1e18”不是金额，请写成 1234.50 这样的数字"),
    (("2123-09-29", "现金", "银行", "1", "", ""), "A2", "“2123-09-29”是将来的日期"),
    (("0203-09-29", "现金", "银行", "1", "", ""), "A2", "“0203-09-29”的年份不对"),
)


def test_a_wrong_cell_is_refused_with_its_address(session: Session, read: Read, imported: Import) -> None:
    before = _entries(session)
    for row, address, reason in WRONG_CELLS:
        refusals = [(one.address, str(one.refusal)) for one in read(moves(row)).rows[0].refusals]
        assert (address, reason) in refusals
        with pytest.raises(Refused):
            imported(moves(row))
    assert _entries(session) == before


def test_rows_follow_one_another(session: Session, imported: Import) -> None:
    imported(moves((DAY, "微信", "银行", "1050", "", ""), (DAY, "银行", "现金", "1000", "", "备用金")))
    assert _balances(session) == {"bank": "50.00", "cash": "1,625.00", "wechat": "0.00", "alipay": "0.00"}


def test_the_rest_is_booked_when_refused_rows_are_left_out(session: Session, imported: Import) -> None:
    content = moves((DAY, "现金", "银行", "9999", "", ""), (DAY, "微信", "银行", "50", "", ""))
    with pytest.raises(Refused, match="1 行不能记入"):
        imported(content)
    assert len(imported(content, accept_good_rows=True)) == 1


def test_a_closed_month_is_refused(session: Session, read: Read) -> None:
    actor = factories.actor(session, "accountant")
    with transaction(session, books=True):
        close_month(session, actor, only_fund(session, None).id, "2023-09")
    row = read(moves((DAY, "现金", "银行", "1", "", ""))).rows[0]
    assert [(one.address, str(one.refusal)) for one in row.refusals] == [
        ("A2", "2023-09 已结账，请把日期记在未结账的月份")
    ]


def test_two_accounts_of_one_kind_are_told_apart_by_name(
    session: Session, read: Read, imported: Import
) -> None:
    fund_id = only_fund(session, None).id
    actor = factories.actor(session, "accountant")
    with transaction(session, books=True):
        open_money_account(session, actor, fund_id, "bank", "建行专户")
    row = read(moves((DAY, "现金", "建行", "1", "", ""))).rows[0]
    assert [str(one.refusal) for one in row.refusals] == [
        "不能确定“建行”是哪个资金账户，可用的有：银行、现金、微信、支付宝、建行专户"
    ]
    imported(moves((DAY, "现金", "建行专户", "1", "", "")))
    named = next(one for one in ledger.money_accounts_of(session, fund_id) if one.name == "建行专户")
    assert ledger.balance_on(session, named.id, clock.today()) == 100


def test_only_who_moves_money_may_import(session: Session, imported: Import) -> None:
    before = _entries(session)
    for who in ("secretary", "accountant", "chair"):
        with pytest.raises(Forbidden):
            imported(moves((DAY, "现金", "银行", "1", "", "")), who=who)
    assert _entries(session) == before


def test_there_is_nothing_to_split(read: Read) -> None:
    with pytest.raises(Refused, match="不需要拆分"):
        read(moves((DAY, "现金", "银行", "1", "", "")), splits={"2": "even"})


def test_by_command(session: Session, run: Run, tmp_path: Path) -> None:
    before = _entries(session)
    assert run("import", "transfers", WORKBOOKS / TRANSFERS, "--dry-run")[0] == 0
    assert _entries(session) == before
    status, out, err = run("import", "transfers", WORKBOOKS / TRANSFERS, "--actor", "cashier@example.org")
    assert (status, err) == (0, "")
    assert "现金 → 银行  625.00  慈善晚会现金缴存" in out
    assert "已记入 2 笔划转，合计 1,675.00 元" in out
    status, out, err = run("import", "transfers", WORKBOOKS / TRANSFERS)
    assert (status, out) == (1, "")
    assert err.startswith("这份文件已经导入过（")
    wrong = tmp_path / "图.xlsx"
    wrong.write_bytes(b"\x89PNG\r\n\x1a\n")
    status, _, err = run("import", "transfers", wrong)
    assert (status, len(err.splitlines())) == (1, 1)
