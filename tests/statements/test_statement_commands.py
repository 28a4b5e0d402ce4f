"""`sunledger statement` issues a document; `sunledger export` gives the files of the site."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.documents.models import IssuedDocument
from app.settings import Settings
from app.shared import clock
from tests.statements.worked_example import Example
from tests.visitor import Visitor
from tests.workbooks import Run, commands

on_one_database = pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)


@pytest.fixture
def run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return `run(*arguments)`: status, output and errors of a command on this installation."""
    with commands(settings, monkeypatch, capsys) as given:
        yield given


def issued(session: Session) -> list[IssuedDocument]:
    session.rollback()
    return list(session.scalars(select(IssuedDocument).order_by(IssuedDocument.id)))


@on_one_database
def test_statement_is_issued_once_and_written(
    run: Run, session: Session, example: Example, tmp_path: Path
) -> None:
    out = tmp_path / "autumn.pdf"
    autumn = ("statement", "--from", "2023-09-01", "--to", "2023-12-31", "--out", out)
    number = f"{clock.today().year}-01"
    assert run(*autumn) == (0, f"{number} version 1 issued: {out}\n", "")
    first = out.read_bytes()
    assert first.startswith(b"%PDF-")
    status, said, _ = run(*autumn, "--fund", "yimi-yangguang")
    assert (status, said) == (0, f"{number} version 1 was issued before with the same figures: {out}\n")
    assert out.read_bytes() == first
    assert run(*autumn, "--locale", "en")[0] == 0
    assert out.read_bytes() != first
    (document,) = issued(session)
    assert document.issued_by_id is None


@on_one_database
def test_statement_by_somebody_needs_their_office(
    run: Run, session: Session, example: Example, tmp_path: Path
) -> None:
    month = ("statement", "--from", "2023-09-01", "--to", "2023-09-30", "--out", tmp_path / "x.pdf")
    status, _, error = run(*month, "--actor", "cashier@example.org")
    assert (status, error) == (1, "您的岗位没有这项权限\n")
    assert issued(session) == []
    assert run(*month, "--actor", "accountant@example.org")[0] == 0
    assert issued(session)[0].issued_by_id is not None


@on_one_database
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "2023-10-01", "--to", "2023-09-01"), "开始日期不能晚于结束日期"),
        (("--from", "2023-10-01", "--to", "2999-09-01"), "期间还没有结束"),
        (("--from", "2023-10-01", "--to", "2023-10-31", "--fund", "nobody"), "没有名为 nobody 的基金"),
        (("--from", "soon", "--to", "2023-10-31"), "does not match the format"),
        (("--to", "2023-10-31"), "Missing option '--from'"),
    ],
)
def test_wrong_statement_is_one_sentence_and_no_document(
    run: Run, session: Session, example: Example, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    status, said, error = run("statement", *arguments, "--out", tmp_path / "x.pdf")
    assert status != 0
    assert said == ""
    assert sentence in error
    assert issued(session) == []
    assert list(tmp_path.glob("*.pdf")) == []


def test_exports_are_the_files_of_the_site(
    run: Run, visit: Callable[..., Visitor], example: Example, tmp_path: Path
) -> None:
    out = tmp_path / "ledger.json"
    assert run("export", "--format", "json", "--out", out) == (0, "", "")
    assert out.read_bytes() == visit().get("/ledger.json").response.data
    exported = json.loads(out.read_bytes())
    assert len(exported["entries"]) == 23
    assert exported["totals"] == {
        "in_minor": 35_667_500,
        "out_minor": 35_600_000,
        "held_minor": 67_500,
        "goods_minor": 40_000,
    }
    table = tmp_path / "ledger.csv"
    assert run("export", "--format", "csv", "--fund", "yimi-yangguang", "--out", table)[0] == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    assert [int(row["number"]) for row in rows] == list(range(23, 0, -1))


def test_export_of_an_unknown_fund_is_refused(run: Run, session: Session, tmp_path: Path) -> None:
    status, _, error = run("export", "--format", "csv", "--fund", "nobody", "--out", tmp_path / "x.csv")
    assert (status, error) == (1, "没有名为 nobody 的基金\n")
    assert list(tmp_path.glob("*.csv")) == []
    assert run("export", "--format", "ods")[0] != 0
    assert run("export", "--format", "csv", "--out", tmp_path / "no" / "x.csv")[0] != 0
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 0
