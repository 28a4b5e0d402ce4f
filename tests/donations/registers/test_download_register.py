"""The register comes back in the shape it was sent, with what is recorded now, and can be sent again."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donations.operations import correct_donor, correct_money, correct_words, reverse_donation
from app.donations.registers.exporting import register_workbook
from app.shared.db import transaction
from app.shared.errors import NotFound
from tests import factories
from tests.donations.registers.conftest import ANSWERS, Import, Read
from tests.sheets import office_files


def _cells(content: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_titles_headings_rows_and_total_stand_where_they_stood(
    session: Session, imported: Import, example: bytes
) -> None:
    done = imported(example, **ANSWERS)
    book = register_workbook(session, done.register_id)
    assert book.file_name == "“一米阳光”社区慈善基金捐赠登记表(2023年).xlsx"
    before, after = _cells(example), _cells(book.content)
    assert [row[0] for row in after[:2]] == [
        "“一米阳光”社区慈善基金捐赠登记表(2023年)",
        "经办单位:金龙镇街道",
    ]
    assert after[2] == before[2]
    assert [row[2:6] + row[7:] for row in after[3:11]] == [row[2:6] + row[7:] for row in before[3:11]]
    assert [row[6] for row in after[3:11]] == [350_000, 5_000, 900, 200, 240, 400, 300, 180]
    assert {row[1].date().isoformat() for row in after[5:11]} == {"2023-09-27"}
    assert after[11][6] == "=SUM(G4:G11)"


@pytest.mark.parametrize(
    ("make", "answers"),
    [
        (None, ANSWERS),
        (office_files.gaocheng, {}),
        (office_files.shahe, {}),
        (office_files.beixin, {}),
        (office_files.harbour, {}),
        (office_files.dongmen, {}),
        (office_files.bilingual, {"mapping": {"C": "donor_kind", "D": "amount", "E": ""}}),
    ],
)
def test_the_download_sent_again_changes_nothing(
    session: Session,
    imported: Import,
    read: Read,
    example: bytes,
    make: Callable[[], bytes] | None,
    answers: dict[str, Any],
) -> None:
    content = make() if make else example
    done = imported(content, "登记", **answers)
    book = register_workbook(session, done.register_id)
    preview = read(book.content, "登记.xlsx")  # what was said about its columns is remembered
    assert preview.register_id == done.register_id
    assert {row.state for row in preview.rows} == {"same"}
    assert len(preview.rows) == len(done.donation_ids)
    assert preview.vanished == ()


def test_other_columns_are_kept(session: Session, imported: Import) -> None:
    content = "登记时间,姓名,金额,经办人,联系电话\n2024-01-02,王五,20,小李,00138\n".encode()
    done = imported(content, "登记.csv")
    assert _cells(register_workbook(session, done.register_id).content)[0:2] == [
        ["登记时间", "姓名", "金额", "经办人", "联系电话"],
        [_cells(register_workbook(session, done.register_id).content)[1][0], "王五", 20, "小李", "00138"],
    ]


def test_corrections_made_on_the_site_are_in_it_and_read_as_the_same(
    session: Session, imported: Import, read: Read, example: bytes
) -> None:
    done = imported(example, **ANSWERS)
    gifts = {gift.office_number: gift for gift in session.scalars(select(Donation))}
    secretary, accountant = factories.actor(session, "secretary"), factories.actor(session, "accountant")
    fund_id = gifts["2"].fund_id
    with transaction(session, books=True):
        correct_words(session, secretary, gifts["2"].id, "更正", memo="首批")
        correct_money(session, accountant, gifts["2"].id, "更正", amount_minor=512_345, method="cash")
        correct_donor(session, secretary, gifts["3"].party_id, "友好馕店", "organisation", fund_id)
        reverse_donation(session, accountant, gifts["8"].id, "退回")
    book = register_workbook(session, done.register_id)
    rows = _cells(book.content)
    assert [row[0] for row in rows[3:10]] == ["1", "2", "3", "4", "5", "6", "7"]
    assert (rows[4][4], rows[4][6], rows[4][9]) == ("现金", 5123.45, "首批")
    assert (rows[5][2], rows[5][3]) == ("友好馕店", "单位")
    preview = read(book.content)
    assert {row.state for row in preview.rows} == {"same"}
    assert preview.vanished == ()


def test_what_somebody_wrote_is_never_a_formula(session: Session, imported: Import) -> None:
    content = '日期,捐赠人,金额,备注\n2024-01-02,王五,20,"\'=1+1"\n'.encode()
    done = imported(content, "登记.csv")
    cells = _cells(register_workbook(session, done.register_id).content)
    sheet = openpyxl.load_workbook(io.BytesIO(register_workbook(session, done.register_id).content)).active
    assert sheet is not None
    assert cells[1][3] == "=1+1"
    assert sheet["D2"].data_type == "s" or sheet["D2"].data_type == "inlineStr"


def test_there_is_no_register_that_was_never_sent(session: Session) -> None:
    with pytest.raises(NotFound):
        register_workbook(session, 99)
