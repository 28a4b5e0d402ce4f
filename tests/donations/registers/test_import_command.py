"""`sunledger import donations`: rows with reasons on standard output, one sentence on standard error, and the exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import app.cli
from app.donations.models import Donation
from app.ledger.queries import earmark_with_slug
from app.settings import Settings
from tests.donations.registers.conftest import EXAMPLE, ROAD
from tests.sheets import office_files

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return `run(file, *options)`: exit status, standard output, standard error."""
    monkeypatch.setenv("SUNLEDGER_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("SUNLEDGER_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("SUNLEDGER_ENV", "development")
    app.cli.settings.cache_clear()

    def command(file: Path, *options: str) -> tuple[int, str, str]:
        status = app.cli.run(["import", "donations", str(file), *options])
        said = capsys.readouterr()
        return status, said.out, said.err

    yield command
    app.cli.settings.cache_clear()


def _gifts(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Donation)) or 0


def test_the_office_register_is_imported_once(session: Session, run: Run) -> None:
    status, out, err = run(EXAMPLE, "--split", "7=even", "--earmark", f"{ROAD}=road")
    assert (status, err) == (0, "")
    assert "已记入 8 笔：捐款 355,000.00 元，物资 2,220.00 元" in out
    assert "手工围巾 1条 20.00" in out
    assert _gifts(session) == 8
    assert earmark_with_slug(session, "road") is not None
    status, out, err = run(EXAMPLE, "--split", "7=even")
    assert (status, out) == (1, "")
    assert err.startswith("这份文件已经导入过（")
    assert len(err.splitlines()) == 1
    assert _gifts(session) == 8


def test_without_an_answer_nothing_is_recorded(session: Session, run: Run) -> None:
    status, out, err = run(EXAMPLE)
    assert status == 1
    assert "写了几种物品和一个金额，请用 --split 7=even" in out
    assert err == "有 1 行不能记入，什么都没有记；请改正后再导入，或选择只记入其余的行\n"
    assert _gifts(session) == 0
    status, out, _ = run(EXAMPLE, "--accept-good-rows")
    assert status == 0
    assert _gifts(session) == 7


def test_a_dry_run_shows_all_and_records_nothing(session: Session, run: Run) -> None:
    status, out, _ = run(EXAMPLE, "--split", "7=even", "--dry-run")
    assert status == 0
    assert "新疆三为城市生态环境科技服务有限公司" in out
    assert _gifts(session) == 0
    assert run(EXAMPLE, "--dry-run")[0] == 1


def test_columns_are_mapped_and_csv_of_older_programs_is_read(
    session: Session, run: Run, tmp_path: Path
) -> None:
    unsure = tmp_path / "unsure.xlsx"
    unsure.write_bytes(office_files.bilingual())
    status, _, err = run(unsure)
    assert status == 1
    assert "请用 --map 表头=字段 说明" in err
    status, _, _ = run(unsure, "--map", "捐赠类型=donor_kind", "--map", "D=amount", "--map", "捐款金额=")
    assert status == 0
    old = tmp_path / "beixin.csv"
    old.write_bytes(office_files.beixin())
    assert run(old)[0] == 0
    assert _gifts(session) == 3


def test_the_actor_needs_the_office_for_it(session: Session, run: Run) -> None:
    status, _, err = run(EXAMPLE, "--split", "7=even", "--actor", "cashier@example.org")
    assert (status, err) == (1, "您的岗位没有这项权限\n")
    assert run(EXAMPLE, "--split", "7=even", "--actor", "nobody@example.org")[0] == 1
    assert _gifts(session) == 0
    status, _, _ = run(EXAMPLE, "--split", "7=even", "--actor", "secretary@example.org")
    assert status == 0
    session.rollback()
    assert session.scalars(select(Donation.recorded_by_id).distinct()).one() is not None


def test_a_malformed_option_or_file_is_one_sentence(run: Run, tmp_path: Path) -> None:
    status, _, err = run(EXAMPLE, "--split", "even")
    assert status != 0
    assert "NAME=VALUE" in err
    image = tmp_path / "image.xlsx"
    image.write_bytes(b"\x89PNG\r\n\x1a\n1234")
    status, _, err = run(image)
    assert (status, len(err.splitlines())) == (1, 1)
    assert "其实是图片" in err
    assert run(tmp_path / "nothing.xlsx")[0] != 0
