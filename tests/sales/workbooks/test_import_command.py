"""`sunledger import sales`: what it prints, and the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.example.rules import DONATIONS, SALES, WORKBOOKS
from app.sales.models import SaleEvent
from tests.sales.workbooks.conftest import lot, sale
from tests.workbooks import Run

GALA, REGISTER = WORKBOOKS / SALES, WORKBOOKS / DONATIONS


@pytest.fixture
def gifts(run: Run) -> None:
    """The office's gift register, imported."""
    assert run("import", "donations", REGISTER, "--split", "7=even")[0] == 0


def _events(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(SaleEvent.status)))


@pytest.mark.usefixtures("gifts")
def test_the_gala_is_imported_and_closed(session: Session, run: Run) -> None:
    status, out, err = run("import", "sales", GALA, "--register", REGISTER, "--close")
    assert (status, err) == (0, "")
    assert "来源按登记表《“一米阳光”社区慈善基金捐赠登记表(2023年)》的序号" in out
    assert "A02  馕(十个装)  义卖  12×10  300.00  现金  ← 3 馕 120个" in out
    assert "E02  手工围巾  义拍  1×1  100.00  微信  ← 7 手工围巾 1条" in out
    assert "已登记 10 件拍品、10 笔成交，募捐箱 30.00 元，合计 1,675.00 元；不能记入 0 行" in out
    assert "义卖已结束，分录第 9 至 19 号" in out
    assert _events(session) == ["closed"]
    status, out, err = run("import", "sales", GALA, "--register", REGISTER)
    assert (status, out) == (1, "")
    assert err.startswith("这份文件已经导入过（")
    assert len(err.splitlines()) == 1


@pytest.mark.usefixtures("gifts")
def test_a_dry_run_records_nothing(session: Session, run: Run) -> None:
    assert run("import", "sales", GALA, "--close", "--dry-run")[0] == 0
    assert _events(session) == []


def test_a_register_that_is_not_in_cannot_be_pointed_to(session: Session, run: Run) -> None:
    status, _, err = run("import", "sales", GALA, "--register", REGISTER)
    assert status == 1
    assert err == "“捐赠登记表.xlsx”还没有导入，请先运行 sunledger import donations\n"
    assert _events(session) == []


@pytest.mark.usefixtures("gifts")
def test_what_is_asked_names_the_option_that_answers(session: Session, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "义卖.csv"
    file.write_bytes(
        sale(lot("A02", "馕(十个装)", "3", "2", "", "25", "50"), lot("E01", "帽子", "7", "1", "", "5", "5"))
    )
    status, out, err = run("import", "sales", file)
    assert (status, len(err.splitlines())) == (1, 1)
    assert "每份含几件？名称里写的是 10。请填写“每份含”，或用 --units A02=件数" in out
    assert "来源有几种物品：衣帽、手工围巾。请用 --goods E01=物品 说明" in out
    assert _events(session) == []
    status, out, _ = run("import", "sales", file, "--units", "A02=10", "--goods", "E01=衣帽")
    assert status == 0
    assert "← 3 馕 20个" in out
    assert _events(session) == ["open"]


@pytest.mark.usefixtures("gifts")
def test_a_day_that_the_title_does_not_tell_is_an_option(session: Session, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "义卖.csv"
    file.write_bytes(sale(lot(), title="义卖登记表"))
    status, _, err = run("import", "sales", file)
    assert (status, err) == (1, "标题里没有写活动的名称和日期，请用 --name 和 --date 说明\n")
    assert run("import", "sales", file, "--date", "2023-09-28", "--actor", "secretary@example.org")[0] == 0
    assert session.scalar(select(func.count()).select_from(SaleEvent)) == 1


@pytest.mark.usefixtures("gifts")
def test_the_actor_needs_the_office_for_it(session: Session, run: Run) -> None:
    status, _, err = run("import", "sales", GALA, "--actor", "cashier@example.org")
    assert (status, err) == (1, "您的岗位没有这项权限\n")
    assert _events(session) == []
