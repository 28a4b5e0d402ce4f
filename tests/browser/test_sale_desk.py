"""The sale desk in real browsers: lots typed or scanned, several desks at once, sales sent when the network is back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import segno
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FLAGS, MILLISECONDS_TO_ACT, chromium
from tests.browser.selling import add_lot, set_up_event, sign_in
from tests.running import Site

Screens = Callable[[str], Page]


def _event(page: Page, slug: str, *, quantity: int = 1) -> tuple[str, str]:
    sign_in(page)
    event = set_up_event(page, slug)
    return event, add_lot(page, event, quantity=quantity)


def _sell(desk: Page, number: str) -> None:
    desk.fill("#desk-find", number)
    desk.click("#desk form button[type=submit]")


def test_a_sale_is_typed_and_the_desk_is_ready_for_the_next(open_screen: Screens) -> None:
    desk = open_screen("phone")
    event, number = _event(desk, "typed", quantity=3)
    desk.goto(f"/office/sales/{event}/record")
    desk.keyboard.type(number)  # the field has the focus
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-chosen]")).to_contain_text("剩 3 份")
    expect(desk.locator("[data-chosen]")).to_contain_text("共 12.50 元")
    desk.keyboard.type("2")
    expect(desk.locator("[data-chosen]")).to_contain_text("共 25.00 元")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-said]")).to_contain_text(f"成交已登记：{number}")
    expect(desk.locator("#recent-sales")).to_contain_text("25.00")
    expect(desk.locator("#desk-find")).to_be_focused()
    expect(desk.locator("#desk-find")).to_have_value("")
    expect(desk.locator("[data-unsent]")).to_be_hidden()
    desk.fill("#desk-find", "no such lot")
    expect(desk.locator("[data-chosen]")).to_contain_text("没有这件拍品")


def test_the_last_item_is_sold_at_one_of_two_desks(open_screen: Screens) -> None:
    first, second = open_screen("phone"), open_screen("phone")
    event, number = _event(first, "last-item")
    sign_in(second)
    for desk in (first, second):
        desk.goto(f"/office/sales/{event}/record")
        desk.fill("#desk-find", number)
    for desk in (first, second):
        desk.evaluate("document.querySelector('#desk form button[type=submit]').click()")
    done = [desk for desk in (first, second) if _was_recorded(desk)]
    assert len(done) == 1
    other = second if done[0] is first else first
    expect(other.locator("[data-unsent]")).to_contain_text("不够 1 份")
    other.on("dialog", lambda dialog: dialog.accept())
    other.click("[data-list] button >> nth=1")
    expect(other.locator("[data-unsent]")).to_be_hidden()
    first.goto("/sales/last-item/board")
    expect(first.locator(".board-total")).to_have_text("12.50")


def _was_recorded(desk: Page) -> bool:
    said = desk.locator("[data-said]", has_text="成交已登记")
    said.or_(desk.locator("[data-list] button").first).wait_for()
    return "成交已登记" in desk.locator("[data-said]").inner_text()


def test_what_was_sold_without_a_network_is_sent_once(open_screen: Screens) -> None:
    desk = open_screen("phone")
    event, number = _event(desk, "flaky", quantity=3)
    desk.goto(f"/office/sales/{event}/record")
    desk.context.set_offline(True)
    for _ in range(2):
        _sell(desk, number)
    expect(desk.locator("[data-list] li")).to_have_count(2)
    expect(desk.locator("[data-list] li").first).to_contain_text("还没有发出")
    desk.context.set_offline(False)
    expect(desk.locator("[data-unsent]")).to_be_hidden(timeout=MILLISECONDS_TO_ACT)
    expect(desk.locator("#recent-sales tbody tr")).to_have_count(2)
    # The answer of the third is lost: it is sent again, and is one sale.
    desk.route("**/record/send", lambda route: (route.fetch(), route.abort()))
    _sell(desk, number)
    expect(desk.locator("[data-list] li")).to_have_count(1)
    desk.unroute("**/record/send")
    desk.click("[data-again]")
    expect(desk.locator("[data-unsent]")).to_be_hidden(timeout=MILLISECONDS_TO_ACT)
    desk.goto("/sales/flaky/board")
    expect(desk.locator(".board-total")).to_have_text("37.50")
    expect(desk.locator(".board-latest li")).to_have_count(3)


def test_unsent_sales_outlive_the_sign_in(open_screen: Screens) -> None:
    desk = open_screen("phone")
    event, number = _event(desk, "signed-out", quantity=2)
    desk.goto(f"/office/sales/{event}/record")
    desk.context.clear_cookies()
    _sell(desk, number)
    expect(desk.locator("[data-list]")).to_contain_text("登录已过期")
    other = desk.context.new_page()
    sign_in(other)
    desk.click("[data-again]")
    expect(desk.locator("[data-unsent]")).to_be_hidden(timeout=MILLISECONDS_TO_ACT)
    expect(desk.locator("#recent-sales")).to_contain_text("12.50")


def test_the_code_of_a_label_finds_its_lot(night: Site, browser: Browser, tmp_path: Path) -> None:
    """Chromium's camera is a film of the label's code."""
    film = tmp_path / "label.mjpeg"
    film.write_bytes(_frame(f"{night.url}/sales/scanned/lots/01") * 2)
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    filming = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, *camera])
    try:
        context = filming.new_context(base_url=night.url, permissions=["camera"], locale="zh-CN")
        context.set_default_timeout(MILLISECONDS_TO_ACT)
        desk = context.new_page()
        event, number = _event(desk, "scanned")
        assert number == "01"
        desk.goto(f"/office/sales/{event}/record")
        desk.click("[data-scan]")
        expect(desk.locator("#desk-find")).to_have_value("01")
        expect(desk.locator("[data-chosen]")).to_contain_text("剩 1 份")
        expect(desk.locator("video")).to_be_hidden()
    finally:
        filming.close()


def _frame(address: str) -> bytes:
    code, written = io.BytesIO(), io.BytesIO()
    segno.make(address, error="m", micro=False).save(code, kind="png", scale=8, border=4)
    code.seek(0)
    frame = Image.new("RGB", (640, 480), "white")
    with Image.open(code) as picture:
        frame.paste(picture.convert("RGB"), (40, 40))
    frame.save(written, "JPEG", quality=90)
    return written.getvalue()
