"""A sale night in real browsers: one desk sells, the big screen follows."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import MILLISECONDS_TO_ACT
from tests.browser.selling import add_lot, set_up_event, sign_in


def test_big_screen_follows_the_desk(open_screen: Callable[[str], Page]) -> None:
    desk = open_screen("phone")
    sign_in(desk)
    event = set_up_event(desk, "autumn")
    number = add_lot(desk, event)
    board = open_screen("desktop")
    board.goto("/sales/autumn/board")
    expect(board.locator(".board-total")).to_have_text("0.00")
    board.evaluate("window.untouched = true")
    desk.goto(f"/office/sales/{event}/record")
    desk.fill("#desk-find", number)
    desk.click("main form button[type=submit]")
    expect(desk.locator("[data-said]")).to_contain_text("成交已登记")
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
