"""A sale event written as a register of the same shape that is read: one row for each sale, the box, the total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy.orm import Session

from app.sales import queries
from app.sales.models import METHODS, Sale, SaleEvent
from app.sales.rules import METHOD_NAMES, MODES
from app.sales.workbooks.queries import standing_sales
from app.shared import clock
from app.shared.money import plain_yuan
from app.sheets.writing import Column, SheetToWrite, WorkbookFile, Written, write_workbook

SHEET = "义卖义拍"
COLUMNS = (
    Column("拍品号"),
    Column("物品"),
    Column("来源(捐赠登记序号)"),
    Column("方式"),
    Column("数量", "count"),
    Column("每份含", "count"),
    Column("单价/成交价(元)", "amount"),
    Column("收款", "amount"),
    Column("付款方式"),
    Column("买受人"),
)
"""The headings of a register, which are data and not translated."""
_BOX_NUMBER, _BOX, _BOX_MODE, _TOTAL = "", "现场募捐箱", "募捐箱", "合计"


def event_workbook(session: Session, event_id: int) -> WorkbookFile:
    """The event as .xlsx: standing sales in the order of the lots, voided ones left out. Raises NotFound.

    It holds buyers: only for those who may read personal data of the fund.
    """
    event = queries.event(session, event_id)
    title = f"{event.name}登记表"
    day = f"{event.held_on.year}年{event.held_on.month}月{event.held_on.day}日"
    sheet = SheetToWrite(SHEET, COLUMNS, _rows(session, event), titles=(f"{title}  {day}",))
    return WorkbookFile(write_workbook([sheet], created=clock.now()), f"{title}.xlsx")


def _rows(session: Session, event: SaleEvent) -> Iterator[list[Written]]:
    by_method: dict[str, int] = defaultdict(int)
    for lot, sale, office_number in standing_sales(session, event.id):
        by_method[sale.method] += sale.amount_minor
        yield [
            lot.number,
            lot.name,
            _number(office_number),
            MODES[lot.mode],
            sale.quantity,
            lot.units_per_item if lot.units_per_item > 1 else None,
            _price(sale),
            sale.amount_minor,
            METHOD_NAMES[sale.method],
            sale.buyer,
        ]
    for method, minor in (("cash", event.box_cash_minor), ("wechat", event.box_wechat_minor)):
        if minor:
            by_method[method] += minor
            name = METHOD_NAMES[method]
            yield [_BOX_NUMBER, _BOX, None, _BOX_MODE, None, None, None, minor, name, None]
    ways = ",".join(f"{METHOD_NAMES[way]} {_short(by_method[way])} 元" for way in METHODS if by_method[way])
    yield [_TOTAL, None, None, None, None, None, None, sum(by_method.values()), None, ways]


def _price(sale: Sale) -> int | None:
    """Fen a pack as it was paid; nothing where the amount cannot be spread over the packs in whole fen."""
    price, left = divmod(sale.amount_minor, sale.quantity)
    return None if left else price


def _number(text: str) -> Written:
    return int(text) if text.isdecimal() and text == text.lstrip("0") else text


def _short(minor: int) -> str:
    return plain_yuan(minor).removesuffix(".00")
