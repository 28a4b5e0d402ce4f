"""An event comes out as a register of the shape that goes in."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sales import operations as sales
from app.sales.models import Sale
from app.shared.db import transaction
from tests.factories import actor
from tests.sales.workbooks.conftest import BOX, HEADINGS, Import, Read, lot, sale
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("goods")
SENT = (
    lot("A01", "馕", 3, "10", "", "3", "30", "微信", buyer="现场居民"),
    lot("A02", "馕(十个装)", 3, "2", "10", "25.5", "51", "现金"),
    lot("B02", "儿童图书(套装)", 4, "1", "12", "80", "80", "微信", "义拍", "18号"),
    BOX,
)


def _rows(content: bytes) -> list[list[object]]:
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_sales_the_box_and_the_total_come_out_as_they_went_in(
    session: Session, imported: Import, visit: Callable[..., Visitor]
) -> None:
    event = imported(sale(*SENT)).event_id
    secretary = visit("secretary")
    (address,) = secretary.get(f"/office/sales/{event}").tree.xpath("//a[contains(., '下载登记表')]/@href")
    answer = secretary.get(address)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    titles, headings, *rows = _rows(answer.content)
    assert titles[0] == "义卖登记表  2023年9月28日"
    assert len(headings) == len(HEADINGS)
    assert rows == [
        ["A01", "馕", 3, "义卖", 10, None, 3, 30, "微信", "现场居民"],
        ["A02", "馕(十个装)", 3, "义卖", 2, 10, 25.5, 51, "现金", None],
        ["B02", "儿童图书(套装)", 4, "义拍", 1, 12, 80, 80, "微信", "18号"],
        [None, "现场募捐箱", None, "募捐箱", None, None, None, 5, "现金", None],
        ["合计", None, None, None, None, None, None, 166, None, "现金 56 元,微信 110 元"],
    ]


def test_what_comes_out_is_read_again_without_a_question(
    session: Session, imported: Import, read: Read, visit: Callable[..., Visitor]
) -> None:
    event = imported(sale(*SENT)).event_id
    book = visit("secretary").get(f"/office/sales/import/{event}.xlsx").content
    preview = read(book, "义卖.xlsx", name="另一场义卖")
    assert [row.state for row in preview.rows] == ["new"] * 4
    assert preview.total_minor == 16_600
    assert [note for row in preview.rows for note in row.notes] == []


def test_a_voided_sale_stays_out_and_one_at_another_price_says_what_was_paid(
    session: Session, imported: Import, visit: Callable[..., Visitor]
) -> None:
    event = imported(sale(*SENT[:1])).event_id
    first = session.scalars(select(Sale)).one()
    with transaction(session, books=True):
        seller = actor(session, "secretary")
        sales.void_sale(session, seller, first.id, "输错了")
        sales.record_sale(session, seller, first.lot_id, quantity=3, amount_minor=1_000, method="cash")
        sales.record_sale(session, seller, first.lot_id, quantity=2, amount_minor=500, method="cash")
    _, _, *rows = _rows(visit("secretary").get(f"/office/sales/import/{event}.xlsx").content)
    assert [row[4:9] for row in rows[:-1]] == [[3, None, None, 10, "现金"], [2, None, 2.5, 5, "现金"]]


def test_buyers_are_for_those_who_may_read_personal_data(
    imported: Import, visit: Callable[..., Visitor]
) -> None:
    event = imported(sale(*SENT)).event_id
    for who in ("council", "cashier"):
        seen = visit(who)
        assert "下载登记表" not in seen.get(f"/office/sales/{event}").html
        assert seen.get(f"/office/sales/import/{event}.xlsx").status == 403
    assert visit("secretary").get("/office/sales/import/999.xlsx").status == 404
