"""An auction in real browsers: four phones bid in the same second, the desk follows, the big screen shows who leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sales.auction.models import Bid
from app.sales.paddles.operations import issue_paddles
from app.settings import Settings
from app.shared.db import transaction
from app.web.database import open_engine
from tests import installation
from tests.browser.conftest import MILLISECONDS_TO_ACT, WIDTHS
from tests.factories import PASSWORD, actor
from tests.running import Site
from tests.sales.auction import scenes

PHONE = "/sales/gala-2023/bid"
BOARD = "/sales/gala-2023/board"
AT = """at => setTimeout(() => document.querySelector(".bidding-button").click(), at - Date.now())"""


@dataclass
class Night:
    """A site on data of its own, with an event that is prepared for an auction."""

    site: Site
    settings: Settings
    event: int
    pins: dict[int, str]

    def bids(self) -> list[tuple[int, int]]:
        """(paddle, fen) of every bid, in order."""
        engine = open_engine(self.settings)
        with Session(engine) as session:
            rows = session.execute(select(Bid.paddle_id, Bid.amount_minor).order_by(Bid.id)).all()
        engine.dispose()
        return [(paddle, minor) for paddle, minor in rows]


@pytest.fixture
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Two lots, paddles 1 to 6, an auctioneer."""
    site = Site(tmp_path_factory.mktemp("auction"))
    settings = installation.settings_for(site.data_dir, "")
    engine = open_engine(settings)
    installation.migrate_and_people(engine)
    with Session(engine, expire_on_commit=False) as session:
        event = scenes.prepared(session, paddles=1)
        with transaction(session, books=True):
            pins = issue_paddles(session, actor(session, "secretary"), event, count=5, key="slips")
        scenes.make_lot(session, event)
        scenes.make_lot(session, event, number="P02", price_minor=20_000)
    engine.dispose()
    with site.served():
        yield Night(site, settings, event, pins)


@pytest.fixture
def open_screen(browser: Browser, night: Night) -> Iterator[Callable[[str], Page]]:
    """Open a page of that site in a browser of its own."""
    contexts = []

    def open_one(width: str) -> Page:
        context = browser.new_context(base_url=night.site.url, viewport=WIDTHS[width], locale="zh-CN")
        context.set_default_timeout(MILLISECONDS_TO_ACT)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def _sign_in(page: Page) -> None:
    page.goto("/office/sign-in")
    page.fill("input[name=email]", "secretary@example.org")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/office/")


def _take_step(page: Page, words: str) -> None:
    """Follow a link of the auction's page and confirm."""
    page.locator("#auction-now a", has_text=words).first.click()
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/auction")


def _come_in(page: Page, number: int, pin: str) -> None:
    page.goto(PHONE)
    page.fill("input[name=number]", str(number))
    page.fill("input[name=pin]", pin)
    page.press("input[name=pin]", "Enter")
    expect(page.locator(".bidding-leave")).to_contain_text(f"{number} 号牌")


def test_four_phones_bid_in_the_same_second_and_one_leads(
    open_screen: Callable[[str], Page], night: Night
) -> None:
    desk, board = open_screen("desktop"), open_screen("desktop")
    phones = [open_screen("phone") for _ in range(4)]
    for phone, number in zip(phones, (2, 3, 4, 5), strict=True):
        _come_in(phone, number, night.pins[number])
        expect(phone.locator("#bidding-now")).to_contain_text("现在没有正在拍的")
    board.goto(BOARD)
    board.evaluate("window.untouched = true")
    _sign_in(desk)
    desk.goto(f"/office/sales/{night.event}/auction")
    _take_step(desk, "开拍")
    for phone in phones:  # the lot comes to the phones by itself
        expect(phone.locator(".bidding-button")).to_have_text("出价 100.00 元")
    expect(board.locator(".board-lot-name")).to_contain_text("P01")
    at = phones[0].evaluate("Date.now()") + 1500
    for phone in phones:
        phone.evaluate(AT, at)
    for phone in phones:
        expect(phone.locator(".bidding-state")).to_contain_text("领先")
    bids = night.bids()
    assert [minor for _, minor in bids] == sorted({minor for _, minor in bids})
    assert bids[0][1] == 10_000
    leads = [phone.locator(".bidding-state.leads").count() for phone in phones]
    assert sum(leads) == 1
    refused = sum(phone.locator(".error-summary").count() for phone in phones)
    assert refused == 4 - len(bids)
    leader = (2, 3, 4, 5)[leads.index(1)]
    expect(board.locator(".board-next")).to_contain_text(f"{leader} 号牌")
    expect(desk.locator("#current")).to_contain_text(f"{leader} 号牌")
    assert board.evaluate("window.untouched") is True, "only the middle of the page is exchanged"


def test_the_room_bids_at_the_desk_until_the_hammer_falls_and_the_winner_pays(
    open_screen: Callable[[str], Page], night: Night, find_barriers: Callable[[Page], list[str]]
) -> None:
    desk, board, phone = open_screen("phone"), open_screen("desktop"), open_screen("phone")
    _come_in(phone, 2, night.pins[2])
    _sign_in(desk)
    desk.goto(f"/office/sales/{night.event}/auction")
    _take_step(desk, "开拍")
    expect(desk.locator("input[name=amount]")).to_have_value("100.00")
    desk.fill("input[name=paddle]", "1")
    desk.press("input[name=paddle]", "Enter")
    expect(desk.locator("input[name=amount]")).to_have_value("110.00")
    expect(phone.locator(".bidding-button")).to_have_text("出价 110.00 元")
    phone.fill(".bidding-own input[name=amount]", "250")
    phone.press(".bidding-own input[name=amount]", "Enter")
    expect(phone.locator(".bidding-state")).to_have_text("您领先")
    # The desk's least bid follows the phone, without a reload.
    expect(desk.locator("input[name=amount]")).to_have_value("260.00")
    for page in (desk, phone):
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        assert find_barriers(page) == []
    desk.fill("input[name=amount]", "12")
    desk.fill("input[name=paddle]", "1")
    desk.press("input[name=paddle]", "Enter")
    expect(desk.locator("#amount-error")).to_contain_text("现在至少出 260.00 元")
    desk.goto(f"/office/sales/{night.event}/auction")
    desk.locator("a", has_text="宣布倒计时").click()
    desk.fill("input[name=seconds]", "10")
    desk.click("main form button[type=submit]")
    expect(phone.locator("[data-closes-at]")).to_be_visible()
    board.goto(BOARD)
    expect(board.locator(".board-price")).to_have_text("250.00")
    assert find_barriers(board) == []
    expect(board.locator(".board-clock")).to_have_text("时间到", timeout=2 * MILLISECONDS_TO_ACT)
    expect(phone.locator(".bidding-clock")).to_contain_text("时间到，等拍卖师落槌")
    phone.fill(".bidding-own input[name=amount]", "999")
    phone.press(".bidding-own input[name=amount]", "Enter")
    expect(phone.locator(".error-summary")).to_be_visible()
    _take_step(desk, "落槌")
    expect(board.locator(".board-hammered")).to_contain_text("2 号牌 · 250.00")
    expect(board.locator(".board-total")).to_have_text("0.00")
    desk.locator("#to-pay a", has_text="登记付款").click()
    desk.locator("label", has_text="微信").click()
    desk.click("main form button[type=submit]")
    expect(board.locator(".board-total")).to_have_text("250.00")
    expect(phone.locator("#bidding-now")).to_contain_text("现在没有正在拍的")
