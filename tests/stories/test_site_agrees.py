"""The example fund says the same on its home page, in its files, in its books and on paper."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.ledger import queries as ledger
from app.settings import Settings
from app.shared.money import yuan
from tests.public import reading
from tests.visitor import Visitor
from tests.workbooks import commands

Visit = Callable[..., Visitor]
IN, OUT, HELD, GOODS = 35_667_500, 35_600_000, 67_500, 40_000


def test_home_says_what_the_books_say(visit: Visit) -> None:
    home = visit().get("/")
    assert reading.figures(home) == {
        "累计收到": yuan(IN),
        "已经支出": yuan(OUT),
        "现在结余": yuan(HELD),
    }
    assert "另有物资 18 件，估值 400.00 元" in home.words
    assert "示例数据：两笔单位捐赠、晚会总额与修路用途来自公开报道，其余均为演示所设" in home.html


def test_files_say_what_the_books_say(visit: Visit, session: Session) -> None:
    told = json.loads(visit().get("/ledger.json").content)
    assert told["totals"] == {"in_minor": IN, "out_minor": OUT, "held_minor": HELD, "goods_minor": GOODS}
    listed = {"in": 0, "out": 0}
    for entry in told["entries"]:
        if entry["direction"] in listed:
            listed[entry["direction"]] += entry["amount_minor"] * entry["sign"]
    assert listed == {"in": IN, "out": OUT}
    table = list(csv.DictReader(io.StringIO(visit().get("/ledger.csv").content.decode("utf-8-sig"))))
    assert len(table) == len(told["entries"]) == 13, "the gala is one row"
    money = {
        row.account_code: row.debit_minor - row.credit_minor
        for row in ledger.trial_balance(session, 1)
        if row.account_code in ("1001", "1009")
    }
    bank = sum(
        row.debit_minor - row.credit_minor
        for row in ledger.trial_balance(session, 1)
        if row.account_code == "1002"
    )
    assert sum(money.values()) + bank == told["totals"]["held_minor"]


@pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)
def test_paper_says_what_the_books_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    paper = tmp_path / "statement.pdf"
    with commands(settings, monkeypatch, capsys) as run:
        status, _, err = run("statement", "--from", "2023-09-01", "--to", "2023-12-31", "--out", paper)
        assert (status, err) == (0, "")
    text = subprocess.run(
        ["pdftotext", "-layout", paper, "-"], capture_output=True, check=True, text=True
    ).stdout
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for name, figures in (
        ("收入合计", f"{yuan(667_500)} {yuan(35_000_000)} {yuan(IN)}"),
        ("支出合计", f"{yuan(600_000)} {yuan(35_000_000)} {yuan(OUT)}"),
        ("期末结余", f"{yuan(HELD)} {yuan(0)} {yuan(HELD)}"),
    ):
        assert any(name in line and figures in line for line in lines), name
    assert "示例数据" in text
