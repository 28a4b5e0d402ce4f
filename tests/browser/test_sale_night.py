"""A sale night in real browsers: one desk sells, the big screen follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import MILLISECONDS_TO_ACT, WIDTHS
from tests.running import Site

PASSWORD = "sunledger-example"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example fund on data of its own, for these tests write."""
    served = Site(tmp_path_factory.mktemp("night"))
    served.sunledger("init")
    served.sunledger("example", "load")
    with served.served():
        yield served


@pytest.fixture
def open_screen(browser: Browser, night: Site) -> Iterator[Callable[[str], Page]]:
    """Open a page of that site in a browser of its own."""
    contexts = []

    def open_one(width: str) -> Page:
        context = browser.new_context(base_url=night.url, viewport=WIDTHS[width], locale="zh-CN")
        context.set_default_timeout(MILLISECONDS_TO_ACT)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def test_big_screen_follows_the_desk(open_screen: Callable[[str], Page]) -> None:
    desk = open_screen("phone")
    desk.goto("/office/sign-in")
    desk.fill("input[name=email]", "secretary@yimi-yangguang.example")
    desk.fill("input[name=password]", PASSWORD)
    desk.press("input[name=password]", "Enter")
    desk.wait_for_url("**/office/")
    desk.goto("/office/sales/add")
    desk.fill("input[name=name]", "秋日义卖")
    desk.fill("input[name=slug]", "autumn")
    desk.click("main button[type=submit]")
    desk.wait_for_url("**/office/sales/*")
    desk.click("main a[href$='/lots/choose'] >> nth=0")
    desk.click("main a[href*='/lots/add/'] >> nth=0")
    desk.fill("input[name=units_per_item]", "1")
    desk.fill("input[name=quantity]", "1")
    desk.fill("input[name=price]", "12.5")
    desk.click("main button[type=submit]")
    if desk.locator(".error-summary").count():  # the name says how many a pack holds: confirm
        desk.click("main button[type=submit]")
    desk.wait_for_url("**/lots/choose")
    board = open_screen("desktop")
    board.goto("/sales/autumn/board")
    expect(board.locator(".board-total")).to_have_text("0.00")
    board.evaluate("window.untouched = true")
    event = desk.url.split("/")[-3]
    desk.goto(f"/office/sales/{event}/record")
    desk.select_option("select[name=lot]", index=1)
    desk.click("main button[type=submit]")
    expect(desk.locator("main")).to_contain_text("成交已登记")
    expect(board.locator(".board-total")).to_have_text("12.50", timeout=MILLISECONDS_TO_ACT)
    expect(board.locator(".board-latest li")).to_have_count(1)
    assert board.evaluate("window.untouched") is True, "only the middle of the page is exchanged"


def test_big_screen_says_when_it_lost_the_connection(open_screen: Callable[[str], Page]) -> None:
    board = open_screen("desktop")
    board.goto("/sales/sale-2023-09-28/board")
    expect(board.locator(".board-total")).to_have_text("1,675.00")
    expect(board.locator("[data-lost]")).to_be_hidden()
    board.context.set_offline(True)
    expect(board.locator("[data-lost]")).to_be_visible(timeout=4 * MILLISECONDS_TO_ACT)
    expect(board.locator(".board-total")).to_have_text("1,675.00")
    board.context.set_offline(False)
    expect(board.locator("[data-lost]")).to_be_hidden(timeout=4 * MILLISECONDS_TO_ACT)
