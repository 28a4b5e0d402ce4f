"""A visitor filters the ledger in a real browser: only the table changes where there is JavaScript; the address always does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, OpenPage

PAGES = (
    "/",
    "/ledger",
    "/entries/2",
    "/entries/22",
    "/disbursements",
    "/disbursements/2023-02",
    "/sales/sale-2023-09-28",
    "/sales/sale-2023-09-28/board",
)
PURPOSES = ("/funds/yimi-yangguang", "/earmarks/road", "/sales", "/ledger?min=abc")


def test_search_is_in_the_address_and_comes_back(page: Page) -> None:
    page.goto("/ledger")
    page.fill("#filter-q", "体育馆")
    page.click("form.filters button")
    page.wait_for_url("**/ledger?q=*")
    expect(page.locator("#ledger-rows tbody tr")).to_have_count(2)
    expect(page.locator("#filter-q")).to_have_value("体育馆")
    page.reload()
    expect(page.locator("#ledger-rows tbody tr")).to_have_count(2)
    page.go_back()
    expect(page.locator("#ledger-rows tbody tr")).to_have_count(13)


def test_only_the_table_is_exchanged(open_page: OpenPage) -> None:
    page = open_page("desktop")
    page.goto("/ledger")
    page.evaluate("window.untouched = true")
    page.fill("#filter-q", "晚会")
    page.press("#filter-q", "Enter")
    expect(page.locator("#ledger-rows tbody tr")).to_have_count(3)
    assert page.evaluate("window.untouched") is True
    assert page.url.endswith("/ledger?q=%E6%99%9A%E4%BC%9A"), "what is not asked for is not in the address"
    expect(page.locator(".downloads a").first).to_have_attribute("href", "/ledger.csv?q=%E6%99%9A%E4%BC%9A")


def test_wrong_input_is_named_beside_its_field_and_the_table_stays(
    open_page: OpenPage, complaints: Complaints
) -> None:
    complaints.allow("422")
    page = open_page("phone")
    page.goto("/ledger")
    page.click(".filter-more summary")
    page.fill("#filter-min", "很多")
    page.click("form.filters button")
    expect(page.locator("#filter-min-error")).to_contain_text("“很多”不是金额")
    expect(page.locator("#filter-min")).to_have_value("很多")
    expect(page.locator("#ledger-rows tbody tr")).to_have_count(13)
    page.fill("#filter-min", "6000")
    page.click("form.filters button")
    expect(page.locator("#ledger-rows tbody tr")).to_have_count(3)
    expect(page.locator("#filter-min-error")).to_have_count(0)


@pytest.mark.parametrize("address", [*PAGES, *PURPOSES])
@pytest.mark.parametrize("width", ["phone", "desktop"])
def test_public_pages_keep_nobody_out_and_scroll_one_way(
    open_page: OpenPage,
    complaints: Complaints,
    find_barriers: Callable[[Page], list[str]],
    address: str,
    width: str,
) -> None:
    complaints.allow("422")
    page = open_page(width)
    page.goto(address)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{address} is {wide} pixels too wide"
    assert find_barriers(page) == []
