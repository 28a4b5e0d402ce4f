"""Workbooks for the tests of imports."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import openpyxl

from tests.donations.registers.conftest import EXAMPLE


def edited(
    changes: Mapping[str, Any], *, remove: int | None = None, append: tuple[tuple[Any, ...], ...] = ()
) -> bytes:
    """The office's register with other cells, without one row, with more rows before its total."""
    book = openpyxl.load_workbook(EXAMPLE)
    sheet = book.active
    assert sheet is not None
    for address, value in changes.items():
        sheet[address] = value
    for row in append:
        sheet.insert_rows(12)
        for column, value in enumerate(row, start=1):
            sheet.cell(12, column, value)
    if remove is not None:
        sheet.delete_rows(remove)
    return saved(book)


def two_months() -> bytes:
    """A book with a sheet for each month, and one with something else."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "一月"
    second = book.create_sheet("二月")
    for sheet, day in ((first, "2024-01-05"), (second, "2024-02-05")):
        sheet.append(["捐赠登记"])
        sheet.append(["序号", "日期", "捐赠人", "金额"])
        sheet.append([1, day, "王五", 20])
    book.create_sheet("通讯录").append(["姓名", "电话"])
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """The book as a file."""
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()
