"""A fund with gifts in kind from a register, and ways to read and import the register of a sale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.donations.registers.importing import read_donations
from app.donations.registers.operations import import_donations
from app.funds.queries import only_fund
from app.sales.workbooks.importing import read_sale
from app.sales.workbooks.operations import ImportedSale, import_sale
from app.sales.workbooks.rules import SalePreview
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from tests import factories
from tests.workbooks import Run, commands, csv

Give = Callable[..., None]
Read = Callable[..., SalePreview]
Import = Callable[..., ImportedSale]

TITLE = "义卖登记表 2023年9月28日"
HEADINGS = ("拍品号", "物品", "来源", "方式", "数量", "每份含", "单价", "收款", "付款方式", "买受人")
GOODS = (
    ("3", "馕 300个", "900"),
    ("4", "儿童图书 40册", "200"),
    ("7", "衣帽 14件、手工围巾 1条", "300"),
)


def sale(*rows: tuple[object, ...], title: str = TITLE, total: tuple[object, str] | None = None) -> bytes:
    """The register of a sale; ``total`` is the sum and the remark of its last row."""
    last = () if total is None else (("合计", "", "", "", "", "", "", total[0], "", total[1]),)
    return csv(title, HEADINGS, *rows, *last)


def lot(
    number: str = "A01",
    item: str = "馕",
    source: object = "3",
    quantity: object = "10",
    units: object = "",
    price: object = "3",
    amount: object = "30",
    method: str = "现金",
    mode: str = "义卖",
    buyer: str = "",
) -> tuple[object, ...]:
    """One row of the register."""
    return (number, item, source, mode, quantity, units, price, amount, method, buyer)


BOX = ("G01", "现场募捐箱", "", "募捐箱", "", "", "", "5", "现金", "")


@pytest.fixture
def give(session: Session, settings: Settings) -> Give:
    """Return `give(title, rows)`: import a register of gifts in kind."""

    def record(title: str = "捐赠登记表", rows: tuple[tuple[str, str, str], ...] = GOODS) -> None:
        lines = [
            (number, "2023-09-27", "某商户", "商户", "实物", items, value, "")
            for number, items, value in rows
        ]
        content = csv(
            title, ("序号", "日期", "捐赠人", "类型", "捐赠形式", "物品/数量", "金额", "指定用途"), *lines
        )
        splits = {number: "even" for number, items, _ in rows if "、" in items}
        fund = only_fund(session, None)
        actor = factories.actor(session, "secretary")
        with transaction(session, books=True):
            preview = read_donations(
                session, fund, content, f"{title}.csv", today=clock.today(), splits=splits
            )
            import_donations(session, actor, preview, files_dir=settings.files_dir)

    return record


@pytest.fixture
def goods(give: Give) -> None:
    """Naan, books, clothes and a scarf in stock, numbered 3, 4 and 7 in one register."""
    give()


@pytest.fixture
def read(session: Session) -> Read:
    """Return `read(content, **answers)`: the preview of a register."""

    def preview(content: bytes, file_name: str = "义卖.csv", **answers: Any) -> SalePreview:
        session.rollback()
        return read_sale(
            session, only_fund(session, None).id, content, file_name, today=clock.today(), **answers
        )

    return preview


@pytest.fixture
def imported(session: Session, settings: Settings) -> Import:
    """Return `imported(content, who="secretary", **answers)`: read and record in one transaction."""

    def record(
        content: bytes,
        file_name: str = "义卖.csv",
        *,
        who: str = "secretary",
        accept_good_rows: bool = False,
        close: bool = False,
        **answers: Any,
    ) -> ImportedSale:
        session.rollback()
        actor = factories.actor(session, who)
        with transaction(session, books=True):
            preview = read_sale(
                session, only_fund(session, None).id, content, file_name, today=clock.today(), **answers
            )
            return import_sale(
                session,
                actor,
                preview,
                files_dir=settings.files_dir,
                accept_good_rows=accept_good_rows,
                close=close,
            )

    return record


@pytest.fixture
def run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return `run(*arguments)`: exit status, standard output, standard error of `sunledger`."""
    with commands(settings, monkeypatch, capsys) as given:
        yield given
